"""How far a track is answered, and from where it would have to be heard again."""

from service.stt.progress import LEAD_MS, Progress
from service.stt.ring import Span
from service.stt.seam import Clue
from service.stt.speech import Speech
from tests.stt.builders import dial_tone, voice


def spoken(*spans: tuple[int, int], until_ms: int) -> Speech:
    """Return the speech of a track on which somebody spoke then."""
    speech, at_ms = Speech(8000), 0
    for start_ms, end_ms in (*spans, (until_ms, until_ms)):
        speech.push(bytes(16 * (start_ms - at_ms)) + voice(2000, end_ms - start_ms), at_ms)
        at_ms = end_ms
    return speech


def test_speech_is_owed_until_a_final_answers_it() -> None:
    """By the engine's times, to the breath after the last word."""
    progress = Progress(spoken((500, 1500), (3000, 4000), until_ms=6000))
    assert progress.is_owed(2000)

    progress.emit(Span(500, 1350), Clue.WORDS, expected_ms=900, until_ms=2500)

    assert not progress.is_owed(2500)
    assert [*progress.unanswered(6000)] == [Span(3000, 4000)]
    assert progress.unanswered_ms(6000) == 1000
    assert progress.answered_until(6000) == 3000


def test_what_was_said_slowly_is_the_rest_of_a_text_without_times() -> None:
    """But not for more than twice as long as such a text takes."""
    progress = Progress(spoken((500, 2500), (2800, 3400), until_ms=6000))

    progress.emit(Span(500, 1500), Clue.TEXT, expected_ms=1000, until_ms=6000)

    assert [*progress.unanswered(6000)] == [Span(2800, 3400)]


def test_times_that_are_estimates_leave_a_doubt() -> None:
    """All seems answered, and may not be."""
    progress = Progress(spoken((500, 1500), until_ms=3000))

    progress.note(Span(500, 1500), Clue.TEXT, sure_ms=0, sent_ms=0)
    progress.emit(Span(500, 1500), Clue.TEXT, expected_ms=1000, until_ms=3000)

    assert not progress.is_owed(3000)
    assert progress.may_be_owed(3000)
    progress.answer(3000)
    assert not progress.may_be_owed(3000)


def test_a_silence_means_nothing_where_the_engine_never_answered() -> None:
    """A dead engine, and a pause of any length: all of it is to be heard again."""
    progress = Progress(spoken((500, 1500), until_ms=30_000))

    assert progress.resume_from(30_000, pending_ms=None, quiet_ms=None) <= 500
    assert progress.resume_from(30_000, pending_ms=None, quiet_ms=4000) <= 500


def test_where_nobody_spoke_a_silence_needs_no_engine() -> None:
    """The last of it is heard again: words may be too faint."""
    progress = Progress(spoken(until_ms=30_000))

    assert progress.resume_from(30_000, pending_ms=None, quiet_ms=None) == 27_000


def test_an_engine_that_answered_is_believed_after_a_silence_that_was_long_enough() -> None:
    """As long as it may need for an answer."""
    progress = Progress(spoken((500, 1500), until_ms=8000))
    progress.note(Span(500, 1500), Clue.TEXT, sure_ms=0, sent_ms=0)
    progress.emit(Span(500, 1500), Clue.TEXT, expected_ms=1000, until_ms=2000)

    assert progress.resume_from(8000, pending_ms=None, quiet_ms=4000) == 5000
    assert progress.resume_from(8000, pending_ms=None, quiet_ms=9000) <= 500


def test_times_of_words_make_a_replay_short() -> None:
    """A little before the last one's end."""
    progress = Progress(spoken((500, 9500), until_ms=10_000))
    progress.note(Span(500, 8000), Clue.WORDS, sure_ms=0, sent_ms=0)
    progress.emit(Span(500, 8000), Clue.WORDS, expected_ms=7000, until_ms=9000)

    assert progress.resume_from(10_000, pending_ms=None, quiet_ms=None) == 8000 - LEAD_MS


def test_what_is_settled_is_not_owed_whoever_said_it() -> None:
    """Nobody will answer it any more."""
    progress = Progress(spoken((500, 1500), until_ms=3000))

    progress.settle(3000)

    assert not progress.may_be_owed(3000)
    assert progress.answered_until(3000) == 3000


def test_what_passes_for_no_voice_is_no_silence_that_an_engine_answered_all_before() -> None:
    """It may be one that we took for music: the engine has had no time to answer it yet."""
    speech = spoken((500, 1500), until_ms=9000)
    speech.push(dial_tone(2000), 9000)
    speech.push(bytes(16 * 2000), 11_000)
    progress = Progress(speech)
    progress.note(Span(500, 1500), Clue.WORDS, sure_ms=0, sent_ms=0)
    progress.emit(Span(500, 1500), Clue.WORDS, expected_ms=1000, until_ms=2000)

    assert not speech.between(2000, 13_000)
    assert progress.resume_from(13_000, pending_ms=None, quiet_ms=4000) == 9000 - 400


def test_a_breath_after_the_last_word_is_no_reason_to_send_that_word_again() -> None:
    """Where the engine says when it ended, and silence follows: there is no need to overlap."""
    progress = Progress(spoken((500, 1500), (6000, 7000), until_ms=8000))

    progress.note(Span(500, 1465), Clue.WORDS, sure_ms=0, sent_ms=0)
    progress.emit(Span(500, 1465), Clue.WORDS, expected_ms=900, until_ms=2500)

    assert progress.resume_from(8000, pending_ms=None, quiet_ms=None) == 5600


def test_a_text_that_is_the_last_of_its_session_may_be_half_of_what_was_said() -> None:
    """Once more was sent after it, or the engine said what comes next, it covers what it should."""
    last, goes_on, next_came = (
        Progress(spoken((500, 1500), (4000, 6000), (7600, 8000), until_ms=8000)) for _ in range(3)
    )
    for progress in (last, goes_on, next_came):
        progress.note(Span(4000, 6000), Clue.TEXT, sure_ms=6200, sent_ms=8000)
        progress.emit(Span(4000, 6000), Clue.TEXT, expected_ms=1500, until_ms=8000)
    next_came.note(Span(7600, 8000), Clue.TEXT, sure_ms=6200, sent_ms=8000)

    assert last.resume_from(8000, pending_ms=None, quiet_ms=4000) <= 3900
    assert goes_on.resume_from(8500, pending_ms=None, quiet_ms=4000) >= 6000
    assert next_came.resume_from(8000, pending_ms=None, quiet_ms=4000) >= 6000


def test_a_silence_does_not_make_all_of_a_last_text_that_came_in_it() -> None:
    """The engine still spoke of what was said before that, when its session ended."""
    last, goes_on = (Progress(spoken((500, 1500), (4000, 6000), until_ms=11_000)) for _ in range(2))
    for progress in (last, goes_on):
        progress.note(Span(4000, 6000), Clue.TEXT, sure_ms=6200, sent_ms=10_500)
        progress.emit(Span(4000, 6000), Clue.TEXT, expected_ms=1500, until_ms=10_500)

    assert last.resume_from(10_500, pending_ms=None, quiet_ms=4000) <= 3900
    assert goes_on.resume_from(11_000, pending_ms=None, quiet_ms=4000) == 8000


def test_what_is_owed_begins_where_that_speech_began() -> None:
    """That its beginning is the rest of the last text is a guess, and half a word helps nobody."""
    progress = Progress(spoken((500, 2500), (2850, 4900), until_ms=6000))

    progress.emit(Span(500, 2500), Clue.TEXT, expected_ms=2100, until_ms=3400)

    assert progress.answered_ms == 3400
    assert 2500 < progress.owed_from(6000, pending_ms=None) < 2850


def test_behind_a_pause_is_no_rest_of_a_text_that_is_as_long_as_it_should_be() -> None:
    """It is the next one, and owed; in one go, it is what was said slowly."""
    paused, in_one_go = (
        Progress(spoken((500, 2500), (2850, 3500), until_ms=6000)),
        Progress(spoken((500, 3500), until_ms=6000)),
    )
    for progress in (paused, in_one_go):
        progress.emit(Span(500, 2500), Clue.TEXT, expected_ms=1500, until_ms=4000)

    assert [one.answered_ms for one in (paused, in_one_go)] == [2500, 3500]


def test_in_the_midst_of_speech_what_is_owed_begins_a_little_before_the_last_words_end() -> None:
    """Else nobody hears the word that is said just then: one session its half, and one the rest."""
    progress = Progress(spoken((500, 4900), until_ms=6000))

    progress.emit(Span(500, 2500), Clue.TEXT, expected_ms=0, until_ms=2500)

    assert progress.owed_from(6000, pending_ms=None) == 2500 - 400


def test_a_breath_that_is_left_of_a_stretch_is_not_what_is_owed_first() -> None:
    """A session that began with it again and again would get no further."""
    progress = Progress(spoken((500, 2000), (6000, 7000), until_ms=8000))

    progress.emit(Span(500, 1900), Clue.WORDS, expected_ms=0, until_ms=2000)

    assert [*progress.unanswered(3000)] == [Span(1900, 2000)]
    assert 5000 < progress.owed_from(8000, pending_ms=None) < 6000


def test_what_a_hole_left_of_a_word_is_not_what_is_owed_first() -> None:
    """Nobody can know the word by that, so no session would ever get past it."""
    speech = spoken((1400, 1500), until_ms=1500)
    speech.push(voice(2000, 1000), 4000)
    speech.push(bytes(16 * 1000), 5000)
    progress = Progress(speech)

    assert list(speech.holes) == [Span(1500, 4000)]
    assert progress.owed_from(6000, pending_ms=None) > 2500


def test_a_hole_is_no_silence_in_which_an_engine_answers() -> None:
    """It was sent nothing then: what it may owe is to be heard again."""
    speech = spoken((500, 1500), until_ms=3000)
    speech.push(bytes(16 * 1000), 9000)
    progress = Progress(speech)
    progress.note(Span(500, 1500), Clue.TEXT, sure_ms=0, sent_ms=9000)
    progress.emit(Span(500, 1500), Clue.TEXT, expected_ms=1000, until_ms=10_000)

    assert progress.resume_from(10_000, pending_ms=None, quiet_ms=4000) <= 500
    assert progress.resume_from(10_000, pending_ms=None, quiet_ms=2000) > 1500
