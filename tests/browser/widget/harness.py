"""The service, and a page of another origin under a strict policy, with the widget in it."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path

from aiohttp import web
from playwright.async_api import Page

from service.api.keys import make_key
from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.journal.sqlite.keys import open_sqlite_keys
from service.ports import Entry
from tests.browser.builders import EventData, StoredCall
from tests.browser.harness import MEDIA, SCOPES, TALK, RunningService
from tests.service.harness import open_house
from tests.service.process import free_port
from tests.serving import serve

CALL = "call-of-now"
LIVE = StoredCall(CALL, ago_s=20)
"""A call that goes on as the test says."""


@dataclass(slots=True)
class Crm:
    """Somebody else's server: a page with the two lines in it, and a backend that gives tokens."""

    url: str = ""
    service_url: str = ""
    allowed: str = ""
    """What its policy allows beside the service's module and feed."""
    attributes: Mapping[str, str] | None = None
    """Of the element."""
    token: str = ""
    """What the backend answers with."""
    asked: int = 0
    """How often it was asked."""

    @property
    def policy(self) -> str:
        """The policy of the page: no style, image, frame or script but the widget's."""
        origin = self.service_url
        return (
            f"default-src 'none'; script-src {origin}; connect-src {origin} {self.allowed}; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        )

    async def page(self, _: web.Request) -> web.Response:
        """Answer with the page."""
        said = " ".join(f'{k}="{escape(v)}"' for k, v in (self.attributes or {}).items())
        html = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>CRM</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="color-scheme" content="light dark">'
            f'<script type="module" src="{self.service_url}/widget.js"></script></head>'
            "<body><main><h1>Jane Roe, gold customer</h1>"
            f"<callscribe-transcript {said}></callscribe-transcript></main></body></html>"
        )
        headers = {"Content-Security-Policy": self.policy}
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def give(self, request: web.Request) -> web.Response:
        """Answer with a token of one call."""
        assert request.query["call"]
        self.asked += 1
        return web.json_response({"token": self.token})


@asynccontextmanager
async def open_crm() -> AsyncIterator[Crm]:
    """Serve the page of another origin; what it shows is said later."""
    crm = Crm()
    app = web.Application()
    app.router.add_get("/", crm.page)
    app.router.add_get("/my-backend/token", crm.give)
    async with serve(app) as crm.url:
        yield crm


@asynccontextmanager
async def open_widget_service(
    journal: Path,
    *origins: str,
    port: int = 0,
    calls: Sequence[Mapping[str, object]] = (TALK,),
    speed: float = 2.0,
) -> AsyncIterator[RunningService]:
    """Open the service for pages of these origins."""
    async with open_sqlite_journal(journal), open_sqlite_keys(journal) as keys:
        key, kept = make_key("test", SCOPES, now=time.time())
        await keys.keep_key(kept)
    scenario = {"speed": speed, "call": list(calls)}
    changes = {"api": {"cors_origins": list(origins)}, "listen": f"127.0.0.1:{port or free_port()}"}
    async with open_house(journal, scenario, changes, **MEDIA) as house:
        yield RunningService(house, key)


async def grow(journal: Path, service: RunningService, events: Sequence[EventData]) -> None:
    """Have these things happen in the call of this moment, one by one."""
    call_id = CallId(CALL)
    async with open_sqlite_journal(journal, exclusive=False) as ledger:
        known = await ledger.load(call_id)
        version = known.version if known else 0
        had = len(await ledger.read(call_id, after_seq=0, limit=10_000))
        for number, event in enumerate(LIVE.stored(events, after_seq=had)):
            entry = Entry(
                call_id=call_id, version=version + number, epoch=0, state=b"{}", events=(event,),
                ended=True,
            )  # fmt: skip
            await ledger.commit(entry)
            service.house.service.hub.committed([event])


async def show(page: Page, crm: Crm, service: RunningService, **attributes: str) -> None:
    """Open the page with an element that has these attributes, and a token unless it has one."""
    crm.service_url = service.url
    if "token" not in attributes:
        attributes["token"] = await service.token("live", call_id=attributes["call"])
    crm.attributes = {name.replace("_", "-"): text for name, text in attributes.items()}
    await page.goto(crm.url)
