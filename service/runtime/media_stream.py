"""What one media WebSocket carries: to its recognitions, to the recording, or to nobody."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from service.calls.commands import JudgeSound
from service.calls.gaps import MIN_LOSS_MS
from service.calls.inputs import Input, MediaStopped, TrackRef
from service.calls.sound import MARGIN_MS
from service.calls.state import Span
from service.ids import CallId, StreamId, Track
from service.ports import Recognition, RecordingWriter, StreamStart, Verdict
from service.wire.audio import bytes_per_s

_MISSING = "frames_lost"


class CallInbox(Protocol):
    """The live call behind a stream."""

    call_id: CallId

    def post(self, item: Input) -> None:
        """Queue an input; returns at once."""

    async def tell(self, item: Input) -> object:
        """Queue an input and return once what came of it is under way."""


@dataclass(slots=True)
class MediaStream:
    """One media WebSocket and the recognitions that hear it. This is the `AudioFeed`.

    While it is paused, or somebody asks for that, what comes counts as silence: it goes to no
    recognition and into no recording. After a pause so does its tail, which is what was said
    during it and comes only now.
    """

    start: StreamStart
    call: CallInbox
    clock: Callable[[], float]
    began_at: float
    """When its first audio began to be said, by `clock`."""
    recognitions: dict[Track, Recognition] = field(default_factory=dict)
    recording: RecordingWriter | None = None
    is_judged: bool = False
    """Whether the recording is held back, and has nothing of a track that nobody hears."""
    is_muted: bool = False
    """Whether nothing that is heard is recorded: only the end of a pause is listened for."""
    is_wanted: bool = True
    """Whether its socket is to stay open: no other took its place, and its words are wanted."""
    paused: bool = False
    """Nobody is to hear it: the call's transcription is paused."""
    _pausing: bool = False
    """The call is being asked to pause it."""
    _silent: bool = False
    """Whether all or part of what comes counts as silence."""
    _bytes_per_ms: float = 8.0
    _carried_ms: dict[Track, float] = field(default_factory=dict)
    _late_ms: dict[Track, float] = field(default_factory=dict)
    """How much audio is still to come that was said before the pause was asked for."""
    _tail_ms: dict[Track, float] = field(default_factory=dict)
    """How much audio is still to come that was said before the pause was over."""
    _unplaced: dict[Track, StreamId] = field(default_factory=dict)
    """Whose recognitions, by their stream's id, have had no audio yet."""
    _places_ms: dict[tuple[StreamId, Track], float] = field(default_factory=dict)
    """Where the audio of each recognition begins in what was carried."""

    def __post_init__(self) -> None:
        """Begin to measure what comes."""
        self._bytes_per_ms = bytes_per_s(self.start.encoding, self.start.sample_rate_hz) / 1000
        self._carried_ms = {"inbound": 0.0, "outbound": 0.0}

    def push(self, track: Track, payload: bytes) -> None:
        """Take one frame's payload; of a track nobody hears it is dropped."""
        duration_ms = len(payload) / self._bytes_per_ms
        before_ms = self._carried_ms[track]
        self._carried_ms[track] = before_ms + duration_ms
        if self._silent and self._silent_part(track, duration_ms):
            whole_ms = int(before_ms + duration_ms) - int(before_ms)
            self._pass_over(track, whole_ms)
            if self._pausing:
                self._move_on(track, whole_ms, self._why_unheard(track, duration_ms))
            return
        recognition = self.recognitions.get(track)
        if self.recording is not None:
            if self._is_recorded(recognition):
                self.recording.write(track, payload)
            else:
                self._pass_over(track, int(before_ms + duration_ms) - int(before_ms))
        if recognition is not None:
            if self._unplaced:
                self._place(track, before_ms)
            recognition.send(payload)

    def hear(
        self, ref: TrackRef, recognition: Recognition, *, carried: Track | None = None
    ) -> None:
        """Give a track to a recognition from now on; by default that which it is named after."""
        track = carried or ref.track
        self.recognitions[track] = recognition
        self._unplaced[track] = ref.stream_id

    def judge(self, command: JudgeSound) -> None:
        """Say what of a recognition's audio may be kept."""
        if self.recording is None:
            return
        ref = command.ref
        begin_ms = self._places_ms.get((ref.stream_id, ref.track))
        if begin_ms is None:
            self.recording.judge(Verdict(ref.track, 0, earlier=command.earlier))
            return
        came_ms = self._carried_ms[ref.track] + MARGIN_MS

        def placed(span: Span) -> tuple[float, float]:
            return begin_ms + span.start_ms, min(begin_ms + span.end_ms, came_ms)

        verdict = Verdict(
            ref.track,
            begin_ms + command.until_ms,
            tuple(map(placed, command.hidden)),
            tuple(map(placed, command.open)),
            command.earlier,
        )
        self.recording.judge(verdict)

    def skip(self, track: Track, duration_ms: int) -> None:
        """Move the clock of a track on without audio."""
        self._carried_ms[track] += duration_ms
        silent_ms = self._silent_part(track, duration_ms) if self._silent else 0.0
        if self._pausing:
            self._late_ms[track] -= duration_ms
            silent_ms = 0.0
        self._pass_over(track, duration_ms)
        self._move_on(track, duration_ms - int(silent_ms), _MISSING)

    def stopped(self, *, orderly: bool) -> None:
        """Queue for the call session that no more audio comes."""
        stopped = MediaStopped(
            leg_id=self.start.leg_id,
            stream_id=self.start.stream_id,
            at=self.clock(),
            orderly=orderly,
        )
        self.call.post(stopped)

    def ask_pause(self, *, on: bool) -> None:
        """Have nobody hear what comes while the call is being asked whether that is to be so."""
        self._pausing, self._late_ms = on, self._behind_ms()
        self._silent = self._pausing or self.paused or self._has_tail()

    def pause(self) -> list[Recognition]:
        """Have nobody hear what comes; return the recognitions that did."""
        recognitions = list(self.recognitions.values())
        self.recognitions = {}
        self.paused = self._silent = True
        return recognitions

    def resume(self) -> None:
        """Let what is said from now on be heard again.

        What is still to come of before the pause is no more heard either: it comes first, and who
        was to hear it is gone.
        """
        self._tail_ms = self._behind_ms()
        self.paused = False
        self._silent = self._pausing or self._has_tail()

    def _silent_part(self, track: Track, duration_ms: float) -> float:
        """Return how much of what comes nobody is to hear: a frame of which any is, whole."""
        if self.paused or self._pausing:
            return duration_ms
        left_ms = self._tail_ms.get(track, 0.0)
        if left_ms <= 0:
            return 0.0
        self._tail_ms[track] = left_ms - duration_ms
        self._silent = self._has_tail()
        return min(left_ms, duration_ms)

    def _behind_ms(self) -> dict[Track, float]:
        """Return how much audio of each track is still to come that was said until now."""
        elapsed_ms = (self.clock() - self.began_at) * 1000
        return {track: elapsed_ms - carried for track, carried in self._carried_ms.items()}

    def _why_unheard(self, track: Track, duration_ms: float) -> str:
        """Return why audio is lost that comes while a pause is asked for; "" if it is no loss.

        It is one if it was said a word before that, and was held up on its way, or in our process.
        What is no later is on its way as usual.
        """
        late_ms = self._late_ms[track]
        self._late_ms[track] = late_ms - duration_ms
        return _MISSING if late_ms >= MIN_LOSS_MS else ""

    def _has_tail(self) -> bool:
        return any(left_ms > 0 for left_ms in self._tail_ms.values())

    def _is_recorded(self, recognition: Recognition | None) -> bool:
        return not self.is_muted and (recognition is not None or not self.is_judged)

    def _place(self, track: Track, at_ms: float) -> None:
        stream_id = self._unplaced.pop(track, None)
        if stream_id is not None:
            self._places_ms[stream_id, track] = at_ms

    def _pass_over(self, track: Track, duration_ms: int) -> None:
        if self.recording is not None:
            self.recording.skip(track, duration_ms)

    def _move_on(self, track: Track, duration_ms: int, reason: str) -> None:
        recognition = self.recognitions.get(track)
        if recognition is not None and duration_ms > 0:
            self._place(track, self._carried_ms[track] - duration_ms)
            recognition.skip(duration_ms, reason)
