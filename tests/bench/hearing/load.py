"""How many sessions the recogniser keeps up with: calls in real time, more and more of them."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from websockets.exceptions import WebSocketException

from service.recogniser.models.choice import Choice
from service.recogniser.process.messages import ProcessSettings
from service.recogniser.process.parent import open_recogniser_process
from service.recogniser.scheduling.workers import usable_cores
from service.recogniser.server import SESSIONS_PER_CORE
from tests.bench.hearing.figures import percentile
from tests.bench.hearing.live import RATE_HZ, Utterance, converse, utterances
from tests.bench.processes import Program

CALLS: Final = Path(__file__).parents[3] / "fixtures" / "calls"
SETTLE_S: Final = 2.0
"""Left out at the beginning: sessions being made."""
MAX_DELAY_S: Final = 2.0
"""A final within two seconds of the end of speech, endpointing included, for 95 of 100."""
MAX_GROWTH_S: Final = 0.5
"""The second half's median delay may exceed the first's by so much."""
STAGGER: Final = 0.618
"""Of a call's length; a fraction whose multiples spread evenly."""
BREATH: Final = b"\xff" * int(0.9 * RATE_HZ)
NO_LIMIT: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Track:
    audio: bytes
    turns_ms: Sequence[tuple[int, int]]
    """When its speaker speaks."""


@dataclass(frozen=True, slots=True)
class Load:
    """What so many sessions at once were given. Delays in seconds, CPU in cores."""

    sessions: int
    talking: str
    final_p50_s: float
    final_p95_s: float
    partial_p50_s: float
    partial_p95_s: float
    growth_s: float
    partials_per_s: float
    """Per second of speech."""
    cores: float
    peak_bytes: int
    lost: int
    """Sessions that did not get all their answers."""

    @property
    def keeps_up(self) -> bool:
        """Whether finals came in time, and as quickly at the end as at the beginning."""
        in_time = self.final_p95_s < MAX_DELAY_S and self.growth_s < MAX_GROWTH_S
        return in_time and self.lost == 0


async def measure(steps: Sequence[int], *, seconds: float) -> list[Load]:
    """Play calls to a fresh recogniser: so many sessions each; stop where it cannot keep up.

    Last, as many sessions as it takes unless it is told otherwise, all talking at once.
    """
    loads: list[Load] = []
    for sessions in steps:
        loads.append(await try_load(sessions, "in turns", seconds=seconds))
        if not loads[-1].keeps_up:
            break
    limit = SESSIONS_PER_CORE * usable_cores()
    return [*loads, await try_load(limit, "all", seconds=seconds)]


@asynccontextmanager
async def recogniser(model: Choice = "auto") -> AsyncIterator[tuple[str, Program]]:
    """Run the recogniser as its command does, without its limit; give the WebSocket's URL."""
    async with open_recogniser_process(
        ProcessSettings(max_sessions=NO_LIMIT, model=model), quiet=True
    ) as process:
        yield process.url, Program(process.pid, process.base_url)


async def try_load(sessions: int, talking: str, *, seconds: float) -> Load:
    """Play to so many sessions at once, who are `talking` all the time or `in turns`."""
    tracks = _tracks(talking, SETTLE_S + seconds)
    async with recogniser() as (url, program):
        async with asyncio.TaskGroup() as players:
            meter = players.create_task(_cores(program, seconds))
            talks = [
                players.create_task(_talk(url, track))
                for track in itertools.islice(tracks, sessions)
            ]
        talked = [talk.result() for talk in talks]
        peak_bytes = program.peak_bytes
    heard = [one for some in talked for one in some or () if one.end_s > SETTLE_S]
    return _load(
        sessions,
        talking,
        heard,
        cores=meter.result(),
        peak_bytes=peak_bytes,
        middle_s=SETTLE_S + seconds / 2,
        lost=talked.count(None),
    )


async def _talk(url: str, track: bytes) -> list[Utterance] | None:
    """Return what was answered; None if the session broke off."""
    try:
        return utterances(await converse(url, track, real_time=True))
    except (TimeoutError, WebSocketException, OSError):
        return None


async def _cores(program: Program, seconds: float) -> float:
    await asyncio.sleep(SETTLE_S)
    before_s = program.cpu_s
    await asyncio.sleep(seconds)
    return (program.cpu_s - before_s) / seconds


def _load(
    sessions: int,
    talking: str,
    heard: Sequence[Utterance],
    *,
    cores: float,
    peak_bytes: int,
    middle_s: float,
    lost: int,
) -> Load:
    delays = [one.final_delay_s for one in heard]
    partials = [delay for one in heard for delay in one.partial_delays_s]
    early = [one.final_delay_s for one in heard if one.end_s <= middle_s]
    late = [one.final_delay_s for one in heard if one.end_s > middle_s]
    talked_s = sum(one.end_s - one.start_s for one in heard)
    return Load(
        sessions,
        talking,
        percentile(delays, 50),
        percentile(delays, 95),
        percentile(partials, 50),
        percentile(partials, 95),
        percentile(late, 50) - percentile(early, 50),
        len(partials) / talked_s if talked_s else 0.0,
        cores,
        peak_bytes,
        lost,
    )


def _tracks(talking: str, seconds: float) -> Iterator[bytes]:
    """Return tracks without end, no two of them at the same point of a call."""
    calls = [_call(name) for name in ("real-call", "support-call")]
    if talking == "all":
        calls = [[_without_pauses(track)] for tracks in calls for track in tracks]
    length = int(seconds * RATE_HZ)
    for number, tracks in enumerate(itertools.cycle(calls)):
        for track in tracks:
            at = int(number * STAGGER * len(track.audio)) % len(track.audio)
            turned = track.audio[at:] + track.audio[:at]
            yield bytes(itertools.islice(itertools.cycle(turned), length))


def _call(name: str) -> list[_Track]:
    call = json.loads((CALLS / f"{name}.json").read_text())
    return [
        _Track(
            (CALLS / call["tracks"][track]).read_bytes(),
            [(one["start_ms"], one["end_ms"]) for one in call["script"] if one["speaker"] == who],
        )
        for track, who in (("inbound", "customer"), ("outbound", "agent"))
    ]


def _without_pauses(track: _Track) -> _Track:
    """Return a track on which someone speaks, breathes, and speaks on."""
    per_ms = RATE_HZ // 1000
    turns = [track.audio[start * per_ms : end * per_ms] for start, end in track.turns_ms]
    return _Track(b"".join(turn + BREATH for turn in turns), [])
