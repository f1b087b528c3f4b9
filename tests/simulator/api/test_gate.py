"""What every request passes first: the key, limits, and faults on purpose."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from service.simulator.api.gate import Gate
from service.simulator.report import History
from service.simulator.rng import Rng
from service.simulator.scenario.carrier_settings import RestAway, RestSettings
from tests.serving import serve
from tests.simulator.builders import BreakableClock, scenario
from tests.simulator.harness import LONG, NOBODY, open_call, open_simulation, refusal


async def test_without_the_key_nothing_is_told() -> None:
    """401 and 10009, also for what does not exist."""
    async with open_simulation(scenario()) as (_, application):
        for path in (f"/calls/{NOBODY}/actions/answer", "/nowhere"):
            for key in ("", "Bearer wrong", "Basic \u00e9"):
                outcome = await application.post(path, {}, headers={"authorization": key})
                assert refusal(outcome) == (401, "10009")


async def test_answers_show_the_rate_limit_and_it_is_kept() -> None:
    """429 and 10011 beyond it, with the three headers on every answer."""
    async with open_simulation(scenario(rest={"requests_per_minute": 2})) as (simulator, _):
        headers = {"authorization": f"Bearer {simulator.api_key}"}
        url = f"{simulator.url}/speech-to-text/providers"
        seen: list[tuple[int, str]] = []
        async with aiohttp.ClientSession(headers=headers) as http:
            for _ in range(3):
                async with http.get(url) as reply:
                    seen.append((reply.status, reply.headers["x-ratelimit-remaining"]))
                    assert reply.headers["x-ratelimit-limit"] == "2"
                    assert 0 < int(reply.headers["x-ratelimit-reset"]) <= 60

    assert seen == [(200, "1"), (200, "0"), (429, "0")]


async def test_answers_bear_the_time_that_telnyx_believes_it_is() -> None:
    """An application may measure how far its clock is off by them, as by webhooks."""
    ahead = scenario(webhooks={"skew_s": 1800})
    before = time.time()
    async with (
        open_simulation(ahead) as (simulator, _),
        aiohttp.ClientSession() as http,
        http.get(f"{simulator.url}/speech-to-text/providers") as reply,
    ):
        shown = parsedate_to_datetime(reply.headers["date"]).timestamp()

    assert int(before) <= shown - 1800 <= time.time()


async def test_commands_fail_on_purpose_as_often_as_told() -> None:
    """The fault strikes twice, for `answer` only, and then lets it pass."""
    fault = {"command": "answer", "times": 2, "status": 503, "code": "10007"}
    async with open_call(answer=False, rest={"fault": [fault]}) as (_, application, leg_id):
        statuses = [(await application.command(leg_id, "answer"))[0] for _ in range(3)]

    assert statuses == [503, 503, 200]


@pytest.mark.parametrize(("shape", "body"), [("detail", {"detail": "This"}), ("empty", None)])
async def test_the_shape_of_a_refusal_is_a_setting(shape: str, body: object) -> None:
    """A body in FastAPI's form, or none."""
    async with open_simulation(scenario(rest={"error_shape": shape})) as (simulator, _):
        headers = {"authorization": f"Bearer {simulator.api_key}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.get(f"{simulator.url}/calls/{NOBODY}") as reply,
        ):
            text = await reply.text()

    assert reply.status == 404
    assert bool(text) == bool(body)
    assert not text or list(json.loads(text)) == ["detail"]


async def test_a_body_that_never_comes_is_a_408() -> None:
    """With 10008, and the rest of the simulator goes on."""

    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    what = scenario(LONG, rest={"body_timeout_s": 0.1})
    async with open_simulation(what) as (simulator, _):
        url = f"{simulator.url}/calls/{NOBODY}/actions/answer"
        headers = {"authorization": f"Bearer {simulator.api_key}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(url, data=trickle()) as reply,
        ):
            body = await reply.json()

    assert refusal((reply.status, body)) == (408, "10008")


async def test_who_leaves_in_the_middle_of_a_body_is_no_fault_of_the_simulators() -> None:
    """Nothing is logged as one."""
    gate = Gate(
        RestSettings(), "K", Rng("x"), elapsed_s=lambda: 0, clock=time.time, history=History()
    )
    reads, broke_off = asyncio.Event(), asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        reads.set()
        try:
            await request.read()
        finally:
            broke_off.set()
        return web.Response()

    app = web.Application(middlewares=[gate.check])
    app.router.add_post("/", take)
    with capture_logs() as lines:
        async with serve(app) as url:
            parts = urlsplit(url)
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
            await reads.wait()
            writer.close()
            await broke_off.wait()

    assert [line["event"] for line in lines] == []


async def test_a_fault_of_the_simulators_own_is_answered_like_one_of_telnyxs() -> None:
    """500 and 10007, no traceback in the body. Here it is the clock that breaks."""
    clock = BreakableClock()
    async with open_simulation(scenario(), clock=clock) as (_, application):
        clock.broken = True
        outcome = await application.post("/calls", {"connection_id": "1", "from": "1", "to": "2"})

    assert refusal(outcome) == (500, "10007")
    assert "Traceback" not in str(outcome[1])


async def _status(http: aiohttp.ClientSession) -> int | None:
    """Ask for something; return the status of the answer, if there was one."""
    try:
        async with http.post("/v2/calls") as answer:
            return answer.status
    except aiohttp.ClientError:
        return None


@pytest.mark.parametrize(("how", "seen"), [("cut", None), ("error", 503), ("hangs", None)])
async def test_the_api_is_away_for_a_while(
    how: Literal["cut", "error", "hangs"], seen: int | None
) -> None:
    """Cut, silent or with an error; afterwards it is there again."""
    away = RestAway(from_s=0, until_s=0.3, how=how)
    elapsed_s = 0.0
    gate = Gate(
        RestSettings(away=(away,)),
        "KEY",
        Rng("x"),
        elapsed_s=lambda: elapsed_s,
        clock=time.time,
        history=History(),
    )

    async def take(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application(middlewares=[gate.check])
    app.router.add_post("/v2/calls", take)
    key = {"authorization": "Bearer KEY"}
    async with serve(app) as url, aiohttp.ClientSession(url, headers=key) as http:
        status = await _status(http)
        elapsed_s = 0.3
        again = await _status(http)

    assert (status, again) == (seen, 200)
