"""What only the SQLite library promises: made from old journals, and forgetting for good."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from service.errors import BadInputError
from service.ids import CallId
from service.journal.sqlite.file import migrate
from service.journal.sqlite.fulltext import merge_words
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.library import open_sqlite_library
from service.journal.statements import load_migrations, load_statements
from service.ports import CallFilter, Entry, StoredEvent, WordQuery
from tests.journal.library_model import Call


def call(*said: str, call_id: str = "c1") -> Call:
    """Return a call in which an agent said all this."""
    return Call(call_id, 0, "+1312", {"queue": "a"}, ended=True, said=[("agent", t) for t in said])


def remembered(path: Path) -> bytes:
    """Return all that is in the file and its log."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join(one.read_bytes() for one in path.parent.iterdir())


async def test_an_older_journal_gets_its_library(path: Path) -> None:
    """Its events are listed and found as if they were committed now, in the order they were."""
    calls = [call("first words", call_id="c1"), call("other words", call_id="c2")]
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, load_migrations("sqlite")[:1])
        db.execute("PRAGMA foreign_keys = ON")
        for number, one in enumerate(calls, 1):
            values = (number, one.call_id)
            db.execute("INSERT INTO call VALUES (?, ?, 1, 1, 3, x'', NULL, 1, 0, 0)", values)
        for seq in (1, 2, 3):
            for number, one in enumerate(calls, 1):
                event = one.entry().events[seq - 1]
                row = (number, seq, event.type, event.body)
                db.execute("INSERT INTO event VALUES (?, ?, ?, ?, 0)", row)

    async with open_sqlite_journal(path) as journal, open_sqlite_library(path) as library:
        listed = await library.calls(CallFilter(), before=None, limit=10)
        assert [(one.call_id, one.utterances) for one in listed] == [("c2", 1), ("c1", 1)]
        hits = await library.search(WordQuery(words="words"), limit=10)
        assert [hit.call_id for hit in hits] == ["c2", "c1"]
        placed = await library.events(after=0, limit=10)
        assert [one.event.call_id for one in placed] == ["c1", "c2"] * 3
        assert await journal.read(CallId("c1"), after_seq=0, limit=9) == list(
            calls[0].entry().events
        )


async def test_a_body_that_is_none_of_ours_is_an_event_and_nothing_else(path: Path) -> None:
    """It is kept and read back; no list and no search knows it."""
    bodies = [b"", b"{", b"[1]", b'{"data":{"text":1}}', b'"\xff"']
    types = ["call.started", "call.ended", "transcript.final", "transcript.completed"]
    events = [
        StoredEvent(CallId("c1"), seq, event_type, body)
        for seq, (event_type, body) in enumerate([(t, b) for t in types for b in bodies], 1)
    ]
    async with open_sqlite_journal(path) as journal, open_sqlite_library(path) as library:
        entry = Entry(call_id=CallId("c1"), version=0, epoch=1, state=b"", events=tuple(events))
        await journal.commit(entry)

        assert await journal.read(CallId("c1"), after_seq=0, limit=99) == events
        assert await library.search(WordQuery(words="data"), limit=1) == []


async def test_nothing_is_left_of_what_is_deleted(path: Path) -> None:
    """Not in the tables, not in the index, not in a free page; the other call is still found."""
    async with open_sqlite_journal(path) as journal:
        for n in range(20):
            secret = f"xylophone{n}" if n == 7 else f"harmless{n}"
            await journal.commit(call(f"my {secret} please", call_id=f"c{n}").entry())
    assert b"xylophone7" in remembered(path)

    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for pragma in ("foreign_keys", "secure_delete"):
            db.execute(f"PRAGMA {pragma} = ON")
        db.execute("DELETE FROM call WHERE call_id = 'c7'")
        assert merge_words(db, first=True)
        while merge_words(db, first=False):
            pass
        db.execute("INSERT INTO utterance_words (utterance_words) VALUES ('integrity-check')")

    assert b"xylo" not in remembered(path)
    async with open_sqlite_library(path) as library:
        assert len(await library.search(WordQuery(words="harm*"), limit=50)) == 19
        assert await library.search(WordQuery(words="xylophone7"), limit=50) == []
        assert await library.call(CallId("c7")) is None


async def test_a_place_is_never_given_again(path: Path) -> None:
    """Although the newest event was erased: whoever has its cursor misses nothing after it."""
    async with open_sqlite_journal(path) as journal, open_sqlite_library(path) as library:
        await journal.commit(call("one").entry())
        newest = await library.newest()
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("DELETE FROM call")

        assert await library.newest() == newest
        await journal.commit(call("two").entry())
        assert [p.position for p in await library.events(after=newest, limit=1)] == [newest + 1]


async def test_what_takes_too_long_is_given_up(path: Path) -> None:
    """With words on what to do; and the next search is answered."""
    said = ["word " * 50] * 300
    async with (
        open_sqlite_journal(path) as journal,
        open_sqlite_library(path, query_timeout_s=-1.0) as hasty,
        open_sqlite_library(path) as library,
    ):
        await asyncio.gather(
            *(journal.commit(call(*said, call_id=f"c{n}").entry()) for n in range(10))
        )
        query = WordQuery(words="word", calls=CallFilter(metadata={"queue": "b"}))
        for _ in range(2):
            with pytest.raises(BadInputError, match="takes too long"):
                await hasty.search(query, limit=5)
        assert await library.search(query, limit=5) == []


async def test_a_slow_search_delays_no_lookup(path: Path) -> None:
    """They are answered by threads of their own."""
    said = ["word " * 50] * 300
    async with open_sqlite_journal(path) as journal, open_sqlite_library(path) as library:
        await asyncio.gather(
            *(journal.commit(call(*said, call_id=f"c{n}").entry()) for n in range(10))
        )
        query = WordQuery(words="word", calls=CallFilter(metadata={"queue": "b"}))
        slow = [asyncio.create_task(library.search(query, limit=5)) for _ in range(100)]
        await slow[0]

        assert await library.call(CallId("c1"))
        assert await journal.load(CallId("c1"))
        assert await library.search(WordQuery(words="word"), after=1, limit=1)
        assert not slow[-1].done()
        await asyncio.gather(*slow)


async def test_what_is_new_is_searched_without_the_rest(path: Path) -> None:
    """SQLite is told the place, not left to find it row by row."""
    async with open_sqlite_journal(path) as journal:
        await journal.commit(call("one").entry())
    with closing(sqlite3.connect(path)) as db:
        plan = db.execute(
            "EXPLAIN QUERY PLAN SELECT rowid FROM utterance_words"
            " WHERE utterance_words MATCH 'one' AND rowid > 1 ORDER BY rowid DESC"
        ).fetchall()

    assert len(plan) == 1
    assert ":M1>" in plan[0][3] or "M0>" in plan[0][3]


async def test_the_feed_does_not_wait_for_lists(path: Path) -> None:
    """Ten people who list by what no index has delay no final."""
    async with open_sqlite_journal(path) as journal, open_sqlite_library(path) as library:
        calls = [call(call_id=f"c{n}").entry() for n in range(3_000)]
        await asyncio.gather(*(journal.commit(one) for one in calls))
        heavy = CallFilter(metadata={"nobody": "has it"})
        lists = [asyncio.create_task(library.calls(heavy, before=None, limit=9)) for _ in range(10)]
        await asyncio.sleep(0)
        newest = await library.newest()
        assert await library.events(after=newest - 1, limit=1)
        assert await library.call(CallId("c1")) is not None

        assert not any(one.done() for one in lists[5:])
        assert await asyncio.gather(*lists) == [[]] * 10


async def test_what_keepers_ask_has_no_cap(path: Path) -> None:
    """It would end the feed; lists and searches have one."""
    async with (
        open_sqlite_journal(path) as journal,
        open_sqlite_library(path, query_timeout_s=0.0) as library,
    ):
        calls = [call("a word", call_id=f"c{n}").entry() for n in range(1_000)]
        await asyncio.gather(*(journal.commit(one) for one in calls))
        newest = await library.newest()

        assert len(await library.events(after=0, limit=newest)) == newest
        with pytest.raises(BadInputError, match="too long"):
            await library.calls(CallFilter(metadata={"a": "b"}), before=None, limit=1)


@pytest.mark.parametrize("number", ["+1312", "+13*", "+1313"])
async def test_calls_of_a_common_number_are_listed_like_those_of_a_rare_one(
    path: Path, number: str
) -> None:
    """From the newest, page by page, each once, whichever way they are found."""
    async with open_sqlite_journal(path) as journal, open_sqlite_library(path) as library:
        calls = [call(call_id=f"c{n:04}").entry() for n in range(1_500)]
        await asyncio.gather(*(journal.commit(one) for one in calls))
        found: list[str] = []
        before = None
        while page := await library.calls(CallFilter(number=number), before=before, limit=400):
            found += [one.call_id for one in page]
            before = (page[-1].started_at, page[-1].call_id)

    expected = [] if number == "+1313" else [f"c{n:04}" for n in reversed(range(1_500))]
    assert found == expected


@pytest.mark.parametrize("name", ["call", "calls", "calls_of_number", "events"])
async def test_no_list_looks_at_the_whole_archive(path: Path, name: str) -> None:
    """Each goes by an index, in its order, and stops where the page is full."""
    async with open_sqlite_journal(path):
        sql = load_statements("sqlite", "library")[name].text.replace("{filters}", "")
        given = dict.fromkeys(("call_id", "number", "after", "limit"), 1)
        with closing(sqlite3.connect(path)) as db:
            plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", given)]

    scans = [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
    assert [step for step in scans if not step.startswith("SCAN (subquery")] == []


async def test_calls_of_a_route_are_walked_through_from_its_newest(path: Path) -> None:
    """However few it has among how many, also in a file of before there was an index."""
    async with open_sqlite_journal(path):
        pass
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP INDEX summary_route")
    async with open_sqlite_journal(path):
        statements = load_statements("sqlite", "library")
        sql = statements["calls"].text.replace("{filters}", statements["where_route"].text)
        with closing(sqlite3.connect(path)) as db:
            asked = db.execute(f"EXPLAIN QUERY PLAN {sql}", {"route": "rare", "limit": 9})
            (first, *_) = [row[3] for row in asked]

    assert first == "SEARCH summary USING INDEX summary_route (route=?)"
