"""Types of query parameters, read strictly: a typing error is refused, not guessed at."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
PLAIN = r"^[^\x00-\x1f\x7f]*$"
"""Text without control characters."""
_MAX_WHOLE = 2**53 - 1
_WHOLE = re.compile(r"0|[1-9][0-9]{0,15}")
_FORMATTED = re.compile(r"\+[0-9 ().-]+\*?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _flag(text: object) -> object:
    if text not in ("true", "false"):
        raise ValueError("should be true or false")
    return text == "true"


def _whole(text: object) -> object:
    if isinstance(text, str):
        if not _WHOLE.fullmatch(text):
            raise ValueError("should be a whole number")
        return int(text)
    return text


def whole_number(value: object) -> object:
    """Take 5.0 for 5: JSON knows one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _moment(text: object) -> object:
    if not isinstance(text, str) or not _MOMENT.fullmatch(text.upper()):
        raise ValueError("should be RFC 3339, such as 2026-11-22T10:00:00Z (a + is %2B in a URL)")
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        raise ValueError("is no date and time that there is") from None


def phone_number(text: object) -> object:
    """Write a phone number as it is kept: without spaces, dashes and brackets."""
    if not isinstance(text, str):
        return text
    # a plus sign in a URL stands for a space; nobody means a number that begins with one
    number = "+" + text[1:] if text.startswith(" ") else text
    if not _FORMATTED.fullmatch(number):
        return number
    return "+" + "".join(one for one in number if one.isdigit() or one == "*")


Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
"""`true` or `false`."""
Seq = Annotated[int, Field(ge=0, le=_MAX_WHOLE), BeforeValidator(_whole)]
"""The `seq` of an event, or 0 for before the first."""
SeqNumber = Annotated[int, Field(ge=0, le=_MAX_WHOLE), BeforeValidator(whole_number)]
"""The same in a body."""
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT), BeforeValidator(_whole)]
"""How many things a page may hold."""
Moment = Annotated[
    float, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""RFC 3339, with an offset; Unix seconds inside."""
Number = Annotated[
    str, Field(min_length=1, max_length=512, pattern=PLAIN), BeforeValidator(phone_number)
]
"""A phone number or SIP address, whole, of anybody who is shown to be in a call; with a `*` at the
end, any that begins so of who called or was called."""
Sealed = Annotated[str, Field(min_length=1, max_length=2048)]
"""A `next` of an earlier page, as it was."""
Metadata = Annotated[
    dict[str, Annotated[str, Field(max_length=512, pattern=PLAIN)]], Field(max_length=8)
]
"""`metadata.<key>=value`, each of which must fit."""
CallIdText = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f/]+$")]
"""A call's id."""
EndpointText = Annotated[str, Field(min_length=1, max_length=64)]
"""An endpoint's name."""
Stamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""RFC 3339 in UTC, with milliseconds, as it is answered."""
