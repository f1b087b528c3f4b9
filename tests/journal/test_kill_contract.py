"""What survives when the process dies without a word, whatever the database."""

import asyncio
import sys
from pathlib import Path

import pytest

from service.errors import DuplicateInputError
from service.ids import CallId
from service.ports import Journal
from tests.journal.builders import entry, seqs_of
from tests.journal.child import CALLERS, FINALS
from tests.journal.harness import Database

ROUNDS = 4
RECEIPTS = 300
TIMEOUT_S = 30.0


async def kill_while(work: str, adapter: str, folder: Path) -> list[list[str]]:
    """Run a child at this work and kill it after some receipts; return all its receipts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.journal.child", adapter, str(folder), work,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            lines = [await process.stdout.readline() for _ in range(RECEIPTS)]
    finally:
        process.kill()
        rest = await process.stdout.read()
        await process.wait()
    return [line.decode().split() for line in [*lines, *rest.splitlines()]]


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
async def test_nothing_acknowledged_is_lost_by_kill_9(
    adapter_name: str, database: Database, tmp_path: Path
) -> None:
    """Round after round on one database: every receipt is there, gapless, and the lock is free."""
    for _ in range(ROUNDS):
        receipts = await kill_while("commit", adapter_name, tmp_path)
        acknowledged = {CallId(call_id): int(seq) for call_id, seq in receipts}
        assert sum(acknowledged.values()) >= RECEIPTS
        async with database.journal() as journal:
            await check_calls(journal, acknowledged)


@pytest.mark.slow
async def test_a_call_is_erased_whole_or_not_at_all_by_kill_9(
    adapter_name: str, database: Database, tmp_path: Path
) -> None:
    """Events, lanes and index go together; what was acknowledged is gone, and is scrubbed later."""
    erased = {CallId(call_id) for (call_id,) in await kill_while("erase", adapter_name, tmp_path)}
    async with database.journal() as journal:
        lanes = {lane.call_id: lane for lane in await journal.backlog()}
        for call_id, lane in lanes.items():
            seqs = await seqs_of(journal, call_id)
            whole = seqs == list(range(1, FINALS + 1)) and lane.acked_seq == 0
            assert whole or (seqs == [FINALS + 1] and lane.acked_seq == FINALS)
            assert call_id not in erased or seqs == [FINALS + 1]
        assert erased <= set(lanes)
        assert await journal.unscrubbed()
        assert await journal.scrub()
    with database.audit() as audit:
        assert audit.left_of_erased() == []
