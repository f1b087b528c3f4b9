"""The whole of it: listen, follow, load; then the tables."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from service.recogniser.audio.samples import Samples
from service.recogniser.models.choice import Choice
from service.recogniser.scheduling.workers import usable_cores
from tests.bench.hearing import load, ours, tables
from tests.bench.hearing.conditions import CONDITIONS, PHONE_HZ, from_mulaw
from tests.bench.hearing.fetching import fetch_sources
from tests.bench.hearing.followed import Delays, Utterance, cut, delays
from tests.bench.hearing.peers import Work, run_all
from tests.bench.hearing.recordings import CLEAN_HZ, Recording, load_recordings, seconds
from tests.bench.hearing.results import Result, cpu_per_s, error_rates
from tests.bench.hearing.work import Done, Job, Text

Task = tuple[str, Recording, str]
"""A key, a recording, and the condition it is heard in."""
OURS: Final[Sequence[Choice]] = ("auto", "base", "tiny")
FEW: Final = ("jfk", "austen_0870")
UTTERANCES_S: Final = 75.0
STEPS: Final = (2, 4, 8, 12, 16, 20, 24)
"""Sessions for each core, every other one silent at any time."""
STEP_S: Final = 16.0


async def measure(*, short: bool) -> None:
    """Measure and print; `short` is our own engine alone, and a few seconds of two people."""
    recordings, about = _recordings(short=short)
    people = [one for one in recordings if one.kind != "synthetic"]
    tasks = list(_tasks(recordings))
    utterances = cut(people, seconds=10.0 if short else UTTERANCES_S)
    works = [] if short else await _others(tasks, utterances)
    models = OURS[:1] if short else OURS
    results = [await _ours(model, tasks, utterances) for model in models]
    results += [_result(work, tasks, utterances) for work in reversed(works)]
    tables.show_results(results, about)
    cores = usable_cores()
    if short:
        loads = [await load.try_load(2 * cores, "in turns", seconds=6.0)]
    else:
        loads = await load.measure([step * cores for step in STEPS], seconds=STEP_S)
    tables.show_load(loads, cores)


def _recordings(*, short: bool) -> tuple[list[Recording], str]:
    if short:
        found = [one for one in load_recordings() if one.name in FEW]
        return (
            found,
            f"Only {len(found)} recordings, {seconds(found):.0f} s: no measure of anything.",
        )
    fetched = fetch_sources()
    found = load_recordings()
    people = [one for one in found if one.kind != "synthetic"]
    about = f"{len(people)} recordings of people, {seconds(people):.0f} s"
    if not fetched:
        about += "; the others could not be fetched"
    return found, about


def _tasks(recordings: Sequence[Recording]) -> Iterator[Task]:
    """Return what is to be heard, in the order of its importance."""
    for condition in CONDITIONS:
        for one in recordings:
            if condition == "clean" and one.clean is None:
                continue  # it went through a telephone before it came here
            if condition == "phone" or one.kind != "synthetic":
                yield f"{condition}/{one.name}", one, condition


async def _ours(model: Choice, tasks: Sequence[Task], utterances: Sequence[Utterance]) -> Result:
    done = await ours.listen(model, tasks)
    followed = await ours.follow(model, utterances)
    return _row(f"ours, {model}", tasks, done, delays(followed, utterances))


async def _others(tasks: Sequence[Task], utterances: Sequence[Utterance]) -> list[Work]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        jobs = [
            _job(folder, f"{number:03}", key, *_audio(recording, condition))
            for number, (key, recording, condition) in enumerate(tasks)
        ]
        spoken = [
            _job(folder, f"u{number}", _key(number), from_mulaw(one.phone), PHONE_HZ, follow=True)
            for number, one in enumerate(utterances)
        ]
        phones = sum(condition == "phone" for _, _, condition in tasks)
        return await run_all(jobs[:phones] + spoken + jobs[phones:])


def _audio(recording: Recording, condition: str) -> tuple[Samples, int]:
    if condition == "clean" and recording.clean is not None:
        return recording.clean, CLEAN_HZ
    return from_mulaw(recording.phone if condition == "phone" else recording.noise), PHONE_HZ


def _job(
    folder: Path, file: str, key: str, samples: Samples, rate_hz: int, *, follow: bool = False
) -> Job:
    path = folder / file
    (np.clip(samples, -1, 1) * 32767).astype("<i2").tofile(path)
    return Job(key=key, path=str(path), rate_hz=rate_hz, partials=follow)


def _key(number: int) -> str:
    return f"utterance/{number}"


def _result(work: Work, tasks: Sequence[Task], utterances: Sequence[Utterance]) -> Result:
    followed: dict[int, list[Text]] = {
        number: work.done[_key(number)].texts
        for number in range(len(utterances))
        if _key(number) in work.done
    }
    timed = delays(followed, utterances) if len(followed) == len(utterances) else None
    return _row(work.peer.title, tasks, work.done, timed, work.problem)


def _row(
    title: str,
    tasks: Sequence[Task],
    done: Mapping[str, Done],
    timed: Delays | None,
    problem: str = "",
) -> Result:
    phones = [key for key, _, condition in tasks if condition == "phone"]
    return Result(
        title,
        error_rates(tasks, done),
        cpu_per_s(phones, done),
        max((one.peak_bytes for one in done.values()), default=0),
        timed,
        problem,
    )
