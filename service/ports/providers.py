"""What Telnyx itself says it offers."""

from collections.abc import Sequence
from typing import Protocol

from service.calls.engines import Offer


class Providers(Protocol):
    """Telnyx's list of speech-to-text providers."""

    async def offers(self) -> Sequence[Offer]:
        """Return the list, some minutes old at most.

        Raises:
            CarrierUnavailableError: Telnyx could not be reached, or gave no list.
        """
