"""One engine in a process of its own: takes an order, does its jobs one by one, says what came.

Time is that of the audio: samples come in pieces of 0.1 s, each once its last has been spoken,
and what the engine takes for them is counted as the CPU time it used. So no other process, and no
real time, is in the figures.
"""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
import numpy as np

from service.recogniser.audio.samples import Samples
from tests.bench.hearing import engines
from tests.bench.hearing.engines.following import Engine, Said
from tests.bench.hearing.work import NOT_THERE, TOO_SLOW, Done, Job, Order, Text

PIECE_S: Final = 0.1


def main() -> int:
    """Work; return 3 if the engine is not there, 4 if it used up its time."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    # Engines print as they like; what we have to say goes where they cannot reach.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        engine = engines.load(order.engine)
    except (ImportError, OSError) as error:
        print(f"{order.engine}: {error}", file=sys.stderr)
        return NOT_THERE
    for job in order.jobs:
        done = _do(engine, job, order.cpu_limit_s)
        if done is None:
            return TOO_SLOW
        answers.write(msgspec.json.encode(done) + b"\n")
        answers.flush()
    return 0


def _do(engine: Engine, job: Job, cpu_limit_s: float) -> Done | None:
    samples = np.fromfile(job.path, "<i2").astype(np.float32) / np.float32(32768)
    follower = engine.follow(job.rate_hz, partials=job.partials)
    piece = int(PIECE_S * job.rate_hz)
    texts: list[Text] = []
    now_s = spent_s = 0.0

    def take(tell: Callable[..., Iterator[Said]], *audio: Samples, **more: float) -> None:
        nonlocal now_s, spent_s
        began_s = time.process_time()
        for one in tell(*audio, **more):
            at_s = now_s + time.process_time() - began_s
            texts.append(Text(at_s, one.text, one.is_final))
        took_s = time.process_time() - began_s
        now_s, spent_s = now_s + took_s, spent_s + took_s

    for at in range(0, len(samples), piece):
        if time.process_time() > cpu_limit_s:
            return None
        spoken_s = (at + piece) / job.rate_hz
        now_s = max(now_s, spoken_s)
        take(follower.hear, samples[at : at + piece], behind_s=now_s - spoken_s)
    take(follower.finish)
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Done(
        key=job.key,
        audio_s=len(samples) / job.rate_hz,
        cpu_s=spent_s,
        peak_bytes=peak_bytes,
        texts=texts,
    )


if __name__ == "__main__":
    sys.exit(main())
