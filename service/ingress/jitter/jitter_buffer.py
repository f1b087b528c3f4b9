"""The jitter buffer of one stream: frames in order per track and each once, gaps reported.

Telnyx does not promise the order of media messages, and its own echo demo expects some twice
(TELNYX.md §4.3).
"""

from collections.abc import Sequence

from service.ids import Track
from service.ingress.jitter.playout_clock import STALL_S, PlayoutClock, StreamTiming
from service.ingress.jitter.reorder_buffer import (
    NO_FRAME,
    WINDOW_S,
    FrameCounts,
    Released,
    ReorderBuffer,
)
from service.ingress.jitter.sequence_numbers import (
    NumberedFrame,
    SequenceField,
    detect_sequence_field,
)
from service.ports import AudioFeed
from service.wire.audio import PayloadTiming
from service.wire.media import WireNumber, parse_number

_PROBE_FRAMES = 32
_NEARBY_FRAMES = 16
"""A track that joins with a number farther from the other's counts by itself."""
_MAX_RENUMBERINGS = 8
"""Numbers that restart more often than this are not believed any longer."""


class JitterBuffer:
    """Takes the frames of one stream as they come, and pushes them to `feed` as they were sent.

    It holds the first 100 ms (or 32 frames), to detect how frames are numbered; after that a
    frame in order passes at once. A frame that came early waits up to 100 ms for those before it;
    what has not come by then becomes `feed.skip`, and so does time in which nothing came. Pure:
    `now` is in seconds of any steady clock, and the owner calls `wake` when `push` asks for it.

    `is_fast` says that the stream is played faster than it was spoken, and then the wall clock
    tells nothing; without it that is found out after 2 s.
    """

    def __init__(
        self, feed: AudioFeed, payloads: PayloadTiming, *, now: float, is_fast: bool = False
    ) -> None:
        self.counts = FrameCounts()
        self._feed = feed
        self._payloads = payloads
        self._s_per_byte = payloads.s_per_byte
        self._timing = StreamTiming(now, is_fast=is_fast)
        self._clocks: dict[Track, PlayoutClock] = {}
        self._buffers: dict[Track, ReorderBuffer] = {}
        self._is_buffer_shared = False
        self._field: SequenceField | None = None
        self._probe: list[NumberedFrame] | None = []
        self._probe_used: list[int] = []
        self._probe_ends_at: float | None = None

    def push(
        self,
        track: Track,
        payload: bytes,
        *,
        chunk: WireNumber,
        sequence_number: WireNumber,
        now: float,
        stamp: WireNumber = None,
    ) -> float | None:
        """Take one frame; return when to call `wake`, or None if nothing of its track waits."""
        self.counts.frames += 1
        if self._probe is not None:
            numbers = parse_number(chunk), parse_number(sequence_number)
            frame = NumberedFrame(track, payload, *numbers, stamp)
            return self._push_probe(self._probe, frame, now)
        if self.counts.renumberings > _MAX_RENUMBERINGS and self._field is not None:
            self.flush(now)
            self._field = None
        number = parse_number(chunk if self._field == "chunk" else sequence_number)
        if number is None or self._field is None:
            return self._play(track, payload, stamp, now)
        buffer, entry = self._buffers.get(track), (track, payload, stamp)
        if buffer is not None and buffer.passes(number, entry):  # what nearly every entry does
            return self._play(track, payload, stamp, now)
        buffer = self._buffer_for(track, number)
        self._play_all(buffer, buffer.push(number, entry, now), now)
        clock = self._clocks.get(track)
        return buffer.wake_at or (None if clock is None else clock.wake_at)

    def count_message(self, sequence_number: WireNumber, now: float) -> None:
        """Take note of a message that is no frame but was counted with them."""
        number = parse_number(sequence_number)
        if number is None:
            return
        if self._probe is not None:
            self._probe_used.append(number)
        elif self._field == "sequence_number":
            for buffer in set(self._buffers.values()):
                self._play_all(buffer, buffer.push(number, NO_FRAME, now), now)

    def wake(self, now: float) -> float | None:
        """Release what has waited long enough; return when to call again, or None."""
        if self._probe_ends_at is not None and self._probe_ends_at <= now:
            self._end_probe(now)
        buffers, clocks = set(self._buffers.values()), list(self._clocks.values())
        for buffer in buffers:
            self._play_all(buffer, buffer.wake(now), now)
        for clock in clocks:
            clock.wake(now)
        waits = [self._probe_ends_at]
        waits += [buffer.wake_at for buffer in buffers]
        waits += [clock.wake_at for clock in clocks]
        return min((at for at in waits if at is not None), default=None)

    def flush(self, now: float) -> None:
        """Pass on all that is held: the stream is over."""
        if self._probe is not None:
            self._end_probe(now)
        for buffer in set(self._buffers.values()):
            self._play_all(buffer, buffer.flush(), now)
        for clock in self._clocks.values():
            clock.flush()

    def _push_probe(
        self, probe: list[NumberedFrame], frame: NumberedFrame, now: float
    ) -> float | None:
        probe.append(frame)
        if self._probe_ends_at is None:
            self._probe_ends_at = now + WINDOW_S
        if now < self._probe_ends_at and len(probe) < _PROBE_FRAMES:
            return self._probe_ends_at
        self._end_probe(now)
        return self.wake(now)

    def _end_probe(self, now: float) -> None:
        """Detect how frames are numbered, and release those held for it, lowest number first."""
        probe, self._probe, self._probe_ends_at = self._probe or [], None, None
        field = self._field = detect_sequence_field(probe)
        if field is None:
            for frame in probe:
                self._play(frame.track, frame.payload, frame.stamp, now)
            return
        for frame in sorted(probe, key=lambda each: each.number(field) or 0):
            number = frame.number(field) or 0
            for used in sorted(n for n in self._probe_used if n < number):
                self.count_message(used, now)
            buffer = self._buffer_for(frame.track, number)
            held = frame.track, frame.payload, frame.stamp
            self._play_all(buffer, buffer.push(number, held, now), now)

    # --- who counts what ---------------------------------------------------------------------

    def _buffer_for(self, track: Track, number: int) -> ReorderBuffer:
        buffer = self._buffers.get(track)
        if buffer is None:
            return self._join(track, number)
        if self._is_buffer_shared and number != buffer.next_number:
            user = buffer.track_of(number)
            return buffer if user in (None, track) else self._split(track, number)
        return buffer

    def _join(self, track: Track, number: int) -> ReorderBuffer:
        """Let a new track go by the numbers of the other one, unless that has them itself."""
        buffer = next(iter(self._buffers.values()), None)
        if buffer is None or self._counts_apart(buffer, number):
            buffer = ReorderBuffer(number, self.counts)
        else:
            self._is_buffer_shared = True
        self._buffers[track] = buffer
        return buffer

    def _counts_apart(self, buffer: ReorderBuffer, number: int) -> bool:
        if self._field == "sequence_number":
            return False
        is_far = abs(number - buffer.next_number) > _NEARBY_FRAMES
        return is_far or buffer.track_of(number) is not None

    def _split(self, track: Track, number: int) -> ReorderBuffer:
        """Give each track its own numbers: one came on both, so they never were the same."""
        shared = self._buffers[track]
        self._is_buffer_shared = False
        self._buffers = {each: shared.split(each, number) for each in self._buffers}
        return self._buffers[track]

    # --- what comes out ----------------------------------------------------------------------

    def _clock(self, track: Track) -> PlayoutClock:
        clock = self._clocks.get(track)
        if clock is None:
            others_s = max((each.position_s for each in self._clocks.values()), default=0.0)
            clock = self._clocks[track] = PlayoutClock(track, self._feed, self._timing)
            if self._timing.is_fast and others_s > STALL_S:  # the wall clock cannot tell
                clock.start_at(others_s)
        return clock

    def _play_all(self, buffer: ReorderBuffer, released: Sequence[Released], now: float) -> None:
        for each in released:
            if isinstance(each, int):
                self._play_gap(buffer, each, now)
            elif each[0] is not None:
                self._play(each[0], each[1], each[2], now)

    def _play(self, track: Track, payload: bytes, stamp: WireNumber, now: float) -> float | None:
        """Play a frame; return when its track's clock is to be woken."""
        clock = self._clocks.get(track) or self._clock(track)
        if self._s_per_byte:  # what nearly every stream has
            clock.push(payload, len(payload) * self._s_per_byte, now, stamp)
        else:
            clock.push_speech(payload, self._payloads.read(payload), now)
        return clock.wake_at

    def _play_gap(self, buffer: ReorderBuffer, frames: int, now: float) -> None:
        """Report a gap. Where tracks share their numbers, the one that is behind lost the frame."""
        tracks = [track for track, its_buffer in self._buffers.items() if its_buffer is buffer]
        lost_s = dict.fromkeys(tracks, 0.0)
        clocks = {track: self._clock(track) for track in tracks}
        for _ in range(frames):
            track = min(tracks, key=lambda each: clocks[each].position_s + lost_s[each])
            lost_s[track] += clocks[track].frame_s
        for track, duration_s in lost_s.items():
            if duration_s:
                clocks[track].push_gap(duration_s, now)
