"""What became of the call's recording when an engine for whole files was given it."""

from dataclasses import dataclass

from service.ids import Track


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSegment:
    """A stretch of speech of one track of the recording, whose times are those of the call clock.

    Without times the engine gave none: it is all that was said on the track.
    """

    track: Track
    text: str
    start_ms: int | None = None
    end_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingHeard:
    """The engine gave a text. Segments are in the order they were spoken."""

    at: float
    generation: int
    segments: tuple[HeardSegment, ...]
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingUnheard:
    """The engine gave none; `for_good`: it never will. `reason` is a slug, `code` Telnyx's."""

    at: float
    generation: int
    reason: str
    code: str = ""
    for_good: bool = False
