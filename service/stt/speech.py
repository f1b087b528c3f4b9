"""Voice activity: where in a track's audio somebody may have spoken.

The engines behind Telnyx's WebSocket give no times. What we know is the audio we sent, and that
words come from its loud stretches: their times are estimated from these, and audio is owed words
only where there are any. So what is loud and no voice has to be told apart (`voice`), or an hour
of hold music would be an hour of words that never came.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from service.stt.ring import Span
from service.stt.sound import loudness
from service.stt.voice import SOUNDING, Passage

WINDOW_MS = 50
PAUSE_MS = 200
"""A shorter silence does not end a stretch of speech: there are silences within words."""
_MIN_SPEECH_MS = 100
"""Anything shorter is a click."""
_MAX_SPANS = 256
"""Stretches remembered; older ones are dropped."""
_SILENCE_MS = 500
"""How long nothing sounds before a passage is over."""
_DOUBT_MS = 10_000
"""How long what passes for music may be somebody who speaks evenly: nobody does for longer."""

_ABOVE_FLOOR = 3
"""How much louder than the line's noise speech is."""
_MIN_FLOOR = 40
"""Loudness (of 32768) that the noise of a line is taken to have at least."""
_BLOCK, _BLOCKS = 10, 20
"""The noise floor is the quietest window of the last 10 s, in blocks of half a second: nobody
speaks that long without a pause or a consonant."""
_JUMP = 1.3
"""A floor that rises by more makes noise of what was taken for speech."""


class Speech:
    """The stretches of speech of one track. Times are milliseconds of the stream's audio."""

    def __init__(self, rate_hz: int) -> None:
        self._window_bytes = rate_hz * WINDOW_MS // 1000 * 2
        self._spans: deque[list[int]] = deque(maxlen=_MAX_SPANS)
        self._open = False
        self._doubtful: deque[list[int]] = deque(maxlen=_MAX_SPANS)
        """What is loud and passes for no voice."""
        self._music: deque[list[int]] = deque(maxlen=_MAX_SPANS)
        """What passed for a voice until it passed for music, and a while of what came then."""
        self._music_since_ms = 0
        """When that was, the last time."""
        self.holes: deque[Span] = deque(maxlen=_MAX_SPANS)
        """Where no audio came, and some came behind it."""
        self.cut_ms = -1
        """Where that ends of which nobody will ever know what it was, if anything was forgotten."""
        self._now_ms = 0
        """The end of the last window."""
        self._loud_ms = 0
        """The end of the last loud window."""
        self._sounding_ms = 0
        """The end of the last window that was not silent."""
        self._floor = _MIN_FLOOR
        self._quietest: deque[int] = deque([_MIN_FLOOR] * _BLOCKS, maxlen=_BLOCKS)
        self._block: list[int] = []
        self._passage = Passage(rate_hz)
        self.has_ended = False
        """Nothing more will come."""

    def push(self, linear: bytes, start_ms: int) -> None:
        """Take the next audio, as native 16-bit samples."""
        if start_ms != self._now_ms:
            self._jump(start_ms)
        size = self._window_bytes
        for offset in range(0, len(linear) - size // 2, size):
            window = linear[offset : offset + size]
            level = loudness(window)
            self._follow_noise(level)
            if level > self._floor * _ABOVE_FLOOR:
                self._hear(window, level)
            else:
                self._forget(self._passage.add_quiet(window, level))
                if self._open and self._now_ms + WINDOW_MS - self._spans[-1][1] >= PAUSE_MS:
                    self._close()
            self._now_ms += WINDOW_MS
            if level >= SOUNDING:
                self._sounding_ms = self._now_ms
        self._now_ms = start_ms + len(linear) // (size // WINDOW_MS)

    def end(self) -> None:
        """Judge what was heard last: nothing more will come."""
        self._forget(max(0, self._passage.judge()))
        self.has_ended = True

    def forget(self, from_ms: int, until_ms: int) -> None:
        """Take out what was said between two times: nobody will ever know what it was."""
        self.cut_ms = until_ms
        last = self._spans[-1] if self._open else None
        kept: list[list[int]] = []
        for span in self._spans:
            start_ms, end_ms = span
            if span is last or end_ms <= from_ms or start_ms >= until_ms:
                kept.append(span)
                continue
            rest = ([start_ms, from_ms], [until_ms, end_ms])
            kept += [part for part in rest if part[1] - part[0] >= _MIN_SPEECH_MS]
        self._spans = deque(kept, maxlen=_MAX_SPANS)

    def spans(self, from_ms: int, until_ms: int) -> Iterator[Span]:
        """Yield the speech between two times, oldest first, cut to them."""
        for start_ms, end_ms in self._spans:
            if end_ms > from_ms and start_ms < until_ms and end_ms - start_ms >= _MIN_SPEECH_MS:
                yield Span(max(start_ms, from_ms), min(end_ms, until_ms))

    def maybe(self, from_ms: int, until_ms: int) -> Iterator[Span]:
        """Yield the speech between two times, and what may be some although it is like music.

        An engine is to hear it; but it owes no words for that.
        """
        yield from _between(from_ms, until_ms, [*self._spans, *self._music])

    def sounds(self, from_ms: int, until_ms: int) -> Iterator[Span]:
        """Yield what was loud between two times, be it a voice as far as is known or not."""
        yield from _between(from_ms, until_ms, [*self._spans, *self._music, *self._doubtful])

    def between(self, from_ms: int, until_ms: int) -> int:
        """Return how much speech there is between two times, in milliseconds."""
        return sum(span.end_ms - span.start_ms for span in self.spans(from_ms, until_ms))

    def missing(self, from_ms: int, until_ms: int) -> int:
        """Return how much audio never came between two times, in milliseconds."""
        cuts = (min(end_ms, until_ms) - max(start_ms, from_ms) for start_ms, end_ms in self.holes)
        return sum(cut_ms for cut_ms in cuts if cut_ms > 0)

    def back(self, at_ms: int, duration_ms: int) -> int:
        """Return when so much audio began that ends at a time: a hole has none.

        While nothing comes an engine hears nothing: what it was about to say then it says after.
        """
        since_ms = at_ms - duration_ms
        for start_ms, end_ms in reversed(self.holes):
            if end_ms > since_ms and start_ms < at_ms:
                since_ms -= min(end_ms, at_ms) - start_ms
        return since_ms

    def _hear(self, window: bytes, level: int) -> None:
        now_ms, passage = self._now_ms, self._passage
        if now_ms - self._sounding_ms > _SILENCE_MS:
            passage.begin()
        self._loud_ms = now_ms + WINDOW_MS
        was_music = passage.is_music
        no_voice = passage.add(window, level)
        if passage.is_music and not was_music:
            self._music_since_ms = now_ms
        if no_voice > 0:
            self._forget(no_voice)
            if passage.is_hiss:
                self._raise_floor(min(passage.levels()[-_BLOCK:]))
        elif no_voice < 0:
            self._mark_loud(passage.levels()[no_voice:], self._loud_ms)
        elif passage.is_voice:
            self._mark(now_ms)
        else:
            self._doubt(now_ms, self._loud_ms)

    def _mark(self, start_ms: int) -> None:
        if self._open:
            self._spans[-1][1] = start_ms + WINDOW_MS
        else:
            self._spans.append([start_ms, start_ms + WINDOW_MS])
            self._open = True

    def _close(self) -> None:
        self._open = False
        start_ms, end_ms = self._spans[-1]
        if end_ms - start_ms < _MIN_SPEECH_MS:
            self._spans.pop()

    def _forget(self, windows: int) -> None:
        """Take back that the last so many windows were speech."""
        if not windows:
            return
        from_ms = self._loud_ms - windows * WINDOW_MS
        for start_ms, end_ms in self._spans:
            if end_ms > from_ms:
                self._doubt(max(start_ms, from_ms), end_ms)
        while self._spans and self._spans[-1][0] >= from_ms:
            self._spans.pop()
        if self._spans:
            self._spans[-1][1] = min(self._spans[-1][1], from_ms)
        self._open = False

    def _doubt(self, start_ms: int, end_ms: int) -> None:
        """Take note of what is loud and no voice, for all we know."""
        is_new = start_ms < self._music_since_ms + _DOUBT_MS
        may_be = self._passage.is_music and not self._passage.is_hiss and is_new
        doubtful = self._music if may_be else self._doubtful
        last = doubtful[-1] if doubtful else None
        if last and start_ms - last[1] < PAUSE_MS:
            last[1] = max(last[1], end_ms)
        else:
            doubtful.append([start_ms, end_ms])

    def _jump(self, start_ms: int) -> None:
        """Go on after a hole: what was before it and what comes are not one stretch."""
        if self._open and start_ms - self._spans[-1][1] >= PAUSE_MS:
            self._close()
        self._passage.begin()
        self.holes.append(Span(self._now_ms, start_ms))
        self._now_ms = start_ms

    def _follow_noise(self, level: int) -> None:
        block = self._block
        block.append(level)
        if level < self._floor:
            self._floor = max(_MIN_FLOOR, level)
        if len(block) < _BLOCK:
            return
        self._quietest.append(max(_MIN_FLOOR, min(block)))
        block.clear()
        before, self._floor = self._floor, min(self._quietest)
        if self._open and self._floor > before * _JUMP:
            self._mark_anew()

    def _raise_floor(self, level: int) -> None:
        """Take noise for what it is at once, and not when it has lasted: a voice may be over it."""
        if level > self._floor:
            self._quietest = deque([level] * _BLOCKS, maxlen=_BLOCKS)
            self._floor = level

    def _mark_anew(self) -> None:
        """Look at the open stretch again, over a floor that turned out to be higher."""
        start_ms, _ = self._spans.pop()
        self._open = False
        windows = (self._now_ms - start_ms) // WINDOW_MS
        if windows:
            self._mark_loud(self._passage.levels()[-windows:], self._now_ms)

    def _mark_loud(self, levels: list[int], until_ms: int) -> None:
        """Mark what is loud of windows that end then."""
        at_ms = until_ms - len(levels) * WINDOW_MS
        for level in levels:
            if level > self._floor * _ABOVE_FLOOR:
                self._mark(at_ms)
            elif self._open and at_ms + WINDOW_MS - self._spans[-1][1] >= PAUSE_MS:
                self._close()
            at_ms += WINDOW_MS


def _between(from_ms: int, until_ms: int, stretches: Iterable[list[int]]) -> Iterator[Span]:
    """Yield stretches between two times, oldest first, each moment once."""
    at_ms = from_ms
    for start_ms, end_ms in sorted(stretches):
        begin_ms, stop_ms = max(start_ms, at_ms), min(end_ms, until_ms)
        if begin_ms < stop_ms and end_ms - start_ms >= _MIN_SPEECH_MS:
            yield Span(begin_ms, stop_ms)
            at_ms = stop_ms
