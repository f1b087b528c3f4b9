"""The two ends of a connection in memory, as asyncio's transports."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any

from tests.proof.virtual.process import Process

_HIGH_WATER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Socket:
    """Stands for the socket of a connection, which libraries ask for its addresses."""

    here: tuple[str, int]
    there: tuple[str, int]
    family: int = socket.AF_INET

    def getsockname(self) -> tuple[str, int]:
        return self.here

    def getpeername(self) -> tuple[str, int]:
        return self.there

    def setsockopt(self, *_option: object) -> None:
        """Take an option, which changes nothing here."""

    def fileno(self) -> int:
        """Say that there is no descriptor to wait for."""
        return -1


class Link:
    """A connection between two processes (None is the machine itself)."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        latency_s: float,
        processes: tuple[Process | None, Process | None],
    ) -> None:
        self.loop = loop
        self.latency_s = latency_s
        self.processes = processes
        self.is_dead = False
        """Whether nothing is carried any more, and neither end is told."""
        self.carried_bytes = 0
        self._ends: tuple[VirtualTransport, ...] = ()

    def ends(
        self, near: tuple[str, int], far: tuple[str, int], far_context: Context
    ) -> "tuple[VirtualTransport, VirtualTransport]":
        """Make both ends, for the caller and for the listener."""
        one = VirtualTransport(self, near, far, copy_context())
        other = VirtualTransport(self, far, near, far_context.copy())
        one.peer, other.peer = other, one
        self._ends = (one, other)
        return one, other

    @property
    def over(self) -> bool:
        """Whether both ends are closed."""
        return all(end.lost for end in self._ends)

    def reset(self) -> None:
        """Break it: both ends are told."""
        for end in self._ends:
            end.lose(ConnectionResetError("connection reset by peer"))


class VirtualTransport(asyncio.Transport):
    """One end. What is written arrives at the other end after the link's latency, in order."""

    peer: "VirtualTransport"

    def __init__(
        self, link: Link, here: tuple[str, int], there: tuple[str, int], context: Context
    ) -> None:
        super().__init__({"sockname": here, "peername": there, "socket": _Socket(here, there)})
        self._link = link
        self._loop = link.loop
        self._context = context
        self._protocol: Any = None
        self._sent: deque[bytes] = deque()
        """Written, and not taken by the other end yet."""
        self._sent_bytes = 0
        self._under_way = False
        self._reading = True
        self._paused_writing = False
        self._limits = (_HIGH_WATER_BYTES // 4, _HIGH_WATER_BYTES)
        self._closing = False
        self._eof = False
        self.lost = False

    def begin(self, protocol: asyncio.BaseProtocol) -> None:
        """Give the connection to a protocol, at once."""
        self._protocol = protocol
        protocol.connection_made(self)

    def serve(self, factory: Callable[[], asyncio.BaseProtocol]) -> None:
        """Give the connection to a listener's protocol, once the listener comes round."""

        def begin() -> None:
            if not self.lost:
                self.begin(factory())

        self._call(begin)

    # --- reading -----------------------------------------------------------------------------

    def is_reading(self) -> bool:
        """Say whether what comes is handed on."""
        return self._reading and not self._closing

    def pause_reading(self) -> None:
        """Let what comes wait."""
        self._reading = False

    def resume_reading(self) -> None:
        """Take what waits."""
        if not self._reading:
            self._reading = True
            self.peer.push()

    # --- writing -----------------------------------------------------------------------------

    def write(self, data: Any) -> None:  # noqa: ANN401 - whatever is bytes
        """Send bytes; those to an end that is gone are dropped."""
        if self._closing or self._eof or not data:
            return
        self._sent.append(bytes(data))
        self._sent_bytes += len(data)
        self.push()
        if self._sent_bytes > self._limits[1] and not self._paused_writing:
            self._paused_writing = True
            self._protocol.pause_writing()

    def writelines(self, list_of_data: Any) -> None:  # noqa: ANN401 - as in asyncio
        """Send several."""
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        """Say that no more comes, after what was written."""
        self._eof = True
        self.push()

    def can_write_eof(self) -> bool:
        """Say yes: the other direction stays open."""
        return True

    def get_write_buffer_size(self) -> int:
        """Return how much the other end has not taken."""
        return self._sent_bytes

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return when writing is resumed, and when it is paused."""
        return self._limits

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set when writing is paused and resumed, as asyncio's transports do."""
        if high is None:
            high = _HIGH_WATER_BYTES if low is None else 4 * low
        self._limits = (high // 4 if low is None else low, high)

    def push(self) -> None:
        """Have what was written arrive, after the latency."""
        if not self._under_way and (self._sent or self._eof or self._closing):
            self._under_way = True
            self._loop.call_later(self._link.latency_s, self._arrive, context=_machine)

    # --- the end -----------------------------------------------------------------------------

    def is_closing(self) -> bool:
        """Say whether it is closed, or about to be."""
        return self._closing

    def close(self) -> None:
        """Close once everything written has arrived."""
        if not self._closing:
            self._closing = True
            self.push()

    def abort(self) -> None:
        """Break the connection: the other end is reset."""
        self._closing = True
        self.lose(None)
        if self._link.is_dead:
            return
        self._loop.call_later(
            self._link.latency_s,
            self.peer.lose,
            ConnectionResetError("connection reset by peer"),
            context=_machine,
        )

    def lose(self, error: Exception | None) -> None:
        """Tell the protocol that the connection is over, once."""
        if self.lost:
            return
        self.lost = self._closing = True
        self._sent.clear()
        self._sent_bytes = 0
        self._call(self._tell_lost, error)

    def _tell_lost(self, error: Exception | None) -> None:
        if self._protocol is not None:  # one that was never served has none
            self._protocol.connection_lost(error)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return whose connection it is."""
        protocol: asyncio.BaseProtocol = self._protocol
        return protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Give the connection to another protocol."""
        self._protocol = protocol

    # --- on the wire, which belongs to the machine -------------------------------------------

    def _arrive(self) -> None:
        self._under_way = False
        peer = self.peer
        if self._link.is_dead:
            if self._closing:
                self.lose(None)
            return
        if peer.lost:
            self.lose(None)
            return
        if not peer._reading and not peer._closing:  # noqa: SLF001 - the other end of the same
            return
        data = b"".join(self._sent)
        self._link.carried_bytes += len(data)
        self._sent.clear()
        self._sent_bytes = 0
        if data:
            peer._call(peer._take, data)  # noqa: SLF001
        if self._paused_writing:
            self._paused_writing = False
            self._call(lambda: self.lost or self._protocol.resume_writing())
        if self._closing:
            self.lose(None)
        if self._closing or self._eof:
            peer._call(peer._take_eof)  # noqa: SLF001

    def _take(self, data: bytes) -> None:
        if not self.lost:
            self._protocol.data_received(data)

    def _take_eof(self) -> None:
        if not self.lost and not self._protocol.eof_received():
            self.close()

    def _call(self, callback: Callable[..., object], *args: object) -> None:
        self._loop.call_soon(callback, *args, context=self._context)


_machine = Context()
"""Of the wire: no process's, so that it goes on whoever stands still."""
