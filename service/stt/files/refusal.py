"""Why a file was not transcribed: the shapes in which it is said, and what follows from it.

Source: Telnyx's `errors[]`, and the `detail` of the framework behind its REST transcription (a
text, or a list of faults). OpenAI's `error` is read too. What the server says may quote what was
sent: addresses, keys and numbers are taken out.
"""

import re
from collections.abc import Iterator

import msgspec

from service.errors import RecognitionError, RecognitionLostError, RecognitionRefusedError
from service.retry import is_retriable

_MAX_REASONS = 3
_MAX_REASON_CHARS = 160
_MAX_CODE_CHARS = 32
_PRIVATE = re.compile(r"https?://\S+|\S+@\S+|\bKEY\w{8,}|\bBearer\s+\S+|\+?\d[\d\s().-]{5,}\d")


def fault_of(status: int, body: bytes) -> RecognitionError:
    """Return what an answer other than a transcript means.

    A `RecognitionLostError` is worth another try: 408, 409, 425, 429 and 5xx.
    """
    code, reasons = _read(body)
    text = "; ".join([f"HTTP {status}", *reasons])
    if is_retriable(status, conflict=True):
        return RecognitionLostError(text, code=code)
    return RecognitionRefusedError(text, code=code)


def _read(body: bytes) -> tuple[str, list[str]]:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return "", []
    if not isinstance(answer, dict):
        return "", []
    faults = [answer.get("errors"), answer.get("detail"), answer.get("error")]
    found = [one for fault in faults for one in (fault if isinstance(fault, list) else [fault])]
    found = [one for one in found if one is not None][:_MAX_REASONS]
    codes = [one.get("code") for one in found if isinstance(one, dict)]
    code = next((str(code) for code in codes if isinstance(code, str | int)), "")
    said: set[str] = set()
    reasons = []
    for one in found:
        fresh = [text for text in dict.fromkeys(_reasons(one)) if text not in said]
        said.update(fresh)  # an answer in two shapes says the same twice
        reasons.append(_plain("; ".join(fresh)))
    return _plain(code)[:_MAX_CODE_CHARS], [reason for reason in reasons if reason]


def _reasons(fault: object) -> Iterator[str]:
    """Yield what one fault says, and which field it is about."""
    if isinstance(fault, str):
        yield fault
    if not isinstance(fault, dict):
        return
    for key in ("title", "detail", "msg", "message"):
        if isinstance(fault.get(key), str):
            yield fault[key]
    place = fault.get("loc")
    if isinstance(place, list):
        yield ".".join(str(step)[:_MAX_CODE_CHARS] for step in place[:4])
    source = fault.get("source")
    if isinstance(source, dict) and isinstance(source.get("parameter"), str):
        yield source["parameter"]


def _plain(text: str) -> str:
    shown = _PRIVATE.sub("…", " ".join(text[: 4 * _MAX_REASON_CHARS].split()))
    return "".join(letter for letter in shown if letter.isprintable())[:_MAX_REASON_CHARS]
