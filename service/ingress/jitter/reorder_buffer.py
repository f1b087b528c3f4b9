"""The reorder buffer: early frames wait for those before them, duplicates are dropped."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from service.ids import Track

WINDOW_S = 0.1
"""How long a frame waits for those before it. Sets the latency of a loss, not of good frames."""
MAX_HELD_FRAMES = 256
_MAX_DISTANCE_FRAMES = 1000
"""A number farther than this from the next one is no loss: the numbering restarted."""
_MAX_OLD_FRAMES = 50
"""More old numbers than this in a row are no late frames: the numbering restarted."""
_HISTORY_FRAMES = 256

Frame: TypeAlias = tuple[Track | None, bytes]
"""A frame's track and payload. No track: a number that some other message used up."""
Emitted: TypeAlias = tuple[int, Frame]
"""A number, and the frame that had it."""

_NONE_EMITTED: Emitted = (-1, (None, b""))


@dataclass(slots=True)
class FrameCounts:
    """What became of the frames of one stream."""

    frames: int = 0
    """Everything that came."""
    duplicate_frames: int = 0
    late_frames: int = 0
    """Came after the gap they belong to had been reported."""
    lost_frames: int = 0
    renumberings: int = 0


class ReorderBuffer:
    """Takes the frames of one numbering as they come and emits them by number, each once.

    It holds up to 256 frames, each for up to 100 ms; past either bound it reports the gap before
    them and goes on. Pure: time is an argument, in seconds of any steady clock.
    """

    __slots__ = ("_counts", "_emit", "_held", "_history", "_old_run", "_report_gap", "next_number")

    def __init__(
        self,
        first_number: int,
        *,
        emit: Callable[[Track, bytes, float], None],
        report_gap: Callable[["ReorderBuffer", int, float], None],
        counts: FrameCounts,
    ) -> None:
        self.next_number = first_number
        """The number that would be in order."""
        self._emit = emit
        self._report_gap = report_gap
        self._counts = counts
        self._held: dict[int, tuple[Frame, float]] = {}
        self._history = [_NONE_EMITTED] * _HISTORY_FRAMES
        self._old_run = 0

    def push(self, number: int, frame: Frame, now: float) -> None:
        """Take one frame, and emit all that is now in order."""
        if number == self.next_number:  # what nearly every frame is
            self._pass_on(number, frame, now)
            if self._held:
                self.wake(now)
        elif abs(number - self.next_number) > _MAX_DISTANCE_FRAMES:
            self._restart(number, frame, now)
        elif number < self.next_number:
            self._push_old(number, frame, now)
        else:
            self._hold(number, frame, now)

    def track_of(self, number: int) -> Track | None:
        """Return the track that used this number, of those held or emitted not long ago."""
        held = self._held.get(number)
        if held is not None:
            return held[0][0]
        used, frame = self._history[number % _HISTORY_FRAMES]
        return frame[0] if used == number else None

    def split(self, track: Track, number: int) -> "ReorderBuffer":
        """Return a buffer for this track alone, with what is held of it here.

        It goes on after the last frame emitted of the track, or begins at `number`.
        """
        emitted = [each for each in self._history if each[1][0] == track]
        held = {each: item for each, item in self._held.items() if item[0][0] == track}
        first = max(emitted)[0] + 1 if emitted else min((*held, number))
        buffer = ReorderBuffer(
            first, emit=self._emit, report_gap=self._report_gap, counts=self._counts
        )
        buffer._take_over(held, emitted)
        return buffer

    def wake(self, now: float) -> None:
        """Emit what is in order, and report the gaps that frames waited behind for 100 ms."""
        held = self._held
        while held:
            if self.next_number in held:
                number = self.next_number
                self._pass_on(number, held.pop(number)[0], now)
            elif self._oldest_arrival() + WINDOW_S <= now:
                self._pass_gap(now)
            else:
                return

    @property
    def wake_at(self) -> float | None:
        """When `wake` has something to do; None while all is in order."""
        return self._oldest_arrival() + WINDOW_S if self._held else None

    def flush(self, now: float) -> None:
        """Emit everything that is held: nothing more will come."""
        while self._held:
            self._pass_gap(now)

    def _pass_on(self, number: int, frame: Frame, now: float) -> None:
        track, payload = frame
        self.next_number = number + 1
        self._old_run = 0
        self._history[number % _HISTORY_FRAMES] = (number, frame)
        if track is not None:
            self._emit(track, payload, now)

    def _hold(self, number: int, frame: Frame, now: float) -> None:
        if number in self._held:
            self._counts.duplicate_frames += 1
            return
        self._held[number] = (frame, now)
        if len(self._held) > MAX_HELD_FRAMES:
            self._pass_gap(now)
        self.wake(now)

    def _push_old(self, number: int, frame: Frame, now: float) -> None:
        if self._history[number % _HISTORY_FRAMES] == (number, frame):
            self._counts.duplicate_frames += 1
            return
        self._old_run += 1
        if self._old_run > _MAX_OLD_FRAMES:
            self._restart(number, frame, now)
        else:
            self._counts.late_frames += 1

    def _restart(self, number: int, frame: Frame, now: float) -> None:
        self.flush(now)
        self._counts.renumberings += 1
        self._history = [_NONE_EMITTED] * _HISTORY_FRAMES
        self._pass_on(number, frame, now)

    def _pass_gap(self, now: float) -> None:
        """Report the gap before the first frame held, if there is one, and emit that frame."""
        number = min(self._held)
        missing = number - self.next_number
        if missing:
            self._counts.lost_frames += missing
            self._report_gap(self, missing, now)
        self._pass_on(number, self._held.pop(number)[0], now)

    def _oldest_arrival(self) -> float:
        return min(arrived for _, arrived in self._held.values())

    def _take_over(self, held: dict[int, tuple[Frame, float]], emitted: list[Emitted]) -> None:
        self._held = held
        for number, frame in emitted:
            self._history[number % _HISTORY_FRAMES] = (number, frame)
