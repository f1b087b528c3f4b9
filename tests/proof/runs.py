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
MAX_RUN_S, MAX_RUN_CPU_S = 1_800, 120
"""A run takes less than one second of a processor; where there is none to be had, it waits."""

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
    with time_limit():
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
        with time_limit(), _without_replay(off == "replay"):
            evidence = run(trial.conditions(recognitions=_doors(off)))
        return judge(trial, evidence)
    except (Exception, TooLongError):  # noqa: BLE001 - whatever it is, it is told
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


class TooLongError(KeyboardInterrupt):
    """A run took too long.

    It is raised wherever the run is just then. Nobody there may take it for an error of his own:
    the simulator would say that its recogniser is away. Nor does a loop keep it to itself.
    """


@contextmanager
def time_limit(*, cpu_s: float = MAX_RUN_CPU_S) -> Iterator[None]:
    """Break off what never ends: after so much time of a processor, or long after.

    Raises:
        TooLongError: The run took too long.
    """

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TooLongError

    before = [signal.signal(each, ring) for each in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    signal.alarm(MAX_RUN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        signal.signal(signal.SIGPROF, before[0])
        signal.signal(signal.SIGALRM, before[1])
