"""A served API with a real key store, and callers with keys and tokens."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy

from service.api.assembly import add_api, new_application
from service.api.keys import make_key
from service.api.operations import AnyRoute
from service.api.tokens import Claims, sign_token
from service.ids import CallId, Scope
from service.journal.sqlite_journal import open_sqlite_journal
from service.journal.sqlite_keys import open_sqlite_keys
from service.ports.keys import KeyStore
from service.web.listen import open_listener

ALL: tuple[Scope, ...] = ("calls:read", "calls:write", "live", "admin")
NOW = 1_800_000_000.0


async def new_key(keys: KeyStore, *scopes: Scope, now: float = NOW) -> str:
    """Keep a new key of these scopes, and return it."""
    text, kept = make_key("test", scopes or ALL, now=now)
    await keys.keep_key(kept)
    return text


async def new_token(
    keys: KeyStore,
    key: str,
    *scopes: Scope,
    call_id: str | None = None,
    expires_at: float = NOW + 600,
) -> str:
    """Return a token of this key."""
    claims = Claims(
        key_id=key[4:16],
        scopes=scopes,
        call_id=None if call_id is None else CallId(call_id),
        expires_at=expires_at,
    )
    return sign_token(await keys.token_secret(), claims)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    json: Any


@dataclass(slots=True)
class House:
    """A served API, for a client."""

    url: str
    keys: KeyStore
    session: aiohttp.ClientSession
    now: float = NOW
    key: str = ""
    """A key that may do everything, where a test has made one."""

    async def ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        **options: Any,  # noqa: ANN401 - handed on
    ) -> Answer:
        """Send a request, with a key or token."""
        headers = dict(options.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        url = self.url + path
        options.setdefault("allow_redirects", False)
        async with self.session.request(method, url, headers=headers, **options) as answer:
            body = await answer.read()
            kind = answer.headers.get("Content-Type", "").partition(";")[0]
            is_json = kind.endswith(("/json", "+json")) and body
            return Answer(
                answer.status,
                answer.headers,
                body,
                await answer.json(content_type=None) if is_json else None,
            )

    async def get(self, path: str, **options: Any) -> Answer:  # noqa: ANN401 - handed on
        """Send a GET."""
        return await self.ask("GET", path, **options)


@asynccontextmanager
async def open_house(
    folder: Path,
    routes: Iterable[AnyRoute] = (),
    *,
    per_minute: int = 1_000_000,
    cors_origins: Sequence[str] = (),
) -> AsyncIterator[House]:
    """Serve the API with these routes beside its own, on a new journal in `folder`."""
    journal = folder / "journal.db"
    async with (
        open_sqlite_journal(journal),
        open_sqlite_keys(journal) as keys,
        aiohttp.ClientSession() as session,
    ):
        house = House("", keys, session)
        app = new_application(cors_origins=cors_origins)
        await add_api(
            app,
            keys,
            routes,
            rate_limit_per_minute=per_minute,
            clock=lambda: house.now,
        )
        async with open_listener(app, "127.0.0.1", 0) as listener:
            house.url = listener.url
            yield house
