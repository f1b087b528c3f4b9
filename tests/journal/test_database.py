"""Which journal a `database_url` means."""

from pathlib import Path

import pytest

from service.errors import JournalUnavailableError, SettingsError
from service.journal.database import open_journal
from tests.journal.builders import CALL, entry


async def test_three_slashes_are_relative_and_four_are_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both name the same file here."""
    monkeypatch.chdir(tmp_path)
    async with open_journal("sqlite:///here.db") as journal:
        await journal.commit(entry())

    async with open_journal(f"sqlite:///{tmp_path / 'here.db'}") as journal:
        assert await journal.load(CALL) is not None


async def test_the_journal_can_be_opened_beside_the_service(tmp_path: Path) -> None:
    """`exclusive=False` goes with the file as it is."""
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    with pytest.raises(JournalUnavailableError):
        await open_journal(url, exclusive=False).__aenter__()
    async with open_journal(url), open_journal(url, exclusive=False) as beside:
        assert await beside.backlog() == []


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
async def test_a_postgresql_that_nobody_serves_is_said_without_its_password(scheme: str) -> None:
    """Either name of the scheme will do; the error says what failed."""
    with pytest.raises(JournalUnavailableError, match="does not answer") as failure:
        await open_journal(f"{scheme}://me:hush@127.0.0.1:1/calls").__aenter__()
    assert "hush" not in str(failure.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "callscribe.db",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite://callscribe.db",
        "sqlite:////",
        "sqlite:///folder/",
        "sqlite:///:memory:",
        "sqlite:///a.db?mode=ro",
        "mysql://me:hush@db/calls",
        "postgresql+asyncpg://me:hush@db/calls",
        "postgresql://me:hush@db",
        "postgresql://me:hush@db:port/calls",
        "postgresql://[hush/calls",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    """The error shows how to write it, and does not repeat it."""
    with pytest.raises(SettingsError, match="database_url") as failure:
        open_journal(url)
    assert "hush" not in str(failure.value)
