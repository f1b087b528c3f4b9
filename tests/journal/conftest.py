"""Every contract test runs over every adapter: a new one is one more line here."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from service.journal.sqlite.journal import open_sqlite_journal
from service.ports import Journal
from tests.journal.builders import Opener

KEY = bytes(range(32))

ADAPTERS: dict[str, Callable[[Path], Opener]] = {
    "sqlite": lambda folder: partial(open_sqlite_journal, folder / "journal.db"),
    "sqlcipher": lambda folder: partial(open_sqlite_journal, folder / "journal.db", key=KEY),
}

HASTY: dict[str, Callable[[Path], Opener]] = {
    "sqlite": lambda folder: partial(
        open_sqlite_journal,
        folder / "journal.db",
        set_up=lambda db: db.execute("PRAGMA synchronous = OFF"),
    ),
}
"""The same without waiting for the disk, for histories of thousands of steps."""


@pytest.fixture(params=ADAPTERS)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """What opens one and the same database, as often as wanted."""
    return ADAPTERS[request.param](tmp_path)


@pytest.fixture
async def journal(opener: Opener) -> AsyncIterator[Journal]:
    """An open journal with nothing in it."""
    async with opener() as journal:
        yield journal
