"""Keeps a recogniser running, as the command line does: a child that dies is replaced."""

import asyncio
import signal
import sys
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import msgspec
import structlog

from service.recogniser.process.loop import new_loop
from service.recogniser.process.messages import ProcessSettings
from service.recogniser.process.parent import open_child
from service.tasks import first_of

log = structlog.get_logger()

_RESTART_DELAYS_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STEADY_S: Final = 60.0
"""Who has lived for so long died of something new."""


def serve(settings: ProcessSettings) -> int:
    """Run a recogniser until SIGTERM or SIGINT, drain it, and return 0.

    It is a child of this process, and logs to standard output. One that dies is replaced by
    another at the same address: at once, and after up to 30 s where they die one after the other.

    Raises:
        SettingsError: The models or the packages they need are not there, or the address
            cannot be listened on.
        RecognitionLostError: It was not ready within 60 s.
    """
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_supervise(settings))
    return 0


async def _supervise(settings: ProcessSettings) -> None:
    """Keep a child listening, the first at any port that is free, until there is a signal."""
    stop = asyncio.Event()
    _stop_on_signals(stop.set)
    clock = asyncio.get_running_loop().time
    deaths = 0
    while not stop.is_set():
        began = clock()
        async with open_child(settings, log_to=sys.stdout) as child:
            log.info("recogniser_listening", url=child.url, pid=child.pid)
            await first_of(stop.wait(), child.wait())
            if stop.is_set():
                return
            await child.report_death()
        settings = msgspec.structs.replace(settings, port=urlsplit(child.base_url).port or 0)
        deaths = 1 if clock() - began >= _STEADY_S else deaths + 1
        delay_s = _RESTART_DELAYS_S[min(deaths, len(_RESTART_DELAYS_S)) - 1]
        await first_of(stop.wait(), asyncio.sleep(delay_s))


def _stop_on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    loop.add_signal_handler(signal.SIGINT, stop)
