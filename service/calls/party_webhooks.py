"""What Telnyx says of people in a call beside their words: held, pressing keys, in a conference."""

from service.calls.webhook import Webhook


class LegHeld(Webhook, frozen=True, kw_only=True):
    """`call.hold`: the leg is put on hold."""


class LegRetrieved(Webhook, frozen=True, kw_only=True):
    """`call.unhold`: it is not any more."""


class KeyPressed(Webhook, frozen=True, kw_only=True):
    """`call.dtmf.received`. `digit` is None where it is nobody's business."""

    digit: str | None = None


class LegJoined(Webhook, frozen=True, kw_only=True):
    """`conference.participant.joined`."""

    conference_id: str


class LegLeft(Webhook, frozen=True, kw_only=True):
    """`conference.participant.left`."""

    conference_id: str
