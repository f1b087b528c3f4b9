"""The file is what it was: nothing is written into nowhere, and no two services share it."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from service.errors import JournalUnavailableError
from service.journal.sqlite.file import SqliteFile, open_sqlite_file
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.ports import Journal
from tests.api.builders import new_key
from tests.journal.builders import entry

open_exclusive = partial(open_sqlite_file, exclusive=True, busy_timeout_s=0.1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    """An open journal with one commit in it."""
    async with open_sqlite_journal(path) as journal:
        await journal.commit(entry())
        yield journal


def delete(path: Path) -> None:
    """Delete the database and what lies beside it."""
    for one in path.parent.glob(path.name + "*"):
        one.unlink()


def move(path: Path) -> None:
    """Move the database away."""
    path.rename(path.with_name("elsewhere.db"))


def replace(path: Path) -> None:
    """Put another database in its place, as a backup that is restored."""
    other = path.with_name("other.db")
    with open_exclusive(other):
        pass
    other.replace(path)


@pytest.mark.parametrize("lose", [delete, move, replace])
async def test_nothing_is_acknowledged_into_nowhere(
    journal: Journal, path: Path, lose: Callable[[Path], None]
) -> None:
    """Commits and checks fail and say why, again and again, until the file is back."""
    lose(path)

    for _ in range(2):
        with pytest.raises(JournalUnavailableError, match=r"is gone|is another file"):
            await journal.commit(entry(1))
        with pytest.raises(JournalUnavailableError):
            await journal.check()


async def test_a_file_that_is_back_is_written_again(journal: Journal, path: Path) -> None:
    """Moved away and back: what was refused meanwhile was not written."""
    move(path)
    with pytest.raises(JournalUnavailableError, match="until the file is back"):
        await journal.commit(entry(1))
    path.with_name("elsewhere.db").rename(path)

    await journal.commit(entry(1))
    await journal.check()


async def test_no_key_is_made_in_a_file_that_is_gone(journal: Journal, path: Path) -> None:
    """Keys and saved searches are written by connections of their own."""
    del journal
    async with open_sqlite_keys(path) as keys:
        move(path)
        with pytest.raises(JournalUnavailableError, match="is gone"):
            await new_key(keys)
        path.with_name("elsewhere.db").rename(path)


def symbolic(link: Path, path: Path) -> None:
    """Make a symbolic link."""
    link.symlink_to(path)


def hard(link: Path, path: Path) -> None:
    """Give the file a second name."""
    os.link(path, link)


@pytest.mark.parametrize("make", [symbolic, hard])
def test_two_services_never_share_a_journal(
    path: Path, tmp_path: Path, make: Callable[[Path, Path], None]
) -> None:
    """Through a link it is the same file, in another folder, too; once free, it is taken."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = folder / "linked.db"
    with open_exclusive(path):
        make(link, path)
        with pytest.raises(JournalUnavailableError, match="another process"), open_exclusive(link):
            pass
    with open_exclusive(link) as file, closing(file.connect()) as db:
        assert isinstance(file, SqliteFile)
        assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)
