"""One run: the whole service between a simulated Telnyx and a receiver, on a virtual machine."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from service.app import Machine
from service.calls.inputs import ControlName
from service.errors import ControlRefusedError, JournalUnavailableError
from service.ids import CallId
from service.ports import Journal, Recognitions
from service.settings import Settings
from service.simulator.report import CallReport, SttSessionReport
from service.simulator.scenario import parse_scenario
from service.simulator.server import Simulator, open_simulator
from tests.proof.doors import JournalDoor
from tests.proof.host import Host
from tests.proof.receiver import Delivery, Receiver, open_receiver
from tests.proof.virtual.loop import VirtualLoop
from tests.proof.virtual.process import Process

EPOCH = 1_800_000_000.0
"""Unix seconds when the loop's clock is 0."""
PATIENCE_S = 120.0
"""How long a call's transcript may be waited for after its last webhook."""
_SETTLE_S = 5.0
_MEMORY = next((each for each in ("/dev/shm",) if Path(each).is_dir()), None)  # noqa: S108
"""Where the journal is, if there is such a place: nobody shall wait for a disk."""

Act = Callable[["World"], Awaitable[None]]
"""What happens beside the scenario, from its beginning."""


class ServiceClock:
    """The service's Unix time, which may be wrong."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        """Return Unix seconds."""
        return now() + self.ahead_s


def now() -> float:
    """Return the true Unix time of the virtual machine."""
    return EPOCH + asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a run is like."""

    seed: int
    scenario: Mapping[str, Any]
    route: Mapping[str, Any]
    acts: Sequence[Act] = ()
    recognitions: Callable[[Recognitions], Recognitions] = lambda recognitions: recognitions
    journal: Callable[[Journal], Journal] = lambda journal: journal
    watched_s: float = 0.0
    """How long it is watched, once all is over, whether the service still asks for anything."""


@dataclass(frozen=True, slots=True)
class Pause:
    """When somebody had the words of the call paused, in seconds of the scenario.

    While the service is asked for it, or for its end, it holds or it does not.
    """

    may_s: tuple[float, float]
    """Beyond it every word is kept."""
    must_s: tuple[float, float]
    """In it none is."""


@dataclass(slots=True, kw_only=True)
class World:
    """A run while it goes on."""

    conditions: Conditions
    simulator: Simulator
    receiver: Receiver
    host: Host
    journal: JournalDoor = field(default_factory=JournalDoor)
    clock: ServiceClock = field(default_factory=ServiceClock)
    began_at: float = 0.0
    """The loop's time when the scenario began."""
    pauses: list[Pause] = field(default_factory=list)
    """When it was paused: the pauses that the service took."""

    @property
    def process(self) -> Process:
        """The process that the service runs in."""
        return self.host.process

    @property
    def machine(self) -> VirtualLoop:
        """The machine that all of it runs on."""
        return cast("VirtualLoop", asyncio.get_running_loop())

    @property
    def second(self) -> float:
        """The second of the scenario that it is."""
        return self.machine.time() - self.began_at

    @property
    def sent_ms(self) -> int:
        """How far audio was sent to the service, in milliseconds of the talk."""
        spans = [
            span for stream in self.simulator.history.streams for span in stream.spans.values()
        ]
        return max((span[-1][1] for span in spans if span), default=0)

    async def until(self, second: float) -> None:
        """Wait until a second of the scenario."""
        await asyncio.sleep(max(0.0, self.began_at + second - self.machine.time()))

    async def begin(self) -> str:
        """Start the service in a process of its own; return its URL once it runs."""
        dice = random.Random(f"service {self.conditions.seed}")  # noqa: S311 - repeatable
        machine = Machine(
            clock=self.clock,
            dice=dice.random,
            threaded=False,
            journal=lambda journal: self.journal.wrap(self.conditions.journal(journal)),
            recognitions=self.conditions.recognitions,
        )
        return (await self.host.begin(machine)).url

    async def ask(self, action: ControlName) -> bool:
        """Have somebody ask the service to pause or resume the words of the call; say if it does.

        It refuses where nobody talks yet as far as it knows, and has nothing to do where somebody
        else asked for the same.
        """
        call_id = CallId(self.receiver.deliveries[0].data["call_id"])
        service = self.host.service
        assert service is not None  # acts begin once it runs
        try:
            reply = await self.process.start(service.calls.ask(call_id, action))
        except (ControlRefusedError, JournalUnavailableError):
            return False
        return reply is not None and reply.changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is left of a run."""

    calls: Sequence[CallReport]
    sessions: Sequence[SttSessionReport]
    deliveries: Sequence[Delivery]
    forged: int
    completed: bool
    asked_late: int
    """How many commands came after all was over."""
    began_at: float
    """Unix seconds."""
    took_s: float
    """Virtual seconds."""
    skew_s: float
    """How far Telnyx's clock was ahead."""
    pauses: Sequence[Pause]
    bursts_ms: Sequence[tuple[int, int]]
    """When audio was held back, in milliseconds of the talk: it came at the end of that."""

    def answered_at(self, call: CallReport) -> float | None:
        """Return when a call was answered, in true Unix seconds."""
        stamps = (one.occurred_at for one in call.webhooks if one.event_type == "call.answered")
        stamp = next(stamps, None)
        return None if stamp is None else stamp - self.skew_s


def run(conditions: Conditions) -> Evidence:
    """Play one run to its end, on a machine of its own."""
    seed = f"run {conditions.seed}"
    random.seed(seed)  # of the telephone SDK's waits, which take no dice
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(seed), debug=False) as runner:
        return runner.run(_play(conditions))


async def _play(conditions: Conditions) -> Evidence:
    changed = asyncio.Event()
    scenario = parse_scenario(conditions.scenario)
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(open_simulator(scenario, clock=now))
        receiver = await stack.enter_async_context(open_receiver(now, changed.set))
        folder = Path(stack.enter_context(TemporaryDirectory(dir=_MEMORY)))
        settings = partial(settings_for, simulator, receiver, conditions.route)
        host = Host(settings, folder)
        world = World(conditions=conditions, simulator=simulator, receiver=receiver, host=host)
        url = await world.begin()
        try:
            return await _play_scenario(world, url, changed)
        finally:
            await host.end()


async def _play_scenario(world: World, url: str, changed: asyncio.Event) -> Evidence:
    world.began_at = world.machine.time()
    began_at = now()
    receiver, asked = world.receiver, world.simulator.history.commands
    acts = [asyncio.ensure_future(act(world)) for act in world.conditions.acts]
    try:
        report = await world.simulator.run(webhook_url=url + "/webhooks/telnyx")
        wanted = {call.call_id for call in report.calls}
        completed = await _wait_for(changed, lambda: not _missing(receiver, wanted))
        await asyncio.sleep(_SETTLE_S)
        in_time = len(asked)
        await asyncio.sleep(world.conditions.watched_s)
    finally:
        for act in acts:
            act.cancel()
        await asyncio.gather(*acts, return_exceptions=True)
    return Evidence(
        calls=report.calls,
        sessions=tuple(world.simulator.history.sessions),
        deliveries=tuple(receiver.deliveries),
        forged=receiver.forged,
        completed=completed,
        asked_late=len(asked) - in_time,
        began_at=began_at,
        took_s=world.machine.time() - world.began_at,
        pauses=tuple(world.pauses),
        bursts_ms=tuple(
            map(tuple, world.conditions.scenario.get("media", {}).get("bursts_ms", ()))
        ),
        skew_s=float(world.conditions.scenario.get("webhooks", {}).get("skew_s", 0.0)),
    )


def _missing(receiver: Receiver, calls: set[str]) -> set[str]:
    done = (one.data["call_id"] for one in receiver.deliveries if one.type == _LAST)
    return calls - set(done)


_LAST = "transcript.completed"


async def _wait_for(changed: asyncio.Event, done: Callable[[], bool]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not done():
                changed.clear()
                await changed.wait()
    except TimeoutError:
        return False
    return True


def settings_for(
    simulator: Simulator, receiver: Receiver, route: Mapping[str, Any], journal: Path
) -> Settings:
    """Return the settings of a service whose only route is this one."""
    return Settings.model_validate(
        {
            "listen": "127.0.0.1:0",
            "database_url": f"sqlite:///{journal}",
            "drain_timeout_s": 10,
            "telnyx_api_key": simulator.api_key,
            "telnyx_public_key": simulator.public_key,
            "telnyx_base_url": simulator.url,
            "telnyx_stt_url": simulator.stt_url,
            "route": {
                "0": {
                    "roles": {"inbound": "customer", "outbound": "agent"},
                    "endpoints": ["crm"],
                    **route,
                }
            },
            "endpoint": {
                "0": {
                    "name": "crm",
                    "type": "webhook",
                    "url": receiver.url,
                    "secret": receiver.secret,
                    "allow_private": True,
                }
            },
        }
    )
