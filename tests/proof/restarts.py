"""The restart matrix: the service is killed at every write of a call's life, on either side of it.

A first run counts the writes; then each is the last thing that a process does, or is about to do.
Another process goes on from what is in the journal.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, field, replace
from functools import partial
from http import HTTPStatus
from typing import Literal, cast

from service.ports import Journal
from tests.proof.changes import BOTH, IN_CALL, Change, Fault, Source
from tests.proof.doors import NothingUnfinished
from tests.proof.oracle import Verdict, judge
from tests.proof.table import as_markdown
from tests.proof.trial import Trial
from tests.proof.truth import read_truth
from tests.proof.world import Conditions, Evidence, World, run

Off = Literal["", "resuming"]
"""What of the service is out of order: what a dead process had asked is not asked again."""
Side = Literal["before", "after"]
SIDES: tuple[Side, ...] = ("before", "after")
AWAY_S = (1.0, 3.0)
"""How long no process is there."""
BACK_S = 4.5
"""So long after the next process began, the words have to be on again: a webhook that found nobody
comes again 1 s later, and 4 s after that."""
WATCHED_S = 150.0
"""How long it is looked whether anything is asked once the call is over."""
DURATION_S = 16.0
_NAMES = ("killed",)


def _killed(source: Source) -> Fault:
    """Return what a kill may cost: in the call Telnyx keeps the words until we are back."""
    return Fault(
        name="killed",
        make=lambda _: Change(),
        sources=BOTH,
        loses=True,
        unheard=source == IN_CALL,
        duration_s=DURATION_S,
    )


@dataclass(frozen=True, slots=True)
class Restart(Trial):
    """A run in which the service is killed, at the write of that number; None: it is not."""

    write: int | None = None
    side: Side = "before"

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The kill."""
        return (_killed(self.source),)

    @property
    def away_s(self) -> float:
        """How long no process is there."""
        return self._rng(f"{self.write} {self.side}").between(*AWAY_S)


@dataclass(slots=True, kw_only=True)
class Killed:
    """What came of a run with a kill. Without `verdict.problems` all is well."""

    restart: Restart
    write: str
    """The write in words; empty if it was never reached."""
    verdict: Verdict
    answers: int
    away_ms: int
    """The longest time, while people talked, in which Telnyx was not to give the words."""

    @property
    def is_late(self) -> bool:
        """Whether the words were not on again in time."""
        return self.away_ms > (self.restart.away_s + BACK_S) * 1000


@dataclass(slots=True)
class Killer:
    """An act: kills the service at a write, and starts it again. It notes all writes."""

    restart: Restart
    writes: list[str] = field(default_factory=list)
    struck: str = ""

    async def __call__(self, world: World) -> None:
        """Do it, once."""
        killed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def step(side: Side, write: str) -> None:
            if side == "before":
                self.writes.append(write)
            if self.struck or (len(self.writes), side) != (self.restart.write, self.restart.side):
                return
            self.struck = write
            never = world.host.kill()
            killed.set_result(None)
            await never

        world.journal.before = partial(step, "before")
        world.journal.after = partial(step, "after")
        await killed
        await asyncio.sleep(self.restart.away_s)
        await world.begin()


def all_writes(seed: int, source: Source) -> list[str]:
    """Return the writes of a call's life on a source, in words and in order."""
    killer = Killer(Restart(seed, source, _NAMES))
    run(_conditions(killer, off=""))
    return killer.writes


def matrix(seed: int, every: int = 1) -> Iterator[Restart]:
    """Give a run for each side of every write on each source, or of every so many writes."""
    for source in BOTH:
        for write in range(1, len(all_writes(seed, source)) + 1, every):
            for side in SIDES:
                yield Restart(seed, source, _NAMES, write, side)


def kill(restart: Restart, off: Off = "") -> Killed:
    """Make a run in which the service is killed, and judge it."""
    killer = Killer(restart)
    return _judge(restart, run(_conditions(killer, off)), killer.struck)


def _conditions(killer: Killer, off: Off) -> Conditions:
    conditions = killer.restart.conditions()
    return replace(
        conditions,
        acts=[killer],
        journal=_knowing_nothing_unfinished if off == "resuming" else conditions.journal,
        watched_s=WATCHED_S,
    )


def _knowing_nothing_unfinished(journal: Journal) -> Journal:
    return cast("Journal", NothingUnfinished(journal))


def _judge(restart: Restart, evidence: Evidence, write: str) -> Killed:
    (call,) = evidence.calls
    answers = [
        one
        for one in call.commands
        if one.name == "answer" and one.status == HTTPStatus.OK and not one.repeated
    ]
    holes = [hole for track in read_truth(evidence, restart.source) for hole in track.unheard]
    killed = Killed(
        restart=restart,
        write=write,
        verdict=judge(restart, evidence),
        answers=len(answers),
        away_ms=max((hole.length for hole in holes), default=0),
    )
    blame = killed.verdict.blame
    if not write:
        blame("it was never killed")
    if len(answers) != 1:
        blame(f"answered {len(answers)} times")
    if killed.is_late:
        blame(f"no words for {killed.away_ms} ms, {restart.away_s * 1000:.0f} of them dead")
    if evidence.asked_late:
        blame(f"{evidence.asked_late} commands after all was over")
    return killed


@dataclass(slots=True)
class Row:
    """What came of the kills at one kind of write."""

    kills: int = 0
    twice: int = 0
    never: int = 0
    late: int = 0
    untold: int = 0
    doubled: int = 0
    otherwise: int = 0
    """Runs that failed in another way."""

    def add(self, killed: Killed) -> None:
        """Count a kill."""
        verdict = killed.verdict
        self.kills += 1
        self.twice += killed.answers > 1
        self.never += killed.answers < 1
        self.late += killed.is_late
        self.untold += verdict.untold
        self.doubled += verdict.doubled
        known = verdict.untold or verdict.doubled or killed.is_late or killed.answers != 1
        self.otherwise += bool(verdict.problems) and not known


def table(kills: Iterable[Killed]) -> str:
    """Return the table as Markdown has it; the last row is the sum."""
    rows: dict[str, Row] = {}
    total = Row()
    for killed in kills:
        name = f"{killed.restart.source}: {killed.write}"
        rows.setdefault(name, Row()).add(killed)
        total.add(killed)
    cells = [(name, *map(str, astuple(row))) for name, row in [*rows.items(), ("all", total)]]
    return as_markdown(_HEADS, cells)


_HEADS = (
    "write", "kills", "answered twice", "never answered", "not streaming again", "words untold",
    "doubled", "failed otherwise",
)  # fmt: skip
