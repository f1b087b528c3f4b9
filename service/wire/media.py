"""Telnyx's media streaming messages: text JSON over the WebSocket it opens to us.

Source: TELNYX.md §4.2. Numbers arrive as strings of decimals; `stream_id` is at the top level,
never inside `start`. An unknown event is read by its name alone.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from service.errors import BadInputError
from service.ids import Track

MAX_MESSAGE_BYTES = 64 * 1024
AUTH_HEADER = "x-telnyx-streaming-auth-token"
MEDIA_PATH = "/media/"
"""Where media WebSockets come in; a token follows."""

WireNumber: TypeAlias = int | str | None
"""A number as it is on the wire: from Telnyx, a string of decimals."""

_MAX_DIGITS = 18
_NUMBERS_END = 10**_MAX_DIGITS
TRACKS: Final[Mapping[object, Track]] = {
    "inbound": "inbound",
    "outbound": "outbound",
    "inbound_track": "inbound",
    "outbound_track": "outbound",
}
"""Tracks by what media messages, or commands and webhooks, call them."""


class MediaFormat(msgspec.Struct, frozen=True):
    """What the payloads are. Trust this, not what was asked for."""

    encoding: str = ""
    sample_rate: int | str = 8000
    channels: int | str = 1


class Start(msgspec.Struct, frozen=True):
    """The body of `start`."""

    call_control_id: str | None = None
    call_session_id: str | None = None
    user_id: str | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    to: str | None = None
    client_state: str | None = None
    tags: tuple[str, ...] | None = None
    custom_parameters: object = None
    """An object of strings; whatever else it is must not cost the stream."""
    media_format: MediaFormat = MediaFormat()


class Media(msgspec.Struct, frozen=True):
    """The body of `media`: one frame of one track. `payload` is already out of base64."""

    track: str
    payload: bytes
    chunk: WireNumber = None
    timestamp: WireNumber = None


class Dtmf(msgspec.Struct, frozen=True):
    """The body of `dtmf`."""

    digit: str | None = None


class WireError(msgspec.Struct, frozen=True):
    """The body of `error`: Telnyx could not read what we sent."""

    code: WireNumber = None
    title: str | None = None


class Message(msgspec.Struct, frozen=True):
    """One message, whatever its `event`; the body of that event is the only one set."""

    event: str
    sequence_number: WireNumber = None
    stream_id: str | None = None
    start: Start | None = None
    media: Media | None = None
    dtmf: Dtmf | None = None
    payload: WireError | None = None


_decoder = msgspec.json.Decoder(Message)


def parse_message(data: bytes | str) -> Message:
    """Read one message.

    Raises:
        BadInputError: Not JSON, not an object, a field of the wrong type, or bad base64.
    """
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadInputError("a media message that is not one") from error


def parse_number(number: WireNumber) -> int | None:
    """Read a number off the wire; None if it is missing, negative or too long to be one."""
    if isinstance(number, str):
        fits = len(number) <= _MAX_DIGITS and number.isdecimal()
        return int(number) if fits else None
    return number if number is not None and 0 <= number < _NUMBERS_END else None


def media_url(base_url: str) -> str:
    """Return what a media token is appended to, on the service at this http(s):// URL."""
    return base_url.replace("http", "ws", 1) + MEDIA_PATH
