"""Who is let in, with what, and how often."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from service.api.access import FRESH_S, Access, Caller, Doorkeeper
from service.api.bound_calls import BoundCalls
from service.api.problems import RefusalError
from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.journal.sqlite.library import open_sqlite_library
from service.ports import KeyStore, Library
from tests.api.builders import NOW, new_key, new_token


@pytest.fixture
async def keys(tmp_path: Path) -> AsyncIterator[KeyStore]:
    """An open store without keys."""
    path = tmp_path / "journal.db"
    async with open_sqlite_journal(path), open_sqlite_keys(path) as keys:
        yield keys


@pytest.fixture
async def library(keys: KeyStore, tmp_path: Path) -> AsyncIterator[Library]:
    """An open library without calls."""
    del keys  # they make the database
    async with open_sqlite_library(tmp_path / "journal.db") as library:
        yield library


class Door:
    """A doorkeeper whose clocks stand until they are set."""

    def __init__(self, keys: KeyStore, library: Library, secret: bytes, per_minute: int) -> None:
        self.keys = keys
        self.now = NOW
        self.ticks = 0.0
        self.keeper = Doorkeeper(
            keys,
            secret,
            BoundCalls(library),
            per_minute=per_minute,
            clock=lambda: self.now,
            ticks=lambda: self.ticks,
        )

    async def admit(
        self,
        shown: str | None,
        access: Access = "calls:read",
        **options: Any,  # noqa: ANN401 - handed on
    ) -> Caller:
        """Let in, or not, whoever shows this."""
        headers = {} if shown is None else {"Authorization": f"Bearer {shown}"}
        return await self.keeper.admit(request(headers), access, **options)

    async def refusal(
        self,
        shown: str | None,
        access: Access = "calls:read",
        **options: Any,  # noqa: ANN401 - handed on
    ) -> int:
        """Return the status that this is refused with."""
        with pytest.raises(RefusalError) as refused:
            await self.admit(shown, access, **options)
        return int(refused.value.status)


def request(headers: dict[str, str], path: str = "/v1/calls") -> web.Request:
    """Make a request from an address of the documentation range."""
    link = SimpleNamespace(get_extra_info=lambda *_: ("203.0.113.9", 4711))
    return make_mocked_request("GET", path, headers=CIMultiDict(headers), transport=link)


@pytest.fixture
async def door(keys: KeyStore, library: Library) -> Door:
    """A door without a crowd."""
    return Door(keys, library, await keys.token_secret(), per_minute=60_000)


async def test_a_key_opens_what_its_scopes_say(door: Door) -> None:
    """Its caller has the key's id and may do no more than that."""
    key = await new_key(door.keys, "calls:read")

    caller = await door.admit(key)

    assert caller == Caller(key[4:16], frozenset({"calls:read"}))
    assert await door.refusal(key, "calls:write") == 403
    assert await door.admit(key, "any_key") == caller


async def test_admin_may_do_everything(door: Door) -> None:
    """No other scope is needed beside it."""
    key = await new_key(door.keys, "admin")

    for access in ("calls:read", "calls:write", "live", "admin", "any_key"):
        assert await door.admit(key, access)


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "csk_",
        "csk_aaaaaaaaaaaa." + "a" * 43,
        "cst_e30.aaaa",
        "whatever",
        "csk_é.é",
        "x" * 9000,
    ],
)
async def test_what_is_no_key_is_401(door: Door, shown: str | None) -> None:
    """Whatever it looks like."""
    assert await door.refusal(shown) == 401


async def test_a_key_with_another_secret_is_401(door: Door) -> None:
    """The id alone is nothing."""
    key = await new_key(door.keys)
    other = key[:-1] + ("A" if key[-1] != "A" else "B")

    assert await door.refusal(other) == 401


async def test_a_revoked_key_is_worthless_within_seconds(door: Door) -> None:
    """It is looked up again after `FRESH_S`, and its tokens end with it."""
    key = await new_key(door.keys)
    token = await new_token(door.keys, key, "calls:read")
    caller = await door.admit(token)
    await door.keys.revoke_key(key[4:16], NOW)
    door.ticks += FRESH_S

    assert await door.refusal(key) == 401
    assert await door.refusal(token) == 401
    assert not await door.keeper.is_still_good(caller)


async def test_a_new_key_works_at_once(door: Door) -> None:
    """That there was none of its id is not remembered."""
    keys = [await new_key(door.keys) for _ in range(3)]

    assert [await door.admit(key) for key in keys]


async def test_a_token_may_do_what_it_says_until_it_ends(door: Door) -> None:
    """Not more, though its key may."""
    key = await new_key(door.keys)
    token = await new_token(door.keys, key, "live", expires_at=NOW + 5)
    caller = await door.admit(token, "live")
    assert caller.by_token
    assert await door.keeper.is_still_good(caller)
    assert await door.refusal(token, "calls:read") == 403

    door.now = NOW + 5
    assert await door.refusal(token, "live") == 401
    assert not await door.keeper.is_still_good(caller)


async def test_a_token_for_one_call_opens_no_other(door: Door) -> None:
    """Others are not there for it, and what is about all calls is refused."""
    key = await new_key(door.keys)
    token = await new_token(door.keys, key, "calls:read", call_id="mine")

    assert await door.admit(token, call_id=CallId("mine"))
    assert await door.refusal(token, call_id=CallId("other")) == 404
    assert await door.refusal(token) == 403


@pytest.mark.parametrize("cut", [slice(0, -1), slice(0, 20), slice(5, None)])
async def test_a_token_that_was_cut_is_401(door: Door, cut: slice) -> None:
    """What it says is signed."""
    token = await new_token(door.keys, await new_key(door.keys), "calls:read")

    assert await door.refusal(token[cut]) == 401
    assert await door.refusal(token + "=") == 401


async def test_a_token_may_come_where_a_browser_can_put_it(door: Door) -> None:
    """In the query or a WebSocket's subprotocol, on routes that say so; a key never."""
    key = await new_key(door.keys)
    token = await new_token(door.keys, key, "live")
    offered = {"Sec-WebSocket-Protocol": f"callscribe.v1, callscribe.token.{token}"}

    for asked in (request({}, f"/v1/feed?access_token={token}"), request(offered)):
        assert await door.keeper.admit(asked, "live", browser=True)
        with pytest.raises(RefusalError, match="Authorization"):
            await door.keeper.admit(asked, "live")
    with pytest.raises(RefusalError, match="never a key"):
        await door.keeper.admit(request({}, f"/v1/feed?access_token={key}"), "live", browser=True)


async def test_a_key_has_so_many_requests(keys: KeyStore, library: Library) -> None:
    """Sixty a minute are ten at once, and then one a second; another key has its own."""
    door = Door(keys, library, await keys.token_secret(), per_minute=60)
    key, other = await new_key(keys), await new_key(keys)
    for _ in range(10):
        await door.admit(key)

    with pytest.raises(RefusalError) as refused:
        await door.admit(key)
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "1")
    assert await door.admit(other)
    assert await door.admit(key, counted=False)

    door.ticks += 1.0
    assert await door.admit(key)


async def test_an_address_that_keeps_guessing_is_told_to_wait(door: Door) -> None:
    """Known keys pass from there all the same: it may be a proxy. It is over after a while."""
    key, unknown = await new_key(door.keys), "csk_aaaaaaaaaaaa." + "a" * 43
    await door.admit(key)
    assert {await door.refusal(unknown) for _ in range(30)} == {401}

    assert await door.refusal(unknown) == 429
    assert await door.refusal("rubbish") == 429
    assert await door.admit(key)

    door.ticks += 60
    assert await door.refusal(unknown) == 401
