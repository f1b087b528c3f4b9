"""One session's stint on a track: what it is sent, and how promptly it answers.

How late an engine is, nobody says. What is known is how long speech waited for an answer at most:
from when the first of it was sent after the last result, to when the next result came. The longest
such wait is what the engine may need for any answer, until it takes longer.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from service.calls.routes import Route
from service.stt.backlog import Backlog
from service.stt.clock import SessionClock
from service.stt.formats import Outlet
from service.stt.habits import Habits
from service.stt.ring import Chunk, Span
from service.stt.speech import WINDOW_MS, Speech
from service.stt.timing import LAG_MS
from service.wire.stt import SttResult

WORD_MS = 500
"""Less speech than this, where a track begins or ends in it, is a part of a word."""
_MIN_UNANSWERED_MS = 300
"""Less speech than this since the last result is no reason to expect one."""
_UTTERANCE_PAUSE_MS = 2_000
"""After so long a pause no engine waits for more before it gives a final."""
_MIN_SURE_MS, _MAX_SURE_MS = 4_000, 16_000
"""Within these bounds an answer is believed to cover all that was sent so long before it."""
_MIN_LAST_S, _LATER_THAN_EVER = 3.0, 1.5
"""When no more audio comes, the rest is due after this, or so much later than it ever came."""
_MIN_PROMPT_MS, _MAX_PROMPT_MS = 500, 1_500
"""An engine that gives partials, and never took longer for one, is prompt; no more may have been
held up on the way to it.
"""
_PROMPT_AGAIN = 3
"""An engine that was late is prompt again once it has answered so often at once what began anew: a
late one does so once by chance, and is as late as before with the next word.
"""
_STOPPED_S = 0.3
"""Where nothing was sent for so long, an engine that answers once the audio stops may have done so.
"""
_AT_ONCE_S = 0.01
"""What is sent so soon after another piece is sent together with that."""
_MAX_HELD = 2_000
"""Results kept of a session whose turn it is not yet; past that the oldest go."""


class Arrival(NamedTuple):
    """A result, and what was known when it came."""

    result: SttResult
    position_ms: int
    """How far the session had been sent the stream."""
    lag_ms: int
    """How long before that its speech may have been."""
    queue_ms: int
    """How much of that is because the session was sent much at once."""
    sure_ms: int
    """It covers all speech before this."""
    said: Span | None = None
    """When it was said, where the session was sent nothing else."""
    prompt_ms: int | None = None
    """How long ago what is new in it was said, at most; None if the engine may be late."""
    cut_ms: int | None = None
    """Where the session was cut off in mid-speech: a word that ends there is half a word."""
    is_asked: bool = False
    """Whether it was asked for the rest, so that a final need not end in a pause."""
    has_partials: bool = True
    """Whether the engine gives partials: else nothing tells in what order its finals were said."""
    gives_partials_late: bool = False
    """Whether its partials were late: each may be of what was said before the one before it came,
    and nobody knows how late the last of them is.
    """
    before_ms: int | None = None
    """It was said before this, as another one was that came in the same moment."""


class Stint:
    """What one session has to do with a track. Pure: time is an argument, in seconds."""

    has_answered = False
    has_final = False
    is_cut_off = False
    """Whether it ends in mid-speech, as another one goes on with it."""
    is_answered = False
    """Whether it said all it has to say."""
    _queue_ms = 0
    """How much of what it had been sent it may not have worked off when its last result came."""
    _prompt_waits_ms: tuple[int, ...] = ()
    """Those for answers in a row to what was said after a pause, none of them late."""
    _idle_ms = 0.0
    """For how long nothing had been sent, less what was sent at once then."""
    _replay_lag_ms = 0
    """How much more it was behind when it answered what it was sent at once."""

    def __init__(
        self,
        speech: Speech,
        outlet: Outlet,
        *,
        start_ms: int,
        number: int,
        now: float,
        by: Route | None = None,
        until_ms: int | None = None,
        is_utterance: bool = False,
        habits: Habits | None = None,
    ) -> None:
        """Begin at `start_ms` of the stream, with the piece of that number.

        It ends at `until_ms`, which may be set later; None is the end of the track. `is_utterance`
        is for an engine that answers once, when the audio stops. `by` is whose words it gives, if
        not the route's own engine's; `habits` is what is known of that engine.
        """
        self.clock = SessionClock(start_ms)
        self.number = number
        """That of the next piece to be sent."""
        self.by = by
        self.until_ms = until_ms
        self.is_utterance = is_utterance
        self.habits = habits or Habits()
        self._late_ms = self.habits.slowest_ms
        """The longest wait since it was last known to be prompt."""
        self.held: deque[Arrival] = deque(maxlen=_MAX_HELD)
        """What it said before it was its turn."""
        self._speech = speech
        self._outlet = outlet
        self._sent_at = self._excused_at = self._result_at = now
        self._backlog = Backlog(now)
        self._answered_ms = start_ms
        """How far it had been sent when its last result came."""
        self._stopped_ms = start_ms
        """How far when nothing was sent for a while, which began at `_stopped_at`."""
        self._stopped_at = now

    @property
    def quiet_ms(self) -> int | None:
        """How long a silence means that all before it is answered; None: it never answers."""
        return self._sure_lag_ms() if self.has_answered else None

    def wants(self, chunk: Chunk | None) -> bool:
        """Say whether a piece is for this session."""
        return chunk is not None and (self.until_ms is None or chunk.start_ms < self.until_ms)

    def send(self, chunk: Chunk, now: float) -> bytes:
        """Take note that a piece is sent; return it as the engine takes it."""
        self.number += 1
        idle_s, duration_ms = now - self._sent_at, chunk.end_ms - chunk.start_ms
        if idle_s >= _STOPPED_S:
            self._stopped_ms, self._stopped_at = self.clock.position_ms, self._sent_at
        if idle_s >= _AT_ONCE_S:
            self._idle_ms = idle_s * 1000
        self._sent_at = now
        self.clock.sent(chunk.start_ms, chunk.end_ms, is_filler=chunk.is_filler)
        if not (chunk.is_filler and 2 * self._idle_ms >= duration_ms):  # in its own time
            self._backlog.sent(duration_ms, chunk.end_ms, now)
        self._idle_ms = max(0.0, self._idle_ms - duration_ms)
        return self._outlet.convert(chunk.data)

    def arrived(
        self, result: SttResult, now: float, *, is_owed: Callable[[int], bool] = lambda _: True
    ) -> Arrival:
        """Take note of a result; `is_owed` says whether words are owed for what is before a time.

        Where none are before the first speech since the last result, it is a result of that.
        """
        position_ms, first = self.clock.position_ms, self._first_unanswered()
        if first is not None:
            waited_ms = round(self._waited_s(first, now) * 1000)
            self.habits.slowest_ms = max(self.habits.slowest_ms, waited_ms)
            is_new = first > self._answered_ms and not is_owed(first)
            self._note_wait(waited_ms, is_new=is_new)
            burst_ms = self._backlog.burst_ms(first, now)
            self._replay_lag_ms = max(self._replay_lag_ms, burst_ms)
        self.habits.gives_partials |= result.is_final is False
        self.has_answered = True
        self.has_final |= result.is_final is not False
        self._answered_ms = position_ms
        self._result_at, self._queue_ms = now, self._backlog.queue_ms(now)
        queue_ms = self._queue_ms
        sure_ms = self._sure_ms(queue_ms, now)
        if sure_ms > self._backlog.burst_end_ms:
            self._replay_lag_ms = 0  # what was sent at once is answered
        prompt_ms = self._prompt_ms(queue_ms)
        return Arrival(
            result,
            position_ms,
            lag_ms=max(LAG_MS, self.habits.slowest_ms * 5 // 4)
            + max(queue_ms, self._replay_lag_ms),
            queue_ms=queue_ms,
            sure_ms=sure_ms,
            said=self._said() if self.is_utterance else None,
            prompt_ms=prompt_ms,
            cut_ms=self.until_ms if self.is_cut_off else None,
            is_asked=self.until_ms is not None or self._speech.has_ended,
            has_partials=self.habits.gives_partials,
            gives_partials_late=self.habits.gives_partials and prompt_ms is None,
        )

    @property
    def answered_early_ms(self) -> int | None:
        """How far an utterance goes that was answered before its end was known; None: it was not.

        Its audio stopped coming for a while, and the engine took that for its end.
        """
        if not (self.is_utterance and self.has_final and self.until_ms is None):
            return None
        return self._stopped_ms if self._stopped_ms > self.clock.start_ms else self._answered_ms

    @property
    def owes_words(self) -> bool:
        """Whether somebody spoke in what was sent, as far as is known, and more than half a word.

        The track may have begun in the midst of one, and no engine knows a word by its end.
        """
        spans = list(self._speech.spans(self.clock.start_ms, self.clock.position_ms))
        spoken_ms = sum(span.end_ms - span.start_ms for span in spans)
        begins_in_word = bool(spans) and spans[0].start_ms < WINDOW_MS
        return spoken_ms >= (WORD_MS if begins_in_word else 1)

    def unanswered_ms(self) -> int:
        """Return how much speech was sent since the last result."""
        return self._speech.between(self._answered_ms, self.clock.position_ms)

    def overdue_s(self, now: float, *, patience_s: float) -> float:
        """Return for how long an answer is due: from the first speech that was sent without one.

        Where no partials are to be expected, from the end of what was said first; while it goes on,
        a final is due only `patience_s` later.
        """
        spans = list(self._speech.spans(self._answered_ms, self.clock.position_ms))
        spoken_ms = sum(span.end_ms - span.start_ms for span in spans)
        if not spans or (spoken_ms < _MIN_UNANSWERED_MS and not self.is_utterance):
            return 0.0
        since_start_s = self._waited_s(spans[0].start_ms, now)
        if self.habits.gives_partials:
            return since_start_s
        if self.is_utterance:
            return self._waited_s(spans[-1].end_ms, now)
        return max(self._waited_s(_end_of_first(spans), now), since_start_s - patience_s)

    def stuck_s(self, now: float) -> float:
        """Return for how long it has said nothing more of what it was sent at once.

        0 where it had worked that off when it answered last, for all we know, or nobody spoke in
        the rest.
        """
        spoken_ms = self._speech.between(self._answered_ms - self._queue_ms, self._answered_ms)
        if spoken_ms < _MIN_UNANSWERED_MS:
            return 0.0
        return now - max(self._result_at, self._sent_at, self._excused_at)

    @property
    def last_patience_s(self) -> float | None:
        """How long the rest may take once no more audio comes; None: nobody knows."""
        return self._later_than_ever_s() if self.has_answered else None

    @property
    def answer_patience_s(self) -> float | None:
        """How long an answer may take, by all its sessions; None: there never was one."""
        return self._later_than_ever_s() if self.habits.slowest_ms else None

    def behind_ms(self, result: SttResult, now: float) -> int | None:
        """Return how far a result is behind what was sent, a replay aside; None if nobody knows."""
        if result.words:
            end_s = result.words[-1].end
        elif result.start_time is not None and result.duration is not None:
            end_s = result.start_time + result.duration
        else:
            return None
        end_ms = round(min(max(end_s * 1000, 0.0), self.clock.sent_ms))
        return self.clock.sent_ms - self._backlog.queue_ms(now) - end_ms

    def excuse(self, now: float) -> None:
        """Begin to wait anew: this process stood still, and cannot say who was late."""
        self._excused_at = now

    def lose(self) -> None:
        """Take note that the session was lost: maybe before it answered what it was sent at once.

        An engine that is sent the same at once again may end it again, and never answer.
        """
        habits = self.habits
        replayed_ms = self._speech.between(self.clock.start_ms, self._backlog.burst_end_ms)
        if self.has_final:
            habits.early_ends = min(habits.early_ends, 1)
        elif replayed_ms >= _MIN_UNANSWERED_MS or habits.early_ends:
            habits.early_ends += 1

    def _note_wait(self, waited_ms: int, *, is_new: bool) -> None:
        """Take note of how long an answer took, and whether it is one to what began anew."""
        if waited_ms * 5 // 4 > _MAX_PROMPT_MS:
            self._prompt_waits_ms = ()
        elif is_new:
            self._prompt_waits_ms += (waited_ms,)
        self._late_ms = max(self._late_ms, waited_ms)
        if len(self._prompt_waits_ms) >= _PROMPT_AGAIN:
            self._late_ms, self._prompt_waits_ms = max(self._prompt_waits_ms), ()

    def _sure_ms(self, queue_ms: int, now: float) -> int:
        """Return what is surely answered of the stream: a hole in it took nobody any time.

        What was sent at once is not answered before as much time has passed as an answer takes.
        """
        lag_ms, sent_ms = self._sure_lag_ms(), self.clock.sent_ms
        early_ms = sent_ms - self._backlog.ahead_ms(now) - lag_ms
        session_ms = min(sent_ms - queue_ms - lag_ms, early_ms if early_ms < 0 else sent_ms)
        if session_ms <= 0:
            return self.clock.start_ms + session_ms
        return self.clock.stream_end_ms(session_ms / 1000)

    def _sure_lag_ms(self) -> int:
        return min(max(_MIN_SURE_MS, self.habits.slowest_ms * 5 // 4 + 1000), _MAX_SURE_MS)

    def _prompt_ms(self, queue_ms: int) -> int | None:
        slowest_ms = self._late_ms * 5 // 4
        held_up_ms = max(queue_ms, self._replay_lag_ms)
        is_late = max(slowest_ms, held_up_ms) > _MAX_PROMPT_MS
        if is_late or not self.habits.gives_partials:
            return None
        return max(_MIN_PROMPT_MS, slowest_ms) + held_up_ms

    def _later_than_ever_s(self) -> float:
        return max(_MIN_LAST_S, self.habits.slowest_ms / 1000 * _LATER_THAN_EVER)

    def _first_unanswered(self) -> int | None:
        """Return where the first speech begins that waits for an answer.

        What a hole cut off is too little to be answered, before more is said behind that.
        """
        for span in self._speech.spans(self._answered_ms, self.clock.position_ms):
            if span.end_ms - span.start_ms >= _MIN_UNANSWERED_MS or not self._is_cut(span.end_ms):
                return span.start_ms
        return None

    def _is_cut(self, at_ms: int) -> bool:
        return any(abs(hole.start_ms - at_ms) <= WINDOW_MS for hole in self._speech.holes)

    def _waited_s(self, since_ms: int, now: float) -> float:
        """Return how long ago the stream's audio of a time was sent, as far as is known."""
        position_ms, sent_at = self.clock.position_ms, self._sent_at
        if since_ms <= self._stopped_ms:
            position_ms, sent_at = self._stopped_ms, self._stopped_at
        behind_s = (position_ms - since_ms) / 1000
        return min(now - self._excused_at, behind_s + now - sent_at)

    def _said(self) -> Span:
        """Return when an utterance was said."""
        start_ms, position_ms = self.clock.start_ms, self.answered_early_ms
        position_ms = self.clock.position_ms if position_ms is None else position_ms
        spans = list(self._speech.maybe(start_ms, position_ms))
        return Span(spans[0].start_ms, spans[-1].end_ms) if spans else Span(start_ms, position_ms)


def _end_of_first(spans: Sequence[Span]) -> int:
    """Return where the first pause begins that ends an utterance, or the last speech ends."""
    for before, after in pairwise(spans):
        if after.start_ms - before.end_ms >= _UTTERANCE_PAUSE_MS:
            return before.end_ms
    return spans[-1].end_ms
