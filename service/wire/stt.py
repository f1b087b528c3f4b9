"""Telnyx's speech-to-text WebSocket: its results and control messages.

Documented and observed results carry no `type`; the SDK's schema has one and another error
shape, and its `.on("transcript")` hears nothing else. `parse_result` reads both, and both are
written, side by side. `words`, `start_time`, `duration` are not in Telnyx's docs (its
SDK helper knows them); our own recogniser sends them.
"""

from collections.abc import Sequence

import msgspec

from service.errors import BadInputError

PATH = "/v2/speech-to-text/transcription"
FINALIZE = '{"type":"Finalize"}'
CLOSE_STREAM = '{"type":"CloseStream"}'
KEEP_ALIVE = '{"type":"KeepAlive"}'


class HeardWord(msgspec.Struct, frozen=True):
    """One word; `start` and `end` in seconds of the session's audio."""

    word: str
    start: float
    end: float
    confidence: float | None = None


class Source(msgspec.Struct, frozen=True):
    """Where in the request the fault is."""

    parameter: str | None = None
    pointer: str | None = None


class WireError(msgspec.Struct, frozen=True):
    """One of `errors`. `code` is a string in Telnyx's docs."""

    code: str | int = ""
    title: str = ""
    detail: str | None = None
    source: Source | None = None


class SttResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """Anything the server says: a transcript, an utterance end, or errors."""

    transcript: str | None = None
    is_final: bool | None = None
    speech_final: bool | None = None
    utterance_end: bool | None = None
    confidence: float | None = None
    words: tuple[HeardWord, ...] | None = None
    start_time: float | None = None
    """Seconds of the session's audio at which the transcript begins."""
    duration: float | None = None
    language: str | None = None
    errors: tuple[WireError, ...] | None = None
    type: str | None = None
    error: str | None = None


_decoder = msgspec.json.Decoder(SttResult)


def parse_result(data: bytes | str) -> SttResult:
    """Read one result of the server.

    Raises:
        BadInputError: Not JSON, not an object, or a field of the wrong type.
    """
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadInputError("an STT result that is not one") from error


def encode_transcript(
    text: str,
    *,
    is_final: bool,
    confidence: float | None = None,
    speech_final: bool | None = None,
    words: Sequence[HeardWord] | None = None,
    start_time: float | None = None,
    duration: float | None = None,
) -> str:
    """Write a transcript. `transcript` and `is_final` are always there; None leaves a field out."""
    body: dict[str, object] = {"type": "transcript", "transcript": text, "is_final": is_final}
    rest = {
        "speech_final": speech_final,
        "confidence": confidence,
        "words": words,
        "start_time": start_time,
        "duration": duration,
    }
    body.update({key: value for key, value in rest.items() if value is not None})
    return msgspec.json.encode(body).decode()


def encode_utterance_end() -> str:
    """Write the boundary after an utterance: empty text that is to be dropped."""
    return '{"type":"transcript","transcript":"","is_final":true,"utterance_end":true}'


def encode_error(code: str, title: str, detail: str, *, parameter: str | None = None) -> str:
    """Write an `errors` result as documented; `type` and `error` are the SDK's."""
    body = {
        "type": "error",
        "error": detail,
        "errors": [error_entry(code, title, detail, parameter=parameter)],
    }
    return msgspec.json.encode(body).decode()


def error_entry(
    code: str, title: str, detail: str, *, parameter: str | None = None
) -> dict[str, object]:
    """Return one of `errors`, which is the same over HTTP."""
    error: dict[str, object] = {"code": code, "title": title, "detail": detail}
    if parameter:
        error["source"] = {"parameter": parameter}
    return error
