"""What an erasing change leaves: a tombstone, for every lane, and nothing else, anywhere."""

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest

from service.errors import StaleCallError
from service.ids import CallId, LegId
from service.journal.sqlite.audit import open_audit
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.library import open_sqlite_library
from service.ports import CallFilter, Entry, Journal, Keeping, LaneUpdate, Parked, StoredEvent
from tests.journal.builders import CALL, CRM, LOG, OTHER, Opener, entry, seqs_of

NUMBER = "+15555550142"
SECRET = "rumpelstiltskin"
DAY_S = 86_400.0


def where_found(path: Path, sought: str) -> list[str]:
    """Ask the audit where this is still to be found."""
    with open_audit(path) as audit:
        return audit.where_found(sought)


def left_of_erased(path: Path) -> list[str]:
    """Ask the audit what is left of erased calls."""
    with open_audit(path) as audit:
        return audit.left_of_erased()


def said(seq: int, text: str, call_id: CallId = CALL) -> StoredEvent:
    """Return a final with these words."""
    body = (
        b'{"type":"transcript.final","timestamp":"2026-11-22T10:00:03.120Z","data":{'
        b'"utterance_id":"u%d","role":"customer","text":"%b"}}' % (seq, text.encode())
    )
    return StoredEvent(call_id, seq, "transcript.final", body)


def started(call_id: CallId = CALL, number: str = NUMBER) -> StoredEvent:
    """Return the first event of a call from this number."""
    body = (
        b'{"type":"call.started","timestamp":"2026-11-22T10:00:00.000Z","data":{'
        b'"from":"%b","to":"+15555550100","metadata":{"name":"%b"}}}'
        % (number.encode(), SECRET.encode())
    )
    return StoredEvent(call_id, 1, "call.started", body)


def tombstone(seq: int, call_id: CallId = CALL) -> StoredEvent:
    """Return what is left of an erased call."""
    body = b'{"type":"transcript.erased","data":{"reason":"api"}}'
    return StoredEvent(call_id, seq, "transcript.erased", body)


def call_with(*events: StoredEvent, version: int = 0, keeping: Keeping | None = None) -> Entry:
    """Return a change with these events for two endpoints."""
    return Entry(
        call_id=events[0].call_id,
        version=version,
        epoch=1,
        state=f"{SECRET} {NUMBER}".encode(),
        legs=(LegId(f"leg of {events[0].call_id}"),),
        events=events,
        endpoints=(CRM, LOG),
        keeping=keeping,
    )


def erasing(version: int, *events: StoredEvent) -> Entry:
    """Return the change that erases the call; its last event is the tombstone."""
    return Entry(
        call_id=CALL,
        version=version,
        epoch=1,
        state=b"erased",
        events=events,
        endpoints=(CRM,),
        ended=True,
        erases=True,
    )


def _all_bytes(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.iterdir())


def _begin_reading(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False)
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM event").fetchone()
    return db


async def talk(journal: Journal) -> None:
    """Commit a call with a secret, and park one of its deliveries."""
    await journal.commit(call_with(started(), said(2, f"my name is {SECRET}")))
    await journal.commit(call_with(said(3, f"{SECRET} it is"), version=1))
    await journal.settle([LaneUpdate(CALL, CRM, 2, parked=Parked(2, 500, "gave_up"))])
    await journal.keep_token(b"hash", CALL, LegId("leg"), time.time() + 60)


async def test_an_erasure_leaves_the_tombstone_and_nothing_else(opener: Opener) -> None:
    """Events, parked deliveries, tokens, numbers, index: all in the one change."""
    async with opener() as journal:
        await talk(journal)
        await journal.commit(erasing(2, tombstone(4)))

        assert await seqs_of(journal) == [4]
        assert await journal.parked(limit=10) == []
        assert await journal.use_token(b"hash", time.time()) is None
        assert await journal.calls_of_number(NUMBER) == []
        kept = await journal.load(CALL)
        assert kept is not None
        assert (kept.state, kept.version) == (b"erased", 3)
        assert await journal.find_call(LegId(f"leg of {CALL}")) == CALL


async def test_every_lane_has_the_tombstone_to_deliver_and_nothing_before_it(
    opener: Opener,
) -> None:
    """Also those of endpoints that the route has no more: they had some of what is gone."""
    async with opener() as journal:
        await talk(journal)
        await journal.commit(erasing(2, tombstone(4)))
        await journal.settle([LaneUpdate(CALL, CRM, 3, attempts=2, parked=Parked(3, 500, "late"))])

        lanes = {row.endpoint: (row.acked_seq, row.head_seq) for row in await journal.backlog()}
        assert lanes == {CRM: (3, 4), LOG: (3, 4)}
        assert await journal.parked(limit=10) == []


async def test_what_is_recorded_in_the_erasing_change_goes_as_well(opener: Opener) -> None:
    """Words that came in the same breath are not written at all."""
    async with opener() as journal:
        await talk(journal)
        await journal.commit(erasing(2, said(4, SECRET), tombstone(5)))

        assert await seqs_of(journal) == [5]


async def test_whoever_does_not_know_of_the_erasure_writes_nothing(opener: Opener) -> None:
    """A process that still remembers the call is told to look again."""
    async with opener() as journal:
        await talk(journal)
        await journal.commit(erasing(2, tombstone(4)))
        with pytest.raises(StaleCallError):
            await journal.commit(call_with(said(4, SECRET), version=2))


async def test_another_call_keeps_what_it_has(opener: Opener) -> None:
    """Although the same words were said in it, by the same number."""
    async with opener() as journal:
        await talk(journal)
        await journal.commit(call_with(started(OTHER), said(2, SECRET, OTHER)))
        await journal.commit(erasing(2, tombstone(4)))

        assert await seqs_of(journal, OTHER) == [1, 2]
        assert await journal.calls_of_number(NUMBER) == [OTHER]


async def test_the_files_hold_no_byte_of_it_once_scrubbed(tmp_path: Path) -> None:
    """Not in free pages, not in the log, not in the index; before, the audit finds it."""
    path = tmp_path / "journal.db"
    async with open_sqlite_journal(path) as journal:
        await talk(journal)
        assert where_found(path, SECRET.upper())
        with open_audit(path) as audit:
            assert audit.not_erased([CALL, "nobody"]) == [CALL]
        await journal.commit(erasing(2, tombstone(4)))
        assert await journal.unscrubbed()
        assert left_of_erased(path) == [f"{CALL}: bytes that were not scrubbed yet (1)"]
        assert await journal.scrub()

        assert not await journal.unscrubbed()
        assert [where_found(path, one) for one in (SECRET, NUMBER, NUMBER[1:])] == [[], [], []]
        raw = _all_bytes(tmp_path)
        assert SECRET.encode() not in raw
        assert NUMBER.encode() not in raw


async def test_the_audit_says_what_is_left_and_where(tmp_path: Path) -> None:
    """Bytes that no table has are found in the files."""
    path = tmp_path / "journal.db"
    async with open_sqlite_journal(path) as journal:
        await talk(journal)
        tables = where_found(path, SECRET)
        await journal.commit(erasing(2, tombstone(4)))
        unscrubbed = where_found(path, SECRET)

    assert "table event, column body (3)" in tables
    assert "index of words" in tables
    assert unscrubbed == ["bytes of journal.db-wal"] or unscrubbed[0].startswith("table utterance")


async def test_an_erased_call_is_listed_as_erased_and_not_as_live(tmp_path: Path) -> None:
    """Although nobody ended it; what is left of it is when it began and when it was erased."""
    path = tmp_path / "journal.db"
    async with open_sqlite_journal(path) as journal, open_sqlite_library(path) as library:
        await talk(journal)
        assert len(await library.calls(CallFilter(live=True), before=None, limit=9)) == 1
        await journal.commit(erasing(2, tombstone(4)))
        summary = await library.call(CALL)

        assert await library.calls(CallFilter(live=True), before=None, limit=9) == []
        assert summary is not None
        assert summary.erased_at is not None
        assert (summary.from_number, summary.to_number, summary.metadata) == (None, None, b"{}")
        assert (summary.utterances, summary.words, summary.transcription) == (0, 0, None)


async def test_a_scrub_that_a_reader_holds_up_says_so_and_commits_go_on(tmp_path: Path) -> None:
    """It is done again later; nobody who commits waits for the reader."""
    path = tmp_path / "journal.db"
    async with open_sqlite_journal(path) as journal:
        await talk(journal)
        reader = await asyncio.to_thread(_begin_reading, path)
        await journal.commit(erasing(2, tombstone(4)))
        assert not await journal.scrub()
        await journal.commit(entry(call_id=OTHER, seqs=[1]))
        reader.close()

        assert await journal.unscrubbed()
        assert await journal.scrub()


async def test_calls_are_due_when_their_time_has_come(opener: Opener) -> None:
    """Those that nobody gave a time are kept for ever; erased, a call is due no more."""
    async with opener() as journal:
        await journal.commit(call_with(started(), keeping=Keeping(text_due_at=DAY_S)))
        await journal.commit(call_with(started(OTHER)))

        assert await journal.text_due(DAY_S - 1, limit=10) == []
        assert await journal.text_due(DAY_S, limit=10) == [CALL]
        await journal.commit(erasing(1, tombstone(2)))
        assert await journal.text_due(DAY_S, limit=10) == []


async def test_parked_deliveries_are_forgotten_when_their_time_has_come(opener: Opener) -> None:
    """Of calls whose route says so."""
    async with opener() as journal:
        await journal.commit(call_with(started(), keeping=Keeping(attempts_s=DAY_S)))
        await journal.commit(call_with(started(OTHER)))
        for call_id in (CALL, OTHER):
            await journal.settle([LaneUpdate(call_id, CRM, 1, parked=Parked(1, 500, "gave_up"))])

        assert await journal.prune_parked(time.time() + DAY_S - 60) == 0
        assert await journal.prune_parked(time.time() + DAY_S + 60) == 1
        assert [one.call_id for one in await journal.parked(limit=10)] == [OTHER]
