"""The room's door: `open_recognitions` runs every recognition of this process."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from service.calls.inputs import Input
from service.ports import Recognition, RecognitionPlan, Recognitions
from service.stt.limits import Limits
from service.stt.recognition import Service, TrackRecognition
from service.stt.track import Hearing

_DEFAULTS = Limits()


class _Room:
    def __init__(
        self,
        group: asyncio.TaskGroup,
        *,
        telnyx: Service,
        local: Service | None,
        limits: Limits,
        clock: Callable[[], float],
        dice: Callable[[], float],
    ) -> None:
        self._group = group
        self._telnyx = telnyx
        self._local = local
        self._limits = limits
        self._clock = clock
        self._dice = dice
        self.running: dict[asyncio.Task[None], TrackRecognition] = {}

    def open(self, plan: RecognitionPlan, tell: Callable[[Input], None]) -> Recognition:
        hearing = Hearing(plan, tell, self._limits)
        service = self._local if hearing.engine.name == "local" else self._telnyx
        recognition = TrackRecognition(
            hearing, service, limits=self._limits, clock=self._clock, dice=self._dice
        )
        task = self._group.create_task(
            recognition.run(), name=f"recognition-{plan.stream_id}-{plan.track}"
        )
        self.running[task] = recognition
        task.add_done_callback(self.running.pop)
        return recognition


@asynccontextmanager
async def open_recognitions(
    *,
    stt_url: str,
    api_key: str,
    local_url: str | None = None,
    local_api_key: str | None = None,
    limits: Limits = _DEFAULTS,
    clock: Callable[[], float] = time.monotonic,
    dice: Callable[[], float] = random.random,
) -> AsyncIterator[Recognitions]:
    """Run recognitions until the block ends; those still running then are cut short.

    `stt_url` is Telnyx's STT WebSocket and gets `api_key`; `local_url` is our own recogniser,
    for the engine `local`, and gets `local_api_key` if there is one, never the other. `clock`
    counts seconds steadily; `dice` gives numbers from 0 up to 1, for the jitter.

    What one is cut short of is told all the same: its last partial as a final, the audio that
    nobody heard as lost, and that it is finished. One that fails never stops another. Opening
    one for audio that `formats.decodable` refuses raises `ValueError`.
    """
    local = Service(local_url, local_api_key) if local_url else None
    async with asyncio.TaskGroup() as group:
        room = _Room(
            group,
            telnyx=Service(stt_url, api_key),
            local=local,
            limits=limits,
            clock=clock,
            dice=dice,
        )
        try:
            yield room
        finally:
            for task, recognition in list(room.running.items()):
                task.add_done_callback(partial(_cut_short, recognition))
                task.cancel()


def _cut_short(recognition: TrackRecognition, task: asyncio.Task[None]) -> None:
    if task.cancelled():
        recognition.cut_short()
    recognition.close()
