"""Telling a voice from other sounds: the tones of an exchange, and music on hold.

A voice changes its timbre from one moment to the next: even where it is about as loud as a moment
before, it crosses zero more or less often, as vowels and consonants follow each other. A note
keeps its timbre while it sounds. On recordings of people, noisy lines included, the median change
within 50 ms is 8 crossings and more; on music 0 to 5. Music with drums in it changes as much as a
voice does, but it has a beat and no pauses. The tones of an exchange are one sine wave or two.
"""

from collections import deque
from itertools import islice, pairwise
from statistics import median

from service.stt.sound import crossings, is_tone, rhythm

SOUNDING = 120
"""Loudness of what is not silence, whatever the noise on the line."""
_SILENT = -1
"""In place of the crossings of a window that is silent."""
HISTORY = 200
"""Windows looked at: 10 s."""
_LOOK, _LOOK_AGAIN = 30, 10
"""Loud windows from one look for music to the next, and while it is."""

_TONE_WINDOWS = 5
"""A tone goes on for so many windows and more, each like the one before, give or take so much."""
_KEPT = 40
"""Windows kept, to be looked at again once it is known what they are part of: 2 s."""
_MAX_NOISY = 0.2
"""How much of a tone may not look like one, on a line with noise on it."""
_TONE_LEVELS = (0.8, 1.25)
_TONE_CROSSINGS = 5
_MAX_TONE = 220
"""Crossings of the highest tone there is, that of a fax."""

_MIN_WINDOWS = 60
_STEADY = 0.3
"""Less of a passage says nothing of it: 3 s, and so much of it pairs of windows that are alike."""
_RECENT = 40
"""Windows looked at to see whether somebody speaks after music."""
_LULL = 20
"""So many windows without a loud one end what is not music: a second."""
_STEADY_LEVELS = (0.5, 1.5)
"""How loud a window is beside the one before it, for the two to be alike."""
_MAX_CHANGE, _SURE_CHANGE = 5, 6
"""Crossings, by which a note changes within a window; what changes by more is surely no note."""
_MIN_VARIETY = 2
"""Crossings: what varies less is mostly one sound, which is no melody."""
_MIN_HISS = 165
"""Crossings of what is mostly noise: drums, a hiss; of voices, even on noisy lines, up to 140."""

_BEAT_WINDOWS = 120
_MIN_BEAT, _SOME_BEAT = 0.65, 0.45
"""How surely the levels of music come again; what it takes for music to go on."""
_MIN_SOUNDING = 0.9
"""How much of music with a beat is sound."""


class Passage:
    """What sounds without a second of silence, and whether it can be a voice."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._levels: deque[int] = deque(maxlen=HISTORY)
        self._crossings: deque[int] = deque(maxlen=HISTORY)
        self._length = 0
        """How many windows there were in this passage."""
        self._since = 0
        """How many since a tone, or since a voice came after all: those are judged."""
        self._loud = 0
        """Loud windows of it."""
        self._looked_at = 0
        """How many windows there were at the last look for music."""
        self._alike = 0
        """How many loud windows until now are each like the one before."""
        self._unlike = 0
        """How many are not."""
        self._lull = 0
        """How many windows in a row were not loud."""
        self._is_tone = self._is_music = self._has_beat = False
        self._kept: deque[bytes] = deque(maxlen=_KEPT)
        """The last windows, all of them loud, without a quiet one between them."""
        self.is_hiss = False
        """Whether it is mostly noise."""

    @property
    def is_voice(self) -> bool:
        """Whether it may be one, as far as is known."""
        return not (self._is_tone or self._is_music)

    @property
    def is_music(self) -> bool:
        """Whether it passes for music."""
        return self._is_music

    def begin(self) -> None:
        """Begin a passage."""
        self._length = self._since = self._loud = self._alike = self._unlike = self._lull = 0
        self._looked_at = 0
        self._kept.clear()
        self._is_tone = self._is_music = self._has_beat = self.is_hiss = False

    def levels(self) -> list[int]:
        """Return how loud the last windows were, oldest first."""
        return list(self._levels)

    def add_quiet(self, window: bytes, level: int) -> int:
        """Take a window that is not loud beside the noise on the line.

        Returns how many loud windows before it turn out to have been a tone.
        """
        tone = self._tone_windows(_TONE_WINDOWS) if self._kept else 0
        self._kept.clear()
        self._add(level, crossings(window) if level >= SOUNDING else _SILENT)
        self._alike = 0
        self._lull += 1
        if self._lull >= _LULL and (self.is_hiss or not self._is_music):
            self.begin()
        return tone

    def add(self, window: bytes, level: int) -> int:
        """Take a loud window; return what `judge` does."""
        crosses = crossings(window)
        self._compare(level, crosses)
        self._add(level, crosses)
        self._loud += 1
        self._lull = 0
        self._kept.append(window)
        if self._alike and self._alike % _TONE_WINDOWS == 0:
            self._is_tone = self._is_like_tone(window)
            if self._is_tone:
                self._since = self._loud = 1  # what comes after it may be something else
                return max(self._tone_windows(0), self._alike + 2)
        elif self._is_tone and self._unlike >= _TONE_WINDOWS:
            self._is_tone = self._is_like_tone(window)
        if self._loud % (_LOOK_AGAIN if self._is_music else _LOOK):
            return 0
        looked_at, self._looked_at = self._looked_at, self._length
        if self._is_music and self._length - looked_at > _RECENT:
            return self._length  # now and then some of it is loud
        return self.judge()

    def judge(self) -> int:
        """Look whether it is music; return how many windows until now turn out to be no voice.

        Where it turns out to be a voice after all, it is a negative number: so many are.
        """
        if self._is_music:
            length = _BEAT_WINDOWS if self._has_beat else _RECENT
            if self._since < length or self._is_like_music(length):
                return self._length
            self._is_music, self._since = False, length
            return -length
        length = min(self._since, HISTORY)
        self._is_music = length >= _MIN_WINDOWS and self._is_like_music(length)
        return self._length if self._is_music else 0

    def _is_like_tone(self, window: bytes) -> bool:
        return crossings(window) <= _MAX_TONE and is_tone(window, self._rate_hz)

    def _tone_windows(self, least: int) -> int:
        """Return how many windows until now are all of one tone; 0 if there are not so many.

        A line with noise on it makes some of them unlike each other, and some unlike a tone.
        """
        windows = self._kept
        unlike, may_be = 0, int(len(windows) * _MAX_NOISY)
        for window in reversed(windows):
            unlike += not self._is_like_tone(window)
            if unlike > may_be:
                return 0
        return len(windows) + 1 if len(windows) >= least else 0  # it came up in the middle of one

    def _compare(self, level: int, crosses: int) -> None:
        low, high = _TONE_LEVELS
        before, crossed = (self._levels[-1], self._crossings[-1]) if self._length else (0, 0)
        like = low * before < level < high * before and abs(crosses - crossed) <= _TONE_CROSSINGS
        self._alike = self._alike + 1 if like else 0
        self._unlike = 0 if like else self._unlike + 1

    def _add(self, level: int, crosses: int) -> None:
        self._levels.append(level)
        self._crossings.append(crosses)
        self._length += 1
        self._since += 1

    def _is_like_music(self, length: int) -> bool:
        self._has_beat = length >= _BEAT_WINDOWS and self._is_beat(length)
        return self._has_beat or self._is_hiss_or_melody(length)

    def _is_hiss_or_melody(self, length: int) -> bool:
        low, high = _STEADY_LEVELS
        windows = zip(_last(self._levels, length), _last(self._crossings, length), strict=True)
        changes, crossings = [], []
        for (before, crossed), (level, crosses) in pairwise(windows):
            if crosses >= 0 and crossed >= 0 and low * before < level < high * before:
                changes.append(abs(crosses - crossed))
                crossings.append(crosses)
        if len(changes) < _STEADY * length:
            return self._is_music
        middle = median(crossings)
        self.is_hiss = middle >= _MIN_HISS
        if self.is_hiss:
            return True
        variety = median(abs(crosses - middle) for crosses in crossings)
        is_varied = self._is_music or variety >= _MIN_VARIETY
        return is_varied and median(changes) <= (_SURE_CHANGE if self._is_music else _MAX_CHANGE)

    def _is_beat(self, length: int) -> bool:
        levels = list(_last(self._levels, length))
        sounding = sum(level >= SOUNDING for level in levels)
        least = _SOME_BEAT if self._is_music else _MIN_BEAT
        return sounding >= _MIN_SOUNDING * length and rhythm(levels) >= least


def _last(values: deque[int], count: int) -> "islice[int]":
    return islice(values, len(values) - count, None)
