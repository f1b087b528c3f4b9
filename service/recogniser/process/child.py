"""The child's side: runs a recogniser for the parent, and stops with it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from service.errors import SettingsError
from service.recogniser.models.weights import check_installed
from service.recogniser.process.allocator import keep_small
from service.recogniser.process.loop import new_loop
from service.recogniser.process.messages import ProcessSettings, Ready

_CHUNK_BYTES: Final = 1024


def serve_as_child() -> int:
    """Run a recogniser for the parent at the other end of standard input and output.

    Returns 0, or 2 when the settings cannot be used; the parent has been told why.
    """
    keep_small()
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=ProcessSettings)
    try:
        check_installed()
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(_serve(settings))
    except SettingsError as error:
        _tell_parent(Ready(problems=error.problems))
        return 2
    return 0


async def _serve(settings: ProcessSettings) -> None:
    from service.recogniser.server import open_recogniser  # noqa: PLC0415 - needs the extra

    stop = asyncio.Event()
    _stop_with_parent(stop.set)
    try:
        async with open_recogniser(
            host=settings.host,
            port=settings.port,
            api_keys=() if settings.api_key is None else (settings.api_key,),
            max_sessions=settings.max_sessions,
            model=settings.model,
            model_dir=None if settings.model_dir is None else Path(settings.model_dir),
            allow_private_urls=settings.allow_private_urls,
        ) as recogniser:
            _tell_parent(Ready(url=recogniser.url, base_url=recogniser.base_url))
            await stop.wait()
    except OSError as error:
        problem = f"the recogniser cannot listen on {settings.host}:{settings.port}"
        raise SettingsError([f"{problem}: {error.strerror}"]) from error


def _stop_with_parent(stop: Callable[[], None]) -> None:
    """Stop on SIGTERM and at the end of standard input.

    Ctrl-C in the terminal is the parent's business: it may still want its last words.
    """
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    stdin = sys.stdin.fileno()

    def read() -> None:
        if not os.read(stdin, _CHUNK_BYTES):
            loop.remove_reader(stdin)
            stop()

    loop.add_reader(stdin, read)


def _tell_parent(ready: Ready) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(ready) + b"\n")
    sys.stdout.flush()
