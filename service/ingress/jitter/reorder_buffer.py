"""Putting numbered frames right: what came early waits, what came twice is dropped."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from service.ids import Track

WINDOW_S = 0.1
"""How long a frame waits for those before it. Sets the latency of a loss, not of good frames."""
MOST_HELD_FRAMES = 256
_FARTHEST_FRAMES = 1000
"""A number farther than this from the next one is no loss: the numbering began anew."""
_MOST_OLD_FRAMES = 50
"""So many old numbers in a row are no late frames: the numbering began anew."""
_REMEMBERED_FRAMES = 256

Frame: TypeAlias = tuple[Track | None, bytes]
"""A frame's track and payload. No track: a number that some other message used up."""
Used: TypeAlias = tuple[int, Frame]
"""A number, and the frame that had it."""

_NONE_USED: Used = (-1, (None, b""))


@dataclass(slots=True)
class Tally:
    """What became of the frames of one stream."""

    frames: int = 0
    """Everything that came."""
    duplicate_frames: int = 0
    late_frames: int = 0
    """Came after they had been given up."""
    lost_frames: int = 0
    renumberings: int = 0


class Order:
    """One numbering: frames go in as they come and out by number, each once.

    Up to 256 frames are held, each for up to 100 ms; past either bound the hole before them is
    given up. Pure: time is an argument, in seconds of any steady clock.
    """

    __slots__ = ("_emit", "_held", "_lose", "_old_run", "_recent", "_tally", "next_number")

    def __init__(
        self,
        first_number: int,
        *,
        emit: Callable[[Track, bytes, float], None],
        lose: Callable[["Order", int, float], None],
        tally: Tally,
    ) -> None:
        self.next_number = first_number
        """The number that would be in order."""
        self._emit = emit
        self._lose = lose
        self._tally = tally
        self._held: dict[int, tuple[Frame, float]] = {}
        self._recent = [_NONE_USED] * _REMEMBERED_FRAMES
        self._old_run = 0

    def put(self, number: int, frame: Frame, now: float) -> None:
        """Take one frame, and give out all that is now in order."""
        if number == self.next_number:  # what nearly every frame is
            self._give_out(number, frame, now)
            if self._held:
                self.wake(now)
        elif abs(number - self.next_number) > _FARTHEST_FRAMES:
            self._begin_anew(number, frame, now)
        elif number < self.next_number:
            self._put_old(number, frame, now)
        else:
            self._hold(number, frame, now)

    def user_of(self, number: int) -> Track | None:
        """Return the track that used this number, of those held or given out not long ago."""
        held = self._held.get(number)
        if held is not None:
            return held[0][0]
        used, frame = self._recent[number % _REMEMBERED_FRAMES]
        return frame[0] if used == number else None

    def part(self, track: Track, number: int) -> "Order":
        """Return an order for this track alone, with what is held of it here.

        It goes on after the last frame given out of the track, or begins at `number`.
        """
        used = [each for each in self._recent if each[1][0] == track]
        held = {each: item for each, item in self._held.items() if item[0][0] == track}
        first = max(used)[0] + 1 if used else min((*held, number))
        order = Order(first, emit=self._emit, lose=self._lose, tally=self._tally)
        order._take_over(held, used)
        return order

    def wake(self, now: float) -> None:
        """Give out what is in order, and give up holes that frames waited behind for 100 ms."""
        held = self._held
        while held:
            if self.next_number in held:
                number = self.next_number
                self._give_out(number, held.pop(number)[0], now)
            elif self._oldest_arrival() + WINDOW_S <= now:
                self._give_up_hole(now)
            else:
                return

    @property
    def wake_at(self) -> float | None:
        """When `wake` has something to do; None while all is in order."""
        return self._oldest_arrival() + WINDOW_S if self._held else None

    def flush(self, now: float) -> None:
        """Give out everything that is held: nothing more will come."""
        while self._held:
            self._give_up_hole(now)

    def _give_out(self, number: int, frame: Frame, now: float) -> None:
        track, payload = frame
        self.next_number = number + 1
        self._old_run = 0
        self._recent[number % _REMEMBERED_FRAMES] = (number, frame)
        if track is not None:
            self._emit(track, payload, now)

    def _hold(self, number: int, frame: Frame, now: float) -> None:
        if number in self._held:
            self._tally.duplicate_frames += 1
            return
        self._held[number] = (frame, now)
        if len(self._held) > MOST_HELD_FRAMES:
            self._give_up_hole(now)
        self.wake(now)

    def _put_old(self, number: int, frame: Frame, now: float) -> None:
        if self._recent[number % _REMEMBERED_FRAMES] == (number, frame):
            self._tally.duplicate_frames += 1
            return
        self._old_run += 1
        if self._old_run > _MOST_OLD_FRAMES:
            self._begin_anew(number, frame, now)
        else:
            self._tally.late_frames += 1

    def _begin_anew(self, number: int, frame: Frame, now: float) -> None:
        self.flush(now)
        self._tally.renumberings += 1
        self._recent = [_NONE_USED] * _REMEMBERED_FRAMES
        self._give_out(number, frame, now)

    def _give_up_hole(self, now: float) -> None:
        """Give up what is missing before the first frame held, and give that one out."""
        number = min(self._held)
        missing = number - self.next_number
        if missing:
            self._tally.lost_frames += missing
            self._lose(self, missing, now)
        self._give_out(number, self._held.pop(number)[0], now)

    def _oldest_arrival(self) -> float:
        return min(arrived for _, arrived in self._held.values())

    def _take_over(self, held: dict[int, tuple[Frame, float]], used: list[Used]) -> None:
        self._held = held
        for number, frame in used:
            self._recent[number % _REMEMBERED_FRAMES] = (number, frame)
