"""The media WebSocket: who may open it, and where its frames go."""

from dataclasses import dataclass
from typing import Protocol

from service.ids import LegId, StreamId, Track


class AudioFeed(Protocol):
    """Where the media WebSocket puts the frames of one stream, in order, once admitted."""

    def push(self, track: Track, payload: bytes) -> None:
        """Take one frame's payload. Never waits."""

    def skip(self, track: Track, duration_ms: int) -> None:
        """Say that this much audio of the track never came."""

    async def stopped(self, *, orderly: bool) -> None:
        """Say that the socket is done; returns when the call session knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStart:
    """What a `start` message said, checked."""

    leg_id: LegId
    stream_id: StreamId
    encoding: str
    sample_rate_hz: int


class MediaTicket(Protocol):
    """A token that was good for one upgrade."""

    @property
    def leg_id(self) -> LegId:
        """The leg whose audio was asked for under this token."""

    async def started(self, start: StreamStart, *, decodable: bool) -> AudioFeed | None:
        """Tell the call session that audio is about to come.

        Returns None when it does not want it (the call is over, or `decodable` is False and
        the session has recorded why).
        """


class MediaDoor(Protocol):
    """Decides who may open a media WebSocket."""

    async def admit(self, token: str, auth_token: str | None) -> MediaTicket | None:
        """Use a token up; None if it is unknown, spent, expired, or the header is not its own."""
