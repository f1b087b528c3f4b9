"""A mixer that gives out nothing before it is known what of it may be kept.

Verdicts come behind the audio. What is hidden is written as silence; what nobody judged within a
bound is, too, and whatever was not judged at the end.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from service.ids import Track
from service.ports import Verdict
from service.recording.mixer import Mixer
from service.recording.wav import CHANNELS, Layout

MAX_HELD_MS: Final = 60_000
"""How much audio waits in memory for a verdict: what is older becomes silence."""


class _Stretch(NamedTuple):
    begin: int
    end: int


class CarefulMixer(Mixer):
    """A `Mixer` for what is judged. Places are blocks from the start of the file."""

    def __init__(self, layout: Layout, *, written: int, begin: int) -> None:
        """Go on after `written` blocks; the tracks begin at `begin`, or where there is room."""
        super().__init__(layout, written=written, begin=begin)
        self._begin = max(written, begin)
        self._known = dict.fromkeys(CHANNELS, self._begin)
        self._placed: dict[Track, list[_Stretch]] = {track: [] for track in CHANNELS}
        """Where there is audio that was not given out."""
        self._hidden: dict[Track, list[_Stretch]] = {track: [] for track in CHANNELS}
        self._waiting: dict[Track, list[_Stretch]] = {track: [] for track in CHANNELS}
        self.silenced = 0
        """How many blocks of audio were given out as silence, of both tracks together."""

    def place(self, track: Track, samples: bytes) -> None:
        """See `Mixer.place`. What waits too long becomes silence."""
        begin = max(self._at[track], self.written)
        super().place(track, samples)
        end, placed = self._at[track], self._placed[track]
        if end <= begin:
            return
        if placed and placed[-1].end == begin:
            placed[-1] = _Stretch(placed[-1].begin, end)
        else:
            placed.append(_Stretch(begin, end))
        held_from = max(self._at.values()) - self._layout.blocks(MAX_HELD_MS)
        if self._limit < held_from:
            self._give_up(held_from)

    def judge(self, verdict: Verdict) -> None:
        """Let go of what is known, hide what is not to be heard."""
        if verdict.earlier != "hold":
            for track, waiting in self._waiting.items():
                if verdict.earlier == "hide":
                    self._hidden[track] += waiting
                waiting.clear()
        track = verdict.track
        self._hidden[track] += map(self._stretch, verdict.hidden)
        self._waiting[track] += map(self._stretch, verdict.open)
        self._known[track] = max(self._known[track], self._block(verdict.until_ms))

    @property
    def due(self) -> int:
        """How many blocks can be written: both tracks have them, and all of it is known."""
        return max(0, min(super().due, self._limit - self.written))

    def take(self, *, everything: bool = False) -> Iterator[bytes]:
        """See `Mixer.take`; with `everything`, what is not known becomes silence."""
        if everything:
            self._give_up(max(self._at.values()))
        for piece in super().take(everything=everything):
            yield self._silenced(piece)

    @property
    def _limit(self) -> int:
        """Up to where all is known, and nothing waits."""
        limits = [max(self._at.values())]
        for track in CHANNELS:
            known = self._known[track]
            limits += [max(one.begin, known) for one in self._placed[track] if one.end > known]
            limits += [one.begin for one in self._waiting[track]]
        return min(limits)

    def _give_up(self, until: int) -> None:
        """Hide what is not known before a place, and all that began to wait before it."""
        for track in CHANNELS:
            known, waiting = self._known[track], self._waiting[track]
            if known < until:
                self._hidden[track].append(_Stretch(known, until))
                self._known[track] = until
            self._hidden[track] += [one for one in waiting if one.begin < until]
            self._waiting[track] = [one for one in waiting if one.begin >= until]

    def _silenced(self, piece: bytes) -> bytes:
        """Silence what is hidden of the piece that was given out last."""
        end = self.written
        begin = end - len(piece) // self._layout.block_bytes
        data = bytearray(piece)
        for channel, track in enumerate(CHANNELS):
            placed, hidden = self._placed[track], self._hidden[track]
            for first, last in _common([_Stretch(begin, end)], hidden):
                self._layout.silence_channel(data, channel, first - begin, last - begin)
            silenced = _common(_common([_Stretch(begin, end)], placed), hidden)
            self.silenced += sum(last - first for first, last in silenced)
            self._placed[track] = [one for one in placed if one.end > end]
            self._hidden[track] = [one for one in hidden if one.end > end]
        return bytes(data)

    def _stretch(self, span_ms: tuple[float, float]) -> _Stretch:
        return _Stretch(self._block(span_ms[0]), self._block(span_ms[1]))

    def _block(self, at_ms: float) -> int:
        return self._begin + self._layout.blocks(round(at_ms))


def _common(some: list[_Stretch], others: list[_Stretch]) -> list[_Stretch]:
    """Return where two lists of stretches have something in common, each place once."""
    found: list[_Stretch] = []
    common = (
        _Stretch(max(one.begin, other.begin), min(one.end, other.end))
        for one in some
        for other in others
    )
    for begin, end in sorted(common):
        start = max(begin, found[-1].end) if found else begin
        if start < end:
            found.append(_Stretch(start, end))
    return found
