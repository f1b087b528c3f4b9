"""The media WebSocket: who may open it, and where its frames go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from service.ids import LegId, StreamId, Track


class AudioFeed(Protocol):
    """Where the media WebSocket puts the frames of one stream, in order, once admitted.

    No method waits.
    """

    @property
    def is_wanted(self) -> bool:
        """Whether the socket is to go on: False once another one took its place, for one."""

    def push(self, track: Track, payload: bytes) -> None:
        """Take one frame's payload, in what `wire.audio.carried` says of the stream's format."""

    def skip(self, track: Track, duration_ms: int) -> None:
        """Say that this much audio of the track never came."""

    def stopped(self, *, orderly: bool) -> None:
        """Say that no more audio comes, once; `orderly` if Telnyx said so, not if it dropped.

        It is queued for the call session and stays queued while the journal is away. Nothing on
        the socket's side depends on when the session knows.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStart:
    """What a `start` message said. Whether its audio can be decoded is not checked."""

    leg_id: LegId
    stream_id: StreamId
    encoding: str
    sample_rate_hz: int
    """0 for what is no number."""
    channels: int = 1
    """The same."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What whoever asked for the stream said along with it."""
    heard_s: float = 0.0
    """How much of its audio there was when it began: what the message that told of it brought."""


class MediaTicket(Protocol):
    """A token that was good for an upgrade."""

    @property
    def leg_id(self) -> LegId:
        """The leg whose audio was asked for under this token; "" for the one that a dial made."""

    @property
    def last_start(self) -> StreamStart | None:
        """What the last stream of the leg began with, as far as this process knows."""

    async def started(self, start: StreamStart) -> AudioFeed | None:
        """Tell the call session that audio is about to come.

        Returns None when the session does not want it: the call is over, or the audio cannot be
        decoded (`wire.audio.decodable`) and the session has recorded that.

        Raises:
            JournalUnavailableError: That it cannot be decoded could not be recorded.
        """


class MediaDoor(Protocol):
    """Decides who may open a media WebSocket."""

    async def admit(self, token: str, auth_token: str | None) -> MediaTicket | None:
        """Judge a token; None if it is unknown or expired, or the header is not its own.

        Without a header the token alone is judged. It is good again while the call goes on:
        Telnyx may dial the same address once more, and the newest socket wins.

        Raises:
            DrainingError: It would begin a call, and this process is stopping.
            JournalUnavailableError: Nobody can tell now.
        """
