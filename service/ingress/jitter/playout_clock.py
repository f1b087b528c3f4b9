"""A track's playout clock: when nothing came for a while, later audio must not seem earlier."""

from typing import NamedTuple

from service.ids import Track
from service.ingress.jitter.stamps import MIN_HOLE_S, Stamped, holes_in
from service.ports import AudioFeed
from service.wire.media import WireNumber
from service.wire.payload import Payload

STALL_S = 0.5
"""A track this far behind the wall clock has missed something."""
FIRST_STALL_S = 0.2
"""So has one whose first audio is this late: before that there is nothing to hold it up."""
DECISION_S = 0.1
"""How long audio after a stall is held, to see whether the missing part comes in one burst."""
PATIENCE_S = 2.0
"""How long at most after a burst that is a part of it: the stall goes on until something comes.

And how long what is late may take to catch up, before it is looked at anew.
"""
HELD_UP_S = 0.05
"""Who is woken so late was held up himself: what came meanwhile is still to be read."""
CATCHING_UP_S = 0.015
"""So much more audio than time, of late, and a track is catching up."""
MAX_HELD_FRAMES = 256
MAX_UNPROVEN_GAP_S = 1.0
"""A gap longer than this must be borne out by the wall clock: numbers alone may be wrong."""
MAX_SILENCE_S = 1.0
"""An encoder that sends little while nobody speaks sends more often: what is longer is missing."""
FAST_LEAD_S = 2.0
"""A stream this far ahead of the wall clock is played faster than it was spoken."""


class StreamTiming:
    """What the tracks of one stream share: when it began, and how fast it is played."""

    __slots__ = ("is_fast", "started_at")

    def __init__(self, started_at: float, *, is_fast: bool = False) -> None:
        self.started_at = started_at
        self.is_fast = is_fast
        """Then the wall clock says nothing about what is missing."""


class _Mark(NamedTuple):
    """How much was held once, and when the last of it had come."""

    at: float
    held_s: float


_NO_MARK = _Mark(0.0, 0.0)


class PlayoutClock:
    """Passes a track's audio on to `feed`, and says `skip` for time in which none came.

    After a stall it holds the first audio for up to 100 ms (256 frames): if the network was late,
    the rest follows in a burst and nothing is skipped; if the track was on hold, it does not, and
    the difference is. A burst behind which nothing comes does not end a stall: there may be another
    one. Nor is it over while audio comes faster than it is spoken, or we are held up ourselves.
    Where in a burst time is missing, its frames' stamps may tell. Pure: time is an argument, in
    seconds.
    """

    __slots__ = (
        "_feed", "_held", "_held_s", "_held_since", "_last_held_at", "_marks", "_origin",
        "_silence", "_stall_s", "_stamp", "_timing", "_track", "_waits_on", "frame_s", "passed_s",
        "wake_at",
    )  # fmt: skip

    def __init__(self, track: Track, feed: AudioFeed, timing: StreamTiming) -> None:
        self._track = track
        self._feed = feed
        self._timing = timing
        self._origin = timing.started_at
        self._held: list[Stamped] = []
        self._held_s = 0.0
        self._held_since = self._last_held_at = timing.started_at
        self._marks = (_NO_MARK, _NO_MARK)
        """How much was held not long ago, and when the last of it came; the older one first."""
        self._waits_on = False
        """Whether the decision was put off, and nothing has come since."""
        self._stall_s = FIRST_STALL_S
        self._stamp: WireNumber = None
        """That of the last frame that was passed on at once."""
        self._silence: tuple[bytes, float] | None = None
        self.frame_s = 0.02
        """How long the last frame was."""
        self.passed_s = 0.0
        """How much of the track has been passed on or skipped."""
        self.wake_at: float | None = None
        """When `wake` has something to do; None while nothing is held."""

    @property
    def position_s(self) -> float:
        """How much of the track there is, held audio included."""
        return self.passed_s + self._held_s

    def push(self, payload: bytes, duration_s: float, now: float, stamp: WireNumber = None) -> None:
        """Take the next frame of the track."""
        self.frame_s = duration_s
        behind_s = now - self._origin - self.passed_s
        if 0 <= behind_s <= self._stall_s and not self._held:  # what nearly every frame is
            self._stall_s = STALL_S
            self.passed_s += duration_s
            self._stamp = stamp
            self._feed.push(self._track, payload)
            return
        if behind_s < 0:
            self._origin += behind_s
            if self._timing.started_at - self._origin > FAST_LEAD_S:
                self._timing.is_fast = True
        if not self._held:
            self._held_since = now
        self._mark(now)
        self._last_held_at = now
        self._hold(payload, duration_s, stamp)
        if self._is_caught_up() or len(self._held) > MAX_HELD_FRAMES:
            self._let_go()
        elif self.wake_at is None or self._waits_on:
            self.wake_at, self._waits_on = now + DECISION_S, False

    def push_gap(self, duration_s: float, now: float) -> None:
        """Take note that the next part of the track was lost on the way.

        Over a second of it is believed only as far as so much time has passed.
        """
        if not self._timing.is_fast:
            elapsed_s = now - self._origin - self.position_s
            duration_s = min(duration_s, max(elapsed_s, MAX_UNPROVEN_GAP_S))
        self._hold(None, duration_s)
        if self.wake_at is None:
            self._let_go()

    def push_speech(self, frame: bytes, payload: Payload, now: float) -> None:
        """Take the next frame of an encoding that sends little while nobody speaks (DTX).

        The silence that it announced and did not send is played: its last frame, again and again.
        """
        duration_s = payload.duration_ms / 1000
        if self._silence is not None:
            self._play_silence(*self._silence, now - duration_s)
        self.push(frame, duration_s, now)
        if not payload.begins_silence:
            self._silence = None
        elif self._silence is None:
            self._silence = frame, now - self._origin - self.position_s
        else:
            self._silence = frame, self._silence[1]

    def start_at(self, position_s: float) -> None:
        """Skip to where the other track is."""
        self._skip(position_s)

    def wake(self, now: float) -> None:
        """Skip what did not come after all, if that was to be decided by now."""
        if self.wake_at is None or self.wake_at > now:
            return
        is_burst, is_catching_up = self._is_burst(), self._is_catching_up()
        is_held_up = now - self.wake_at >= HELD_UP_S
        may_wait = now - self._held_since < PATIENCE_S
        if may_wait and (is_burst or is_catching_up or is_held_up):
            self.wake_at, self._waits_on = now + DECISION_S, True
        elif is_burst or is_catching_up:
            self._let_go()  # it was late, and what is missing was to come behind it
        else:
            self.flush()

    def flush(self) -> None:
        """Decide at once: nothing more will come."""
        if self._held:
            self._place_holes()
        if self._held and not self._is_caught_up():
            self._skip(self._missing_s)
        self._release()

    def _play_silence(self, frame: bytes, behind_s: float, until: float) -> None:
        unsent_s = until - self._origin - self.position_s - behind_s
        if self._held or self._timing.is_fast or unsent_s > MAX_SILENCE_S:
            return
        for _ in range(round(unsent_s / self.frame_s)):
            self.passed_s += self.frame_s
            self._feed.push(self._track, frame)

    def _hold(self, payload: bytes | None, duration_s: float, stamp: WireNumber = None) -> None:
        self._held.append(Stamped(payload, duration_s, stamp))
        self._held_s += duration_s

    @property
    def _missing_s(self) -> float:
        """How much less audio came than time passed."""
        return self._last_held_at - self._origin - self.position_s

    def _is_caught_up(self) -> bool:
        return self._timing.is_fast or self._missing_s <= self._stall_s

    def _is_burst(self) -> bool:
        """Say whether what is held came at once, and nothing behind it."""
        return self._last_held_at - self._held_since < DECISION_S / 2 and self._held_s > DECISION_S

    def _mark(self, now: float) -> None:
        """Note how much is held before what comes now, unless that was noted just before."""
        if not self._held:
            self._marks = (_NO_MARK, _NO_MARK)
        elif now > self._last_held_at and now - self._marks[1].at >= DECISION_S / 2:
            mark = _Mark(self._last_held_at, self._held_s)
            self._marks = (self._marks[1] if self._marks[1].at else mark, mark)

    def _is_catching_up(self) -> bool:
        """Say whether audio came faster than it is spoken, of late."""
        at, held_s = self._marks[0]
        return bool(at) and self._held_s - held_s - (self._last_held_at - at) >= CATCHING_UP_S

    def _let_go(self) -> None:
        """Pass on what is held as it came, but for what its stamps say."""
        self._place_holes()
        self._release()

    def _place_holes(self) -> None:
        """Put time that is missing where the stamps of what is held have it."""
        if self._is_caught_up():
            return
        before = Stamped(b"", self._held[0].duration_s, self._stamp)
        held, self._held = self._held, []
        for frame, hole_s in zip(held, holes_in([before, *held])[1:], strict=True):
            if hole_s and self._missing_s >= MIN_HOLE_S:
                self._hold(None, min(hole_s, self._missing_s))
            self._held.append(frame)

    def _release(self) -> None:
        held, self._held, self._held_s, self.wake_at = self._held, [], 0.0, None
        self._waits_on, self._stall_s = False, STALL_S
        for payload, duration_s, stamp in held:
            if payload is None:
                self._skip(duration_s)
            else:
                self.passed_s += duration_s
                self._stamp = stamp
                self._feed.push(self._track, payload)

    def _skip(self, duration_s: float) -> None:
        duration_ms = round(duration_s * 1000)
        if duration_ms > 0:
            self.passed_s += duration_ms / 1000
            self._feed.skip(self._track, duration_ms)
