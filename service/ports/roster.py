"""The roster: the workers of one database, whose its calls are, and what waits for them there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from service.ids import CallId, InputId, WorkerId
from service.ports.ownership import Claim


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another worker, and the fingerprints of its settings."""

    worker: WorkerId
    settings: str


@dataclass(frozen=True, slots=True)
class Beat:
    """What a heartbeat found: whether the worker is on the roster, and whether it keeps house."""

    is_known: bool
    keeps_house: bool = False
    unlike: tuple[Neighbour, ...] = ()
    """The others that stay and whose settings are known to be other ones."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Calls that were taken over, those that go on, and whether a worker was gone unannounced."""

    call_ids: tuple[CallId, ...] = ()
    live: tuple[CallId, ...] = ()
    was_down: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """Something for a call of this worker that came to another; `asked_by` waits for a reply."""

    id: int
    call_id: CallId
    body: bytes
    asked_by: WorkerId | None


class Roster(Protocol):
    """The workers of one database. All methods raise `JournalUnavailableError` if it is away.

    Those that write for a worker are refused with `LeaseLostError` once it is off the roster. All
    times are by the clock of the database.
    """

    async def register(self, worker: WorkerId, url: str, settings: str) -> None:
        """Put a worker on the roster; others reach it at a URL. `settings` are fingerprints."""

    async def beat(self, worker: WorkerId, settings: str) -> Beat:
        """Say that a worker lives, and with which settings.

        On a connection of its own, and for two seconds at most.
        """

    async def begin_drain(self, worker: WorkerId) -> None:
        """Note that a worker is about to leave."""

    async def withdraw(self, worker: WorkerId) -> None:
        """Take a worker off the roster; its calls are nobody's then."""

    async def bury(self, silent_s: float) -> list[WorkerId]:
        """Take whoever has been silent for so long off the roster, and return them."""

    async def others(self, worker: WorkerId, silent_s: float) -> int:
        """Return how many other workers live and are not about to leave."""

    async def claim(self, call_id: CallId, worker: WorkerId) -> Claim:
        """See `Ownership.claim`. An owner that is not on the roster is nobody."""

    async def take(self, call_id: CallId, worker: WorkerId) -> Claim:
        """Give a call to a worker, whoever has it; the claim's `owner` is who had it.

        That one finds it among its `losses`.
        """

    async def losses(self, worker: WorkerId) -> list[CallId]:
        """Return which calls were taken from a worker since it was last asked."""

    async def take_orphans(self, worker: WorkerId, limit: int) -> Taken:
        """Give a worker up to so many calls that are nobody's, and that need somebody.

        Several workers may take at once: each gets others.
        """

    async def owned(self, worker: WorkerId) -> list[CallId]:
        """Return the calls of a worker that go on."""

    async def hand_over(self, worker: WorkerId) -> int:
        """Make nobody's what a worker has; return how many calls that were."""

    async def send(self, call_id: CallId, input_id: InputId, body: bytes) -> None:
        """Keep an input for the owner of its call, unless it is known already."""

    async def ask(self, call_id: CallId, body: bytes, asked_by: WorkerId) -> int:
        """Keep a question for the owner of a call; return its number."""

    async def has_mail(self, worker: WorkerId, *, keeps_house: bool) -> bool:
        """Return whether there is mail, replies or losses for a worker; to be asked often."""

    async def mail(
        self, worker: WorkerId, *, keeps_house: bool, limit: int, after: int = 0
    ) -> list[Mail]:
        """Return what waits for the calls of a worker, the oldest first; it stays until dropped.

        `after` is the number of the last that was looked at.

        Whoever `keeps_house` also gets what is for calls that nobody knows any more. A question
        that is older than whoever asked may wait is left out.
        """

    async def drop_mail(self, ids: Sequence[int]) -> None:
        """Forget mail that was applied, or questions that nobody waits for any more."""

    async def reply(self, mail_id: int, reply: bytes) -> None:
        """Answer a question."""

    async def replies(self, worker: WorkerId) -> list[tuple[int, bytes]]:
        """Return the answers to questions of a worker, by their number, and forget them."""
