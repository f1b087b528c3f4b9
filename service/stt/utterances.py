"""Cuts a track into utterances by its speech, for engines that do not end them by themselves.

What passed for speech until it passed for music is in one all the same: it may be a voice.
"""

from dataclasses import dataclass
from itertools import pairwise

from service.stt.ring import Span
from service.stt.speech import Speech

_ONSET_MS = 150
"""So much speech begins an utterance."""
_LEAD_MS = 300
"""How much before its speech it begins: an onset is quieter than what we call loud."""
_QUIET_MS = 600
"""So much silence ends it. Source: what others found to work, TELNYX.md §5.4."""
_TAIL_MS = 300
"""How much of that silence belongs to it: short last words came back empty without any."""
_MAX_MS = 25_000
"""A longer one is cut where its longest pause is, or right there: half a minute is kept."""


@dataclass(slots=True)
class Utterance:
    """One utterance. Times are milliseconds of the stream."""

    start_ms: int
    end_ms: int | None = None
    """None while it lasts."""
    was_none: bool = False
    """Whether it turned out that nobody spoke."""


class Utterances:
    """The utterances of one track, as its audio comes. Pure."""

    def __init__(self, speech: Speech, from_ms: int) -> None:
        """Begin at `from_ms` of the stream."""
        self._speech = speech
        self._from_ms = from_ms
        self._open: Utterance | None = None

    @property
    def silent_until_ms(self) -> int:
        """Until when nobody spoke that is not in an utterance; what is open begins later."""
        return self._from_ms

    @property
    def is_open(self) -> bool:
        """Whether an utterance goes on."""
        return self._open is not None

    def look(self, until_ms: int, *, ended: bool) -> Utterance | None:
        """Look at the track up to a time; return an utterance that began, if there is one.

        Those that were returned are ended as it turns out. Call it until it returns None.
        """
        self.look_for_end(until_ms, ended=ended)
        if self._open is not None:
            return None
        first = self._first(until_ms)
        if first is None:
            self._from_ms = max(self._from_ms, until_ms - _QUIET_MS)
            return None
        self._open = Utterance(max(self._from_ms, first.start_ms - _LEAD_MS))
        return self._open

    def look_for_end(self, until_ms: int, *, ended: bool) -> None:
        """Look at the track up to a time for the end of the utterance that goes on."""
        if self._open is not None:
            self._end(self._open, until_ms, ended=ended)

    def has_ended(self, until_ms: int) -> bool:
        """Look at the track up to a time; say whether an utterance ended since the last look."""
        has_ended = False
        while True:
            was_open = self.is_open
            begun = self.look(until_ms, ended=False)
            has_ended |= was_open and (begun is not None or not self.is_open)
            if begun is None:
                return has_ended

    def cut(self, end_ms: int) -> None:
        """End the utterance that goes on at a time: what comes behind it is another one."""
        if self._open is not None:
            self._close(self._open, max(end_ms, self._open.start_ms))

    def _first(self, until_ms: int) -> Span | None:
        for span in self._speech.maybe(self._from_ms, until_ms):
            if span.end_ms - span.start_ms >= _ONSET_MS:
                return span
        return None

    def _end(self, utterance: Utterance, until_ms: int, *, ended: bool) -> None:
        longest_ms = utterance.start_ms + _MAX_MS
        spans = list(self._speech.maybe(utterance.start_ms, min(until_ms, longest_ms)))
        if not spans:
            utterance.was_none = True
            self._close(utterance, utterance.start_ms)
            return
        last_ms = _end_of_first(spans)
        if min(until_ms, longest_ms) - last_ms >= _QUIET_MS:
            self._close(utterance, last_ms + _TAIL_MS)
        elif until_ms >= longest_ms:
            self._close(utterance, _cut(spans, longest_ms))
        elif ended:
            self._close(utterance, min(until_ms, last_ms + _TAIL_MS))

    def _close(self, utterance: Utterance, end_ms: int) -> None:
        utterance.end_ms = self._from_ms = end_ms
        self._open = None


def _end_of_first(spans: list[Span]) -> int:
    """Return where the first pause begins that ends an utterance, or the last speech ends."""
    for before, after in pairwise(spans):
        if after.start_ms - before.end_ms >= _QUIET_MS:
            return before.end_ms
    return spans[-1].end_ms


def _cut(spans: list[Span], until_ms: int) -> int:
    """Return the middle of the longest pause of the second half, or the end where there is none."""
    half_ms = (spans[0].start_ms + until_ms) // 2
    pauses = [
        (after.start_ms - before.end_ms, before.end_ms)
        for before, after in pairwise(spans)
        if before.end_ms >= half_ms
    ]
    if not pauses:
        return until_ms
    length_ms, start_ms = max(pauses)
    return start_ms + length_ms // 2
