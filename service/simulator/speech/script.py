"""Scripts: who says what and when, and an ear that hears them by audio position. Pure."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from service.ids import Track

Speaker = Literal["customer", "agent"]
TRACK_OF: dict[Speaker, Track] = {"customer": "inbound", "agent": "outbound"}
"""The leg's remote party is the customer: Telnyx receives their audio, and sends the agent's."""
SPEAKER_OF: dict[Track, Speaker] = {track: speaker for speaker, track in TRACK_OF.items()}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a script, in milliseconds of the talk."""

    text: str
    start_ms: int
    end_ms: int

    @property
    def middle_ms(self) -> int:
        """The place at which the word counts as heard."""
        return (self.start_ms + self.end_ms) // 2


@dataclass(frozen=True, slots=True)
class Utterance:
    """One scripted stretch of speech, in milliseconds of the talk."""

    track: Track
    text: str
    start_ms: int
    end_ms: int
    words: tuple[Word, ...] = field(repr=False)


def make_utterance(speaker: Speaker, text: str, start_ms: int, end_ms: int) -> Utterance:
    """Spread the words over the time by their length. `text` must have at least one word."""
    spoken = text.split()
    weights = [len(word) + 1 for word in spoken]
    share = (end_ms - start_ms) / sum(weights)
    words: list[Word] = []
    passed = 0
    for word, weight in zip(spoken, weights, strict=True):
        begin = start_ms + round(passed * share)
        passed += weight
        words.append(Word(word, begin, start_ms + round(passed * share)))
    return Utterance(TRACK_OF[speaker], " ".join(spoken), start_ms, end_ms, tuple(words))


@dataclass(frozen=True, slots=True)
class Heard:
    """Words of one utterance as an ear has them by now: a partial, or `is_final`."""

    utterance: Utterance
    words: tuple[Word, ...]
    is_final: bool

    @property
    def text(self) -> str:
        """The words with single spaces."""
        return " ".join(word.text for word in self.words)


class Ear:
    """Hears the utterances of one track. A word is heard when the audio at its middle is."""

    def __init__(self, utterances: Sequence[Utterance], *, endpointing_ms: int = 300) -> None:
        self._utterances = sorted(utterances, key=lambda utterance: utterance.start_ms)
        pairs = [(word, said) for said in self._utterances for word in said.words]
        self._words = sorted(pairs, key=lambda pair: pair[0].middle_ms)
        self._middles = [word.middle_ms for word, _ in self._words]
        self._endpointing_ms = endpointing_ms
        self._open: Utterance | None = None
        self._heard: list[Word] = []

    def hear(self, start_ms: int, end_ms: int) -> list[Heard]:
        """Take the audio from `start_ms` up to `end_ms`; return what that makes of the words."""
        found: list[Heard] = []
        first = bisect_left(self._middles, start_ms)
        last = bisect_left(self._middles, end_ms)
        for word, said in self._words[first:last]:
            if self._open is not said:
                found += self.settle()
                self._open = said
            self._heard.append(word)
            found.append(Heard(said, tuple(self._heard), is_final=False))
        if self._open and end_ms >= self._open.end_ms + self._endpointing_ms:
            found += self.settle()
        return found

    def settle(self) -> list[Heard]:
        """Make what is heard of the open utterance final, as a flush or its end does."""
        if self._open is None:
            return []
        final = Heard(self._open, tuple(self._heard), is_final=True)
        self._open, self._heard = None, []
        return [final]
