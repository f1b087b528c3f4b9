"""The recogniser that all tests talk to."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.interop.harness import Recogniser, open_recogniser


@pytest_asyncio.fixture(scope="session")
async def recogniser() -> AsyncIterator[Recogniser]:
    """A running recogniser: one for all, as it would be."""
    async with open_recogniser() as running:
        yield running
