"""Refusals of files: every shape in which a server says why, and nothing private in ours."""

import json

import pytest

from service.errors import RecognitionLostError, RecognitionRefusedError
from service.stt.files.refusal import fault_of

ERRORS = [
    {
        "code": "10015",
        "title": "Bad Request",
        "detail": "Invalid language",
        "source": {"parameter": "language"},
    }
]


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"errors": ERRORS}, "10015", "Bad Request; Invalid language; language"),
        ({"detail": "Unsupported language"}, "", "Unsupported language"),
        (
            {"detail": [{"loc": ["body", "model"], "msg": "Field required", "type": "missing"}]},
            "",
            "Field required; body.model",
        ),
        ({"error": {"message": "no such model", "code": 404}}, "404", "no such model"),
        ({"error": "nope"}, "", "nope"),
        (
            {"errors": ERRORS, "error": {"message": "Invalid language", "param": "language"}},
            "10015",
            "Bad Request; Invalid language; language",
        ),
        ({"detail": {"msg": "odd"}}, "", "odd"),
    ],
)
def test_each_shape_says_why(body: object, code: str, text: str) -> None:
    """Telnyx's errors, its framework's detail in all its forms, and OpenAI's error."""
    fault = fault_of(400, json.dumps(body).encode())

    assert isinstance(fault, RecognitionRefusedError)
    assert (fault.code, str(fault)) == (code, f"HTTP 400; {text}")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"[]", b"1", b'{"errors":{}}', b'{"errors":[1,null,{"code":[]}]}'),
        *(b'{"detail":[{"loc":5,"msg":7}]}', b"[" * 100_000, b'{"errors":[{"source":[]}]}'),
    ],
)
def test_a_refusal_without_a_reason_is_one(body: bytes) -> None:
    """The status alone is told."""
    assert str(fault_of(422, body)) == "HTTP 422"


def test_a_long_reason_is_cut_and_made_plain() -> None:
    """A server cannot fill a screen, nor steer a terminal."""
    body = json.dumps({"detail": ["\x1b[2J" + "very " * 1000] * 50}).encode()

    text = str(fault_of(400, body))
    assert text.isprintable()
    assert len(text) < 600


def test_what_is_private_is_taken_out() -> None:
    """A server's words may quote an address, a key or a number."""
    said = "no https://s3.example/x?sig=1 for KEY0123456789ab of +1 (555) 123-4567, a@b.example"

    text = str(fault_of(400, json.dumps({"detail": said}).encode()))
    assert text == "HTTP 400; no … for … of …, …"


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
def test_some_refusals_are_worth_another_try(status: int) -> None:
    """As for every command to Telnyx."""
    assert isinstance(fault_of(status, b""), RecognitionLostError)
