"""What the contract tests are given: the same of every adapter."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.ports import Journal, Library
from tests.journal.harness import ADAPTERS, Adapter, Database


@pytest.fixture(params=ADAPTERS, scope="session")
def adapter_name(request: pytest.FixtureRequest) -> str:
    """The name of each adapter, in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def adapter(adapter_name: str) -> Adapter:
    """What makes databases of this kind."""
    return ADAPTERS[adapter_name]


@pytest.fixture
def database(adapter: Adapter, tmp_path: Path) -> Database:
    """A database with nothing in it."""
    return adapter(tmp_path)


@pytest.fixture
async def journal(database: Database) -> AsyncIterator[Journal]:
    """An open journal with nothing in it."""
    async with database.journal() as journal:
        yield journal


@pytest.fixture
async def library(journal: Journal, database: Database) -> AsyncIterator[Library]:
    """The library of the open journal."""
    del journal  # it makes the database
    async with database.library() as library:
        yield library
