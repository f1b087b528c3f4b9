"""What carries payloads between workers."""

from collections.abc import Callable, Sequence
from typing import Protocol

Heard = Callable[[bytes | str], None]
"""Takes a payload that came, one's own among them perhaps. Never raises."""


class Transport(Protocol):
    """Carries payloads of JSON to everybody who listens."""

    max_bytes: int
    """Of one payload."""

    async def send(self, payloads: Sequence[bytes]) -> None:
        """Send payloads, in order.

        Raises:
            BusUnavailableError: Some of them, or all, may not have been sent.
        """

    async def listen(self, heard: Heard, connected: Callable[[], None]) -> None:
        """Listen until the connection breaks; say when what is sent from then on is heard.

        Raises:
            BusUnavailableError: Always: there is no connection, or none any more.
        """

    async def close(self) -> None:
        """Let go of what was opened to send."""
