"""Tests of the whole service in virtual time: what they find does not depend on the machine."""

import asyncio
import functools
import random
import time
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

from service.app import Machine
from tests.proof.virtual.loop import VirtualLoop

_Args = ParamSpec("_Args")

_SEED = "whole service"


def in_virtual_time(
    test: Callable[_Args, Coroutine[Any, Any, None]],
) -> Callable[_Args, None]:
    """Play a test on a virtual machine: nothing waits, and nothing is late but by design."""

    @functools.wraps(test)
    def play(*args: _Args.args, **kwargs: _Args.kwargs) -> None:
        random.seed(_SEED)  # of the telephone SDK's waits, which take no dice
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(_SEED), debug=False) as runner:
            runner.run(test(*args, **kwargs))

    return play


def machine_here() -> Machine:
    """Return the machine that the test runs on: a virtual one, or this one."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualLoop):
        return Machine()
    since = time.time() - loop.time()
    dice = random.Random(_SEED)  # noqa: S311 - repeatable
    return Machine(clock=lambda: since + loop.time(), dice=dice.random, threaded=False)
