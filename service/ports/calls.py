"""Every live call of this process: told of webhooks, and asked by people."""

from typing import Protocol

from service.calls.commands import Reply
from service.calls.inputs import ControlName, WebhookInput
from service.ids import CallId


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


class CallControls(Protocol):
    """What people may ask of the transcription of a live call."""

    async def ask(
        self, call_id: CallId, action: ControlName, *, reason: str = "api"
    ) -> Reply | None:
        """Begin, end, pause or resume a call's transcription, and return what holds then.

        `reason` is a slug that the journal tells. Asking for what holds already is answered
        with since when. From a pause on no audio is heard, even before this returns. None is
        returned for a call that nobody knows or that was erased.

        Raises:
            ControlRefusedError: The state of the call does not allow it; `reason` says why.
            JournalUnavailableError: Nothing was done.
        """


class Eraser(Protocol):
    """Erases calls: every event but a tombstone, and all that was made of them."""

    async def erase(self, call_id: CallId, *, reason: str = "api") -> bool:
        """Return once nothing is left of a call; False if nothing was ever kept of it.

        Erasing again is harmless. What still arrives of the call is dropped.

        Raises:
            JournalUnavailableError: Nothing was erased.
        """

    async def erase_number(self, number: str, *, reason: str = "api") -> int:
        """Erase every call from or to this number; return how many there were.

        Raises:
            JournalUnavailableError: Not all of them were erased; ask again.
        """
