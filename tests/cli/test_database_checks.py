"""What `callscribe check` says of a journal's database, against real ones."""

import asyncio
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from service.cli.check.database_checks import check_database
from service.cli.check.findings import Finding
from service.errors import SettingsError
from service.ids import WorkerId
from service.journal.database import open_journal
from service.journal.postgresql.roster import open_postgresql_roster
from service.settings import Settings, fingerprints, load_settings
from service.workers.lease import WorkerLease
from service.workers.likeness import encode_fingerprints
from tests.journal.pooler import open_pooler
from tests.journal.postgresql_server import SOUND, make_server
from tests.settings.builders import KEYS


async def test_a_journal_is_written_to(tmp_path: Path) -> None:
    """Also while a service holds it."""
    told = database(tmp_path / "calls.db")
    async with open_journal(told.database_url):
        (finding,) = await check_database(told)

    assert finding.level == "ok"


def test_a_journal_not_yet_made_stays_unmade(tmp_path: Path) -> None:
    """A check run by root must not leave a file that the service cannot open."""
    (finding,) = asyncio.run(check_database(database(tmp_path / "calls.db")))

    assert finding.level == "ok"
    assert list(tmp_path.iterdir()) == []


async def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    """The line says to make it."""
    (finding,) = await check_database(database(tmp_path / "absent" / "calls.db"))

    assert finding.level == "FAIL"
    assert "there is no folder" in finding.text


async def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    """In the system's words, not by a traceback."""
    (finding,) = await check_database(database(tmp_path / ("x" * 300)))

    assert finding.level == "FAIL"
    assert "File name too long" in finding.text


async def test_a_file_that_is_no_journal_is_told(tmp_path: Path) -> None:
    """Whatever else it is, it is not touched."""
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 1000)

    (finding,) = await check_database(database(path))

    assert finding.level == "FAIL"
    assert path.read_text().startswith("dear diary")


def database(path: Path) -> Settings:
    """Make settings with this journal."""
    return load_settings(None, KEYS | {"DATABASE_URL": f"sqlite:///{path}"})


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Run a PostgreSQL with these options beside sound ones; yield its URL."""
    folder = Path(tempfile.mkdtemp(prefix="callscribe-postgresql-"))
    given = [word for option in options for word in ("-c", option)]
    server = make_server(folder, (*SOUND, *given))
    process = server.start()
    try:
        yield server.url
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def found(url: str) -> list[Finding]:
    """Return what is said of a PostgreSQL."""
    return await check_database(load_settings(None, KEYS | {"DATABASE_URL": url}))


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:1/db?password=hun&ter2", "me:hun%te@127.0.0.1:1/db?ter2", "me:hun@h,ter2"],
)
async def test_no_part_of_a_password_is_ever_shown(address: str) -> None:
    """Also where it makes the address one that nobody can read."""
    try:
        (finding,) = await found(f"postgresql://{address}")
        said = finding.text
    except SettingsError as error:
        said = str(error)

    assert "database" in said
    assert not re.search("ter2|hun", said)


async def execute(url: str, *statements: str) -> None:
    """Tell a server something."""
    db = await asyncpg.connect(url)
    for statement in statements:
        await db.execute(statement)
    await db.close()


async def test_a_sound_postgresql_passes_before_and_after_the_first_start() -> None:
    """Nothing is written before: the service may come as another user."""
    with serving() as url:
        room, before = await found(url)
        async with open_journal(url):
            pass
        again, after = await found(url)

    assert (room.level, again) == ("ok", room)
    assert (before.level, "at the first start" in before.text) == ("ok", True)
    assert (after.level, after.text) == ("ok", "PostgreSQL takes a write")


async def test_connections_of_all_workers_are_added_up() -> None:
    """Against what is left to them; of those who run now their own are not counted twice."""
    with serving("max_connections=40", "superuser_reserved_connections=4") as url:
        told = load_settings(None, KEYS | {"DATABASE_URL": url})
        other = await asyncpg.connect(url)
        async with open_journal(url):
            fits, *_ = await check_database(told, workers=2)
            more, *_ = await check_database(told, workers=3)
        await other.execute("CREATE ROLE few LOGIN CONNECTION LIMIT 13")
        few = await found(url.replace("//postgres@", "//few@"))
        await other.close()

    assert fits.level == "ok"
    assert fits.text == (
        "2 workers x 12 connections = 24, of 35 that max_connections leaves them: room for 2"
    )
    assert more.level == "warn"
    assert "3 workers x 12 connections = 36, of 35 that" in more.text
    assert "raise it, or start fewer" in more.text
    assert "of 13 that the role's limit leaves them: room for 1" in few[0].text


async def test_workers_that_run_with_other_settings_are_told() -> None:
    """With what is different in them; of one that is about to leave nothing is said."""
    lease = WorkerLease()
    with serving() as url:
        ours = load_settings(None, KEYS | {"DATABASE_URL": url})
        theirs = load_settings(None, KEYS | {"CALLSCRIBE_NATS_URL": "nats://127.0.0.1:1"})
        async with open_postgresql_roster(url, lease, clock=time.time) as roster:
            for name, settings in (("ann", ours), ("bob", theirs)):
                lease.begin(WorkerId(name), lease.ticks())
                encoded = encode_fingerprints(fingerprints(settings))
                await roster.register(WorkerId(name), "http://here", encoded)
            told = [one for one in await check_database(ours) if one.subject == "workers"]
            await roster.begin_drain(WorkerId("bob"))
            later = [one for one in await check_database(ours) if one.subject == "workers"]

    assert [one.level for one in told] == ["warn"]
    assert "1 of the 2 that run on this database have other settings" in told[0].text
    assert "nats_url;" in told[0].text
    assert later == []


@pytest.mark.parametrize("shares", [True, False])
async def test_a_pooler_that_shares_sessions_is_told(*, shares: bool) -> None:
    """Nobody hears anything there; one that does not share is as good as none."""
    with serving() as url:
        async with open_pooler(url, shares=shares) as through:
            first, *_ = await found(through)

    assert first.level == ("FAIL" if shares else "ok")
    assert ("pool_mode = session" in first.text) == shares


@pytest.mark.parametrize(
    ("option", "level", "words"),
    [
        ("fsync=off", "FAIL", "switch it on"),
        ("max_connections=8", "warn", "room for 0; raise it, or start fewer"),
    ],
)
async def test_what_is_wrong_with_a_server_is_said(option: str, level: str, words: str) -> None:
    """With what to do about it."""
    with serving(option) as url:
        first, *_ = await found(url)

    assert first.level == level
    assert words in first.text


async def test_a_database_that_cannot_be_used_is_told() -> None:
    """In another encoding, or without the right to make tables."""
    with serving() as url:
        latin = "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0"
        await execute(url, latin, "CREATE ROLE guest LOGIN CONNECTION LIMIT 3")
        (encoding,) = await found(url.removesuffix("postgres") + "latin")
        rights, limit = await found(url.replace("//postgres@", "//guest@"))

    assert "is not in UTF8" in encoding.text
    assert "GRANT CREATE ON SCHEMA" in rights.text
    assert limit.level == "warn"


async def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    """The line is pasted into tickets."""
    (finding,) = await found("postgresql://app:hunter2@127.0.0.1:1/calls")

    assert finding.level == "FAIL"
    assert "hunter2" not in str(finding)
