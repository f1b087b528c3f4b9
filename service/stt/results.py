"""What an engine's result is worth: words, or the end of the session and whether for good."""

import re

import msgspec

from service.errors import (
    BadInputError,
    RecognitionError,
    RecognitionLostError,
    RecognitionRefusedError,
)
from service.retry import is_retriable
from service.wire.stt import SttResult, parse_result

MAX_RESULT_BYTES = 256 * 1024
"""A longer result ends the session."""
GARBAGE = "garbage"
"""What it says where results could not be read, one after the other."""
UNREACHABLE = "connect_failed"
"""What a `RecognitionLostError` says where nobody listens, or no name leads there."""

_REFUSED = re.compile(r"4000\d|1000[149]|10010|10015|10023|1003[238]|20\d{3}|40[013]")
"""Codes of bad parameters (40001 to 40007), bad keys and missing rights: no retry would help.

Source: Telnyx STT "Errors" and API error code pages.
"""


class _Bare(msgspec.Struct, frozen=True):
    """The part of a result that must not be lost over what else is in it."""

    transcript: str
    is_final: bool | None = None
    speech_final: bool | None = None


_bare_decoder = msgspec.json.Decoder(_Bare)


def read_result(data: bytes | str) -> SttResult:
    """Read a result; words in a shape nobody documented do not cost the text they are of.

    Raises:
        BadInputError: There is not even a text in it.
    """
    try:
        return parse_result(data)
    except BadInputError:
        try:
            bare = _bare_decoder.decode(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise BadInputError("an STT result that is not one") from error
        return SttResult(
            transcript=bare.transcript, is_final=bare.is_final, speech_final=bare.speech_final
        )


def fault_in(result: SttResult) -> RecognitionError | None:
    """Return what an error means, or None if the result is none. Its text is a reason slug.

    The engine's own text is left out: it may quote what was sent.
    """
    if result.errors:
        code = str(result.errors[0].code)[:32]
    elif result.error is not None or result.type == "error":
        code = ""
    else:
        return None
    if _REFUSED.fullmatch(code):
        return RecognitionRefusedError("refused_by_engine", code=code)
    return RecognitionLostError("engine_error", code=code)


def fault_of_status(status: int) -> RecognitionError:
    """Return what an HTTP status in place of the upgrade means."""
    if is_retriable(status):
        return RecognitionLostError(UNREACHABLE, code=str(status))
    return RecognitionRefusedError("refused_at_upgrade", code=str(status))
