"""The whole API on a real journal, without Telnyx, behind a real listener; and a client of it."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy

from service.api.access_log import AccessLog, AccessLogLimits
from service.api.assembly import Sources, new_application, open_api
from service.api.feed.connections import FeedConnections, FeedLimits
from service.api.operations import AnyRoute
from service.delivery.lanes import open_lanes
from service.ids import CallId, Scope
from service.ports import AccessStore, Journal, LaneUpdate, Parked, SavedSearches
from service.telemetry.metrics import Metrics
from service.web.limits import Limits
from service.web.listen import open_listener
from tests.api.builders import ALL, CALL, NOW, golden_call, new_key
from tests.api.peers import FaultyKeys, ScriptedAttacher, ScriptedCalls, ScriptedProviders, route_of
from tests.delivery.builders import CRM, webhook
from tests.feed.harness import FeedHarness, open_feed_harness
from tests.journal.harness import Adapter, sqlite_database


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes
    json: Any


@dataclass
class Harness:
    """The served API, what it answers from, and a client with a key."""

    calls: FeedHarness
    controls: ScriptedCalls
    providers: ScriptedProviders
    attacher: ScriptedAttacher
    keys: FaultyKeys
    searches: SavedSearches
    connections: FeedConnections
    session: aiohttp.ClientSession
    access_log: AccessLog
    accesses: AccessStore
    url: str = ""
    key: str = ""
    now: float = NOW

    @property
    def journal(self) -> Journal:
        """The journal that the API answers from."""
        return self.calls.journal

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

    async def commit_call(
        self,
        *about: Any,  # noqa: ANN401 - handed on
        **changes: Any,  # noqa: ANN401 - handed on
    ) -> list[bytes]:
        """Commit a `golden_call`; return the bodies of its events."""
        entry = golden_call(*about, **changes)
        await self.journal.commit(entry)
        return [event.body for event in entry.events]

    async def park(self, seq: int, status: int | None = 400) -> None:
        """Give up a delivery of the call to the crm."""
        update = LaneUpdate(CallId(CALL), CRM, seq, parked=Parked(seq, status, "http_400"))
        await self.journal.settle([update])


@asynccontextmanager
async def open_harness(
    folder: Path,
    routes: Iterable[AnyRoute] = (),
    *,
    clock: Callable[[], float] | None = None,
    scopes: tuple[Scope, ...] = ALL,
    cors_origins: Sequence[str] = (),
    crm_url: str = "http://127.0.0.1:1",
    recordings_key: bytes | None = None,
    access_limits: AccessLogLimits | None = None,
    feed_limits: FeedLimits | None = None,
    web_limits: Limits | None = None,
    adapter: Adapter = sqlite_database,
    is_shared: bool = False,
) -> AsyncIterator[Harness]:
    """Serve the API on a new journal, with one endpoint, and these routes beside.

    The journal goes with the folder. The clock is the harness's `now`, unless another is given;
    `scopes` are those of its key.
    """

    def by_hand() -> float:
        return harness.now

    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        calls = await enter(
            open_feed_harness(folder, clock=clock or (lambda: NOW), adapter=adapter)
        )
        database = adapter(folder)
        keys = FaultyKeys(await enter(database.keys()))
        accesses = await enter(database.accesses())
        controls, providers, attacher = ScriptedCalls(), ScriptedProviders(), ScriptedAttacher()
        sources = Sources(
            attacher=attacher,
            route_for=route_of,
            providers=providers,
            journal=calls.journal,
            library=calls.library,
            searches=await enter(database.searches()),
            keys=keys,
            accesses=accesses,
            hub=calls.hub,
            controls=controls,
            starts=controls,
            eraser=controls,
            lanes=await enter(open_lanes(calls.journal, [])),
            is_shared=is_shared,
            endpoints=[webhook(crm_url)],
            recordings=calls.journal,
            recordings_path=folder,
            recordings_key=recordings_key,
            scrape=Metrics().scrape,
        )
        api = await enter(
            open_api(
                sources,
                rate_limit_per_minute=1_000_000,
                cors_origins=cors_origins,
                feed_limits=feed_limits,
                access_limits=access_limits,
                clock=clock or by_hand,
            )
        )
        api.add(routes)
        app = new_application(cors_origins=cors_origins)
        api.serve(app)
        session = await enter(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)))
        harness = Harness(
            calls,
            controls,
            providers,
            attacher,
            keys,
            sources.searches,
            api.feed,
            session,
            api.access_log,
            accesses,
        )
        harness.key = await new_key(keys, *scopes, now=(clock or by_hand)())
        listener = await enter(open_listener(app, "127.0.0.1", 0, limits=web_limits))
        harness.url = listener.url
        yield harness
