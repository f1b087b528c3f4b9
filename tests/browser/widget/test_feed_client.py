"""The feed client of console and widget, over the faults that the reference clients are held to."""

import random
from pathlib import Path

from aiohttp import web
from playwright.async_api import Page

from tests.browser.page_objects import until_in_page
from tests.clients.builders import conversation, durable
from tests.clients.peers import FAULTS, FaultyFeed

STATIC = Path(__file__).parents[3] / "service" / "console" / "static"
NEVER_HERE = ("repeats", "cursor too old")
"""What the service does not do; it has what resumes, and events have their places in a log."""
FOLLOW = """async () => {
  const { FeedClient } = await import("/static/follow.js");
  const { problem } = await import("/static/problem.js");
  let token = null;
  window.got = [];
  const open = async ({ signal, headers }) => {
    token ??= (await (await fetch("/token")).json()).token;
    headers.Authorization = `Bearer ${token}`;
    const answer = await fetch("/v1/feed", { signal, headers });
    if (!answer.ok) throw await problem(answer);
    return answer;
  };
  new FeedClient(open, {
    after: 0,
    refused: async ({ status }) => { token = null; return status === 401; },
    onClosed: (reason) => { if (reason === "token_expired") token = null; },
    onEvent: (type, { data }) => { got.push([type, data.call_id, data.seq ?? null]); },
    firstWaitMs: 20,
  }).start();
}"""


async def blank(_: web.Request) -> web.Response:
    """Answer with a page."""
    return web.Response(text="<!doctype html><title>A page</title>", content_type="text/html")


async def test_every_event_comes_once_over_all_faults(page: Page) -> None:
    """In any order, one after the other.

    A break may take along what was sent just before it, so that there are more failures in a row,
    and longer waits, than there are faults.
    """
    faults = [one for name, each in FAULTS.items() if name not in NEVER_HERE for one in each]
    random.Random(7).shuffle(faults)  # noqa: S311 - the same each time
    frames = conversation(40)
    feed = FaultyFeed(frames, faults, ends_plainly=True)
    async with feed.serve(web.get("/", blank), web.static("/static", STATIC)):
        await page.goto(feed.url.replace("/v1/feed", "/"))
        await page.evaluate(FOLLOW)
        await until_in_page(page, "got.at(-1)?.[0] === 'call.coda'")
        got = await page.evaluate("got")
    assert [(call, seq) for _, call, seq in got if seq] == [*durable(frames), ("coda", 1)]
