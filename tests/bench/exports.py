"""How long the transcript of a long call takes to write, and what else waits for it meanwhile."""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from service.archive.exports import FORMS, ExportForm, export_call
from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.library import open_sqlite_library
from service.ports import Entry, Journal, Library
from tests.bench.table import Row, median
from tests.bench.words import final, sentences, started

CALL = CallId("long")
_TICK_S = 0.001


async def measure(*, utterances: int, rounds: int) -> list[Row]:
    """Export a call of two hours, half of whose finals have the times of their words."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        async with open_sqlite_journal(path) as journal, open_sqlite_library(path) as library:
            spoken = [
                final(CALL, seq, text, words=bool(seq % 2))
                for seq, text in enumerate(sentences(utterances), 2)
            ]
            events = (started(CALL), *spoken)
            entry = Entry(call_id=CALL, version=0, epoch=1, state=b"", events=events)
            await journal.commit(entry)
            return [
                await _row(library, journal, form, utterances=utterances, rounds=rounds)
                for form in FORMS
            ]


async def _row(
    library: Library, journal: Journal, form: ExportForm, *, utterances: int, rounds: int
) -> Row:
    times_s: list[float] = []
    stall_s = 0.0
    for _ in range(rounds):
        began = time.perf_counter()
        export = asyncio.create_task(export_call(library, journal, CALL, form))
        while not export.done():
            tick = time.perf_counter()
            await asyncio.sleep(_TICK_S)
            stall_s = max(stall_s, time.perf_counter() - tick - _TICK_S)
        assert await export
        times_s.append(time.perf_counter() - began)
    return Row(
        f"export {utterances:,} utterances, {form}",
        f"{median(times_s):.2f} s",
        "",
        None,
        f"others wait {stall_s * 1000:.0f} ms",
    )
