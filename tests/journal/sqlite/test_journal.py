"""What only the SQLite journal promises: durability, its own recovery, one service per file."""

import asyncio
import resource
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.errors import JournalUnavailableError
from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.journal.sqlite.library import open_sqlite_library
from service.journal.sqlite.searches import open_sqlite_searches
from service.ports import Journal, LaneUpdate, Parked
from tests.journal.builders import CALL, CRM, entry, lane_of, seqs_of
from tests.journal.harness import Opener

TIMEOUT_S = 30.0


@contextmanager
def write_lock(path: Path) -> Iterator[sqlite3.Connection]:
    """Keep every writer of the file waiting, until a `ROLLBACK` or the end of the block."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield db


async def test_every_connection_syncs_each_commit(path: Path) -> None:
    """`synchronous` is FULL (2) and the log is a WAL, on the writer as on the reader."""
    seen: list[tuple[int, ...]] = []
    names = ("synchronous", "foreign_keys", "secure_delete", "query_only", "busy_timeout")

    def look(db: sqlite3.Connection) -> None:
        assert db.execute("PRAGMA journal_mode").fetchone() in [("delete",), ("wal",)]
        seen.append(tuple(db.execute(f"PRAGMA {name}").fetchone()[0] for name in names))

    async with open_sqlite_journal(path, set_up=look, busy_timeout_s=2.5) as journal:
        await journal.commit(entry())
        await journal.load(CALL)
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    making, writer, reader = seen
    assert making == writer == (2, 1, 1, 0, 2500)
    assert reader == (2, 1, 1, 1, 2500)


async def test_the_files_are_for_their_owner_only(path: Path) -> None:
    """Transcripts are in the file, its log and its index: mode 0600."""
    async with open_sqlite_journal(path) as journal:
        await journal.commit(entry())
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}

    assert modes == dict.fromkeys(
        ["journal.db", "journal.db-shm", "journal.db-wal", "journal.db.lock"], 0o600
    )


async def fill(journal: Journal) -> int:
    """Commit until the journal refuses; return how many commits it took."""
    for taken in range(10_000):
        try:
            await journal.commit(entry(taken, [taken + 1], inputs=[str(taken)]))
        except JournalUnavailableError:
            return taken
    raise AssertionError("it never filled up")


async def test_a_full_database_refuses_and_recovers(path: Path) -> None:
    """Nothing of what was refused is there; with room again, commits go through by themselves."""
    pages = 60

    def shrink(db: sqlite3.Connection) -> None:
        db.execute("PRAGMA synchronous = OFF")  # it takes many commits to fill
        db.execute(f"PRAGMA max_page_count = {pages}")

    with capture_logs() as logs:
        async with open_sqlite_journal(path, set_up=shrink) as journal:
            taken = await fill(journal)
            assert await seqs_of(journal) == list(range(1, taken + 1))
            with pytest.raises(JournalUnavailableError):
                await journal.commit(entry(taken, [taken + 1], inputs=[str(taken)]))
            pages = 10_000
            await journal.commit(entry(taken, [taken + 1], inputs=[str(taken)]))
    assert [line["event"] for line in logs] == ["journal_unavailable", "journal_available"]


async def test_writes_that_fail_refuse_and_recover(path: Path) -> None:
    """The same when the system refuses to write: here, files may not grow past 200 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with open_sqlite_journal(path) as journal:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        try:
            taken = await fill(journal)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        await journal.check()
        assert await seqs_of(journal) == list(range(1, taken + 1))
        await journal.commit(entry(taken, [taken + 1], inputs=[str(taken)]))


async def test_a_locked_file_refuses_all_that_wait_and_recovers(path: Path) -> None:
    """Another process's transaction is waited for, not for ever; reads go on meanwhile."""
    async with open_sqlite_journal(path, busy_timeout_s=0.05) as journal:
        with write_lock(path):
            outcomes = await asyncio.gather(
                journal.commit(entry(0, [1])),
                journal.settle([LaneUpdate(CALL, CRM, 1)]),
                journal.adopt(CALL),
                return_exceptions=True,
            )
            assert await journal.load(CALL) is None
        assert [type(outcome) for outcome in outcomes] == [JournalUnavailableError] * 3

        await journal.commit(entry(0, [1]))


async def test_more_than_may_wait_is_refused(path: Path) -> None:
    """The queue has a bound; what is in it is written all the same."""
    calls = [CallId(f"call-{n}") for n in range(12)]
    async with open_sqlite_journal(path, waiting_limit=10) as journal:
        with write_lock(path) as lock:
            commits = [asyncio.create_task(journal.commit(entry(call_id=call))) for call in calls]
            await asyncio.wait(commits, return_when=asyncio.FIRST_COMPLETED)
            lock.execute("ROLLBACK")
            outcomes = await asyncio.gather(*commits, return_exceptions=True)
        refused = [type(outcome) for outcome in outcomes]

        assert refused == [type(None)] * 10 + [JournalUnavailableError] * 2
        assert len(await journal.unfinished()) == 10
        await journal.commit(entry(call_id=calls[11]))


async def test_a_cancelled_commit_is_whole_or_absent(path: Path) -> None:
    """Those who stop waiting hurt nobody: not their call, not the ones beside them."""
    calls = [CallId(f"call-{n}") for n in range(40)]
    async with open_sqlite_journal(path) as journal:
        with write_lock(path):
            tasks = [
                asyncio.create_task(journal.commit(entry(0, [1, 2], call_id=call, inputs=[call])))
                for call in calls
            ]
            assert await journal.load(CALL) is None  # by now all of them wait
            for task in tasks[::2]:
                task.cancel()
            cancelled = await asyncio.gather(*tasks[::2], return_exceptions=True)
        await asyncio.gather(*tasks[1::2])

        assert [type(outcome) for outcome in cancelled] == [asyncio.CancelledError] * 20
        for call_id in calls:
            stored, seqs = await journal.load(call_id), await seqs_of(journal, call_id)
            assert (stored is not None, seqs) in [(True, [1, 2]), (False, [])]
        assert await seqs_of(journal, calls[1]) == [1, 2]


async def test_what_waits_is_written_before_the_journal_closes(path: Path) -> None:
    """Leaving the block flushes; afterwards the journal refuses."""
    async with open_sqlite_journal(path) as journal:
        with write_lock(path):
            task = asyncio.create_task(journal.commit(entry(0, [1])))
            await journal.load(CALL)
    await task
    with pytest.raises(JournalUnavailableError, match="closed"):
        await journal.commit(entry(1))

    async with open_sqlite_journal(path) as journal:
        assert await seqs_of(journal) == [1]


async def test_a_second_service_is_kept_out(path: Path) -> None:
    """Two services never share a file; when the first has gone the second gets it."""
    async with open_sqlite_journal(path) as first:
        with pytest.raises(JournalUnavailableError, match="another process keeps its journal"):
            await open_sqlite_journal(path).__aenter__()
        await first.commit(entry())

    async with open_sqlite_journal(path) as second:
        await second.commit(entry(1))


@pytest.mark.slow
async def test_the_lock_of_a_living_process_holds_across_processes(path: Path) -> None:
    """A second process that wants the file fails, and the first goes on committing."""
    module = [sys.executable, "-m", "tests.journal.child", "sqlite", str(path.parent), "commit"]
    pipe = asyncio.subprocess.PIPE
    first = await asyncio.create_subprocess_exec(*module, stdout=pipe)
    assert first.stdout is not None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await first.stdout.readline()
            second = await asyncio.create_subprocess_exec(*module, stdout=pipe, stderr=pipe)
            receipts, complaint = await second.communicate()
            assert await first.stdout.readline()
    finally:
        first.kill()
        await first.communicate()
    assert second.returncode == 1
    assert receipts == b""
    assert b"another process keeps its journal here" in complaint


@pytest.mark.parametrize("opened", [open_sqlite_library, open_sqlite_keys, open_sqlite_searches])
async def test_nothing_is_opened_where_there_is_no_journal(
    path: Path, opened: Opener[object]
) -> None:
    """No file is made, either."""
    with pytest.raises(JournalUnavailableError, match="no journal at"):
        async with opened(path):
            pass
    assert list(path.parent.iterdir()) == []


async def test_the_command_line_works_beside_the_service(path: Path) -> None:
    """It sees what is parked and rewinds a lane; the service sees that, and is not undone."""
    async with open_sqlite_journal(path) as service:
        await service.commit(entry(0, [1, 2], endpoints=[CRM]))
        await service.settle([LaneUpdate(CALL, CRM, 1, parked=Parked(1, 404, "refused"))])
        async with open_sqlite_journal(path, exclusive=False) as beside:
            (parked,) = await beside.parked(limit=9)
            assert await beside.unpark(parked.id) == parked
            await beside.rewind(CALL, CRM, parked.seq - 1)
        await service.settle([LaneUpdate(CALL, CRM, 2, generation=0)])

        lane = await lane_of(service)
    assert (lane.acked_seq, lane.generation) == (0, 1)


async def test_a_damaged_reader_recovers(path: Path) -> None:
    """A query that fails is refused; the next one has a new connection."""
    fail = False

    def set_up(db: sqlite3.Connection) -> None:
        if fail:
            db.execute("SELECT * FROM nothing")

    async with open_sqlite_journal(path, set_up=set_up) as journal:
        fail = True
        with pytest.raises(JournalUnavailableError):
            await journal.load(CALL)
        fail = False
        assert await journal.load(CALL) is None
