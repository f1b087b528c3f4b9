"""The frames of one stream, in order per track and each once, with what is missing told.

Telnyx does not promise the order of media messages, and its own echo demo expects some twice.
Source: Telnyx, "Media Streaming over WebSockets".
"""

from service.ids import Track
from service.ingress.jitter.playout_clock import STALL_S, Pace, TrackClock
from service.ingress.jitter.reorder_buffer import WINDOW_S, Order, Tally
from service.ingress.jitter.sequence_numbers import (
    Number,
    NumberedFrame,
    Numbering,
    find_numbering,
    read_number,
)
from service.ports import AudioFeed

_OPENING_FRAMES = 32
_NEARBY_FRAMES = 16
"""A track that joins with a number farther from the other's counts by itself."""
_MOST_RENUMBERINGS = 8
"""Numbers that begin anew more often than this are not believed any longer."""


class Sequencer:
    """Puts one stream right: frames go in as they come, and on to `feed` as they were sent.

    The first 100 ms (or 32 frames) are held, to see how frames are numbered; after that a frame
    in order passes at once. A frame that came early waits up to 100 ms for those before it; what
    has not come by then is told as `feed.skip`, and so is time in which nothing came. Pure: `now`
    is in seconds of any steady clock, and the owner calls `wake` when `put` asks for it.

    `is_fast` says that the stream is played faster than it was spoken, and then the wall clock
    tells nothing; without it that is found out after 2 s.
    """

    def __init__(
        self, feed: AudioFeed, *, bytes_per_s: float, now: float, is_fast: bool = False
    ) -> None:
        self.tally = Tally()
        self._feed = feed
        self._s_per_byte = 1 / bytes_per_s
        self._pace = Pace(now, is_fast=is_fast)
        self._clocks: dict[Track, TrackClock] = {}
        self._orders: dict[Track, Order] = {}
        self._are_orders_shared = False
        self._numbering: Numbering | None = None
        self._opening: list[NumberedFrame] | None = []
        self._opening_used: list[int] = []
        self._opening_ends_at: float | None = None

    def put(
        self, track: Track, payload: bytes, *, chunk: Number, sequence_number: Number, now: float
    ) -> float | None:
        """Take one frame; return when to call `wake`, or None if nothing of its track waits."""
        self.tally.frames += 1
        if self._opening is not None:
            frame = NumberedFrame(track, payload, read_number(chunk), read_number(sequence_number))
            return self._put_opening(self._opening, frame, now)
        if self.tally.renumberings > _MOST_RENUMBERINGS and self._numbering is not None:
            self.flush(now)
            self._numbering = None
        number = read_number(chunk if self._numbering == "chunk" else sequence_number)
        if number is None or self._numbering is None:
            self._hear(track, payload, now)
            return self._clocks[track].wake_at
        order = self._order_for(track, number)
        order.put(number, (track, payload), now)
        clock = self._clocks.get(track)
        return order.wake_at or (None if clock is None else clock.wake_at)

    def use_up(self, sequence_number: Number, now: float) -> None:
        """Take note of a message that is no frame but was counted with them."""
        number = read_number(sequence_number)
        if number is None:
            return
        if self._opening is not None:
            self._opening_used.append(number)
        elif self._numbering == "sequence_number":
            for order in set(self._orders.values()):
                order.put(number, (None, b""), now)

    def wake(self, now: float) -> float | None:
        """Let go of what has waited long enough; return when to call again, or None."""
        if self._opening_ends_at is not None and self._opening_ends_at <= now:
            self._open(now)
        holders: list[Order | TrackClock] = [*set(self._orders.values()), *self._clocks.values()]
        for holder in holders:
            holder.wake(now)
        waits = (self._opening_ends_at, *(holder.wake_at for holder in holders))
        return min((at for at in waits if at is not None), default=None)

    def flush(self, now: float) -> None:
        """Pass on all that is held: the stream is over."""
        if self._opening is not None:
            self._open(now)
        for order in set(self._orders.values()):
            order.flush(now)
        for clock in self._clocks.values():
            clock.flush()

    def _put_opening(
        self, opening: list[NumberedFrame], frame: NumberedFrame, now: float
    ) -> float | None:
        opening.append(frame)
        if self._opening_ends_at is None:
            self._opening_ends_at = now + WINDOW_S
        if now < self._opening_ends_at and len(opening) < _OPENING_FRAMES:
            return self._opening_ends_at
        self._open(now)
        return self.wake(now)

    def _open(self, now: float) -> None:
        """Decide how frames are numbered, and let those that were held for it go, lowest first."""
        opening, self._opening, self._opening_ends_at = self._opening or [], None, None
        numbering = self._numbering = find_numbering(opening)
        if numbering is None:
            for frame in opening:
                self._hear(frame.track, frame.payload, now)
            return
        for frame in sorted(opening, key=lambda each: each.number(numbering) or 0):
            number = frame.number(numbering) or 0
            for used in sorted(n for n in self._opening_used if n < number):
                self.use_up(used, now)
            self._order_for(frame.track, number).put(number, (frame.track, frame.payload), now)

    # --- who counts what ---------------------------------------------------------------------

    def _order_for(self, track: Track, number: int) -> Order:
        order = self._orders.get(track)
        if order is None:
            return self._join(track, number)
        if self._are_orders_shared and number != order.next_number:
            user = order.user_of(number)
            return order if user in (None, track) else self._part(track, number)
        return order

    def _join(self, track: Track, number: int) -> Order:
        """Let a new track go by the numbers of the other one, unless that has them itself."""
        order = next(iter(self._orders.values()), None)
        if order is None or self._counts_apart(order, number):
            order = Order(number, emit=self._hear, lose=self._lose, tally=self.tally)
        else:
            self._are_orders_shared = True
        self._orders[track] = order
        return order

    def _counts_apart(self, order: Order, number: int) -> bool:
        if self._numbering == "sequence_number":
            return False
        is_far = abs(number - order.next_number) > _NEARBY_FRAMES
        return is_far or order.user_of(number) is not None

    def _part(self, track: Track, number: int) -> Order:
        """Give each track its own numbers: one came on both, so they never were the same."""
        shared = self._orders[track]
        self._are_orders_shared = False
        self._orders = {each: shared.part(each, number) for each in self._orders}
        return self._orders[track]

    # --- what comes out ----------------------------------------------------------------------

    def _clock(self, track: Track) -> TrackClock:
        clock = self._clocks.get(track)
        if clock is None:
            others_s = max((each.position_s for each in self._clocks.values()), default=0.0)
            clock = self._clocks[track] = TrackClock(track, self._feed, self._pace)
            if self._pace.is_fast and others_s > STALL_S:  # the wall clock cannot tell
                clock.begin_at(others_s)
        return clock

    def _hear(self, track: Track, payload: bytes, now: float) -> None:
        clock = self._clocks.get(track) or self._clock(track)
        clock.hear(payload, len(payload) * self._s_per_byte, now)

    def _lose(self, order: Order, frames: int, now: float) -> None:
        """Tell a loss. Where tracks share their numbers, the one that is behind lost the frame."""
        tracks = [track for track, its_order in self._orders.items() if its_order is order]
        lost_s = dict.fromkeys(tracks, 0.0)
        clocks = {track: self._clock(track) for track in tracks}
        for _ in range(frames):
            track = min(tracks, key=lambda each: clocks[each].position_s + lost_s[each])
            lost_s[track] += clocks[track].frame_s
        for track, duration_s in lost_s.items():
            if duration_s:
                clocks[track].lose(duration_s, now)
