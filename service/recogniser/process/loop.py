"""The event loop that a recogniser runs on."""

import asyncio
import sys


def new_loop() -> asyncio.AbstractEventLoop:
    """Return a new loop: uvloop's where it can be had."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 - not to be had on Windows

    return uvloop.new_event_loop()
