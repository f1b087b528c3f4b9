"""Commands to Telnyx, and questions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from service.calls.commands import CarrierCommand
from service.calls.inputs import WebhookInput
from service.calls.tape_webhooks import TapeSaved
from service.ids import CallId, LegId


@dataclass(frozen=True, slots=True)
class StreamTarget:
    """Where Telnyx is to send a leg's audio, and what it shall show there.

    Both hold the single-call token: never log them.
    """

    url: str
    auth_token: str


@dataclass(frozen=True, slots=True)
class LegLife:
    """What Telnyx says of a leg when it is asked. Times are in Unix seconds; None: not said."""

    alive: bool
    ended_at: float | None = None
    began_at: float | None = None
    call_id: CallId | None = None
    """The `call_session_id` of its call."""
    client_state: Mapping[str, str] = field(default_factory=dict)
    """As in webhooks."""
    known: bool = True
    """Whether there is, or was, such a leg; False where Telnyx does not know it."""


class Carrier(Protocol):
    """Commands to Telnyx, and questions."""

    async def check(self) -> None:
        """Return if a command would go out at once.

        Raises:
            CarrierUnavailableError: It would have to wait, as the first ones after a start.
        """

    async def ready(self) -> None:
        """Return as soon as a command would go out at once."""

    async def run(
        self, command: CarrierCommand, *, command_id: str, target: StreamTarget | None = None
    ) -> LegId | None:
        """Return once Telnyx took the command. `target` goes with `StartStreaming` only.

        Of a `Dial` the leg is returned that it made, where Telnyx says so.

        Raises:
            CallOverError: The call has ended.
            CommandRefusedError: Telnyx will never take it; `code` says why.
            CarrierUnavailableError: No answer within the bounded retries.
        """

    async def life(self, leg_id: LegId) -> LegLife:
        """Return whether a leg lives. One that Telnyx does not know does not.

        Raises:
            CommandRefusedError: Telnyx does not tell us.
            CarrierUnavailableError: No answer within the bounded retries.
        """

    async def tapes(self, leg_id: LegId, now: float) -> Sequence[TapeSaved]:
        """Return the recordings of a leg that are over, as Telnyx would tell of them `now`.

        Raises:
            CommandRefusedError: Telnyx does not tell us.
            CarrierUnavailableError: No answer within the bounded retries.
        """

    async def delete_tape(self, tape_id: str) -> None:
        """Return once Telnyx has a recording no more, or never had one with this id.

        Raises:
            CommandRefusedError: Telnyx does not do it.
            CarrierUnavailableError: No answer within the bounded retries.
        """

    async def missed(self, call_ids: Collection[CallId], since: float) -> Sequence[WebhookInput]:
        """Return the webhooks of these calls that Telnyx gave up to deliver since then.

        In no order, and perhaps not all: Telnyx keeps them as long as it likes.

        Raises:
            CommandRefusedError: Telnyx does not tell us.
            CarrierUnavailableError: No answer within the bounded retries.
        """
