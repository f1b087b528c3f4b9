"""Clients of the feed: one that reads Server-Sent Events, one that talks over a WebSocket."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.waiting import PATIENCE_S


@dataclass
class Event:
    """One Server-Sent Event."""

    type: str
    id: int | None
    data: dict[str, Any]

    @property
    def seq(self) -> tuple[str, int]:
        """Which durable event this is."""
        return self.data["data"]["call_id"], self.data["data"]["seq"]


@dataclass
class SseClient:
    """Reads Server-Sent Events by the rules of the HTML standard."""

    answer: aiohttp.ClientResponse
    last_id: int | None = None
    comments: list[str] = field(default_factory=list)
    retry_ms: int | None = None

    async def next(self, timeout_s: float = 5) -> Event:
        """Return the next event.

        Raises:
            EOFError: There is none.
        """
        kind, data = "message", list[str]()
        async with asyncio.timeout(timeout_s):
            while line := (await self.answer.content.readline()).decode():
                name, _, value = line.rstrip("\n").partition(":")
                value = value.removeprefix(" ")
                if line == "\n" and data:
                    found = msgspec.json.decode("\n".join(data))
                    return Event(kind, self._id_of(kind), found)
                if name == "" and line != "\n":
                    self.comments.append(value)
                elif name == "id":
                    self.last_id = int(value)
                elif name == "retry":
                    self.retry_ms = int(value)
                elif name == "event":
                    kind = value
                elif name == "data":
                    data.append(value)
        raise EOFError

    async def many(self, count: int) -> list[Event]:
        """Return the next few events."""
        return [await self.next() for _ in range(count)]

    async def ended(self) -> list[Event]:
        """Return all that comes until the stream ends."""
        events: list[Event] = []
        try:
            while True:
                events.append(await self.next())
        except (EOFError, aiohttp.ClientPayloadError):
            return events

    def _id_of(self, kind: str) -> int | None:
        return None if kind in ("transcript.partial", "closed") else self.last_id


class SocketClient:
    """One WebSocket, in messages."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **message: object) -> None:
        """Send a message."""
        await self.socket.send(msgspec.json.encode(message).decode())

    async def subscribe(self, name: str, **wanted: object) -> Any:  # noqa: ANN401 - JSON
        """Subscribe, and return the answer."""
        await self.say(subscribe={"id": name, **wanted})
        return await self.next()

    async def next(self) -> Any:  # noqa: ANN401 - JSON
        """Return the next message."""
        async with asyncio.timeout(PATIENCE_S):
            return msgspec.json.decode(await self.socket.recv())

    async def many(self, count: int) -> list[Any]:
        """Return the next few messages."""
        return [await self.next() for _ in range(count)]

    async def closed(self) -> tuple[int, list[Any]]:
        """Return the close code, and what came before it."""
        messages: list[Any] = []
        try:
            while True:
                messages.append(await self.next())
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006, messages
