"""The same history on every database looks the same afterwards, byte for byte."""

from pathlib import Path
from random import Random

from tests.journal.harness import ADAPTERS, open_reading
from tests.journal.trace import SEED, STEPS, Trace, looks


async def after_the_trace(adapter: str, folder: Path) -> dict[str, object]:
    """Return what a database of this kind looks like after it."""
    database = ADAPTERS[adapter](folder)
    async with database.journal(clock=lambda: 1_000.0) as journal:
        await Trace(Random(SEED)).run(journal)  # noqa: S311 - to be played again
    async with open_reading(database) as (journal, library):
        return await looks(journal, library)


def make(folder: Path) -> Path:
    """Return a folder that is there."""
    folder.mkdir()
    return folder


async def test_the_same_history_looks_the_same_on_every_database(tmp_path: Path) -> None:
    """Commits, refusals, settlements, erasures, moves: journal, lists, searches and all."""
    expected = await after_the_trace("sqlite", make(tmp_path / "sqlite"))
    found = await after_the_trace("postgresql", make(tmp_path / "postgresql"))

    assert len(expected["order"]) > STEPS  # type: ignore[arg-type]  # a list
    for what, seen in expected.items():
        assert found[what] == seen, what
