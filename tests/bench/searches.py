"""Search in SQLite beside PostgreSQL, of as many finals."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from service.journal.postgresql.journal import open_postgresql_journal
from service.journal.postgresql.library import open_postgresql_library
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.library import open_sqlite_library
from service.ports import Library
from tests.bench.archive import multiply
from tests.bench.growth import SEARCHES, fill, p50_ms
from tests.bench.own_postgresql import ask, open_own_postgresql
from tests.bench.table import Row

_PARTS = 10
"""The smallest is written as the service writes it to PostgreSQL in so many parts of one."""


async def measure(*, sizes: Sequence[int], rounds: int) -> list[Row]:
    """Search so many finals in each database; sizes are multiples of the first."""
    rows = []
    theirs = await _sqlite(sizes, rounds)
    ours = await _postgresql(sizes, rounds)
    for size in sizes:
        for name, _ in SEARCHES:
            mine, sqlite = ours[size][name], theirs[size][name]
            what = f"PostgreSQL: {name} among {size:,} finals"
            rows.append(Row(what, f"{mine:.1f} ms", f"{sqlite:.1f} ms", mine / sqlite, ""))
    return rows


async def _sqlite(sizes: Sequence[int], rounds: int) -> Mapping[int, Mapping[str, float]]:
    found = {}
    with TemporaryDirectory() as folder:
        path, beside = Path(folder) / "bench.db", 0
        for size in sizes:
            async with open_sqlite_journal(path) as journal:
                await fill(journal, size, beside=beside)
            async with open_sqlite_library(path) as library:
                found[size] = await _times(library, rounds)
            beside = size
    return found


async def _postgresql(sizes: Sequence[int], rounds: int) -> Mapping[int, Mapping[str, float]]:
    found = {}
    async with open_own_postgresql() as url:
        async with open_postgresql_journal(url) as journal:
            await fill(journal, sizes[0] // _PARTS)
        ((calls,),) = await ask(url, "SELECT max(call_no) FROM call")
        copies = 1
        for size in sizes:
            times = size // sizes[0] * _PARTS
            await multiply(url, range(copies, times), calls)
            copies = times
            async with open_postgresql_library(url) as library:
                found[size] = await _times(library, rounds)
    return found


async def _times(library: Library, rounds: int) -> Mapping[str, float]:
    return {name: await p50_ms(library, one, rounds) for name, one in SEARCHES}
