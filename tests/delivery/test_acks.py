"""Acknowledgements: written in batches, kept through outages, bounded."""

import asyncio
from pathlib import Path

import pytest

from service.delivery.acks import AckBatcher
from service.delivery.lane import Capacity, Lane
from service.errors import JournalUnavailableError
from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import LaneUpdate, Parked
from tests.delivery.builders import CRM, event
from tests.delivery.harness import commit, open_harness
from tests.delivery.peers import FaultyJournal
from tests.waiting import until


def lane(call_id: str = "c1", acked_seq: int = 1) -> Lane:
    """Return a lane that has had this much."""
    made = Lane(CallId(call_id), CRM, Capacity(10))
    made.acked_seq = made.head_seq = acked_seq
    return made


async def test_only_the_last_place_of_a_lane_is_written(tmp_path: Path) -> None:
    """Ten acknowledgements of a lane between two writes are one row."""
    async with open_sqlite_journal(tmp_path / "journal.db") as opened:
        journal = FaultyJournal(opened)
        await commit(journal, "c1", *["call.answered"] * 10)
        told: list[Lane] = []
        acks, one = AckBatcher(journal, told.append), lane(acked_seq=0)
        for seq in range(1, 11):
            one.acked_seq = seq
            acks.add(one)
        await acks.flush()

        assert [[update.acked_seq for update in batch] for batch in journal.settled] == [[10]]
        assert await journal.backlog() == []
        assert (told, one.pending_acks) == ([one], 0)


async def test_nothing_is_forgotten_when_the_journal_is_away(tmp_path: Path) -> None:
    """The failed batch goes with the next one, what was parked before what came later."""
    async with open_sqlite_journal(tmp_path / "journal.db") as opened:
        journal = FaultyJournal(opened)
        acks, one = AckBatcher(journal, lambda _: None), lane()
        journal.off = True
        acks.park(one, LaneUpdate(one.call_id, CRM, 1, parked=Parked(1, 400, "refused")))
        with pytest.raises(JournalUnavailableError):
            await acks.flush()
        acks.park(one, LaneUpdate(one.call_id, CRM, 2, parked=Parked(2, 400, "refused")))
        one.acked_seq = 3
        acks.add(one)
        journal.off = False
        await acks.flush()

        assert [update.acked_seq for update in journal.settled[0]] == [1, 2, 3]
        assert one.pending_acks == 0


async def test_a_note_during_a_failing_write_counts_once(tmp_path: Path) -> None:
    """A lane that moved on while its place was being written is settled when that is written."""
    async with open_sqlite_journal(tmp_path / "journal.db") as opened:
        journal = FaultyJournal(opened)
        acks, one = AckBatcher(journal, lambda _: None), lane()
        acks.add(one)
        writing = asyncio.create_task(acks.flush())
        await asyncio.sleep(0)
        acks.add(one)
        assert one.pending_acks == 2
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert one.pending_acks == 1

        await acks.flush()
        assert one.pending_acks == 0


async def test_nothing_is_written_while_paused(tmp_path: Path) -> None:
    """Whoever compares the journal with memory must not be overtaken."""
    async with open_sqlite_journal(tmp_path / "journal.db") as opened:
        journal = FaultyJournal(opened)
        acks = AckBatcher(journal, lambda _: None)
        acks.add(lane())
        async with acks.paused():
            writing = asyncio.create_task(acks.flush())
            await journal.check()
            assert journal.settled == []
        await writing

        assert len(journal.settled) == 1


async def test_several_may_read_while_nothing_is_written(tmp_path: Path) -> None:
    """Those who take many calls up at once do not wait for each other, and all are waited for."""
    async with open_sqlite_journal(tmp_path / "journal.db") as opened:
        journal = FaultyJournal(opened)
        acks = AckBatcher(journal, lambda _: None)
        acks.add(lane())
        async with acks.paused():
            async with acks.paused():
                writing = asyncio.create_task(acks.flush())
                await journal.check()
            await journal.check()
            assert journal.settled == []
        await writing

        assert len(journal.settled) == 1


async def test_deliveries_wait_when_too_much_is_unsettled(tmp_path: Path) -> None:
    """A crash during an outage of the journal repeats about a thousand deliveries, not all."""
    async with open_harness(tmp_path) as harness:
        harness.journal.off = True
        for number in range(1100):
            harness.lanes.committed([CRM], [event(f"c{number}", 1)])
        await until(lambda: len(harness.crm.taken) >= 1000)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(harness.crm.taken) < 1100

        harness.journal.off = False
        await harness.flush()
        assert len(harness.crm.taken) == 1100
