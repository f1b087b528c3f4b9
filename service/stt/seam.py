"""Where one session's words end and the next one's begin: none lost, none twice.

A new session is sent again some of what the old one had answered. What it repeats is taken out:
by the engine's times, where both sessions have them, else by the text. Where the text does not
decide, words are rather kept, and the doubt is told.
"""

from collections.abc import Iterable
from dataclasses import replace
from enum import Enum, auto
from typing import NamedTuple

from service.calls.inputs import Word, WordsHeard
from service.stt.matching import drop_words, words_of
from service.stt.overlap import Emitted, Found, Overlap
from service.words import join_words

_HALF_WORD_MS = 100
"""A word that ends so shortly before a cut may go on behind it."""
_SPAN_SLACK_MS = 150
"""How far two sessions may disagree about where a stretch of speech ends."""
_LATER_MS = 10_000
"""An engine that said nothing but repeats may be so much later than it ever was."""


class Clue(Enum):
    """What tells when a text was said."""

    TEXT = auto()
    """Nothing but its length and where speech was."""
    SPAN = auto()
    """The engine gave its beginning and end."""
    WORDS = auto()
    """The engine gave those of every word."""


class Cut(NamedTuple):
    """What is left of a text without what was emitted before."""

    heard: WordsHeard | None
    """None if nothing is left."""
    repeats: int = 0
    """How many of its words were taken out by their text."""
    until_ms: int = 0
    """Where the last of those ended."""


class Seam:
    """The seam at the beginning of one session."""

    def __init__(self, emitted: Iterable[Emitted], start_ms: int, until_ms: int, by: Clue) -> None:
        """Expect repeats of what was emitted until `until_ms`, as far as `by` tells."""
        self._overlap = Overlap(emitted, start_ms)
        self.until_ms = until_ms
        """Where what was emitted ends."""
        self._by = by
        self._found: Found | None = None
        """What the last text repeats, which may be said on."""
        self._is_repeating = False
        """Whether the last text was nothing but repeats, as far as it was said."""
        self._doubted = False
        self.is_in_doubt = False
        """Whether the text did not decide. Set back by whoever tells it; it comes once."""

    def has_piece(self, heard: WordsHeard, clue: Clue) -> bool:
        """Say whether a text that was cut off is but a piece of what was emitted before.

        The rest of it, by which that would be known, did not come.
        """
        is_before = clue is Clue.TEXT and heard.end_ms <= self.until_ms
        return is_before and self._overlap.has_piece(words_of(heard.text))

    def close(self, sure_ms: int) -> None:
        """Expect no repeats by text any more, once what comes lies surely behind them.

        While there are repeats, and nothing new, that is less sure: what comes is next to them.
        """
        if sure_ms > self.until_ms + self._is_repeating * _LATER_MS:
            self._overlap.clear()
            self._found = None

    def cut(self, heard: WordsHeard, clue: Clue) -> Cut:
        """Take out what an earlier session emitted."""
        self._found = None
        if clue is self._by is Clue.WORDS and heard.words:
            return Cut(self._without_early_words(heard, heard.words))
        if clue is self._by is Clue.SPAN:
            if heard.end_ms <= self.until_ms + _SPAN_SLACK_MS:
                return Cut(None)
            if heard.start_ms >= self.until_ms - _SPAN_SLACK_MS:
                return Cut(heard)
        if self._overlap:
            return self._without_repeats(heard)
        words = words_of(heard.text)
        until_ms = self._overlap.find_in_place(words, heard.start_ms)
        if until_ms is not None:  # from an engine that is later than it was
            return Cut(None, len(words), until_ms)
        return Cut(heard)

    def _without_early_words(self, heard: WordsHeard, words: tuple[Word, ...]) -> WordsHeard | None:
        early = [word.start_ms + word.end_ms < 2 * self.until_ms for word in words]
        count = early.index(False) if False in early else len(early)
        return _without_first(heard, count, len(words))

    def use_up(self) -> None:
        """Expect no repeats any more of what the last text repeats: it was all of that."""
        found, self._found = self._found, None
        if found is None:
            return
        self._overlap.use_up(found)
        if not found.is_sure and not self._doubted:
            self._doubted = self.is_in_doubt = True

    def _without_repeats(self, heard: WordsHeard) -> Cut:
        words = words_of(heard.text)
        self._found = found = self._overlap.find(words)
        left = _without_first(heard, found.repeats, len(words))
        self._is_repeating = found.repeats > 0 and (left is None or not heard.is_final)
        if heard.is_final:
            self.use_up()
        return Cut(left, found.repeats, found.until_ms)


def without_half_words(heard: WordsHeard, cut_ms: int | None) -> WordsHeard | None:
    """Take out words that end where a session was cut off: whoever goes on with it has them whole.

    Returns None if nothing is left. Without times of words nobody knows, and all are kept.
    """
    if cut_ms is None or not heard.words:
        return heard
    words = tuple(word for word in heard.words if word.end_ms <= cut_ms - _HALF_WORD_MS)
    if len(words) == len(heard.words):
        return heard
    if not words:
        return None
    text = join_words(word.text for word in words)
    return replace(heard, text=text, words=words, end_ms=words[-1].end_ms)


def _without_first(heard: WordsHeard, count: int, of: int) -> WordsHeard | None:
    """Return what is left without the first `count` of its `of` words; None for nothing."""
    if count == 0:
        return heard
    if count >= of:
        return None
    words = heard.words[count:] if heard.words and len(heard.words) == of else None
    text = drop_words(heard.text, count)
    if words and len(words_of(heard.text)) != of:
        text = join_words(word.text for word in words)
    start_ms = words[0].start_ms if words else heard.start_ms
    return replace(heard, text=text, words=words, start_ms=start_ms)
