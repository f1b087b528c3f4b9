"""Recognitions: audio in, words out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from service.calls.inputs import Input, TrackRef
from service.calls.routes import Route
from service.ids import CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionPlan:
    """What one recognition is to be: one track of one stream, by the rules of one route."""

    call_id: CallId
    ref: TrackRef
    route: Route
    encoding: str
    """What the frames carry: PCMU, PCMA, L16, G722, or what was decoded (`wire.audio.carried`)."""
    sample_rate_hz: int


class Recognition(Protocol):
    """Our session with a recogniser for one track, over as many connections as it takes."""

    def send(self, payload: bytes) -> None:
        """Take the next audio of the track, in `plan.encoding`. Never waits, never raises.

        What cannot be kept is the oldest audio; it is told as `AudioLost`.
        """

    def skip(self, duration_ms: int, reason: str = "frames_lost") -> None:
        """Move the track's clock on without audio: frames were lost, or none came.

        `reason` is why, a slug, told as `AudioLost`; empty if there was nothing to be heard, and
        it is silence.
        """

    async def finish(self, *, timeout_s: float) -> None:
        """Flush, wait for the last final under the deadline, close, post `RecognitionFinished`.

        Asked again, it takes no longer than it was told last.
        """


class Recognitions(Protocol):
    """Opens recognitions and runs their tasks."""

    def open(self, plan: RecognitionPlan, post: Callable[[Input], None]) -> Recognition:
        """Begin connecting and return at once: audio sent before the connection is kept.

        `post` never waits, and takes what comes of it, in order, from the event loop's thread:
        `WordsHeard`, `AudioLost`, `AudioSettled`, `RecognitionDegraded`, `RecognitionFailed`,
        `RecognitionRecovered`, `RecognitionFinished`. Every millisecond of the audio is in a
        final or in `AudioLost`, or is silence once something later is settled.
        """
