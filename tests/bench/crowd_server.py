"""The service with a name server of its own, and with all endpoints as one host if wanted."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec
import uvloop

from service.app import Machine, running
from service.delivery.host import origin_of
from service.logs import set_up_logs
from service.process import spare_the_collector
from service.settings import Settings


async def main(settings: Settings, nameserver: str, *, apart: bool) -> None:
    """Serve until told to stop."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    host_of = origin_of if apart else lambda _: "all"
    machine = Machine(nameservers=(nameserver,), host_of=host_of)
    async with running(settings, machine=machine) as service:
        await spare_the_collector(service.carrier)
        print(service.url, flush=True)
        await stop.wait()


if __name__ == "__main__":
    given, nameserver, how = sys.argv[1:]
    parsed = Settings.model_validate(msgspec.json.decode(given))
    with Path(os.devnull).open("w") as nowhere:
        set_up_logs(nowhere)
        uvloop.run(main(parsed, nameserver, apart=how == "apart"))
