"""The disk that forgets: what was synced survives, and of the rest what chance wants."""

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.disk.power import open_disk
from tests.chaos.disk.volatile import PAGE, SECTOR, Cut, VolatileDisk

OLD, NEW = b"o" * 4 * PAGE, b"n" * 4 * PAGE


def written(old: bytes, new: bytes) -> VolatileDisk:
    """Return a disk with a file that was synced, and then overwritten."""
    disk = VolatileDisk()
    file = disk.make("a", 0o600)
    file.write(0, old)
    file.sync()
    disk.sync_names()
    file.write(0, new)
    return disk


def left(disk: VolatileDisk, how: Cut, seed: int = 1) -> bytes:
    """Cut the power and return what is left of the file."""
    disk.cut(how, random.Random(seed))  # noqa: S311 - to be played again
    return bytes(disk.names["a"].now)


def test_what_was_not_synced_vanishes() -> None:
    """Bytes, lengths, and files of which the folder does not know for good."""
    disk = written(OLD, NEW)
    disk.names["a"].resize(SECTOR)
    disk.make("b", 0o600).sync()

    assert left(disk, Cut.NOTHING) == OLD
    assert disk.names.keys() == {"a"}


def test_what_was_synced_stays_whatever_else_survives() -> None:
    """A file that was cut off and synced is as short afterwards; one that was unlinked is gone."""
    for how in Cut:
        disk = written(OLD, NEW)
        disk.names["a"].resize(SECTOR + 1)
        disk.names["a"].sync()
        disk.make("b", 0o600)
        disk.sync_names()
        del disk.names["b"]
        disk.sync_names()

        assert left(disk, how) == NEW[: SECTOR + 1]
        assert disk.names.keys() == {"a"}


@pytest.mark.parametrize(("how", "whole"), [(Cut.SECTORS, SECTOR), (Cut.PAGES, PAGE)])
def test_parts_survive_whole_or_not_at_all(how: Cut, whole: int) -> None:
    """Both old and new are left, each in pieces of that size."""
    found = left(written(OLD, NEW), how)
    pieces = {found[start : start + whole] for start in range(0, len(found), whole)}

    assert pieces == {OLD[:whole], NEW[:whole]}


def test_what_was_written_first_survives() -> None:
    """Up to some moment; what comes after it is as it was."""
    found = left(written(OLD, NEW), Cut.EARLIEST)

    assert found == NEW[: found.count(b"n")] + OLD[found.count(b"n") :]


def test_what_survives_behind_the_end_makes_the_file_longer() -> None:
    """What lies between is nothing."""
    disk = written(b"", b"")
    disk.names["a"].write(8 * PAGE, NEW)
    disk.names["a"].sync()

    assert left(disk, Cut.NOTHING) == bytes(8 * PAGE) + NEW


async def test_a_database_keeps_what_it_synced(tmp_path: Path) -> None:
    """SQLite on the mounted disk, with its log and its shared memory, after each kind of cut."""
    async with open_disk(tmp_path) as disk:
        if disk is None:
            pytest.skip("no FUSE can be mounted here")
        path = disk.place / "a.db"
        for number, how in enumerate(Cut, 1):
            await asyncio.to_thread(insert, path, 50)
            await disk.cut(how, "1")
            await disk.pull_out()
            assert not await disk.plug_in()

            assert await asyncio.to_thread(count, path) == 50 * number


def insert(path: Path, number: int) -> None:
    """Commit so many rows, each for itself; the log is brought in now and then, and at the end."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA wal_autocheckpoint = 20")
    db.execute("CREATE TABLE IF NOT EXISTS row(n)")
    for n in range(number):
        db.execute("INSERT INTO row VALUES (?)", (n,))
    db.close()


def count(path: Path) -> int:
    """Return how many rows there are, if all is well."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(db.execute("SELECT count(*) FROM row").fetchone()[0])
