"""The recogniser that all tests talk to."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.interop.harness import Recogniser, recognising


@pytest_asyncio.fixture(scope="session")
async def recogniser() -> AsyncIterator[Recogniser]:
    """A running recogniser: one for all, as it would be."""
    async with recognising() as running:
        yield running
