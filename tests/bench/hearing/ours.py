"""Our own recogniser, as its command runs it, over its WebSocket."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from service.recogniser.models.choice import Choice
from tests.bench.hearing.conditions import PHONE_HZ
from tests.bench.hearing.followed import Utterance
from tests.bench.hearing.live import Arrival, converse, text_of
from tests.bench.hearing.load import recogniser
from tests.bench.hearing.recordings import CLEAN_HZ, Recording
from tests.bench.hearing.work import Done, Text

TRACKS: Final = 2
"""Sessions at once that utterances are spoken to, as in one call."""


async def listen(
    model: Choice, recordings: Sequence[tuple[str, Recording, str]]
) -> dict[str, Done]:
    """Have each recording (key, recording, condition) heard as quickly as it can be."""
    done: dict[str, Done] = {}
    async with recogniser(model) as (url, program):
        await _warm_up(url, recordings[0][1])
        for key, recording, condition in recordings:
            before_s = program.cpu_s
            arrivals = await _play(url, recording, condition)
            done[key] = Done(
                key=key,
                audio_s=len(recording.phone) / PHONE_HZ,
                cpu_s=program.cpu_s - before_s,
                peak_bytes=program.peak_bytes,
                texts=[Text(0.0, text_of(arrivals), is_final=True)],
            )
    return done


async def follow(model: Choice, utterances: Sequence[Utterance]) -> Mapping[int, list[Text]]:
    """Speak the utterances in real time, one after the other on each track."""
    numbers = range(len(utterances))
    async with recogniser(model) as (url, _), asyncio.TaskGroup() as tracks:
        tasks = [
            tracks.create_task(_speak(url, {n: utterances[n] for n in numbers[track::TRACKS]}))
            for track in range(TRACKS)
        ]
    return {number: texts for task in tasks for number, texts in task.result().items()}


async def _warm_up(url: str, recording: Recording) -> None:
    await converse(url, recording.phone, real_time=False)


async def _play(url: str, recording: Recording, condition: str) -> list[Arrival]:
    if condition == "clean":
        assert recording.clean is not None
        samples = (np.clip(recording.clean, -1, 1) * 32767).astype("<i2").tobytes()
        return await converse(url, samples, real_time=False, rate_hz=CLEAN_HZ, codec="linear16")
    audio = recording.phone if condition == "phone" else recording.noise
    return await converse(url, audio, real_time=False)


async def _speak(url: str, utterances: Mapping[int, Utterance]) -> dict[int, list[Text]]:
    audio = b"".join(one.phone for one in utterances.values())
    arrivals = await converse(url, audio, real_time=True)
    begin_s = itertools.accumulate((one.length_s for one in utterances.values()), initial=0.0)
    return {
        number: [
            Text(arrival.at_s - from_s, answer.transcript or "", bool(answer.is_final))
            for arrival in arrivals
            if (answer := arrival.answer).start_time is not None
            and from_s <= answer.start_time < from_s + one.length_s
        ]
        for (number, one), from_s in zip(utterances.items(), begin_s, strict=False)
    }
