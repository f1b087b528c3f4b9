"""Commands to Telnyx."""

from dataclasses import dataclass
from typing import Protocol

from service.calls.commands import CarrierCommand


@dataclass(frozen=True, slots=True)
class StreamTarget:
    """Where Telnyx is to send a leg's audio, and what it shall show there.

    Both hold the single-call token: never log them.
    """

    url: str
    auth_token: str


class Carrier(Protocol):
    """Commands to Telnyx."""

    async def run(
        self, command: CarrierCommand, *, command_id: str, target: StreamTarget | None = None
    ) -> None:
        """Return once Telnyx took the command. `target` goes with `StartStreaming` only.

        Raises:
            CallOverError: The call has ended.
            CommandRefusedError: Telnyx will never take it; `code` says why.
            CarrierUnavailableError: No answer within the bounded retries.
        """
