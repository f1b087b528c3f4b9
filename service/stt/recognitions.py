"""The room's door: `open_recognitions` runs every recognition of this process."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from service.calls.engines import fit_choices, model_for
from service.calls.inputs import Input
from service.calls.routes import Route
from service.name_lookup import open_name_lookup
from service.ports import Recognition, RecognitionPlan, Recognitions
from service.stt.choices import Choice
from service.stt.circuits import EngineKey
from service.stt.counters import RecognitionCounters
from service.stt.limits import Limits
from service.stt.line import Service
from service.stt.query import engine_of
from service.stt.recognition import TrackRecognition
from service.tasks import Tasks, open_tasks

_DEFAULTS = Limits()


class _Recognitions:
    def __init__(
        self,
        tasks: Tasks,
        *,
        telnyx: Service,
        local: Service | None,
        limits: Limits,
        counters: RecognitionCounters,
        clock: Callable[[], float],
        dice: Callable[[], float],
    ) -> None:
        self._tasks = tasks
        self._telnyx = telnyx
        self._local = local
        self._limits = limits
        self._counters = counters
        self._clock = clock
        self._dice = dice
        self._running: dict[asyncio.Task[None], TrackRecognition] = {}

    def open(self, plan: RecognitionPlan, tell: Callable[[Input], None]) -> Recognition:
        recognition = TrackRecognition(
            plan,
            tell,
            [self._choice(route) for route in fit_choices(plan.route, "media")],
            self._service,
            switches=self._counters.switches,
            limits=self._limits,
            clock=self._clock,
            dice=self._dice,
        )
        task = self._tasks.start(
            recognition.run(), "recognition", of=f"{plan.ref.stream_id} {plan.ref.track}"
        )
        self._running[task] = recognition
        task.add_done_callback(self._running.pop)
        return recognition

    def close(self) -> None:
        """Have those that still run, and are about to be cancelled, emit their ends."""
        for task, recognition in self._running.items():
            task.add_done_callback(partial(_cut_short, recognition))

    def _choice(self, route: Route) -> Choice:
        engine = engine_of(route)
        service = self._local if engine.name == "local" else self._telnyx
        key = EngineKey(engine.name, model_for(engine, route.model), service.url if service else "")
        return Choice(route, engine, self._counters.circuits.of(key))

    def _service(self, choice: Choice) -> Service | None:
        return self._local if choice.engine.name == "local" else self._telnyx


@asynccontextmanager
async def open_recognitions(
    *,
    stt_url: str,
    api_key: str,
    local_url: str | None = None,
    local_api_key: str | None = None,
    limits: Limits = _DEFAULTS,
    counters: RecognitionCounters | None = None,
    clock: Callable[[], float] | None = None,
    dice: Callable[[], float] = random.random,
    nameservers: Sequence[str] | None = None,
) -> AsyncIterator[Recognitions]:
    """Run recognitions until the block ends; those still running then are cut short.

    `stt_url` is Telnyx's STT WebSocket and gets `api_key`; `local_url` is our own recogniser,
    for the engine `local`, and gets `local_api_key` if there is one, never the other. `counters`
    counts, and remembers for all of them which engines are down. `clock` counts seconds
    steadily, by default as the event loop does; `dice` gives numbers from 0 up to 1, for the
    jitter. `nameservers` (`address:port`, the system's unless given) are asked for the names of
    both, apart from everybody else's look-ups.

    What one is cut short of is emitted all the same: its last partial as a final, the audio that
    nobody heard as lost, and that it is finished. One that fails never stops another. Opening
    one for audio that `wire.audio.decodable` refuses raises `ValueError`.
    """
    async with open_name_lookup(nameservers) as names, open_tasks() as tasks:
        recognitions = _Recognitions(
            tasks,
            telnyx=Service(stt_url, api_key, names),
            local=Service(local_url, local_api_key, names) if local_url else None,
            limits=limits,
            counters=counters or RecognitionCounters(),
            clock=clock or asyncio.get_running_loop().time,
            dice=dice,
        )
        try:
            yield recognitions
        finally:
            recognitions.close()


def _cut_short(recognition: TrackRecognition, task: asyncio.Task[None]) -> None:
    if task.cancelled():
        recognition.cut_short()
    recognition.close()
