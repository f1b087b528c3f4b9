"""The service under test, as `callscribe serve` runs it, with its settings on the command line."""

import asyncio
import signal
import sys

import msgspec
import uvloop

from service.app import running
from service.logs import set_up_logs
from service.process import spare_the_collector
from service.settings import Settings


async def main(settings: Settings) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with running(settings) as service:
        await spare_the_collector(service.carrier)
        print(service.url, flush=True)
        await stop.wait()


if __name__ == "__main__":
    set_up_logs(sys.stderr, level=40)
    uvloop.run(main(Settings.model_validate(msgspec.json.decode(sys.argv[1]))))
