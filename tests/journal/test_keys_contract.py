"""What the store of API keys promises, whatever the database."""

from service.ports import StoredKey
from tests.journal.harness import Database

KEY = StoredKey(
    id="abcdefghijkl", name="crm", digest=b"\1" * 32, scopes=("calls:read", "live"), created_at=5.0
)


async def test_a_key_is_found_as_it_was_kept(database: Database) -> None:
    """By its id, and in the list; another id finds nothing."""
    async with database.journal(), database.keys() as keys:
        await keys.keep_key(KEY)

        assert await keys.find_key(KEY.id) == KEY
        assert await keys.keys() == [KEY]
        assert await keys.find_key("another") is None


async def test_a_key_is_revoked_once(database: Database) -> None:
    """Again keeps the first time; a key that is not there is said."""
    async with database.journal(), database.keys() as keys:
        await keys.keep_key(KEY)

        assert await keys.revoke_key(KEY.id, 7.0)
        assert await keys.revoke_key(KEY.id, 8.0)
        assert not await keys.revoke_key("another", 7.0)
        found = await keys.find_key(KEY.id)

    assert found is not None
    assert found.revoked_at == 7.0


async def test_what_another_process_does_is_seen(database: Database) -> None:
    """Two stores are open on one database, beside the journal; both have its one secret."""
    async with (
        database.journal(),
        database.keys() as ours,
        database.keys() as theirs,
    ):
        await theirs.keep_key(KEY)

        assert await ours.find_key(KEY.id) == KEY
        assert await ours.token_secret() == await theirs.token_secret()
        assert len(await ours.token_secret()) == 32
