"""The same on PostgreSQL: a journal of every earlier schema is brought up to date and worked on."""

import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import asyncpg
import pytest

from service.journal.postgresql.journal import open_postgresql_journal
from service.journal.postgresql.keys import open_postgresql_keys
from service.journal.postgresql.library import open_postgresql_library
from service.journal.statements import load_migrations
from service.ports import KeyStore, WordQuery
from tests.journal.postgresql_server import make_schema, schema_url
from tests.service.postgresql_dump import dump, migrations_of, restore
from tests.service.upgrading import ACKED, AT, EVENTS, LIVE, PARKED, Kept, expect_to_go_on

ENGLISH, JAPANESE = "good morning how can I help", "来週の木曜日です"
AS_ONE_WORD = "UPDATE utterance SET text = $2, words = $3::text::tsvector WHERE text = $1"
FIXTURES = Path(__file__).parents[2] / "fixtures" / "journals" / "postgresql"
JOURNALS = {path.stem: path.read_text() for path in sorted(FIXTURES.glob("*.sql"))}
VERSION = "SELECT max(version) FROM callscribe_schema"


class OldSchema:
    """A journal in a schema of its own."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def look(self) -> Kept:
        """See `Old.look`."""
        db = await asyncpg.connect(self.url)
        try:
            return Kept(
                await db.fetchval(VERSION),
                await db.fetchval(AT),
                {(call, seq): json.loads(body) for call, seq, body in await db.fetch(EVENTS)},
                dict(map(tuple, await db.fetch(ACKED))),
                dict(map(tuple, await db.fetch(LIVE))),
                [tuple(row) for row in await db.fetch(PARKED)],
            )
        finally:
            await db.close()

    def keys(self) -> AbstractAsyncContextManager[KeyStore]:
        """See `Old.keys`."""
        return open_postgresql_keys(self.url)


async def restored(name: str, path: Path) -> str:
    """Make a journal of the fixtures anew; return its URL."""
    schema = f"{name}-{path.name}"
    await make_schema(schema)
    await restore(JOURNALS[name], schema_url(schema))
    return schema_url(schema)


@pytest.mark.parametrize("name", JOURNALS)
async def test_a_journal_of_an_earlier_schema_goes_on(name: str, tmp_path: Path) -> None:
    """Its live calls are taken up, what was not delivered is, in order, and all is found."""
    upgrade = await expect_to_go_on(OldSchema(await restored(name, tmp_path)))

    assert upgrade.schema == len(load_migrations("postgresql"))


def test_there_is_a_journal_of_every_schema() -> None:
    """The newest is made when the next one is begun: `fixtures/journals/README.md`."""
    schemas = {int(name.split("-")[1]) for name in JOURNALS}

    assert schemas == set(range(1, len(load_migrations("postgresql")) + 1))


@pytest.mark.parametrize("name", JOURNALS)
async def test_a_journal_is_the_same_after_it_was_written_down(name: str, tmp_path: Path) -> None:
    """A dump leaves nothing out."""
    url = await restored(name, tmp_path)

    assert await dump(url, [migrations_of(JOURNALS[name])]) == JOURNALS[name]


def test_the_scripts_that_made_them_have_not_changed_since() -> None:
    """A database that has one is never given it again: whoever changes it changes no database."""
    scripts: Sequence[str] = load_migrations("postgresql")
    for name, script in JOURNALS.items():
        assert migrations_of(script) == "".join(scripts[: int(name.split("-")[1])])


@pytest.mark.parametrize("name", [one for one in JOURNALS if one != "schema-9"])
async def test_what_was_kept_in_a_script_without_spaces_is_found_now(
    name: str, tmp_path: Path
) -> None:
    """The index had it as one word; words with spaces stay in it as they are."""
    url = await restored(name, tmp_path)
    db = await asyncpg.connect(url)
    await db.execute(AS_ONE_WORD, ENGLISH, JAPANESE, f"'{JAPANESE}':1")
    await db.close()

    async with open_postgresql_journal(url), open_postgresql_library(url) as library:
        found = await library.search(WordQuery(words="木曜日 -booking"), limit=9)
        assert {hit.snippet for hit in found} == {"来週の\x02木曜日\x03です"}
        assert await library.search(WordQuery(words="booking"), limit=9)
