"""A session's stint: what it was sent, how late it is, and when an answer is overdue."""

from service.stt.formats import Outlet, WireFormat
from service.stt.habits import Habits
from service.stt.ring import Chunk
from service.stt.speech import Speech
from service.stt.stint import Stint
from service.stt.timing import LAG_MS
from service.wire.stt import HeardWord, SttResult
from tests.stt.builders import voice

MULAW = WireFormat("mulaw", 8000)
PARTIAL = SttResult(transcript="hello", is_final=False)
FINAL = SttResult(transcript="Hello.", is_final=True)
PATIENCE_S = 13.0


class Talk:
    """A track that a test speaks on, sent to one session as it is spoken."""

    def __init__(self, *, is_utterance: bool = False, habits: Habits | None = None) -> None:
        self.speech = Speech(8000)
        self.now = 0.0
        self.is_burst = False
        """Whether no time passes: all that is said is sent at once."""
        self.at_ms = 0
        self.stint = Stint(
            self.speech,
            Outlet(MULAW, MULAW),
            start_ms=0,
            number=0,
            now=0.0,
            is_utterance=is_utterance,
            habits=habits,
        )

    def speak(self, duration_ms: int) -> None:
        """Let somebody speak; time passes as they do."""
        self._send(voice(2000, duration_ms))

    def pause(self, duration_ms: int) -> None:
        """Let nobody speak."""
        self._send(bytes(16 * duration_ms))

    def overdue_s(self) -> float:
        """Return for how long an answer is due."""
        return self.stint.overdue_s(self.now, patience_s=PATIENCE_S)

    def _send(self, linear: bytes) -> None:
        for offset in range(0, len(linear), 1600):
            piece = linear[offset : offset + 1600]
            end_ms = self.at_ms + len(piece) // 16
            self.speech.push(piece, self.at_ms)
            self.now += 0.0 if self.is_burst else (end_ms - self.at_ms) / 1000
            self.stint.send(Chunk(self.at_ms, end_ms, b""), self.now)
            self.at_ms = end_ms


def test_who_only_listens_owes_nothing_and_the_wait_begins_with_what_is_said_then() -> None:
    """After a minute of listening, the first words are not a minute overdue."""
    talk = Talk()
    talk.pause(60_000)
    talk.speak(500)

    assert talk.overdue_s() <= 0.5

    talk.pause(3000)
    assert 2.9 <= talk.overdue_s() <= 3.5


def test_a_cough_is_owed_no_answer() -> None:
    """Too little to expect words of."""
    talk = Talk()
    talk.speak(200)
    talk.pause(20_000)

    assert talk.overdue_s() == 0.0


def test_where_no_partials_come_the_wait_begins_when_the_speech_ends() -> None:
    """A final is due then; a monologue is owed one after a while all the same."""
    talk = Talk()
    for _ in range(10):
        talk.speak(900)
        talk.pause(300)
    assert talk.overdue_s() <= 0.5

    for _ in range(12):
        talk.speak(900)
        talk.pause(300)
    assert 12.0 <= talk.overdue_s() <= 14.0


def test_where_partials_come_the_wait_begins_with_the_speech() -> None:
    """One is due soon after the first word."""
    talk = Talk()
    talk.speak(900)
    talk.stint.arrived(PARTIAL, talk.now)
    assert talk.overdue_s() == 0.0
    for _ in range(10):
        talk.speak(900)
        talk.pause(300)

    assert 11.0 <= talk.overdue_s() <= 12.5


def test_an_utterance_however_short_is_owed_an_answer_when_it_is_over() -> None:
    """Its socket is for nothing else."""
    talk = Talk(is_utterance=True)
    talk.speak(200)
    talk.now += 5.0

    assert 4.9 <= talk.overdue_s() <= 5.5


def test_nobody_is_late_while_this_process_stands_still() -> None:
    """The wait begins anew."""
    talk = Talk()
    talk.speak(900)
    talk.now += 20.0
    talk.stint.excuse(talk.now)

    assert talk.overdue_s() == 0.0
    talk.now += 2.0
    assert 1.9 <= talk.overdue_s() <= 2.1


def test_how_late_it_is_shows_in_how_long_speech_waited() -> None:
    """What it says is within that; a silence must be longer, to be sure that nothing is to come."""
    talk = Talk()
    assert talk.stint.quiet_ms is None
    talk.speak(900)
    talk.pause(8000)

    at = talk.stint.arrived(FINAL, talk.now)

    assert at.lag_ms >= 8500
    assert at.sure_ms == 0 or at.sure_ms < 900
    assert talk.stint.quiet_ms is not None
    assert talk.stint.quiet_ms >= 9000


def test_a_prompt_one_is_believed_sooner() -> None:
    """But never sooner than four seconds."""
    talk = Talk()
    talk.pause(10_000)
    talk.speak(900)
    talk.pause(300)

    at = talk.stint.arrived(FINAL, talk.now)

    assert talk.stint.quiet_ms == 4000
    assert at.sure_ms == at.position_ms - 4000


def test_its_own_times_say_how_far_it_is_behind() -> None:
    """Without times nobody knows."""
    talk = Talk()
    talk.speak(900)
    talk.pause(5000)
    words = (HeardWord("hello", 0.0, 0.9),)

    with_words = SttResult(transcript="Hello.", is_final=True, words=words)
    with_span = SttResult(transcript="Hello.", is_final=True, start_time=0.0, duration=0.9)

    assert talk.stint.behind_ms(with_words, talk.now) == 5000
    assert talk.stint.behind_ms(with_span, talk.now) == 5000
    assert talk.stint.behind_ms(FINAL, talk.now) is None


def test_a_result_without_is_final_is_a_final_as_far_as_owing_goes() -> None:
    """A partial is not."""
    talk = Talk()
    talk.stint.arrived(PARTIAL, 0.0)
    assert not talk.stint.has_final

    talk.stint.arrived(SttResult(transcript="hello"), 0.0)

    assert talk.stint.has_final
    assert talk.stint.habits.gives_partials


def test_a_hole_in_a_replay_makes_nothing_surely_answered() -> None:
    """What is sure is told by how much the session was sent, and not by how far it got."""
    talk = Talk()
    talk.is_burst = True
    talk.pause(1000)
    talk.at_ms = 60_000
    talk.speak(4000)
    talk.now = 0.1

    at = talk.stint.arrived(FINAL, talk.now)

    assert at.position_ms == 64_000
    assert at.sure_ms <= 0


def test_a_hole_is_no_time_that_an_engine_had() -> None:
    """Nothing was surely answered but what was sent so long before."""
    talk = Talk()
    talk.pause(6000)
    talk.at_ms = 60_000
    talk.pause(1000)

    assert talk.stint.arrived(FINAL, talk.now).sure_ms == 3000


def test_the_next_session_of_an_engine_knows_how_late_it_was() -> None:
    """What was late is late again: nothing is surely answered any sooner."""
    before = Talk()
    before.speak(1000)
    before.now += 8.0
    before.stint.arrived(FINAL, before.now)
    talk = Talk(habits=before.stint.habits)
    talk.pause(20_000)

    assert talk.stint.arrived(FINAL, talk.now).sure_ms == 20_000 - (9000 * 5 // 4 + 1000)


def test_where_no_partials_come_an_answer_is_due_when_the_first_utterance_ends() -> None:
    """However much is said behind it."""
    talk = Talk()
    talk.speak(1000)
    talk.pause(5000)
    talk.speak(2000)

    assert talk.overdue_s() == 7.0


def test_an_engine_is_as_prompt_as_ever_once_it_has_answered_what_it_was_sent_at_once() -> None:
    """How far behind it was with that says nothing about what was sent as it was spoken."""
    talk = Talk()
    talk.is_burst = True
    talk.speak(6000)
    assert talk.stint.arrived(FINAL, talk.now).lag_ms > 8_000

    talk.is_burst = False
    talk.pause(1000)
    assert talk.stint.arrived(FINAL, talk.now).lag_ms > 8_000

    talk.pause(12_000)
    assert talk.stint.arrived(FINAL, talk.now).lag_ms == LAG_MS


def test_a_session_lost_before_it_answered_what_it_was_sent_at_once_ends_early() -> None:
    """The next ones learn of it; one that answered was not too early."""
    habits = Habits()
    talk = Talk(habits=habits)
    talk.is_burst = True
    talk.speak(1500)
    talk.stint.lose()
    talk.stint.lose()
    assert habits.early_ends == 2

    talk.stint.arrived(FINAL, talk.now)
    talk.stint.lose()
    assert habits.early_ends == 1


def test_a_session_lost_as_it_heard_somebody_live_did_not_end_early() -> None:
    """It was sent nothing at once."""
    talk = Talk()
    talk.speak(4000)
    talk.stint.lose()

    assert talk.stint.habits.early_ends == 0


def test_how_long_an_answer_may_take_is_known_of_earlier_sessions() -> None:
    """Before the first of any it is not."""
    assert Talk().stint.answer_patience_s is None
    assert Talk(habits=Habits(slowest_ms=4000)).stint.answer_patience_s == 6.0


def test_an_utterance_is_answered_early_where_its_audio_stopped_coming() -> None:
    """Or where it was answered, if it did not stop; once its end is known, it is in time."""
    stopped, flowing = Talk(is_utterance=True), Talk(is_utterance=True)
    for talk in (stopped, flowing):
        talk.speak(1000)
        assert talk.stint.answered_early_ms is None
    stopped.now += 2
    for talk in (stopped, flowing):
        talk.speak(500)
    said = [talk.stint.arrived(FINAL, talk.now).said for talk in (stopped, flowing)]

    assert [stopped.stint.answered_early_ms, flowing.stint.answered_early_ms] == [1000, 1500]
    assert [span and span.end_ms for span in said] == [1000, 1500]
    flowing.stint.until_ms = flowing.at_ms
    assert flowing.stint.answered_early_ms is None


def test_silence_in_place_of_audio_that_never_came_holds_up_nobody() -> None:
    """As much time had passed; sent again with all the rest, it does."""
    late, at_once = Talk(), Talk()
    filler = Chunk(0, 1000, b"", is_filler=True)
    late.now += 1
    for talk in (late, at_once):
        talk.stint.send(filler, talk.now)

    assert late.stint.arrived(PARTIAL, late.now).queue_ms == 0
    assert at_once.stint.arrived(PARTIAL, at_once.now).queue_ms == 1000


def test_nor_does_it_where_what_came_last_before_it_is_sent_along() -> None:
    """A piece is made of whatever came, once it is known that no more will."""
    talk = Talk()
    talk.now += 1.3
    talk.stint.send(Chunk(0, 80, b""), talk.now)
    talk.stint.send(Chunk(80, 1080, b"", is_filler=True), talk.now)

    assert talk.stint.arrived(PARTIAL, talk.now).queue_ms == 0

    talk.stint.send(Chunk(1080, 2080, b"", is_filler=True), talk.now)
    assert talk.stint.arrived(PARTIAL, talk.now).queue_ms > 0, "so much time had not passed"


def test_what_a_hole_cut_off_of_a_word_does_not_wait_for_an_answer() -> None:
    """It comes with what is said behind the hole, and says nothing of how late the engine is."""
    talk = Talk()
    talk.speak(900)
    talk.stint.arrived(PARTIAL, talk.now)
    talk.speak(200)
    talk.now += 3.0
    talk.at_ms += 3000
    talk.speak(400)

    at = talk.stint.arrived(PARTIAL, talk.now)

    assert talk.stint.habits.slowest_ms == 900
    assert at.prompt_ms == 900 * 5 // 4


def test_one_that_was_held_up_a_little_is_later_by_that() -> None:
    """A burst after a hole in the numbers; with a long one nobody knows how late it is."""
    prompts: list[int | None] = []
    for burst_ms in (0, 1000, 6000):
        talk = Talk(habits=Habits(gives_partials=True))
        talk.speak(900)
        talk.is_burst = True
        talk.pause(burst_ms)
        prompts.append(talk.stint.arrived(PARTIAL, talk.now).prompt_ms)

    assert prompts[0] == 900 * 5 // 4
    assert prompts[1] is not None
    assert prompts[1] >= 900 * 5 // 4 + 1000
    assert prompts[2] is None


def test_what_was_sent_before_the_audio_stopped_has_waited_ever_since() -> None:
    """However little comes behind it, and however late: a stream that is silent, and then ends."""
    talk = Talk()
    talk.speak(900)
    talk.now += 6.0
    talk.pause(100)

    assert 6.0 <= talk.overdue_s() <= 6.2


def test_who_was_asked_for_the_rest_may_end_a_text_anywhere() -> None:
    """At the track's end, or where another session takes over."""
    talk = Talk()
    talk.speak(900)
    assert not talk.stint.arrived(FINAL, talk.now).is_asked

    talk.speech.end()
    assert talk.stint.arrived(FINAL, talk.now).is_asked


def test_what_was_sent_at_once_is_surely_answered_no_sooner_than_what_is_sent_in_time() -> None:
    """So nothing is, before as much time has passed as an answer may take."""
    talk = Talk()
    talk.is_burst = True
    talk.speak(9000)
    talk.is_burst = False
    talk.speak(3900)
    early = talk.stint.arrived(PARTIAL, talk.now)
    talk.pause(2000)
    later = talk.stint.arrived(PARTIAL, talk.now)

    assert (early.position_ms, later.position_ms) == (12_900, 14_900)
    assert early.sure_ms < 0
    assert later.sure_ms == 14_900 - 4_000
