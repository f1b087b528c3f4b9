"""Three workers on one PostgreSQL of their own, to which things are done while calls go on."""

import asyncio
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.faults.older import Older, older_version
from tests.chaos.oracle import SkippedError, Verdict
from tests.journal.postgresql_server import SOUND, Server, make_server
from tests.small_disk import small_disk
from tests.workers.crew import SHORT_PACE, Crew, taken_over_s
from tests.workers.proxy import Proxy, open_proxy

WORKERS = 3
DISK = "200m"
_SMALL = (*SOUND, "-c", "max_wal_size=48MB")
_END_S = 180.0
_LOOK_S = 0.1


@dataclass(slots=True)
class Site:
    """A server, its disk if that is a small one, and a proxy before it."""

    server: Server
    process: "subprocess.Popen[bytes]"
    proxy: Proxy
    disk: Path | None = None
    older: Older | None = None
    """An older version of the service, if one is to run beside this one."""

    @property
    def databases(self) -> list[str]:
        """The ways to it: the first worker's goes through the proxy."""
        url, port = self.server.url, self.server.port
        return [url.replace(f":{port}/", f":{self.proxy.port}/"), *[url] * (WORKERS - 1)]

    async def revive(self) -> None:
        """Start the server again."""
        self.process = await asyncio.to_thread(self.server.start)


@dataclass(slots=True)
class Ward:
    """A crew at work, and what things are done to; the first worker is behind the proxy."""

    crew: Crew
    site: Site
    dice: random.Random
    short: bool
    takeovers: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def pace(self) -> float:
        """What part of the usual time it takes workers to miss each other."""
        return pace_of(self.site, short=self.short)

    async def taken_over(self, worker: str) -> None:
        """Wait until no call is left to a worker that is gone, and note how long it takes."""
        began = time.monotonic()
        query = "SELECT 1 FROM call WHERE NOT ended AND owner = $1 LIMIT 1"
        while await self.crew.ask(query, worker):
            await asyncio.sleep(_LOOK_S)
            if time.monotonic() > began + _END_S:
                break
        took_s = time.monotonic() - began
        self.takeovers.append(took_s)
        if took_s > taken_over_s(self.pace):
            self.problems.append(f"a take-over took {took_s:.1f} s")

    def sum_up(self, verdict: Verdict) -> Verdict:
        """Return a verdict with what went wrong beside deliveries."""
        verdict.recoveries = self.takeovers
        verdict.problems += self.problems
        return verdict


@dataclass(frozen=True, slots=True)
class Harm:
    """Something that is done to a ward, once a round. `row` is what the table calls it."""

    row: str
    act: Callable[[Ward], Awaitable[None]]
    on_small_disk: bool = False
    beside_older: bool = False
    """Whether all but the first worker are of an older version at first."""
    unfenced: bool = False
    """It is a control: nothing stops a worker that is out, and something has to be lost."""


def row_of(site: Site, harm: Harm) -> str:
    """Return what the table calls a harm that is done here."""
    of_older_schema = site.older is not None and not site.older.starts_beside
    return f"{harm.row}, of an older schema" if of_older_schema else harm.row


def pace_of(site: Site, *, short: bool) -> float:
    """Return what part of the usual time it takes workers to miss each other.

    An older version knows the usual one only.
    """
    return SHORT_PACE if short and site.older is None else 1.0


@asynccontextmanager
async def open_site(folder: Path, harm: Harm) -> AsyncIterator[Site]:
    """Start a server and a proxy.

    Raises:
        SkippedError: This harm cannot be done here.
    """
    older = older_version(folder) if harm.beside_older else None
    with _server_folder() as place, _disk(place, small=harm.on_small_disk) as disk:
        if disk is None:
            raise SkippedError("no small disk can be made here")
        server = make_server(disk, _SMALL if harm.on_small_disk else SOUND)
        process = await asyncio.to_thread(server.start)
        async with open_proxy("127.0.0.1", server.port) as proxy:
            site = Site(server, process, proxy, disk if harm.on_small_disk else None, older)
            try:
                yield site
                proxy.mend()
            finally:
                site.process.send_signal(signal.SIGQUIT)
                await asyncio.to_thread(site.process.wait)


@contextmanager
def _server_folder() -> Iterator[Path]:
    """Make a folder that the server may enter, which runs as nobody."""
    folder = Path(tempfile.mkdtemp(prefix="callscribe-postgresql-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _disk(folder: Path, *, small: bool) -> Iterator[Path | None]:
    if not small:
        yield folder
        return
    with small_disk(folder, DISK) as disk:
        yield disk
