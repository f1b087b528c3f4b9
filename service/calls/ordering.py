"""The waiting room: Telnyx's webhooks, put back into the order in which they occurred.

Telnyx promises no order, and delivers simultaneously and again. A webhook therefore waits
`REORDER_S` so that those which occurred before it, but travelled longer, go first. Only the
first facts of a call need not wait: nothing can come before an incoming leg's ringing, and
nothing but that before its answer. What needs an earlier webhook that is not here (words
before the answer) waits for it up to `PREDECESSOR_S`, Telnyx's time to deliver it again, and
then goes without.

So every order, repetition and delay below `REORDER_S` gives the same result, and what comes
later than that is still taken, in the order in which it came.

Where other workers take webhooks, too, what they took may be on its way here for longer than that:
all waits are longer by so much (`lag_s`), for as long as it lasts.
"""

from collections.abc import Callable

from service.calls.inputs import (
    LegAnswered,
    LegAttached,
    LegBridged,
    LegHungUp,
    LegInitiated,
    SpeakEnded,
    StreamingFailed,
    StreamingStarted,
    StreamingStopped,
    WebhookInput,
    WordsReported,
)
from service.calls.party_webhooks import KeyPressed, LegHeld, LegJoined, LegLeft, LegRetrieved
from service.calls.state import Waiting
from service.calls.tape_webhooks import TapeFailed, TapeSaved
from service.ids import LegId

REORDER_S = 0.3
PREDECESSOR_S = 10.0
FETCH_S = 3.0
"""How much longer a hang-up that nobody saw waits for its webhook, which may be fetched."""
NEVER_SEEN = "hang_up_never_seen"
"""The cause of a hang-up whose webhook was lost."""

_RANK: dict[type, int] = {
    kind: rank
    for rank, kind in enumerate(
        (
            LegInitiated,
            LegAttached,
            LegAnswered,
            LegHeld,
            LegRetrieved,
            LegBridged,
            LegLeft,
            LegJoined,
            KeyPressed,
            SpeakEnded,
            StreamingStarted,
            StreamingFailed,
            WordsReported,
            StreamingStopped,
            LegHungUp,
            TapeFailed,
            TapeSaved,
        )
    )
}


def waits(room: list[Waiting], webhook: WebhookInput) -> bool:
    """Say whether a webhook is here already."""
    return any(item.webhook.input_id == webhook.input_id for item in room)


def attaches(room: list[Waiting], leg_id: LegId) -> bool:
    """Say whether a leg waits to be attached to."""
    return any(
        isinstance(item.webhook, LegAttached) and item.webhook.leg_id == leg_id for item in room
    )


def admit(room: list[Waiting], webhook: WebhookInput, now: float) -> None:
    """Put a webhook in its place. One that is here already stays as it was."""
    if waits(room, webhook):
        return
    room.append(Waiting(webhook, now))
    room.sort(key=_place)


def release(
    room: list[Waiting],
    now: float,
    *,
    lag_s: float,
    lacks_predecessor: Callable[[WebhookInput], bool],
) -> WebhookInput | None:
    """Take out the first webhook if its time has come; ask again until None.

    `lacks_predecessor` says whether something that must have occurred before is missing.
    """
    if room and now >= _due(room[0], lacks_predecessor, lag_s):
        return room.pop(0).webhook
    return None


def next_release(
    room: list[Waiting], *, lacks_predecessor: Callable[[WebhookInput], bool]
) -> float | None:
    """Return when the first webhook's time comes unless others are late; None if none waits."""
    return _due(room[0], lacks_predecessor, 0.0) if room else None


def wait_anew(room: list[Waiting], now: float) -> None:
    """Begin every wait again: those which travelled longer found nobody to take them."""
    for item in room:
        item.arrived_at = now


def keep_to(room: list[Waiting], now: float) -> None:
    """Have nothing wait for longer than it would if it came now: the clock may be put back.

    As it is after a start whose machine's clock was ahead, with the first message of Telnyx.
    """
    for item in room:
        item.arrived_at = min(item.arrived_at, now)


def _due(item: Waiting, lacks_predecessor: Callable[[WebhookInput], bool], lag_s: float) -> float:
    if lacks_predecessor(item.webhook):
        return item.arrived_at + PREDECESSOR_S + lag_s
    if _is_first_fact(item.webhook):
        return item.arrived_at
    if isinstance(item.webhook, LegHungUp) and item.webhook.cause == NEVER_SEEN:
        return item.arrived_at + FETCH_S + REORDER_S + lag_s
    return item.arrived_at + REORDER_S + lag_s


def _is_first_fact(webhook: WebhookInput) -> bool:
    if isinstance(webhook, LegInitiated):
        return webhook.direction == "incoming"
    return isinstance(webhook, LegAnswered | LegAttached)


def _place(item: Waiting) -> tuple[float, int]:
    """What occurred at the same time stays in the order in which it came: the sort is stable."""
    return (item.webhook.occurred_at, _RANK[type(item.webhook)])
