"""What workers write to each other, as bytes: webhooks, and what people ask, with its reply."""

from typing import Final, assert_never

import msgspec

from service.calls.commands import Reply
from service.calls.dial_wish import DialAsked
from service.calls.inputs import AskedInput, ControlAsked, EraseAsked, WebhookInput
from service.errors import JournalTooNewError


class Asked(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """What people asked: one of the three."""

    control: ControlAsked | None = None
    erasure: EraseAsked | None = None
    dial: DialAsked | None = None

    @property
    def item(self) -> AskedInput:
        """Return it.

        Raises:
            JournalTooNewError: It is something that this version does not know.
        """
        item = self.control or self.erasure or self.dial
        if item is None:
            raise JournalTooNewError("another worker asked for what this version does not know")
        return item


class Answered(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of it."""

    reply: Reply | None = None


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final[msgspec.msgpack.Decoder[WebhookInput | Asked]] = msgspec.msgpack.Decoder(
    WebhookInput | Asked
)
_answers: Final = msgspec.msgpack.Decoder(Answered)


def encode_webhook(item: WebhookInput) -> bytes:
    """Write a webhook."""
    return _encoder.encode(item)


def encode_asked(item: AskedInput) -> bytes:
    """Write what people asked."""
    match item:
        case ControlAsked():
            asked = Asked(control=item)
        case EraseAsked():
            asked = Asked(erasure=item)
        case DialAsked():
            asked = Asked(dial=item)
        case _:
            assert_never(item)
    return _encoder.encode(asked)


def decode(body: bytes) -> WebhookInput | Asked:
    """Read what another worker wrote.

    Raises:
        JournalTooNewError: Another version wrote it in a shape this one does not know.
    """
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise JournalTooNewError("a worker of another version wrote this") from error


def encode_reply(reply: Reply | None) -> bytes:
    """Write a reply."""
    return _encoder.encode(Answered(reply))


def decode_reply(body: bytes) -> Reply | None:
    """Read a reply."""
    return _answers.decode(body).reply
