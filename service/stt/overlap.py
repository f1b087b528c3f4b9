"""The words that a replay may repeat, and where in the audio they were."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from service.calls.inputs import WordsHeard
from service.stt.matching import MANY, find_overlap
from service.stt.ring import Span

_SAME_PLACE_MS = 150
_APART_MS = 1_500
"""Whoever ended so long before a replay begins is not heard in the midst of a text by it."""


class Emitted(NamedTuple):
    """A final that was emitted: its words, its time by our estimate, how much was sent by then."""

    words: list[str]
    start_ms: int
    end_ms: int
    sent_ms: int

    def ends_ms(self) -> Iterable[int]:
        """Yield where each word ended, if all took the same time."""
        length_ms, count = self.end_ms - self.start_ms, len(self.words)
        return (self.start_ms + length_ms * n // count for n in range(1, count + 1))


class Found(NamedTuple):
    """What was found of it in a text."""

    repeats: int
    """How many of its first words are."""
    until_ms: int
    """Where the last of those ended."""
    is_sure: bool
    used: int = 0
    """How many words of what was emitted they repeat."""


class Overlap:
    """What was emitted of the audio that a new session is sent again; used up from the front."""

    def __init__(self, emitted: Iterable[Emitted], start_ms: int) -> None:
        self._around = around = [final for final in emitted if final.sent_ms > start_ms]
        self._words = [word for final in around for word in final.words]
        self._ends_ms = [end_ms for final in around for end_ms in final.ends_ms()]
        self._early = sum(len(final.words) for final in around if final.start_ms < start_ms)
        self._apart = [
            nth if final.end_ms <= start_ms - _APART_MS else None
            for final in around
            for nth in range(len(final.words))
        ]
        """Of each word, which one it is of a text that ended long before; None if it did not."""

    def __bool__(self) -> bool:
        return bool(self._words)

    def find(self, words: Sequence[str]) -> Found:
        """Return what of a text is repeats.

        It is sure unless words repeat themselves, or there is no repeat where one is expected. A
        word or two as in the midst of a text that ended long before are kept, and not sure: who is
        sent what was said after a long pause hears all of a text, or nothing of it. So are more
        that are merely like them: people who say the same few words all the time are like that.
        """
        repeat = find_overlap(self._words, words, early=self._early)
        nth = self._apart[max(0, repeat.used - repeat.taken)] if repeat.taken else None
        is_chance = not repeat.is_exact or (repeat.taken < MANY and nth != 0)
        if not repeat.is_sure and nth is not None and is_chance:
            return Found(0, 0, is_sure=False)
        expected = len(self._words) > self._early
        until_ms = self._ends_ms[repeat.used - 1] if repeat.used else 0
        is_sure = repeat.is_sure and bool(repeat.taken or not expected or not words)
        return Found(repeat.taken, until_ms, is_sure, repeat.used)

    def has_piece(self, words: Sequence[str]) -> bool:
        """Say whether these words are somewhere in it, in a row."""
        count = len(words)
        starts = range(len(self._words) - count + 1)
        return any(self._words[at : at + count] == list(words) for at in starts)

    def use_up(self, found: Found) -> None:
        """Expect no more of what was found: the text is over."""
        del self._words[: found.used], self._ends_ms[: found.used], self._apart[: found.used]
        self._early = max(0, self._early - found.used)

    def find_in_place(self, words: Sequence[str], start_ms: int) -> int | None:
        """Return when these words ended, if a final began with them in this place, else None.

        Nobody says both twice. A repeat ends where it ended the first time, and what is said next
        begins there: how far it goes by an estimate of its own is no better.
        """
        for final in self._around:
            is_same = words and final.words[: len(words)] == list(words)
            if is_same and abs(final.start_ms - start_ms) <= _SAME_PLACE_MS:
                return list(final.ends_ms())[len(words) - 1]
        return None

    def clear(self) -> None:
        """Expect no repeats any more."""
        self._words.clear()
        self._ends_ms.clear()
        self._apart.clear()
        self._early = 0


def shared_ms(heard: WordsHeard, span: Span) -> int:
    """Return how much of a span a text covers; less than nothing if it is away from it."""
    return min(heard.end_ms, span.end_ms) - max(heard.start_ms, span.start_ms)
