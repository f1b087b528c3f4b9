"""Captured audio: both tracks of a call, kept as the fork carried them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from service.calls.inputs import Input
from service.ids import CallId, Track
from service.ports.media import StreamStart
from service.redaction.redactor import Earlier


class Verdict(NamedTuple):
    """What of a track may be kept. Milliseconds of what the writer was given of it."""

    track: Track
    until_ms: float
    """Everything before this is known: but for what is hidden or waits it may be kept."""
    hidden: tuple[tuple[float, float], ...] = ()
    open: tuple[tuple[float, float], ...] = ()
    """What waits for a later verdict."""
    earlier: Earlier = "hold"
    """What becomes of what waited before, on either track."""


class RecordingWriter(Protocol):
    """Takes the audio of one media stream. Its methods never wait and never raise."""

    def write(self, track: Track, payload: bytes) -> None:
        """Take the next frame of a track, in the encoding that the stream is carried in."""

    def skip(self, track: Track, duration_ms: int) -> None:
        """Take silence instead: frames were lost, or the transcription is paused."""

    def judge(self, verdict: Verdict) -> None:
        """Keep what is now known of what was written before; only where it is held back."""

    def close(self) -> None:
        """Take no more; what was taken is written out, what nobody judged as silence."""


class Recorder(Protocol):
    """Keeps one two-channel recording for each call whose route asks for it. Never waits."""

    def open(
        self,
        call_id: CallId,
        stream: StreamStart,
        *,
        offset_ms: int,
        delete_at: float | None,
        is_judged: bool,
        post: Callable[[Input], None],
    ) -> RecordingWriter | None:
        """Begin, or go on with, the call's recording at this place of the call clock.

        `post` never waits; it gets a `RecordingWritten` once the writer is closed and safely on
        the disk.
        With `is_judged` nothing is on the disk before a `Verdict` lets it.
        `delete_at` is when it is to be forgotten (Unix seconds). None is returned if it cannot
        be recorded, which is logged; what fails later is logged, too, and the call goes on.
        """

    def forget(self, call_id: CallId) -> None:
        """Stop recording the call, and delete what there is of it."""


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """Where a call's audio is: a file name in the recordings folder. Unix seconds."""

    call_id: CallId
    file: str
    started_at: float
    delete_at: float | None


class RecordingIndex(Protocol):
    """Which calls have audio. Every method may raise `JournalUnavailableError`."""

    async def keep_recording(
        self, call_id: CallId, file: str, *, started_at: float, delete_at: float | None
    ) -> None:
        """Remember that a call has audio; again is harmless. An unknown call's is not kept."""

    async def recording(self, call_id: CallId) -> StoredRecording | None:
        """Return where the audio of a call is; None if it has none, or was erased."""

    async def recordings_due(self, now: float, *, limit: int) -> list[StoredRecording]:
        """Return recordings whose `delete_at` has come."""

    async def forget_recording(self, call_id: CallId) -> None:
        """Forget that a call has audio; its file is the caller's to delete first."""
