from collections.abc import AsyncIterator

import aiohttp
import pytest

from service.cli.check import telnyx_checks
from service.cli.check.findings import Finding
from service.cli.check.telnyx_checks import (
    check_api,
    check_recogniser,
    heard_routes,
    in_the_clear,
)
from service.settings import Settings, load_settings
from service.simulator.scenario import parse_scenario
from service.simulator.server import open_simulator
from tests.cli.peers import Telnyx, open_telnyx
from tests.settings.builders import KEYS

PUBLIC = "https://calls.example.com"


@pytest.fixture
async def telnyx() -> AsyncIterator[Telnyx]:
    """Serve a Telnyx on this machine."""
    async with open_telnyx() as telnyx:
        yield telnyx


def settings(telnyx: Telnyx, **variables: str) -> Settings:
    """Make settings that lead to this Telnyx."""
    return load_settings(
        None, KEYS | telnyx.variables | {"CALLSCRIBE_PUBLIC_URL": PUBLIC} | variables
    )


async def api(told: Settings) -> list[Finding]:
    """Examine the API."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        return await check_api(session, told)


async def stt(told: Settings) -> list[Finding]:
    """Examine what the first route hears with."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        return await check_recogniser(session, told, told.routes()[0])


def application(version: str = "2", url: str = PUBLIC + "/webhooks/telnyx") -> dict[str, object]:
    """Return a voice application as the API lists it."""
    return {"webhook_event_url": url, "webhook_api_version": version}


async def test_a_good_key_and_a_set_webhook_are_ok(telnyx: Telnyx) -> None:
    """The account's application sends to our address."""
    telnyx.body = {"data": [application(url="https://else.example"), application()]}

    assert [finding.level for finding in await api(settings(telnyx))] == ["ok", "ok"]


async def test_a_webhook_that_leads_elsewhere_is_a_warning(telnyx: Telnyx) -> None:
    """It may be set per number; the line says what to set."""
    telnyx.body = {"data": [application(url="https://else.example"), None, {}]}

    _, finding = await api(settings(telnyx))
    assert finding.level == "warn"
    assert f"{PUBLIC}/webhooks/telnyx" in finding.text


async def test_v1_webhooks_cannot_work(telnyx: Telnyx) -> None:
    """They are signed otherwise."""
    telnyx.body = {"data": [application(version="1")]}

    assert (await api(settings(telnyx)))[1].level == "FAIL"


@pytest.mark.parametrize("body", ["text", [], {"data": None}, {"data": "x"}, {}])
async def test_a_list_of_any_shape_is_survived(telnyx: Telnyx, body: object) -> None:
    """What cannot be read lists nothing."""
    telnyx.body = body

    assert [finding.level for finding in await api(settings(telnyx))] == ["ok", "warn"]


@pytest.mark.parametrize(
    ("status", "advice"),
    [(401, "make a new API key"), (403, "account"), (404, "/v2"), (429, "minute"), (503, "status")],
)
async def test_a_refused_key_says_what_to_do(telnyx: Telnyx, status: int, advice: str) -> None:
    """One line, with the status."""
    telnyx.status = status

    (finding,) = await api(settings(telnyx))
    assert finding.level == "FAIL"
    assert f"HTTP {status}" in finding.text
    assert advice in finding.text


async def test_a_telnyx_that_is_not_there_is_explained(telnyx: Telnyx) -> None:
    """Without a traceback, and without the key."""
    told = settings(telnyx, TELNYX_BASE_URL="http://127.0.0.1:1/v2")

    (finding,) = await api(told)
    assert "nothing listens there" in finding.text


async def test_a_session_is_opened_by_the_rules_of_the_route(telnyx: Telnyx) -> None:
    """Silence after the upgrade means that the engine takes them."""
    told = settings(telnyx, CALLSCRIBE_ROUTE__0__LANGUAGE="en-GB")

    (finding,) = await stt(told)
    assert finding.level == "ok"
    assert telnyx.stt_queries[0]["transcription_engine"] == "Deepgram"
    assert telnyx.stt_queries[0]["language"] == "en-GB"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ('{"errors":[{"code":"40003","title":"Missing sample_rate"}]}', "40003 Missing"),
        ("garbage", "not one of speech to text"),
        ('{"errors":[{"code":"40006","title":"Unknown model"}]}', "check its model"),
        ("", "it closed at once"),
    ],
)
async def test_settings_an_engine_refuses_are_told(telnyx: Telnyx, answer: str, text: str) -> None:
    """Telnyx says so after the upgrade, and then closes."""
    telnyx.stt_answer = answer

    (finding,) = await stt(settings(telnyx, CALLSCRIBE_ROUTE__0__ENGINE="Deepgram"))
    assert finding.level == "FAIL"
    assert text in finding.text


async def test_every_engine_of_every_route_is_tried_once() -> None:
    """Fallbacks too; each by its name, and the one that is refused with what is to be done."""
    fallback = '[{"engine": "Speechmatics"}, {"engine": "Google", "source": "in_call"}]'
    variables = {
        "CALLSCRIBE_PUBLIC_URL": PUBLIC,
        "CALLSCRIBE_ROUTE__0__MODEL": "nova-3",
        "CALLSCRIBE_ROUTE__0__FALLBACK": fallback,
        "CALLSCRIBE_ROUTE__1__MODEL": "nova-3",
        "CALLSCRIBE_ROUTE__1__RECORD": "audio",
    }
    scenario = {"call": [{}], "stt": {"auth_failure": "after_upgrade"}}
    async with open_simulator(parse_scenario(scenario)) as simulator:
        urls = {"TELNYX_BASE_URL": simulator.url, "TELNYX_STT_URL": simulator.stt_url}
        keys = ("KEY-of-nobody", simulator.api_key)
        refused, taken = [
            await stt_of_all(load_settings(None, KEYS | urls | variables | {"TELNYX_API_KEY": key}))
            for key in keys
        ]

    assert [finding.text for finding in taken] == [
        "takes a session of Deepgram nova-3",
        "takes a session of Speechmatics",
    ]
    for finding, name in zip(refused, ("Deepgram nova-3", "Speechmatics"), strict=True):
        assert finding.text.startswith(f"{name} refuses the key: 10009")
        assert "TELNYX_API_KEY" in finding.text


async def test_an_engine_that_never_answers_costs_a_bounded_time(
    telnyx: Telnyx, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade that hangs is told as what it is."""
    monkeypatch.setattr(telnyx_checks, "_SESSION_S", 0.2)
    telnyx.stt_hangs = True

    (finding,) = await stt(settings(telnyx, CALLSCRIBE_ROUTE__0__ENGINE="Deepgram"))
    assert "no answer in time" in finding.text


async def stt_of_all(told: Settings) -> list[Finding]:
    """Examine whatever hears the calls of any route."""
    async with aiohttp.ClientSession() as session:
        found = [await check_recogniser(session, told, route) for route in heard_routes(told)]
    return [one for findings in found for one in findings if one.level != "warn"]


async def test_an_engine_that_speaks_first_is_no_failure(telnyx: Telnyx) -> None:
    """An answer without errors is an answer."""
    telnyx.stt_answer = '{"transcript":"","is_final":false}'

    (finding,) = await stt(settings(telnyx, CALLSCRIBE_ROUTE__0__ENGINE="Deepgram"))
    assert finding.level == "ok"


async def test_a_web_server_in_place_of_speech_to_text_is_told(telnyx: Telnyx) -> None:
    """Its status shows that the address is wrong."""
    base = telnyx.variables["TELNYX_BASE_URL"].replace("http", "ws", 1)
    told = settings(
        telnyx, TELNYX_STT_URL=base + "/elsewhere", CALLSCRIBE_ROUTE__0__ENGINE="Deepgram"
    )

    (finding,) = await stt(told)
    assert "HTTP 404 in place of a WebSocket; check TELNYX_STT_URL" in finding.text


async def test_a_key_the_recogniser_refuses_is_told(telnyx: Telnyx) -> None:
    """Telnyx's key goes to Telnyx; our own recogniser gets its own, or none."""
    local = {
        "CALLSCRIBE_ROUTE__0__ENGINE": "local",
        "CALLSCRIBE_RECOGNISER_URL": telnyx.variables["TELNYX_STT_URL"],
    }
    (without,) = await stt(settings(telnyx, **local))
    (wrong,) = await stt(settings(telnyx, CALLSCRIBE_ROUTE__0__MODEL="nova-3", TELNYX_API_KEY="x"))
    (right,) = await stt(settings(telnyx, **local, CALLSCRIBE_RECOGNISER_API_KEY=telnyx.key))

    assert "CALLSCRIBE_RECOGNISER_API_KEY" in without.text
    assert "TELNYX_API_KEY" in wrong.text
    assert right.level == "ok"


async def test_a_recogniser_that_does_not_run_is_explained(telnyx: Telnyx) -> None:
    """The line says how to start it."""
    told = settings(
        telnyx,
        CALLSCRIBE_ROUTE__0__ENGINE="local",
        CALLSCRIBE_RECOGNISER_URL="ws://127.0.0.1:1",
    )

    (finding,) = await stt(told)
    assert "callscribe recogniser" in finding.text


async def test_calls_transcribed_by_telnyx_need_no_session(telnyx: Telnyx) -> None:
    """Nothing is tried that will not be used."""
    assert await stt(settings(telnyx, CALLSCRIBE_ROUTE__0__SOURCE="in_call")) == []


def test_calls_in_the_clear_over_a_network_are_a_warning() -> None:
    """On this machine they are nobody else's business."""
    assert [finding.level for finding in in_the_clear("Telnyx STT", "ws://stt.example:80/")] == [
        "warn"
    ]
    assert in_the_clear("Telnyx STT", "wss://stt.example") == []
    assert in_the_clear("Telnyx STT", "ws://localhost/stt") == []
