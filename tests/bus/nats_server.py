"""NATS for the tests: the server that a wheel brings, on the loopback."""

import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_STARTS_IN_S: Final = 30.0


@dataclass
class NatsServer:
    """A server on a port of its own."""

    port: int
    password: str = ""
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def url(self) -> str:
        """Where it is."""
        who = f"u:{self.password}@" if self.password else ""
        return f"nats://{who}127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and return once it takes connections."""
        program = Path(sysconfig.get_path("scripts")) / "nats-server"
        if not program.exists():
            raise RuntimeError("there is no NATS for the tests: run make")
        who = ["--user", "u", "--pass", self.password] if self.password else []
        self.process = subprocess.Popen(
            [program, "-a", "127.0.0.1", "-p", str(self.port), *who],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + _STARTS_IN_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise RuntimeError("NATS did not start")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it without a word."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False


@contextmanager
def make_nats_server(password: str = "") -> Iterator[NatsServer]:
    """Return a server that is not started yet; it is killed in the end."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        server = NatsServer(one.getsockname()[1], password)
    try:
        yield server
    finally:
        server.kill()
