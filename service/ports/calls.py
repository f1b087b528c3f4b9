"""Every live call of this process."""

from typing import Protocol

from service.calls.inputs import WebhookInput


class Calls(Protocol):
    """Every live call of this process."""

    async def tell(self, item: WebhookInput) -> None:
        """Give a webhook to its call and return once what must survive is committed.

        A repeated webhook returns as quietly as the first. A webhook of a call that nobody
        knows, and that does not begin one, makes the call known all the same.

        Raises:
            DrainingError: It begins a new call, and this process is stopping.
            JournalUnavailableError: Nothing was committed; the sender must come again.
        """
