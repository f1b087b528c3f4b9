"""API keys beside the journal."""

from pathlib import Path

import pytest

from service.errors import JournalUnavailableError
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.ports.keys import StoredKey

KEY = StoredKey(
    id="abcdefghijkl", name="crm", digest=b"\1" * 32, scopes=("calls:read", "live"), created_at=5.0
)


async def test_a_key_is_found_as_it_was_kept(tmp_path: Path) -> None:
    """By its id, and in the list; another id finds nothing."""
    path = tmp_path / "journal.db"
    async with open_sqlite_journal(path), open_sqlite_keys(path) as keys:
        await keys.keep_key(KEY)

        assert await keys.find_key(KEY.id) == KEY
        assert await keys.keys() == [KEY]
        assert await keys.find_key("another") is None


async def test_a_key_is_revoked_once(tmp_path: Path) -> None:
    """Again keeps the first time; a key that is not there is said."""
    path = tmp_path / "journal.db"
    async with open_sqlite_journal(path), open_sqlite_keys(path) as keys:
        await keys.keep_key(KEY)

        assert await keys.revoke_key(KEY.id, 7.0)
        assert await keys.revoke_key(KEY.id, 8.0)
        assert not await keys.revoke_key("another", 7.0)
        found = await keys.find_key(KEY.id)

    assert found is not None
    assert found.revoked_at == 7.0


async def test_what_another_process_does_is_seen(tmp_path: Path) -> None:
    """Two stores are open on one file, beside the journal; both have its one secret."""
    path = tmp_path / "journal.db"
    async with (
        open_sqlite_journal(path),
        open_sqlite_keys(path) as ours,
        open_sqlite_keys(path) as theirs,
    ):
        await theirs.keep_key(KEY)

        assert await ours.find_key(KEY.id) == KEY
        assert await ours.token_secret() == await theirs.token_secret()
        assert len(await ours.token_secret()) == 32


async def test_keys_need_a_journal(tmp_path: Path) -> None:
    """None is made for them."""
    with pytest.raises(JournalUnavailableError, match="no journal"):
        async with open_sqlite_keys(tmp_path / "none.db"):
            pass
