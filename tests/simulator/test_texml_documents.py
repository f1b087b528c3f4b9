"""TeXML documents are read, whatever they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInputError
from service.simulator.rules.texml import MAX_BYTES, MAX_VERBS, Verb, parse_document


def test_verbs_come_in_order_with_what_is_in_them() -> None:
    """Attributes, texts and elements; comments and CDATA are XML's business."""
    body = b"""<?xml version="1.0" encoding="UTF-8"?>
    <Response><!-- hello --><Say voice="x"><![CDATA[a < b]]></Say>
    <Dial timeout=""><Number>+13125550177</Number></Dial></Response>"""

    say, dial = parse_document(body)
    assert say == Verb("Say", {"voice": "x"}, "a < b")
    assert dial.get("timeout") is None
    assert dial.child("Sip", "Number") == Verb("Number", {}, "+13125550177")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Other />",
        b"<Response>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><Response>&a;</Response>',
        b"<Response>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</Response>",
        b"<Response>" + b" " * MAX_BYTES + b"</Response>",
    ],
    ids=["empty", "other", "open", "entities", "deep", "long"],
)
def test_what_is_no_document_is_refused(body: bytes) -> None:
    """By one error, whatever is wrong with it."""
    with pytest.raises(BadInputError):
        parse_document(body)


def test_no_document_makes_a_call_do_things_for_ever() -> None:
    """So many verbs are read."""
    assert len(parse_document(b"<Response>" + b"<Say/>" * 500 + b"</Response>")) == MAX_VERBS


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_refused(body: bytes) -> None:
    """And nothing else comes of them."""
    try:
        parse_document(body)
    except BadInputError:
        return
