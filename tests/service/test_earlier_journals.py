"""A journal of every earlier schema is opened, brought up to date and worked on."""

import json
import sqlite3
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest

from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.journal.sqlite.library import open_sqlite_library
from service.journal.statements import load_migrations
from service.ports import KeyStore, WordQuery
from tests.service.journal_dump import dump, restore
from tests.service.upgrading import ACKED, AT, EVENTS, LIVE, PARKED, Kept, expect_to_go_on

ENGLISH, JAPANESE = "good morning how can I help", "来週の木曜日です"
FIXTURES = Path(__file__).parents[2] / "fixtures" / "journals"
JOURNALS = {path.stem: path.read_text() for path in sorted(FIXTURES.glob("*.sql"))}


class OldFile:
    """A journal in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.url = f"sqlite:///{path}"

    async def look(self) -> Kept:
        """See `Old.look`."""
        with closing(sqlite3.connect(self._path)) as db:
            ((schema,),) = db.execute("PRAGMA user_version")
            ((at,),) = db.execute(AT)
            events = {(call_id, seq): json.loads(body) for call_id, seq, body in db.execute(EVENTS)}
            acked, live = dict(db.execute(ACKED)), dict(db.execute(LIVE))
            parked = db.execute(PARKED).fetchall()
            return Kept(schema, at, events, acked, live, parked, has_searches=schema > 1)

    def keys(self) -> AbstractAsyncContextManager[KeyStore]:
        """See `Old.keys`."""
        return open_sqlite_keys(self._path)


@pytest.mark.parametrize("name", JOURNALS)
async def test_a_journal_of_an_earlier_schema_goes_on(name: str, tmp_path: Path) -> None:
    """Its live calls are taken up, what was not delivered is, in order, and all is found."""
    path = tmp_path / "j.db"
    restore(JOURNALS[name], path)

    upgrade = await expect_to_go_on(OldFile(path))

    assert upgrade.schema == len(load_migrations("sqlite"))


@pytest.mark.parametrize("name", [one for one in JOURNALS if one != "schema-13"])
async def test_what_was_kept_in_a_script_without_spaces_is_found_now(
    name: str, tmp_path: Path
) -> None:
    """The index had it as one word; words with spaces stay in it as they are."""
    path = tmp_path / "j.db"
    restore(JOURNALS[name].replace(ENGLISH, JAPANESE), path)

    async with open_sqlite_journal(path), open_sqlite_library(path) as library:
        found = await library.search(WordQuery(words="木曜日 -booking"), limit=9)
        assert {hit.snippet for hit in found} == {"来週の\x02木曜日\x03です"}
        assert await library.search(WordQuery(words="booking"), limit=9)
    with closing(sqlite3.connect(path)) as db:
        apart = db.execute("SELECT DISTINCT apart FROM utterance WHERE apart IS NOT NULL")
        assert apart.fetchall() == [(" ".join(JAPANESE),)]
        db.execute("INSERT INTO utterance_words (utterance_words) VALUES ('integrity-check')")


def test_there_is_a_journal_of_every_schema() -> None:
    """The newest is made when the next one is begun: `fixtures/journals/README.md`."""
    schemas = {int(name.split("-")[1]) for name in JOURNALS}

    assert schemas == set(range(1, len(load_migrations("sqlite")) + 1))


def test_a_journal_is_the_same_after_it_was_written_down(tmp_path: Path) -> None:
    """A dump leaves nothing out."""
    for name, script in JOURNALS.items():
        path = tmp_path / f"{name}.db"
        restore(script, path)

        assert dump(path) == script
