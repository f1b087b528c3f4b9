"""How the ordinary ways to list and search behave as the archive grows: 1x, 10x and 100x."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.library import open_sqlite_library
from service.ports import Binding, CallFilter, Entry, Journal, Library, WordQuery
from tests.bench.table import Row
from tests.bench.words import VOCABULARY, ended, final, sentences, started

SIZES = (100, 10, 1)
"""What part of the whole archive each column has."""
PAGE = 50
FINALS_PER_CALL = 5
_AT_ONCE = 500
RARE = VOCABULARY[-1]
RARE_ROUTE, _RARE_CALLS = "rare", 5
"""A route, and how many calls it has, however many there are."""

Ask = Callable[[Library], Awaitable[object]]


async def measure(*, finals: int, rounds: int) -> list[Row]:
    """Ask the same of three archives; return a row for each way, with its time in each."""
    found: list[Mapping[str, float]] = []
    with TemporaryDirectory() as folder:
        for part in SIZES:
            path = Path(folder) / f"{part}.db"
            async with open_sqlite_journal(path) as journal:
                await fill(journal, finals // part)
            async with open_sqlite_library(path) as library:
                found.append({name: await p50_ms(library, ask, rounds) for name, ask in ASKED})
    return [
        Row(
            f"{name}: 1x, 10x, 100x",
            ", ".join(f"{one[name]:.1f}" for one in found) + " ms",
            "",
            None,
            "flat",
        )
        for name, _ in ASKED
    ]


async def fill(journal: Journal, finals: int, *, beside: int = 0) -> None:
    """Commit calls of `FINALS_PER_CALL` finals each, so many with those that are there already."""
    texts = sentences(finals - beside)
    calls = finals // FINALS_PER_CALL
    for first in range(beside // FINALS_PER_CALL, calls, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, calls))
        await asyncio.gather(*(journal.commit(_call(number, texts)) for number in numbers))


def _call(number: int, texts: Iterator[str]) -> Entry:
    """Return a call that is over, but for the last of each hundred."""
    call_id = CallId(f"call-{number}")
    route = RARE_ROUTE if number < _RARE_CALLS else "usual"
    events = [started(call_id, number, route=route)]
    events += [final(call_id, seq + 2, next(texts)) for seq in range(FINALS_PER_CALL)]
    if number % 100 != 99:
        events.append(ended(call_id, FINALS_PER_CALL + 2, number))
    return Entry(call_id=call_id, version=0, epoch=1, state=b"s" * 600, events=tuple(events))


async def p50_ms(library: Library, ask: Ask, rounds: int) -> float:
    """Return how long it takes to ask that, in milliseconds."""
    times_s: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        await ask(library)
        times_s.append(time.perf_counter() - began)
    return sorted(times_s)[rounds // 2] * 1000


async def _newest(library: Library) -> None:
    await library.calls(CallFilter(), before=None, limit=PAGE)


async def _live(library: Library) -> None:
    await library.calls(CallFilter(live=True), before=None, limit=PAGE)


async def _over(library: Library) -> None:
    await library.calls(CallFilter(live=False), before=None, limit=PAGE)


async def _from_a_caller(library: Library) -> None:
    await library.calls(CallFilter(number="+13125550003"), before=None, limit=PAGE)


async def _to_our_number(library: Library) -> None:
    await library.calls(CallFilter(number="+13125550002"), before=None, limit=PAGE)


async def _of_an_area(library: Library) -> None:
    await library.calls(CallFilter(number="+1312*"), before=None, limit=PAGE)


async def _of_a_queue(library: Library) -> None:
    await library.calls(CallFilter(metadata={"queue": "a"}), before=None, limit=PAGE)


async def _of_a_rare_route(library: Library) -> None:
    bound = Binding(routes=(RARE_ROUTE,))
    await library.calls(CallFilter(binding=bound), before=None, limit=PAGE)


async def _of_a_call(library: Library) -> None:
    await library.call(CallId("call-0"))


async def _events(library: Library) -> None:
    await library.events(after=0, limit=PAGE)


async def _rare(library: Library) -> None:
    await library.search(WordQuery(words=RARE), limit=PAGE)


async def _common(library: Library) -> None:
    await library.search(WordQuery(words=VOCABULARY[0]), limit=PAGE)


SEARCHES: tuple[tuple[str, Ask], ...] = (
    ("search for a rare word", _rare),
    ("search for a common word", _common),
)
ASKED: tuple[tuple[str, Ask], ...] = (
    ("list newest calls", _newest),
    ("list live calls", _live),
    ("list calls that are over", _over),
    ("list calls of a caller", _from_a_caller),
    ("list calls to our number", _to_our_number),
    ("list calls of an area", _of_an_area),
    ("list calls of a queue", _of_a_queue),
    ("list calls of a rare route", _of_a_rare_route),
    ("one call", _of_a_call),
    ("events of the feed", _events),
    *SEARCHES,
)
