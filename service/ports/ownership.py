"""Ownership: a call is one worker's at a time, and only its owner works on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from service.calls.commands import Reply
from service.calls.inputs import AskedInput, WebhookInput
from service.ids import CallId, WorkerId


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose a call is. `is_ours` may be so only now: `was_taken` from nobody, or from the dead."""

    is_ours: bool
    was_taken: bool = False
    owner: WorkerId | None = None
    """Who else has it, or had it; None if that is nobody."""


@dataclass(frozen=True, slots=True)
class Orphans:
    """Calls that this process took over, and that go on."""

    call_ids: tuple[CallId, ...]
    was_down: bool = True
    """Whether webhooks may have found nobody meanwhile."""


class Lease(Protocol):
    """What lets this worker write, deliver and listen: it ends by itself unless it is renewed."""

    @property
    def worker(self) -> WorkerId | None:
        """Return who this worker is now; None while it has no lease."""


class Ownership(Protocol):
    """Which calls are this process's, and how it gives the others what is for them."""

    @property
    def is_shared(self) -> bool:
        """Whether there may be other workers."""

    @property
    def holds(self) -> bool:
        """Whether this process may deliver and listen now. Never waits."""

    @property
    def keeps_house(self) -> bool:
        """Whether what one worker is to do for all of them is this one's to do."""

    def lag_s(self, call_id: CallId) -> float:
        """Return how much longer than the waiting room waits what others took may be on its way.

        It has no end while the mail cannot be read, or what there is for the call is not taken.
        """

    def is_ours(self, owner: WorkerId | None) -> bool:
        """Return whether a call that the journal says is `owner`'s is ours."""

    async def claim(self, call_id: CallId) -> Claim:
        """Say whose a call is, and make it ours if that is nobody. A new call is whoever's comes.

        Raises:
            JournalUnavailableError: Nobody can tell now.
        """

    async def take(self, call_id: CallId) -> bool:
        """Make a call ours, whoever has it; return whether it was not.

        Raises:
            JournalUnavailableError: It was not taken.
        """

    async def orphans(self) -> Orphans:
        """Take over some calls that are nobody's; none are left if there are none.

        Raises:
            JournalUnavailableError: Nothing was taken over.
        """

    async def forward(self, call_id: CallId, item: WebhookInput, to: WorkerId | None) -> None:
        """Give a webhook to the owner of its call, and return once it cannot be lost.

        Raises:
            JournalUnavailableError: Nothing was stored.
        """

    async def ask(self, call_id: CallId, item: AskedInput, to: WorkerId | None) -> Reply | None:
        """Ask the owner of a call for something, and return its reply.

        Raises:
            JournalUnavailableError: It did not reply in time, or nothing was asked.
        """

    async def leave(self) -> bool:
        """Be given no more calls; return whether there are other workers who could take ours.

        Raises:
            JournalUnavailableError: Nobody can tell now.
        """

    async def hand_over(self) -> None:
        """Give all calls to the other workers.

        Raises:
            JournalUnavailableError: They stay ours, until others find that we are gone.
        """


class CallHolder(Protocol):
    """Whoever has this process's calls in memory."""

    def has(self, call_id: CallId) -> bool:
        """Return whether a call is in memory."""

    def take_up(self, orphans: Orphans) -> None:
        """Go on with calls that another process had. Never waits."""

    def let_go(self, call_id: CallId) -> None:
        """Forget a call that is another's by now: hear, tell and deliver nothing more of it."""

    def let_go_of_all(self) -> None:
        """Do so with every call."""

    async def told(self, call_id: CallId, item: WebhookInput) -> None:
        """Apply a webhook that another worker took.

        Raises:
            CallElsewhereError: The call is not ours any more.
            JournalUnavailableError: Nothing was committed.
        """

    async def asked(self, call_id: CallId, item: AskedInput) -> Reply | None:
        """Do what another worker was asked for.

        Raises:
            CallElsewhereError: The call is not ours any more.
            JournalUnavailableError: Nothing was committed.
        """


class LaneHolder(Protocol):
    """Whoever has the lanes of this process's calls in memory."""

    async def take_up(self, call_ids: Sequence[CallId]) -> None:
        """Learn what is left to deliver of calls that another process had.

        Raises:
            JournalUnavailableError: Nothing was learnt.
        """

    def release_all(self) -> None:
        """Deliver nothing more of what is in memory: it is another's, or nobody's."""
