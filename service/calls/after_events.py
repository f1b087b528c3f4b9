"""The facts of what follows once a call is over."""

from dataclasses import dataclass
from typing import ClassVar

from service.calls.inputs import Redaction
from service.ids import CallId, EndpointName, Role, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveStored:
    """The call is in an archive, whole: its document, transcript, audio, and a manifest of them."""

    type: ClassVar[str] = "archive.stored"
    endpoint: EndpointName
    revision: int
    """Of the document. A higher one follows where words or audio came late."""
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFailed:
    """A copy of the call could not be written, or not erased; it is tried again.

    It is told once for each revision. Of a copy that outlives its erased call it is told as an
    event of no call, with the call's id as `erased`.
    """

    type: ClassVar[str] = "archive.failed"
    endpoint: EndpointName
    revision: int | None
    reason: str
    erased: CallId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribedSegment:
    """What was said in one stretch of a recording, on the call clock; redacted as live words are.

    Without times it is all that was said on its track.
    """

    role: Role
    track: Track
    text: str
    start_ms: int | None = None
    end_ms: int | None = None
    redactions: tuple[Redaction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingTranscribed:
    """The call's recording, transcribed whole by the route's `after_call`.

    It stands beside what was heard live, never in its place. A higher `revision` is of a recording
    that was longer, or of which more is silent.
    """

    type: ClassVar[str] = "recording.transcribed"
    revision: int
    engine: str
    model: str | None
    language: str | None
    text: str
    segments: tuple[TranscribedSegment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFailed:
    """What was to become of the call's recording did not, and is tried no more.

    `stage` is `transcription`; or of what Telnyx records `start` (that is tried on, as long as the
    call lives), `storage` (Telnyx could not keep it), `fetch` (it is not to be had), `silencing`
    (it is here, and words that came late and are hidden can be heard in it), `deletion` (it is
    here, and Telnyx may have it still). `revision` is which
    transcription or which of Telnyx's recordings, 0 for none; `code` is Telnyx's, or "".
    """

    type: ClassVar[str] = "recording.failed"
    revision: int
    stage: str
    reason: str
    code: str
