"""Makes trials, in processes of their own; and with a part of the service out of order."""

import faulthandler
import logging
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from multiprocessing import get_context
from types import FrameType
from typing import Literal, TypeVar

import structlog

from service.ports import Recognitions
from service.stt import tape as stt_tape
from service.stt.ring import Ring
from tests.proof import restarts
from tests.proof.doors import ForgetfulRing, SilentGaps
from tests.proof.oracle import Verdict, judge
from tests.proof.restarts import Killed, Restart
from tests.proof.trial import Trial
from tests.proof.world import run

WORKERS = 2
CHUNK = 4
RUNS_A_WORKER = 100
"""A process makes a hundred runs, so that what they leave behind does not add up.

All processes are made anew at once: a pool that replaces them one by one can wait for ever.
"""
MAX_RUN_S = 120
"""Of real time: a run takes less than one second."""

Given = TypeVar("Given")
Made = TypeVar("Made")
Off = Literal["", "replay", "gaps"]
"""What of the service is out of order: no audio is sent again, or nothing lost is told."""


def make_all(
    trials: Iterable[Trial], off: Off = "", *, workers: int = WORKERS
) -> Iterator[Verdict]:
    """Give the verdicts on trials, in their order."""
    yield from _spread(partial(make, off=off), trials, workers)


def kill_all(
    seed: int, every: int = 1, off: restarts.Off = "", *, workers: int = WORKERS
) -> Iterator[Killed]:
    """Give what comes of a kill at every write, or at every so many."""
    be_quiet()
    yield from _spread(partial(make_kill, off=off), list(restarts.matrix(seed, every)), workers)


def make_kill(restart: Restart, off: restarts.Off = "") -> Killed:
    """Make one run with a kill."""
    with _time_limit():
        return restarts.kill(restart, off)


def _spread(work: Callable[[Given], Made], given: Iterable[Given], workers: int) -> Iterator[Made]:
    """Do work in several processes; give what comes of it, in order."""
    left = iter(given)
    while some := list(islice(left, RUNS_A_WORKER * workers)):
        with ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=be_quiet
        ) as pool:
            yield from pool.map(work, some, chunksize=CHUNK)


def make(trial: Trial, off: Off = "") -> Verdict:
    """Make one trial; one that breaks has failed."""
    try:
        with _time_limit(), _without_replay(off == "replay"):
            evidence = run(trial.conditions(recognitions=_doors(off)))
        return judge(trial, evidence)
    except Exception:  # noqa: BLE001 - whatever it is, it is told
        verdict = Verdict(trial=trial)
        verdict.blame(f"it broke: {traceback.format_exc(limit=-4)}")
        return verdict


def be_quiet() -> None:
    """Log nothing: thousands of calls go wrong here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    faulthandler.enable()


def _doors(off: Off) -> Callable[[Recognitions], Recognitions]:
    return SilentGaps if off == "gaps" else lambda recognitions: recognitions


@contextmanager
def _without_replay(off: bool) -> Iterator[None]:  # noqa: FBT001 - of this module
    ring: type[Ring] = vars(stt_tape)["Ring"]
    if off:
        vars(stt_tape)["Ring"] = ForgetfulRing
    try:
        yield
    finally:
        vars(stt_tape)["Ring"] = ring


@contextmanager
def _time_limit() -> Iterator[None]:
    """Break off what never ends.

    Raises:
        TimeoutError: The run took too long.
    """

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError("the run takes too long")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(MAX_RUN_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
