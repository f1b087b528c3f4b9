"""Works on a journal until it is killed: `python -m tests.journal.child ADAPTER FOLDER WORK`.

Each line it writes is a receipt for what the journal has acknowledged: `call seq` of a commit,
or the call that was erased.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from service.ids import CallId
from service.ports import Journal
from tests.journal.builders import CRM, entry, erasing, event
from tests.journal.harness import ADAPTERS

CALLERS = 20
FINALS = 20


async def commit(journal: Journal) -> None:
    """Commit one event after the other to each of a few calls."""
    calls = [CallId(f"call-{n}") for n in range(CALLERS)]
    await asyncio.gather(*(_commit_for_ever(journal, call_id) for call_id in calls))


async def erase(journal: Journal) -> None:
    """Keep calls and erase them, some at once."""
    begun = 0
    while True:
        batch = range(begun, begun + CALLERS)
        await asyncio.gather(*(_keep_and_erase(journal, number) for number in batch))
        begun += CALLERS


WORK: dict[str, Callable[[Journal], Awaitable[None]]] = {"commit": commit, "erase": erase}


async def _commit_for_ever(journal: Journal, call_id: CallId) -> None:
    stored = await journal.load(call_id)
    version = stored.version if stored else 0
    while True:
        seq = version + 1
        change = entry(
            version, [seq], call_id=call_id, inputs=[f"{call_id}/{seq}"], endpoints=[CRM]
        )
        await journal.commit(change)
        os.write(1, f"{call_id} {seq}\n".encode())
        version = seq


async def _keep_and_erase(journal: Journal, number: int) -> None:
    call_id = CallId(f"call-{number}")
    await journal.commit(entry(0, range(1, FINALS + 1), call_id=call_id, endpoints=[CRM]))
    await journal.commit(erasing(1, event(FINALS + 1, call_id, "transcript.erased")))
    os.write(1, f"{call_id}\n".encode())


async def _main(adapter: str, folder: str, work: str) -> None:
    async with ADAPTERS[adapter](Path(folder)).journal() as journal:
        await WORK[work](journal)


if __name__ == "__main__":
    # what is logged must not come among the receipts
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(_main(*sys.argv[1:]))
