"""Commits until it is killed: `python -m tests.journal.committing FILE`.

Each line it writes is a receipt, `call seq`, for a commit that the journal has acknowledged.
"""

import asyncio
import os
import sys

from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Journal
from tests.journal.builders import CRM, entry

CALLERS = 20


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


async def _main(path: str) -> None:
    async with open_sqlite_journal(path) as journal:
        calls = [CallId(f"call-{n}") for n in range(CALLERS)]
        await asyncio.gather(*(_commit_for_ever(journal, call_id) for call_id in calls))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
