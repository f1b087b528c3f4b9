"""Where speech begins and ends, from two numbers a frame. Pure: no audio, network or clock.

Everything is counted in frames of `FRAME_S` since the session began.
"""

from dataclasses import dataclass
from enum import Enum
from math import ceil

FRAME_S = 0.032
VOICED = 0.35
"""A frame with this probability of speech is voiced; higher misses quiet telephone speech."""
PRE_ROLL = ceil(0.25 / FRAME_S)
ONSET = 2
"""So many voiced frames in a row begin a segment."""
TAIL = int(0.2 / FRAME_S)
"""Silence that is decoded together with the speech before it."""
MIN_VOICED = 4
"""A segment with fewer voiced frames is a click or a cough, not a word."""
MAX_LENGTH = int(16 / FRAME_S)
CUT_WINDOW = int(4 / FRAME_S)
UTTERANCE_GAP = ceil(1.0 / FRAME_S)
"""Silence after which Telnyx says `utterance_end` (documented as 1000 ms)."""


class Ending(Enum):
    """Why a segment is where it is."""

    OPEN = "open"
    SILENCE = "silence"
    LENGTH = "length"
    REQUEST = "request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Frames `start` to `end` (not included) are to be decoded; an OPEN segment may still grow.

    `voice_start` and `voice_end` are where the voice itself begins and ends.
    """

    start: int
    end: int
    voice_start: int
    voice_end: int
    voiced: int
    """How many of them have a voice in them."""
    ending: Ending

    @property
    def paused(self) -> bool:
        """Whether the speaker is silent at the end, so that the last word is whole."""
        return self.end - self.voice_end >= TAIL


@dataclass(frozen=True, slots=True)
class UtteranceEnd:
    """Nobody has spoken for a second after a segment."""


class Segmenter:
    """Cuts one track into segments.

    A segment begins a little before the voice does and ends with `endpointing_s` of silence, on
    request, or when it is 16 s long: then at the quietest frame of its last 4 s, and what
    follows is a segment of its own. With `endpointing_s` None silence ends nothing.
    """

    def __init__(self, endpointing_s: float | None) -> None:
        self._endpointing = None if endpointing_s is None else ceil(endpointing_s / FRAME_S)
        self.now = 0
        """Frames so far."""
        self._settled = 0
        self._start: int | None = None
        # What came from `needs_from` to `now`:
        self._voiced: list[bool] = []
        self._loudness: list[float] = []
        self._utterance_end_at: int | None = None

    @property
    def needs_from(self) -> int:
        """The first frame that a segment to come may hold."""
        if self._start is not None:
            return self._start
        return max(self._settled, self.now - ONSET - PRE_ROLL)

    @property
    def open(self) -> Segment | None:
        """The segment that is growing, as it is now; None while there is no word in it."""
        return None if self._start is None else self._up_to(self.now, Ending.OPEN)

    def feed(self, probability: float, loudness: float) -> list[Segment | UtteranceEnd]:
        """Take the next frame and return what it brought to an end, in order."""
        self.now += 1
        self._voiced.append(probability >= VOICED)
        self._loudness.append(loudness)
        if self._start is None:
            return self._wait()
        if self._endpointing is not None and not any(self._voiced[-self._endpointing :]):
            return self._end(self.now, Ending.SILENCE)
        if self.now - self._start >= MAX_LENGTH:
            return self._end(self._quietest(), Ending.LENGTH)
        return []

    def finish(self) -> list[Segment | UtteranceEnd]:
        """End the open segment here and now; what comes next begins anew."""
        return [] if self._start is None else self._end(self.now, Ending.REQUEST)

    def _wait(self) -> list[Segment | UtteranceEnd]:
        self._forget()
        if len(self._voiced) >= ONSET and all(self._voiced[-ONSET:]):
            self._start = self.needs_from
            self._utterance_end_at = None
        elif self._utterance_end_at is not None and self.now >= self._utterance_end_at:
            self._utterance_end_at = None
            return [UtteranceEnd()]
        return []

    def _end(self, at: int, ending: Ending) -> list[Segment | UtteranceEnd]:
        segment = self._up_to(at, ending)
        self._settled = at if segment is None else segment.end
        goes_on = ending is Ending.LENGTH and any(self._voiced[at - self.now :])
        self._start = at if goes_on else None
        self._forget()
        if segment is None:
            return []
        self._utterance_end_at = segment.voice_end + UTTERANCE_GAP
        return [segment]

    def _up_to(self, at: int, ending: Ending) -> Segment | None:
        first = self.now - len(self._voiced)
        voiced = [first + i for i, yes in enumerate(self._voiced) if yes and first + i < at]
        if len(voiced) < MIN_VOICED:
            return None
        voice_end = voiced[-1] + 1
        return Segment(
            start=first,
            end=min(at, voice_end + TAIL),
            voice_start=voiced[0],
            voice_end=voice_end,
            voiced=len(voiced),
            ending=ending,
        )

    def _quietest(self) -> int:
        window = self._loudness[-CUT_WINDOW:]
        return self.now - CUT_WINDOW + window.index(min(window))

    def _forget(self) -> None:
        old = self.needs_from - (self.now - len(self._voiced))
        del self._voiced[:old]
        del self._loudness[:old]
