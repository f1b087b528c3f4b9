"""A name server: answers over UDP what it is told to, or nothing at all."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

_A, _HEADER_BYTES = 1, 12
_ANSWER, _NO_SUCH_NAME = 0x8180, 0x8183


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """Knows some names; `silent` has it answer nobody, `swallows` nobody who asks for these."""

    names: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    swallows: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)
    """The names, once for each question for an IPv4 address."""
    port: int = 0
    _transport: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> str:
        """Where to ask it."""
        return f"127.0.0.1:{self.port}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a question, or not."""
        name, end = _read_name(data, _HEADER_BYTES)
        (kind,) = struct.unpack_from(">H", data, end)
        if kind == _A:
            self.asked.append(name)
        if not self.silent and name not in self.swallows:
            assert self._transport is not None
            self._transport.sendto(self._answer(data, name, kind, end + 4), addr)

    def _answer(self, data: bytes, name: str, kind: int, end: int) -> bytes:
        address = self.names.get(name)
        answers = [address] if address and kind == _A else []
        flags = _ANSWER if address else _NO_SUCH_NAME
        header = data[:2] + struct.pack(">HHHHH", flags, 1, len(answers), 0, 0)
        records = b"".join(
            struct.pack(">HHHIH", 0xC000 | _HEADER_BYTES, _A, 1, 60, 4) + socket.inet_aton(one)
            for one in answers
        )
        return header + data[_HEADER_BYTES:end] + records


@asynccontextmanager
async def open_name_server(**names: str) -> AsyncIterator[NameServer]:
    """Listen on a free port of this machine; `crm_example` stands for `crm.example`."""
    known = {name.replace("_", "."): address for name, address in names.items()}
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(known), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()


def _read_name(data: bytes, at: int) -> tuple[str, int]:
    labels = []
    while length := data[at]:
        labels.append(data[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels).lower(), at + 1
