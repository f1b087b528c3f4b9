"""The simulator as a whole: a Telnyx on a port of this machine."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from nacl.encoding import Base64Encoder
from nacl.signing import SigningKey

from service.errors import SettingsError
from service.simulator.api.conferences import ConferenceRoutes
from service.simulator.api.deliveries import DeliveriesRoute
from service.simulator.api.gate import MAX_BODY_BYTES, Gate
from service.simulator.api.rest import RestRoutes
from service.simulator.api.stt_files import SttFilesRoute
from service.simulator.api.stt_socket import SttSocketRoute
from service.simulator.api.texml import TexmlPlayer
from service.simulator.calls.exchange import Exchange
from service.simulator.calls.plan import plan_calls
from service.simulator.legs.leg import Leg
from service.simulator.legs.webhook_sender import WebhookClient
from service.simulator.media.recording import Recording
from service.simulator.report import CallReport, History, Report
from service.simulator.scenario import Scenario
from service.simulator.stt.reference_audio import ReferenceAudio
from service.simulator.stt.upstream import UpstreamRecogniser
from service.tasks import open_tasks
from service.wire.stt import PATH

_MAX_CONNECTIONS = 200
_SHUTDOWN_S = 1.0
_LOOK_S = 0.1


class Simulator:
    """A running Telnyx. Point `TELNYX_BASE_URL`, `TELNYX_STT_URL` and the keys at it.

    It can be told where webhooks go after it was opened, because an application usually wants
    its address first: set `webhook_url` before `run`, or hand it to `run`.
    """

    def __init__(self, exchange: Exchange, public_key: str, api_key: str) -> None:
        self._exchange = exchange
        self._ran = False
        self.base_url = exchange.base_url
        self.public_key = public_key
        """As Telnyx's portal shows it: 32 bytes in base64."""
        self.api_key = api_key

    @property
    def url(self) -> str:
        """For `TELNYX_BASE_URL`."""
        return f"{self.base_url}/v2"

    @property
    def stt_url(self) -> str:
        """For `TELNYX_STT_URL`."""
        return "ws" + self.base_url.removeprefix("http") + PATH

    @property
    def connection_id(self) -> str:
        """The Voice API application that incoming calls belong to."""
        return self._exchange.scenario.connection_id

    @property
    def webhook_url(self) -> str | None:
        """Where webhooks go; None is nowhere. A call keeps the address that it began with."""
        return self._exchange.webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self._exchange.webhook_url = url

    @property
    def history(self) -> History:
        """Everything sent and received so far, in order."""
        return self._exchange.history

    @property
    def recordings(self) -> Sequence[Recording]:
        """What was recorded of all calls, also what was deleted."""
        return list(self._exchange.recordings.values())

    async def run(self, *, webhook_url: str | None = None) -> Report:
        """Play every call of the scenario to its end, and report what happened.

        A bridged call has two reports, one for each leg, with the same `call_id`.
        Returns once the last webhook is delivered or given up. Once only.

        Raises:
            RuntimeError: It ran before.
        """
        if self._ran:
            raise RuntimeError("a simulator runs its scenario once; open another")
        self._ran = True
        if webhook_url is not None:
            self.webhook_url = webhook_url
        exchange = self._exchange
        async with asyncio.TaskGroup() as tasks:
            plays = [tasks.create_task(exchange.play(i)) for i in range(len(exchange.calls))]
        calls: list[CallReport] = []
        for i, play in enumerate(plays):
            leg = play.result()
            calls.append(self._report(i, leg))
            if leg is not None:
                calls += [linked.report for linked in exchange.linked_legs(leg)]
            if leg is not None:
                calls += [one.report for one in exchange.partners.get(leg.id.control_id, ())]
        calls += [leg.report for leg in exchange.extra_legs()]
        refused = exchange.history.refused_keys
        return Report(exchange.scenario.seed, tuple(calls), refused_keys=refused)

    async def asked(self, timeout_s: float) -> None:
        """Wait until somebody asked about each leg whose audio was streamed, now that it is over.

        Whoever is not told so by webhook has but that to know it by. Not longer than `timeout_s`.
        """
        legs = [runtime.leg for runtime in self._exchange.legs.values()]
        streamed = [leg for leg in legs if leg.report.streams]
        looks = max(1, round(timeout_s / _LOOK_S))
        for _ in range(looks):
            if all(leg.was_asked_about for leg in streamed):
                break
            await asyncio.sleep(_LOOK_S)

    def _report(self, index: int, leg: Leg | None) -> CallReport:
        if leg is not None:
            return leg.report
        plan = self._exchange.calls[index].plan
        numbers = (plan.from_number, plan.to_number)
        return CallReport("", "", *numbers, direction=plan.direction, outcome="never_dialled")


@asynccontextmanager
async def open_simulator(
    scenario: Scenario,
    *,
    target_webhook_url: str | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    recogniser_url: str | None = None,
    recogniser_api_key: str | None = None,
    api_key: str | None = None,
    signing_key: SigningKey | None = None,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Simulator]:
    """Open a simulated Telnyx; calls begin with `run`, or with a `dial`.

    `recogniser_url` is our own recogniser's base, or its WebSocket (see `Scenario.recogniser`).
    The keys come from the seed unless given, so that an application's settings stay good from
    run to run. `clock` gives the Unix seconds that are written on things; it paces nothing.
    Closing it cuts whatever is still live.

    Raises:
        SettingsError: A recording cannot be read, or a recogniser is needed and not given.
    """
    upstream = _upstream(scenario, recogniser_url, recogniser_api_key)
    key = signing_key or SigningKey(_from_seed(scenario, "webhooks"))
    api_key = api_key or "KEY" + _from_seed(scenario, "api").hex().upper()
    calls = await asyncio.to_thread(plan_calls, scenario)
    history = History()
    async with _open_client() as http, open_tasks() as tasks:
        exchange = Exchange(
            scenario,
            calls,
            tasks=tasks,
            client=WebhookClient(http, key, scenario.webhooks, clock=clock, history=history),
            history=history,
            clock=clock,
            recogniser=upstream,
            webhook_url=target_webhook_url,
        )
        app = _application(exchange, api_key, http)
        async with _listen(app, host, port) as exchange.base_url:
            yield Simulator(exchange, key.verify_key.encode(Base64Encoder).decode(), api_key)


def _upstream(
    scenario: Scenario, recogniser_url: str | None, api_key: str | None
) -> UpstreamRecogniser | None:
    if recogniser_url:
        return UpstreamRecogniser(recogniser_url, api_key)
    if scenario.recogniser == "relay":
        raise SettingsError(['recogniser = "relay" needs the address of a recogniser'])
    return None


def _application(exchange: Exchange, api_key: str, http: aiohttp.ClientSession) -> web.Application:
    gate = Gate(
        exchange.scenario.rest,
        api_key,
        exchange.rng.derive("rest"),
        elapsed_s=lambda: exchange.elapsed_s,
        clock=exchange.telnyx_clock,
        history=exchange.history,
    )
    exchange.play_document = lambda runtime, url: TexmlPlayer(exchange, runtime).run(url)
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[gate.check])
    app.on_response_prepare.append(gate.add_headers)
    rest = RestRoutes(exchange, gate)
    rest.add_to(app)
    ConferenceRoutes(exchange, gate, rest).add_to(app)
    DeliveriesRoute(exchange, gate).add_to(app)
    reference = ReferenceAudio(call.audio for call in exchange.calls)
    SttSocketRoute(exchange, gate, reference).add_to(app)
    SttFilesRoute(exchange, gate, reference, http).add_to(app)
    return app


@asynccontextmanager
async def _open_client() -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(limit=_MAX_CONNECTIONS)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout()
    ) as http:
        yield http


@asynccontextmanager
async def _listen(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0]
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        yield f"http://{shown}:{bound[1]}"
    finally:
        await runner.cleanup()


def _from_seed(scenario: Scenario, purpose: str) -> bytes:
    return hashlib.sha256(f"callscribe simulator {scenario.seed} {purpose}".encode()).digest()
