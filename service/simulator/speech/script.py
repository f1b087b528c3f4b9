"""Scripts: who says what in a call, and when. Pure."""

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
        """The position at which the word counts as recognised."""
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
    """Make an utterance whose words share its time by their length; `text` has at least one."""
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
