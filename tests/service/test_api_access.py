"""Every route of the running service against every key that is not for it."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import aiohttp

from service.ids import Scope
from service.journal.sqlite.keys import open_sqlite_keys
from tests.api.builders import new_key, new_token
from tests.service.harness import open_house

SCOPES: tuple[Scope, ...] = get_args(Scope)
OPEN = {
    "/openapi.json",
    "/v1/engines",
    "/v1/schemas/events",
    "/v1/schemas/report",
    "/healthz",
    "/readyz",
}
"""What asks for no key."""
Asked = tuple[str, str, str]


def operations_of(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each operation: its method, a path that fits it, and what is said of it."""
    for path, item in described["paths"].items():
        for method, operation in item.items():
            filled = path
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    filled = filled.replace(f"{{{parameter['name']}}}", parameter["example"])
            yield method.upper(), filled, operation


async def test_no_route_lets_in_who_is_not_for_it(tmp_path: Path) -> None:
    """No key, a bad one, a revoked one, and keys of every other scope: each is turned away."""
    path = tmp_path / "j.db"
    async with (
        open_house(path, {"call": []}) as house,
        open_sqlite_keys(path) as keys,
        aiohttp.ClientSession(house.service.url) as session,
    ):
        now = time.time()
        ours = {scope: await new_key(keys, scope, now=now) for scope in SCOPES}
        revoked = await new_key(keys, now=now)
        await keys.revoke_key(revoked[4:16], now)
        described = await (await session.get("/openapi.json")).json()
        over = await new_token(keys, ours["admin"], *SCOPES, expires_at=now - 1)
        bad = {"none": None, "bad": "csk_x", "revoked": revoked, "expired": over}
        wrong: list[tuple[Asked, int]] = []

        async def ask(who: str, key: str | None, method: str, path: str, *wanted: int) -> None:
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            async with session.request(method, path, headers=headers) as answer:
                if answer.status not in wanted:
                    wrong.append(((who, method, path), answer.status))

        for method, filled, operation in operations_of(described):
            scope = operation.get("x-scope")
            assert (scope is None) == (filled in OPEN), filled
            if scope is None:
                continue
            for who, key in bad.items():
                await ask(who, key, method, filled, 401, 429)
            others = [one for one in SCOPES if scope not in (one, "any_key") and one != "admin"]
            for one in others:
                await ask(one, ours[one], method, filled, 403)

    assert wrong == []


async def test_every_scope_opens_what_it_is_for(tmp_path: Path) -> None:
    """Reads with the scope they name, and with `admin`, are answered."""
    path = tmp_path / "j.db"
    async with (
        open_house(path, {"call": []}) as house,
        open_sqlite_keys(path) as keys,
        aiohttp.ClientSession(house.service.url) as session,
    ):
        ours = {scope: await new_key(keys, scope, now=time.time()) for scope in SCOPES}
        described = await (await session.get("/openapi.json")).json()
        reads = [
            (filled, operation["x-scope"])
            for method, filled, operation in operations_of(described)
            if method == "GET" and "x-scope" in operation
        ]
        for (filled, scope), admin in itertools.product(reads, (False, True)):
            headers = {"Authorization": f"Bearer {ours['admin' if admin else scope]}"}
            async with session.get(filled, headers=headers) as answer:
                assert answer.status not in (401, 403), filled
