"""How a text grows while it is said: where that ends, though nobody gives times.

An engine that is prompt has only just heard what is new in a text. And however much it is late, its
text grows as fast as it is said.
"""

from typing import NamedTuple

from service.stt.matching import words_of
from service.stt.pace import bounded
from service.stt.speech import Speech
from service.stt.stint import Arrival
from service.stt.timing import duration_of

_MIN_TEXT_MS = 300
"""Growth by a shorter text says nothing."""
_SURE = 2
"""The speech that a text grew in must be so much longer than its engine may be late."""


class Grown(NamedTuple):
    """What is known of a text by its growth."""

    factor: float | None
    """How long it takes to say beside what such texts take as a rule, if it grew for long."""
    reached_ms: int
    """It ends no earlier."""


class Growth:
    """The text that is said just now, as it grew. Times are milliseconds of the stream. Pure."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._words: list[str] = []
        self._usual_ms = self._position_ms = self._late_ms = 0
        self._grown_ms = self._spoken_ms = 0
        """How much longer the text became, and how much was said meanwhile."""

    def end(self) -> None:
        """Expect another text."""
        self._words = []

    def add(self, at: Arrival, text: str) -> None:
        """Take the text, of which the last words are new."""
        if at.prompt_ms is None:
            self.end()
            return
        usual_ms, position_ms = duration_of(text), at.position_ms
        if self._words:
            self._grown_ms += usual_ms - self._usual_ms
            self._spoken_ms += self._speech.between(self._position_ms, position_ms)
        else:
            self._grown_ms = self._spoken_ms = self._late_ms = 0
        self._words, self._usual_ms, self._position_ms = words_of(text), usual_ms, position_ms
        self._late_ms = max(self._late_ms, at.prompt_ms)

    def of(self, text: str) -> Grown | None:
        """Return what is known of this text, or of one that ends with it; None if nothing is."""
        words = words_of(text)
        if not words or self._words[-len(words) :] != words:
            return None
        knows = self._grown_ms >= _MIN_TEXT_MS and self._spoken_ms >= _SURE * self._late_ms
        factor = bounded(self._spoken_ms / self._grown_ms) if knows else None
        return Grown(factor, self._speech.back(self._position_ms, self._late_ms))
