"""What survives when the process dies without a word."""

import asyncio
import sys
from pathlib import Path

import pytest

from service.errors import DuplicateInputError
from service.ids import CallId
from service.journal.sqlite.audit import open_audit
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Journal
from tests.journal.builders import entry, seqs_of
from tests.journal.committing import CALLERS
from tests.journal.erasing import FINALS

ROUNDS = 4
RECEIPTS = 300
TIMEOUT_S = 30.0


async def kill_while_committing(path: Path) -> dict[CallId, int]:
    """Run the committing process, kill it after some receipts; return the last seq of each call."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.journal.committing", str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            lines = [await process.stdout.readline() for _ in range(RECEIPTS)]
    finally:
        process.kill()
        rest = await process.stdout.read()
        await process.wait()
    receipts = [line.split() for line in [*lines, *rest.splitlines()]]
    return {CallId(call_id.decode()): int(seq) for call_id, seq in receipts}


async def kill_while_erasing(path: Path) -> set[CallId]:
    """Run the erasing process, kill it after some receipts; return the calls erased by then."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.journal.erasing", str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            lines = [await process.stdout.readline() for _ in range(RECEIPTS)]
    finally:
        process.kill()
        rest = await process.stdout.read()
        await process.wait()
    return {CallId(line.decode().strip()) for line in [*lines, *rest.splitlines()]}


async def check_calls(journal: Journal, acknowledged: dict[CallId, int]) -> None:
    """See that each call is whole and has at least what was acknowledged."""
    for n in range(CALLERS):
        call_id = CallId(f"call-{n}")
        stored = await journal.load(call_id)
        version = stored.version if stored else 0
        assert await seqs_of(journal, call_id) == list(range(1, version + 1))
        assert version >= acknowledged.get(call_id, 0)
        for seq in range(1, version + 1):
            with pytest.raises(DuplicateInputError):
                await journal.commit(entry(version, call_id=call_id, inputs=[f"{call_id}/{seq}"]))
    lanes = {lane.call_id: lane.head_seq for lane in await journal.backlog()}
    assert all(lanes[call_id] >= seq for call_id, seq in acknowledged.items())


@pytest.mark.slow
async def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    """Round after round on one file: every receipt is there, gapless, and the lock is free."""
    path = tmp_path / "journal.db"
    for _ in range(ROUNDS):
        acknowledged = await kill_while_committing(path)
        assert sum(acknowledged.values()) >= RECEIPTS
        async with open_sqlite_journal(path) as journal:
            await check_calls(journal, acknowledged)


@pytest.mark.slow
async def test_the_lock_of_a_living_process_holds_across_processes(tmp_path: Path) -> None:
    """A second process that wants the file fails, and the first goes on committing."""
    path = tmp_path / "journal.db"
    module = [sys.executable, "-m", "tests.journal.committing", str(path)]
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


@pytest.mark.slow
async def test_a_call_is_erased_whole_or_not_at_all_by_kill_9(tmp_path: Path) -> None:
    """Events, lanes and index go together; what was acknowledged is gone, and is scrubbed later."""
    path = tmp_path / "journal.db"
    erased = await kill_while_erasing(path)
    async with open_sqlite_journal(path) as journal:
        lanes = {lane.call_id: lane for lane in await journal.backlog()}
        for call_id, lane in lanes.items():
            seqs = await seqs_of(journal, call_id)
            whole = seqs == list(range(1, FINALS + 1)) and lane.acked_seq == 0
            assert whole or (seqs == [FINALS + 1] and lane.acked_seq == FINALS)
            assert call_id not in erased or seqs == [FINALS + 1]
        assert erased <= set(lanes)
        assert await journal.unscrubbed()
        assert await journal.scrub()
    with open_audit(path) as audit:
        assert audit.left_of_erased() == []
