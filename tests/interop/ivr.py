"""An example IVR on Telnyx's own SDK, with Callscribe beside it. Its webhooks are at `/`."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from telnyx import AsyncTelnyx

sys.path.append(str(Path(__file__).parents[2] / "fixtures" / "clients"))
from copies import pass_on  # type: ignore[import-not-found]  # a program of its own

CALLSCRIBE, KEY = os.environ["CALLSCRIBE_URL"], os.environ["CALLSCRIBE_KEY"]
ROUTE = {"route": "beside", "metadata": {"queue": "bookings"}}
telnyx = AsyncTelnyx()  # by TELNYX_API_KEY, TELNYX_PUBLIC_KEY and TELNYX_BASE_URL
beside: set[asyncio.Task[object]] = set()


def do(work: Coroutine[Any, Any, object]) -> None:
    """Have something done beside; Telnyx waits two seconds for its answer."""
    task = asyncio.create_task(work)
    beside.add(task)
    task.add_done_callback(beside.discard)


async def attach(leg: str) -> None:
    """Have Callscribe transcribe a call; try until it is there."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:
        while True:
            wish = {"call_control_id": leg, **ROUTE}
            with suppress(aiohttp.ClientError):
                async with session.post(f"{CALLSCRIBE}/v1/calls", json=wish) as answer:
                    if answer.status < 500:
                        return print("attached", answer.status, flush=True)  # noqa: T201
            await asyncio.sleep(1)


async def take(request: web.Request) -> web.Response:
    """Take a webhook: believe it, pass it on, and do what the call wants."""
    body = await request.read()
    event: Any = telnyx.webhooks.unwrap(body.decode(), headers=dict(request.headers))
    if "COPIES" in os.environ:  # not behind a tee
        do(pass_on(f"{CALLSCRIBE}/webhooks/telnyx", body, request.headers))
    kind, leg = event.data.event_type, event.data.payload.call_control_id
    if kind == "call.initiated":
        do(telnyx.calls.actions.answer(leg))
    elif kind == "call.answered":
        do(attach(leg))
    return web.Response()


app = web.Application()
app.router.add_post("/", take)
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
