"""Captured audio: both tracks of a call, kept as the fork carried them."""

from typing import Protocol

from service.ids import CallId, Track
from service.ports.media import StreamStart


class Tape(Protocol):
    """Takes the audio of one media stream. Its methods never wait and never raise."""

    def write(self, track: Track, payload: bytes) -> None:
        """Take the next frame of a track, in the encoding of the stream."""

    def skip(self, track: Track, duration_ms: int) -> None:
        """Take silence instead: frames were lost, or the transcription is paused."""

    def close(self) -> None:
        """Take no more; what was taken is written out."""


class Recorder(Protocol):
    """Keeps one two-channel recording for each call whose route asks for it."""

    def open(self, call_id: CallId, start: StreamStart, *, offset_ms: int) -> Tape | None:
        """Begin, or go on with, the call's recording at this place of the call clock.

        None if it cannot be recorded (its codec, a full disk): it is logged, the call goes on.
        """
