"""A recognition under test: fed at the pace of the test's own clock, all it emits kept."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from service.calls.inputs import Input, WordsHeard
from service.ports import Recognition
from service.stt.limits import Limits
from service.stt.matching import words_of
from service.stt.recognitions import open_recognitions
from tests.stt.builders import CHUNK_BYTES, plan, stamp
from tests.stt.peers import Peer

KEY = "KEY-of-nobody"
QUICK = Limits(backoff_s=(0.0,), jitter_s=0.0, tick_s=0.02, linger_s=0.5, open_timeout_s=2.0)
"""Limits that a test need not wait for."""

_Kind = TypeVar("_Kind")


@dataclass(slots=True)
class Clock:
    """Seconds that pass when the test says so."""

    now: float = 0.0
    free_since: float | None = None

    def __call__(self) -> float:
        """Return the time."""
        if self.free_since is None:
            return self.now
        return self.now + time.monotonic() - self.free_since

    def run_free(self) -> None:
        """Pass by itself from now on."""
        self.free_since = time.monotonic()


@dataclass(slots=True)
class Received:
    """What a recognition emitted, in order."""

    items: list[Input] = field(default_factory=list)

    def __call__(self, item: Input) -> None:
        """Keep one more; this is the `tell` of a recognition."""
        self.items.append(item)

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        """Return what was received of one kind."""
        return [item for item in self.items if isinstance(item, kind)]

    @property
    def finals(self) -> list[WordsHeard]:
        """Return the finals."""
        return [item for item in self.of(WordsHeard) if item.is_final]

    @property
    def partials(self) -> list[WordsHeard]:
        """Return the partials."""
        return [item for item in self.of(WordsHeard) if not item.is_final]

    @property
    def words(self) -> list[str]:
        """All the words of all finals, without case and punctuation."""
        return [word for final in self.finals for word in words_of(final.text)]


@dataclass(slots=True)
class Line:
    """One recognition of the peer's model `one`, and all around it."""

    peer: Peer
    recognition: Recognition
    received: Received
    clock: Clock
    pieces: int = 0

    def send(self, audio: bytes) -> None:
        """Send all the audio at once."""
        self.recognition.send(audio)

    async def play(self, audio: bytes) -> None:
        """Send 100 ms at a time, each when the peer has had the one before."""
        for offset in range(0, len(audio), CHUNK_BYTES):
            self.recognition.send(stamp(audio[offset : offset + CHUNK_BYTES], self.pieces))
            self.clock.now += 0.1
            await self.peer.heard("one", self.pieces)
            self.pieces += 1

    async def finish(self, timeout_s: float = 5) -> None:
        """End the recognition, at the pace of real time."""
        self.clock.run_free()
        await self.recognition.finish(timeout_s=timeout_s)


@asynccontextmanager
async def open_line(
    peer: Peer,
    limits: Limits = QUICK,
    **options: Any,  # noqa: ANN401  # whatever `plan` takes
) -> AsyncIterator[Line]:
    """Open one recognition against the peer; `options` are those of `plan`."""
    received, clock = Received(), Clock()
    async with open_recognitions(
        stt_url=peer.url,
        api_key=KEY,
        local_url=peer.url,
        limits=limits,
        clock=clock,
        dice=lambda: 0.0,
    ) as room:
        yield Line(peer, room.open(plan(**options), received), received, clock)
