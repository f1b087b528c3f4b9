"""The reorder buffer: early frames wait for those before them, duplicates are dropped."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from service.ids import Track
from service.wire.media import WireNumber

WINDOW_S = 0.1
"""How long a frame waits for those before it. Sets the latency of a loss, not of good frames."""
MAX_HELD_FRAMES = 256
_MAX_DISTANCE_FRAMES = 1000
"""A number farther than this from the next one is no loss: the numbering restarted."""
_MAX_OLD_FRAMES = 50
"""More old numbers than this in a row are no late frames: the numbering restarted."""
_HISTORY_FRAMES = 256

Frame: TypeAlias = tuple[Track | None, bytes, WireNumber]
"""A frame's track, payload and stamp. No track: a number that some other message used up."""
Released: TypeAlias = Frame | int
"""A frame that is in order now, or the number of frames that were lost before the next one."""

NO_FRAME: Frame = (None, b"", None)
_NONE_RELEASED = -1
_NOTHING: Sequence[Released] = ()


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


class _History:
    """Which frames were released last, by their numbers: not the frames, but their hashes.

    The frames of some seconds of all calls are more than a processor keeps at hand.
    """

    __slots__ = ("_hashes", "_numbers", "_tracks")

    def __init__(self) -> None:
        self._numbers = array("q", [_NONE_RELEASED]) * _HISTORY_FRAMES
        self._hashes = array("q", [0]) * _HISTORY_FRAMES
        self._tracks: list[Track | None] = [None] * _HISTORY_FRAMES

    def note(self, number: int, track: Track | None, hashed: int) -> None:
        """Take note of a frame; the one released so many before it is forgotten."""
        slot = number % _HISTORY_FRAMES
        self._numbers[slot], self._hashes[slot], self._tracks[slot] = number, hashed, track

    def has(self, number: int, hashed: int) -> bool:
        """Say whether just this frame was released with this number."""
        slot = number % _HISTORY_FRAMES
        return self._numbers[slot] == number and self._hashes[slot] == hashed

    def track_of(self, number: int) -> Track | None:
        """Return the track that used this number."""
        slot = number % _HISTORY_FRAMES
        return self._tracks[slot] if self._numbers[slot] == number else None

    def of(self, track: Track) -> list[tuple[int, int]]:
        """Return the numbers and hashes of a track's frames."""
        noted = zip(self._numbers, self._hashes, self._tracks, strict=True)
        return [(number, hashed) for number, hashed, its_track in noted if its_track == track]


class ReorderBuffer:
    """Takes the frames of one numbering as they come and releases them by number, each once.

    It holds up to 256 frames, each for up to 100 ms; past either bound the gap before them is
    released, and it goes on. Pure: time is an argument, in seconds of any steady clock.
    """

    __slots__ = ("_counts", "_held", "_history", "_old_run", "next_number", "wake_at")

    def __init__(self, first_number: int, counts: FrameCounts) -> None:
        self.next_number = first_number
        """The number that would be in order."""
        self.wake_at: float | None = None
        """When `wake` has something to do; None while all is in order."""
        self._counts = counts
        self._held: dict[int, tuple[Frame, float]] = {}
        self._history = _History()
        self._old_run = 0

    def passes(self, number: int, frame: Frame) -> bool:
        """Take a frame that is in order while nothing is held, as nearly every one is.

        False if it is not: it was not taken.
        """
        if number != self.next_number or self._held:
            return False
        self.next_number = number + 1
        self._old_run = 0
        self._history.note(number, frame[0], hash(frame))
        return True

    def push(self, number: int, frame: Frame, now: float) -> Sequence[Released]:
        """Take one frame, and return all that is now in order."""
        if number == self.next_number:
            released = self._in_order(number, frame)
            return (*released, *self.wake(now)) if self._held else released
        if abs(number - self.next_number) > _MAX_DISTANCE_FRAMES:
            return self._restart(number, frame)
        if number < self.next_number:
            return self._push_old(number, frame)
        return self._hold(number, frame, now)

    def track_of(self, number: int) -> Track | None:
        """Return the track that used this number, of those held or released not long ago."""
        held = self._held.get(number)
        if held is not None:
            return held[0][0]
        return self._history.track_of(number)

    def split(self, track: Track, number: int) -> "ReorderBuffer":
        """Return a buffer for this track alone, with what is held of it here.

        It goes on after the last frame released of the track, or begins at `number`.
        """
        past = self._history.of(track)
        held = {each: item for each, item in self._held.items() if item[0][0] == track}
        buffer = ReorderBuffer(max(past)[0] + 1 if past else min((*held, number)), self._counts)
        buffer._held = held
        for used, hashed in past:
            buffer._history.note(used, track, hashed)
        buffer._set_wake()
        return buffer

    def wake(self, now: float) -> Sequence[Released]:
        """Return what is in order, and the gaps that frames waited behind for 100 ms."""
        held, released = self._held, list[Released]()
        while held:
            if self.next_number in held:
                number = self.next_number
                released += self._in_order(number, held.pop(number)[0])
            elif self._oldest_arrival() + WINDOW_S <= now:
                released += self._gap()
            else:
                break
        self._set_wake()
        return released

    def flush(self) -> Sequence[Released]:
        """Return everything that is held: nothing more will come."""
        released = list[Released]()
        while self._held:
            released += self._gap()
        self._set_wake()
        return released

    def _in_order(self, number: int, frame: Frame) -> Sequence[Released]:
        self.next_number = number + 1
        self._old_run = 0
        self._history.note(number, frame[0], hash(frame))
        return (frame,) if frame[0] is not None else _NOTHING

    def _hold(self, number: int, frame: Frame, now: float) -> Sequence[Released]:
        if number in self._held:
            self._counts.duplicate_frames += 1
            return _NOTHING
        self._held[number] = (frame, now)
        if len(self._held) > MAX_HELD_FRAMES:
            return (*self._gap(), *self.wake(now))
        if self.wake_at is None:
            self.wake_at = now + WINDOW_S
        return _NOTHING

    def _push_old(self, number: int, frame: Frame) -> Sequence[Released]:
        if self._history.has(number, hash(frame)):
            self._counts.duplicate_frames += 1
            return _NOTHING
        self._old_run += 1
        if self._old_run > _MAX_OLD_FRAMES:
            return self._restart(number, frame)
        self._counts.late_frames += 1
        return _NOTHING

    def _restart(self, number: int, frame: Frame) -> Sequence[Released]:
        before = self.flush()
        self._counts.renumberings += 1
        self._history = _History()
        return (*before, *self._in_order(number, frame))

    def _gap(self) -> Sequence[Released]:
        """Give up the gap before the first frame held, if there is one, and release that frame."""
        number = min(self._held)
        missing = number - self.next_number
        frame = self._in_order(number, self._held.pop(number)[0])
        if not missing:
            return frame
        self._counts.lost_frames += missing
        return (missing, *frame)

    def _oldest_arrival(self) -> float:
        return min(arrived for _, arrived in self._held.values())

    def _set_wake(self) -> None:
        self.wake_at = self._oldest_arrival() + WINDOW_S if self._held else None
