"""Telnyx's recordings are fetched and kept, and calls are told what came of it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from service.calls.commands import FetchTape, FindTapes
from service.calls.tape_answers import TapeKept, TapeNotKept
from service.errors import (
    BadInputError,
    CarrierUnavailableError,
    JournalUnavailableError,
    TapeError,
)
from service.ids import CallId
from service.ports import KeptTape
from service.runtime.tapes import TapeFetcher, TapeRoom
from service.tasks import Tasks, open_tasks
from tests.calls.harness import CALL, A
from tests.calls.tapes import saved
from tests.runtime.peers import ObedientCarrier
from tests.runtime.test_questions import Asker, runner
from tests.waiting import until

COMMAND = FetchTape(
    number=2, link="https://a/b.wav?secret", offset_ms=500, is_swapped=False, silent={}
)
SIZE = KeptTape(10, 20, 30)


@dataclass
class Room:
    """A source and a shelf, by a script."""

    fails: Exception | None = None
    stalls: bool = False
    kept: list[bytes] = field(default_factory=list)
    silenced: list[FetchTape] = field(default_factory=list)
    forgotten: list[CallId] = field(default_factory=list)
    closed: int = 0
    begun: int = 0

    async def download(self, link: str) -> AsyncGenerator[bytes]:
        """See `TapeSource.download`."""
        self.begun += 1
        try:
            if isinstance(self.fails, TapeError):
                raise self.fails
            yield link.encode()
            if self.stalls:
                await asyncio.Event().wait()
        finally:
            self.closed += 1

    async def keep(
        self, call_id: CallId, tape: FetchTape, pieces: AsyncIterator[bytes]
    ) -> KeptTape:
        """See `TapeShelf.keep`."""
        del call_id, tape
        if self.fails is not None and not isinstance(self.fails, TapeError):
            raise self.fails
        self.kept.append(b"".join([piece async for piece in pieces]))
        return SIZE

    async def silence(self, call_id: CallId, tape: FetchTape) -> KeptTape:
        """See `TapeShelf.silence`."""
        del call_id
        self.silenced.append(tape)
        return SIZE

    def forget(self, call_id: CallId) -> None:
        """See `TapeShelf.forget`."""
        self.forgotten.append(call_id)


def fetcher(room: Room | None, tasks: Tasks) -> TapeFetcher:
    """Return what fetches, at a time that stands still."""
    return TapeFetcher(TapeRoom(room, room) if room else None, tasks, lambda: 7.0)


async def answer(room: Room | None, command: FetchTape = COMMAND) -> object:
    """Have a tape fetched, and return what the call is told."""
    call = Asker()
    async with open_tasks() as tasks:
        fetcher(room, tasks).start(call, command)
        await until(lambda: bool(call.answers))
    (told,) = call.answers
    return told


async def test_a_tape_is_fetched_and_kept() -> None:
    """The call is told how long it plays, and how much there is of its recording now."""
    room = Room()

    assert await answer(room) == TapeKept(
        number=2, at=7.0, tape_ms=10, duration_ms=20, size_bytes=30
    )
    assert room.kept == [COMMAND.link.encode()]
    assert room.closed == 1


async def test_without_a_link_more_is_silenced() -> None:
    """Nothing is fetched."""
    room = Room()
    command = replace(COMMAND, link="", silent={"inbound": [(0, 9)]})

    assert isinstance(await answer(room, command), TapeKept)
    assert (room.silenced, room.begun) == ([command], 0)


@pytest.mark.parametrize(
    ("room", "reason", "for_good", "has_expired"),
    [
        (None, "nobody_keeps", True, False),
        (Room(fails=TapeError("too_large", for_good=True)), "too_large", True, False),
        (Room(fails=TapeError("link_refused", has_expired=True)), "link_refused", False, True),
        (Room(fails=BadInputError("no WAV")), "unreadable", True, False),
        (Room(fails=JournalUnavailableError("away")), "journal_unavailable", False, False),
        (Room(fails=OSError("full")), "not_written", False, False),
    ],
)
async def test_what_goes_wrong_is_told(
    room: Room | None,
    reason: str,
    for_good: bool,  # noqa: FBT001
    has_expired: bool,  # noqa: FBT001
) -> None:
    """And whether it can be otherwise later."""
    assert await answer(room) == TapeNotKept(
        number=2, at=7.0, reason=reason, for_good=for_good, has_expired=has_expired
    )


@pytest.mark.parametrize("is_erased", [True, False])
async def test_a_call_that_is_gone_is_fetched_no_more(is_erased: bool) -> None:  # noqa: FBT001
    """What there is of it is deleted if it was erased, and stays if another worker has it."""
    room, call = Room(stalls=True), Asker()
    async with open_tasks() as tasks:
        tapes = fetcher(room, tasks)
        tapes.start(call, COMMAND)
        await until(lambda: room.begun == 1)
        if is_erased:
            tapes.forget(CALL)
        else:
            tapes.let_go(CALL)
        await until(lambda: room.closed == 1)

    assert room.kept == []
    assert call.answers == []
    assert room.forgotten == [CALL] * is_erased


async def test_without_anybody_to_keep_tapes_there_are_none_to_forget() -> None:
    """Nor to let go of."""
    async with open_tasks() as tasks:
        fetcher(None, tasks).forget(CALL)


async def test_tapes_of_one_call_are_kept_one_after_the_other() -> None:
    """They go into one file; those of others do not wait for them."""
    room, call, other = Room(stalls=True), Asker(), Asker(CallId("other"))
    async with open_tasks() as tasks:
        tapes = fetcher(room, tasks)
        tapes.start(call, COMMAND)
        tapes.start(call, replace(COMMAND, number=3))
        tapes.start(other, COMMAND)
        await until(lambda: room.begun == 2)
        tapes.let_go(CALL)
        await until(lambda: room.closed == 1)
        assert room.begun == 2


async def test_what_telnyx_recorded_of_a_leg_is_found() -> None:
    """The call is told as by a webhook; where Telnyx does not say, it asks again later."""
    carrier, call = ObedientCarrier(), Asker()
    carrier.tapes_kept = [saved(), saved(tape="tape-2")]
    async with open_tasks() as tasks:
        asking = runner(carrier, tasks)
        asking.start(call, FindTapes(leg_id=A))
        await until(lambda: len(call.answers) == 2)
        carrier.refusal = CarrierUnavailableError("away")
        asking.start(call, FindTapes(leg_id=A))

    assert call.answers == carrier.tapes_kept
