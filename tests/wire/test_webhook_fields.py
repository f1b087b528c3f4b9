"""Single fields of webhooks."""

import pytest

from service.wire.webhook_fields import (
    read_headers,
    read_label,
    read_parameters,
    read_phone,
    read_tags,
    read_text,
)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("+12025550133", "+12025550133"),
        ("+1-202-555-0133", "+12025550133"),
        ("+1 (202) 555.0133", "+12025550133"),
        ("sip:+1-202-555-0133@sip.example.com", "sip:+1-202-555-0133@sip.example.com"),
        ("anonymous", "anonymous"),
        ("2025550133", "2025550133"),
        ("", None),
        ("+1\n202", None),
        (12025550133, None),
    ],
)
def test_a_formatted_number_is_compared_as_its_digits(sent: object, expected: str | None) -> None:
    """Routes match `+1202*`; addresses and names stay as they are."""
    assert read_phone({"from": sent}, "from") == expected


def test_text_has_no_character_that_a_database_refuses() -> None:
    """PostgreSQL cannot store NUL: it says nothing, so it goes."""
    assert read_text({"transcript": "one\0two"}, "transcript") == "onetwo"


def test_headers_that_are_none_are_left_out() -> None:
    """Only a name with a value is a header; names have no case."""
    sent = [{"name": "X-A", "value": "1"}, {"name": "", "value": "2"}, {"value": "3"}, "X-B", None]

    assert read_headers(sent) == {"x-a": "1"}
    assert read_headers({"X-A": "1"}) == {}


@pytest.mark.parametrize("sent", [None, 7, "line\nbreak", ["call.initiated"]])
def test_what_cannot_be_logged_has_no_label(sent: object) -> None:
    """A name that would break a log line is as good as none; a long one is cut."""
    assert read_label(sent) == ""
    assert read_label("x" * 500) == "x" * 64


@pytest.mark.parametrize(
    ("value", "tags"),
    [(["a", 7, "b\0", None], ("a", "b")), (None, ()), ("a", ()), (["x"] * 999, ("x",) * 64)],
)
def test_tags_are_texts_and_not_too_many(value: object, tags: tuple[str, ...]) -> None:
    """What is none is left out."""
    assert read_tags(value) == tags


@pytest.mark.parametrize(
    ("value", "parameters"),
    [
        ({"a": "1\0", "b": 2, "": "3", "c" * 99: "4"}, {"a": "1"}),
        (None, {}),
        (["a"], {}),
        ({str(n): "x" for n in range(999)}, {str(n): "x" for n in range(64)}),
    ],
)
def test_parameters_are_texts_by_name(value: object, parameters: dict[str, str]) -> None:
    """Whatever else they are, it costs nobody the stream."""
    assert read_parameters(value) == parameters
