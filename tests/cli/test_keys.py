"""`callscribe keys`: made, listed and revoked beside a service that uses them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.cli import main
from service.exits import Exit
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.ports import StoredKey, bind
from tests.cli.harness import callscribe as program


@asynccontextmanager
async def service_at(folder: Path) -> AsyncIterator[dict[str, str]]:
    """Keep a journal open as the service does, and give the variables that lead to it."""
    path = folder / "calls.db"
    async with open_sqlite_journal(path):
        yield {"DATABASE_URL": f"sqlite:///{path}"}


async def kept(folder: Path) -> list[StoredKey]:
    """Return the keys as they are kept."""
    async with open_sqlite_keys(folder / "calls.db") as keys:
        return await keys.keys()


def everything_in(folder: Path) -> bytes:
    """Return what is in all files of a folder."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_a_key_is_shown_once_and_kept_nowhere(tmp_path: Path) -> None:
    """It can be used at once; the list has its public part only."""
    async with service_at(tmp_path) as variables:
        scopes = ("--scope", "live", "--scope", "calls:read")
        made = await program("keys", "create", "--name", "desk", *scopes, **variables)
        listed = await program("keys", "ls", **variables)
        (key,) = await kept(tmp_path)

    assert (made.code, made.err) == (Exit.OK, "")
    assert made.out.strip() == made.out[:-1] == f"csk_{key.id}.{made.out[17:-1]}"
    assert (key.name, key.scopes) == ("desk", ("live", "calls:read"))
    assert key.id in listed.out
    assert "live,calls:read" in listed.out
    assert made.out[17:-1] not in listed.out
    assert made.out[17:-1].encode() not in everything_in(tmp_path)


async def test_a_key_is_bound_to_routes_and_metadata(tmp_path: Path) -> None:
    """More than once, each; the list says to which."""
    (tmp_path / "callscribe.toml").write_text(
        '[[route]]\nname = "billing"\nsource = "in_call"\n'
        '[[route]]\nname = "sales"\nsource = "in_call"\n[[route]]\nsource = "in_call"\n'
    )
    config = ("--config", str(tmp_path / "callscribe.toml"))
    make = ("keys", "create", "--name", "desk", "--scope", "live", *config)
    bound = ("--route", "sales", "--route", "billing", "--metadata", "queue=a=b")
    async with service_at(tmp_path) as variables:
        made = await program(*make, *bound, **variables)
        refused = await program(*make, "--route", "bilingual", **variables)
        too_many = [f"--metadata=k{n}=v" for n in range(9)]
        long = ("--metadata", "k=" + "v" * 129)
        much = await program(*make, *too_many, *long, **variables)
        listed = await program("keys", "ls", *config, **variables)
        keys = await kept(tmp_path)

    assert made.code == Exit.OK, made.err
    assert [key.binding for key in keys] == [bind(["billing", "sales"], [("queue", "a=b")])]
    assert "route=billing route=sales queue=a=b" in listed.out
    assert refused.code == much.code == Exit.USAGE
    assert 'no route is called "bilingual"; there is billing, sales' in refused.err
    assert "--metadata: at most 8" in much.err
    assert "values 128" in much.err


async def test_a_key_is_revoked(tmp_path: Path) -> None:
    """The list says so; an id that there is not is an error."""
    async with service_at(tmp_path) as variables:
        await program("keys", "create", "--name", "desk", "--scope", "live", **variables)
        (key,) = await kept(tmp_path)
        revoked = await program("keys", "revoke", key.id, **variables)
        listed = await program("keys", "ls", **variables)
        absent = await program("keys", "revoke", "absent", **variables)

    assert (revoked.code, listed.out.rstrip().endswith("desk  revoked")) == (Exit.OK, True)
    assert (absent.code, "no key has this id" in absent.err) == (Exit.USAGE, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--name", "desk"),
        ("create", "--scope", "live"),
        ("create", "--name", "desk", "--scope", "everything"),
        ("create", "--name", "", "--scope", "live"),
        ("create", "--name", "a\nb", "--scope", "live"),
        ("create", "--name", "a", "--scope", "live", "--metadata", "queue"),
        ("create", "--name", "a", "--scope", "live", "--metadata", "=billing"),
    ],
)
def test_a_key_needs_a_name_and_a_scope(arguments: tuple[str, ...]) -> None:
    """There is no default for what a key may do."""
    with pytest.raises(SystemExit) as left:
        main(["keys", *arguments])

    assert left.value.code == Exit.USAGE


async def test_keys_need_a_journal(tmp_path: Path) -> None:
    """The service makes it; a wrong path is not taken for a new one."""
    done = await program("keys", "ls", DATABASE_URL=f"sqlite:///{tmp_path / 'none.db'}")

    assert (done.code, "there is no journal" in done.err) == (Exit.FAILED, True)
