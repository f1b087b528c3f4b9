"""How soon finals are found, by whoever searches and by whoever watches for them."""

import asyncio
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.library import open_sqlite_library
from service.ports import CallFilter, Entry, Journal, Library, StoredEvent, WordQuery
from tests.bench.table import Row
from tests.bench.words import VOCABULARY, final, sentences, started

FINALS_PER_CALL = 100
PAGE = 20
_BARE = """
SELECT rowid, snippet(finals, 0, char(2), char(3), '…', 32) FROM finals
WHERE finals MATCH ? ORDER BY rowid DESC LIMIT ?
"""

Times = list[float]


async def measure(*, finals: int, rounds: int) -> list[Row]:
    """Search what many calls said, and let a new final be looked for as soon as it is there."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        async with open_sqlite_journal(path) as journal, open_sqlite_library(path) as library:
            await fill(journal, finals)
            asked = random.Random(3).choices(VOCABULARY, k=rounds)  # noqa: S311 - a benchmark
            ours = await _timed(asked, lambda word: _search(library, word))
            bare = _search_bare(Path(folder) / "bare.db", finals, asked)
            both = await _timed(asked, lambda word: _search(library, f"{word} {VOCABULARY[0]}"))
            starts = await _timed(asked, lambda word: _search(library, f"{word[:3]}*"))
            newest = await library.newest()
            new = await _timed(asked, lambda word: _search(library, word, after=newest - 1))
            listed = await _timed(asked, lambda _: _list(library))
            found = await _committed_and_found(journal, library, rounds)
    of = f"of {finals:,} finals"
    return [
        Row(f"search {of}, p50", _ms(ours, 0.5), _ms(bare, 0.5), _ratio(ours, bare, 0.5), ""),
        Row(f"search {of}, p99", _ms(ours, 0.99), _ms(bare, 0.99), _ratio(ours, bare, 0.99), ""),
        Row("search for two words, p99", _ms(both, 0.99), "", None, ""),
        Row("search for a beginning, p99", _ms(starts, 0.99), "", None, ""),
        Row("look through what is new, p99", _ms(new, 0.99), "", None, ""),
        Row("list 50 calls, p99", _ms(listed, 0.99), "", None, ""),
        Row("final committed and found, p99", _ms(found, 0.99), "", None, "< 50 ms"),
    ]


async def fill(journal: Journal, finals: int) -> None:
    """Commit calls of `FINALS_PER_CALL` finals each, so many finals together."""
    texts = sentences(finals)
    entries: list[Entry] = []
    for number in range(finals // FINALS_PER_CALL):
        call_id = CallId(f"call-{number}")
        spoken = [final(call_id, seq + 2, next(texts)) for seq in range(FINALS_PER_CALL)]
        entries.append(_entry(call_id, 0, started(call_id, number), *spoken))
        if len(entries) == FINALS_PER_CALL:
            await asyncio.gather(*(journal.commit(entry) for entry in entries))
            entries.clear()
    await asyncio.gather(*(journal.commit(entry) for entry in entries))


async def _committed_and_found(journal: Journal, library: Library, rounds: int) -> Times:
    call_id = CallId("new")
    await journal.commit(_entry(call_id, 0, started(call_id)))
    times_s: Times = []
    for number in range(rounds):
        position = await library.newest()
        event = final(call_id, number + 2, f"marker{number}")
        began = time.perf_counter()
        await journal.commit(_entry(call_id, number + 1, event))
        hits = await library.search(WordQuery(words=f"marker{number}"), after=position, limit=1)
        times_s.append(time.perf_counter() - began)
        assert hits
    return sorted(times_s)


def _search_bare(path: Path, finals: int, asked: list[str]) -> Times:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE VIRTUAL TABLE finals USING fts5 (text, tokenize = 'unicode61')")
        db.executemany("INSERT INTO finals (text) VALUES (?)", ((t,) for t in sentences(finals)))
        db.commit()
        times_s: Times = []
        for word in asked:
            began = time.perf_counter()
            db.execute(_BARE, (f'"{word}"', PAGE)).fetchall()
            times_s.append(time.perf_counter() - began)
    return sorted(times_s)


async def _timed(asked: list[str], ask: Callable[[str], Awaitable[object]]) -> Times:
    times_s: Times = []
    for one in asked:
        began = time.perf_counter()
        await ask(one)
        times_s.append(time.perf_counter() - began)
    return sorted(times_s)


async def _search(library: Library, words: str, *, after: int = 0) -> None:
    await library.search(WordQuery(words=words), after=after, limit=PAGE)


async def _list(library: Library) -> None:
    await library.calls(CallFilter(), before=None, limit=50)


def _entry(call_id: CallId, version: int, *events: StoredEvent) -> Entry:
    return Entry(call_id=call_id, version=version, epoch=1, state=b"s" * 600, events=events)


def _ms(times_s: Times, share: float) -> str:
    return f"{times_s[int(len(times_s) * share)] * 1000:.2f} ms"


def _ratio(ours: Times, bare: Times, share: float) -> float:
    return ours[int(len(ours) * share)] / bare[int(len(bare) * share)]
