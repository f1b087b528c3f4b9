"""The rooms behind the two routes: small real ones, which keep what they were told."""

import asyncio
from dataclasses import dataclass, field

from service.calls.inputs import Input
from service.ids import LegId, Track
from service.ports import StreamStart
from service.wire.audio import decodable


@dataclass
class RecordingCalls:
    """Calls that commit at once, or fail with `failure`."""

    told: list[Input] = field(default_factory=list)
    failure: Exception | None = None

    async def tell(self, item: Input) -> None:
        """Keep the input, or fail."""
        if self.failure is not None:
            raise self.failure
        self.told.append(item)


@dataclass
class RecordingFeed:
    """A feed that keeps each track's audio, and what was skipped between."""

    heard: dict[Track, list[bytes | int]] = field(default_factory=dict)
    is_wanted: bool = True
    orderly: bool | None = None
    fault: Exception | None = None
    """What it fails with from now on."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    skipped: asyncio.Event = field(default_factory=asyncio.Event)

    def push(self, track: Track, payload: bytes) -> None:
        """Keep the frame, or fail."""
        if self.fault is not None:
            raise self.fault
        self.heard.setdefault(track, []).append(payload)

    def skip(self, track: Track, duration_ms: int) -> None:
        """Keep the skip in its place among the frames."""
        self.heard.setdefault(track, []).append(duration_ms)
        self.skipped.set()

    def stopped(self, *, orderly: bool) -> None:
        """Keep how it ended."""
        self.orderly = orderly
        self.ended.set()

    def audio(self, track: Track) -> bytes:
        """Return all that was heard of a track."""
        return b"".join(each for each in self.heard.get(track, []) if isinstance(each, bytes))

    def skipped_ms(self, track: Track) -> list[int]:
        """Return all that was skipped of a track, in order."""
        return [each for each in self.heard.get(track, []) if isinstance(each, int)]


@dataclass
class RecordingTicket:
    """A ticket for one leg, whose call wants audio unless told otherwise."""

    leg_id: LegId
    wants_audio: bool = True
    failure: Exception | None = None
    starts: list[StreamStart] = field(default_factory=list)
    feeds: list[RecordingFeed] = field(default_factory=list)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    heard_out: list[bool | None] = field(default_factory=list)
    """For each start, how the stream before it had ended by then."""
    last_start: StreamStart | None = None

    async def started(self, start: StreamStart) -> RecordingFeed | None:
        """Keep the start and give a feed to what is wanted."""
        if self.failure is not None:
            raise self.failure
        self.starts.append(start)
        is_decodable = decodable(start.encoding, start.sample_rate_hz, start.channels)
        if not (is_decodable and self.wants_audio):
            return None
        self.heard_out += [feed.orderly for feed in self.feeds[-1:]]
        self.feeds.append(RecordingFeed())
        self.began.set()
        return self.feeds[-1]


@dataclass
class RecordingDoor:
    """A door with tickets by token, each with its own auth token, which may be missing."""

    tickets: dict[str, RecordingTicket]
    auth_token: str | None = None
    failure: Exception | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    async def admit(self, token: str, auth_token: str | None) -> RecordingTicket | None:
        """Give the ticket away."""
        self.asked.append((token, auth_token))
        if self.failure is not None:
            raise self.failure
        if None not in (auth_token, self.auth_token) and auth_token != self.auth_token:
            return None
        return self.tickets.get(token)
