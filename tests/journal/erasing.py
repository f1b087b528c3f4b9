"""Keeps calls and erases them until it is killed: `python -m tests.journal.erasing FILE`.

Each line it writes is a receipt for an erasure that the journal has acknowledged.
"""

import asyncio
import os
import sys

from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Entry, Journal
from tests.journal.builders import CRM, entry, event

FINALS = 20


async def _keep_and_erase(journal: Journal, number: int) -> None:
    call_id = CallId(f"call-{number}")
    await journal.commit(entry(0, range(1, FINALS + 1), call_id=call_id, endpoints=[CRM]))
    change = Entry(
        call_id=call_id,
        version=1,
        epoch=1,
        state=b"erased",
        events=(event(FINALS + 1, call_id, "transcript.erased"),),
        endpoints=(CRM,),
        erases=True,
    )
    await journal.commit(change)
    os.write(1, f"{call_id}\n".encode())


async def _main(path: str) -> None:
    async with open_sqlite_journal(path) as journal:
        begun = 0
        while True:
            batch = range(begun, begun + 20)
            await asyncio.gather(*(_keep_and_erase(journal, number) for number in batch))
            begun += 20


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
