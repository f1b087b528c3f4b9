"""The state of a call as bytes for the journal, and back."""

import msgspec

from service.calls.state import CallState
from service.errors import JournalTooNewError

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(CallState)


def encode_state(state: CallState) -> bytes:
    """Write a call's state."""
    return _encoder.encode(state)


def decode_state(data: bytes) -> CallState:
    """Read a call's state.

    Raises:
        JournalTooNewError: Another version wrote it in a shape this one does not know.
    """
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise JournalTooNewError("a call's state is of another version of Callscribe") from error
