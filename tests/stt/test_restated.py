"""What is said again, too early, without a mark, or in half: every text once, and in its place."""

from service.stt.clock import SessionClock
from service.wire.stt import HeardWord, SttResult
from tests.stt.talk import FINAL, PARTIAL, Talk


def test_a_final_stated_again_without_times_is_one_final() -> None:
    """Nobody spoke in between: it was said once, however often it is told."""
    talk = Talk()
    talk.speak(1000, pause_ms=1000)

    assert talk.add("Good morning.", **FINAL) == [("Good morning.", True)]
    assert talk.add("Good morning.", **FINAL) == []
    assert talk.add("good morning", **FINAL) == []


def test_a_text_said_twice_within_one_breath_is_two() -> None:
    """There is room for two of them in what was spoken."""
    talk = Talk()
    talk.speak(900)

    assert talk.add("Yes.", **FINAL) == [("Yes.", True)]
    assert talk.add("Yes.", **FINAL) == [("Yes.", True)]


def test_of_an_engine_that_states_finals_again_it_is_one_final_however_short() -> None:
    """Much was sent at once: that there is speech behind it says nothing, it is the next one's."""
    talk = Talk()
    talk.speak(2000)
    for _ in range(2):
        talk.add("What number do you have?", **FINAL)
    talk.speak(400, pause_ms=4000)
    talk.speak(3500)

    assert talk.add("Yes.", **FINAL) == [("Yes.", True)]
    assert talk.add("Yes.", **FINAL) == []
    assert talk.add("It is three seven nine.", **FINAL) == [("It is three seven nine.", True)]


def test_numbers_that_are_alike_are_not_a_final_stated_again() -> None:
    """Much was sent at once, so that both come when all that was spoken had been sent."""
    talk = Talk()
    talk.speak(1000)
    talk.speak(1000)
    talk.add("a0001 a0002 a0003", **FINAL)

    assert talk.add("a0012 a0013 a0014", **FINAL) == [("a0012 a0013 a0014", True)]


def test_a_final_stated_again_with_more_words_tells_what_is_new() -> None:
    """The engine's times say which words were told."""
    talk = Talk()
    talk.speak(3000)
    one, two = HeardWord("one", 0.0, 0.4), HeardWord("two", 0.5, 0.9)
    talk.add("one", **FINAL, words=(one,))

    assert talk.add("one two", **FINAL, words=(one, two)) == [("two", True)]


def test_texts_without_is_final_are_each_where_their_speech_was() -> None:
    """Not from the session's first speech on."""
    talk = Talk()
    emitted = []
    for text in ("good morning", "how are you", "quite well"):
        talk.speak(1000, pause_ms=20_000)
        emitted += talk.add_whole(SttResult(transcript=text))
    emitted += talk.transcript.finalize_pending()

    finals = [item for item in emitted if item.is_final]
    assert [item.text for item in finals] == ["good morning", "how are you", "quite well"]
    assert [abs(item.start_ms - 21_000 * number) <= 100 for number, item in enumerate(finals)] == [
        True
    ] * 3


def test_a_final_that_came_too_early_waits_for_the_one_before_it() -> None:
    """Their times say that they are in the wrong order; they are emitted in the right one."""
    talk = Talk()
    talk.speak(1000)
    talk.speak(1000)
    late = {"start_time": 0.0, "duration": 1.0}
    early = {"start_time": 1.4, "duration": 1.0}

    assert talk.add("How are you?", **FINAL, **early) == []
    assert talk.add("Good morning.", **FINAL, **late) == [
        ("Good morning.", True),
        ("How are you?", True),
    ]


def test_a_final_does_not_wait_for_another_one_for_ever() -> None:
    """A second later nothing came: the engine heard nothing there."""
    talk = Talk()
    talk.speak(1000)
    talk.speak(1000)
    talk.add("How are you?", **FINAL, start_time=1.4, duration=1.0)

    assert talk.transcript.wait_no_more(talk.position_ms, None) == []
    emitted = talk.transcript.wait_no_more(talk.position_ms + 1000, None)
    assert [item.text for item in emitted] == ["How are you?"]


def test_a_word_cut_off_with_the_session_is_left_to_the_next_one() -> None:
    """It would be half a word here."""
    talk = Talk()
    talk.speak(2000)
    words = (HeardWord("good", 0.0, 0.5), HeardWord("mor", 1.7, 1.95))
    at = talk.arrival(SttResult(transcript="good mor", is_final=True, words=words))

    (heard,) = talk.transcript.add(at._replace(cut_ms=2000))

    assert (heard.text, heard.end_ms) == ("good", 500)


def test_a_session_that_begins_in_a_pause_repeats_nothing() -> None:
    """What it says is new, were it the same words."""
    talk = Talk()
    talk.speak(1000)
    talk.add("Good morning.", **FINAL)
    start_ms = talk.position_ms
    talk.transcript.begin(SessionClock(start_ms), repeats=False)
    talk.speak(1000)

    assert talk.add("Good morning.", **FINAL) == [("Good morning.", True)]
    assert not talk.transcript.take_doubt()


def test_a_text_without_is_final_is_an_answer() -> None:
    """Nothing more is owed of its speech, and it is final once nobody spoke for long enough."""
    talk = Talk()
    talk.speak(1000, pause_ms=5000)
    talk.add("good morning")

    assert not talk.transcript.is_owed(talk.position_ms)
    assert talk.transcript.wait_no_more(talk.position_ms, 6000) == []
    (final,) = talk.transcript.wait_no_more(talk.position_ms, 4000)
    assert (final.text, final.is_final) == ("good morning", True)
    assert talk.add("Good morning.") == []


def test_a_text_without_is_final_does_not_answer_what_is_said_after_it() -> None:
    """Somebody speaks on: that text may go on too."""
    talk = Talk()
    talk.speak(1000)
    talk.add("good morning")
    talk.speak(1000, pause_ms=5000)

    assert talk.transcript.is_owed(talk.position_ms)
    assert talk.transcript.wait_no_more(talk.position_ms, 4000) == []


def test_a_partial_that_its_final_overtook_is_no_text_of_its_own() -> None:
    """Nor does it become final when nothing more comes."""
    talk = Talk()
    talk.speak(1000)
    talk.add("good morning", **FINAL)

    assert talk.add("good", **PARTIAL) == []
    assert talk.transcript.finalize_pending() == []
    talk.speak(1000)
    assert talk.add("good", **PARTIAL) == [("good", False)]


def test_a_text_begins_where_its_first_state_did() -> None:
    """Though what was said then passes for something else by now, and speech begins later."""
    talk = Talk()
    talk.speak(1000, pause_ms=200)
    talk.add("good morning this", **PARTIAL)
    talk.speak(1000)
    talk.speech.forget(0, 1100)

    result = SttResult(transcript="good morning this is claire", is_final=True)
    (final,) = talk.add_whole(result)

    assert (final.start_ms, final.end_ms) == (0, 2200)


def test_a_text_does_not_begin_with_a_noise_that_only_its_first_state_was_taken_for() -> None:
    """It is still there, and was passed over once more of the text was known."""
    talk = Talk()
    talk.speak(100, pause_ms=2000)
    talk.add("oh", **PARTIAL)
    talk.speak(1100)

    (final,) = talk.add_whole(SttResult(transcript="oh good morning this", is_final=True))

    assert (final.start_ms, final.end_ms) == (2100, 3200)


def test_an_engine_that_was_seen_to_state_a_short_final_again_does_so_in_a_replay() -> None:
    """There the next words are sent already: that there is speech behind it says nothing."""
    talk = Talk()
    talk.speak(1000, pause_ms=1500)
    for _ in range(2):
        talk.add("good morning", **FINAL)
    talk.speak(1000)
    talk.renew(0)

    assert talk.add("good morning", **FINAL) == []
    assert talk.add("good morning", **FINAL) == []
    assert talk.add("how are you", **FINAL) == [("how are you", True)]


def test_a_short_final_is_stated_again_while_the_next_words_are_being_said() -> None:
    """In a replay these are sent as well; but before they are over they are in no final."""
    talk = Talk()
    talk.speak(700, pause_ms=3500)
    talk.add("good morning", **FINAL)
    talk.speak(500, pause_ms=0)
    talk.renew(0)

    assert talk.add("good morning", **FINAL) == []
    assert talk.add("good morning", **FINAL) == []


def test_nobody_speaks_the_faster_because_his_words_are_stated_again() -> None:
    """The pace is learnt of what was said, once: not of a repeat, put where the next words are."""
    talk = Talk()
    text = "i would like to change my booking"
    talk.speak(2200, pause_ms=2000)
    talk.speak(300, pause_ms=0)
    for _ in range(2):
        talk.add(text, **FINAL)
    talk.speak(1900, pause_ms=3000)

    late = SttResult(transcript="it is three seven nine four one two", is_final=True)
    arrival = talk.arrival(late, lag_ms=6000)._replace(queue_ms=1500)
    (final,) = talk.transcript.add(arrival)

    assert (final.start_ms, final.end_ms) == (4200, 6400)


def test_a_long_final_stated_again_at_once_is_one_though_more_was_sent() -> None:
    """A replay sends much at once: what was said after it waits for an answer already."""
    talk = Talk()
    for _ in range(3):
        talk.speak(1000)
    text = "i would like to change my booking"

    assert talk.add(text, **FINAL) == [(text, True)]
    assert talk.add(text, **FINAL) == []


def test_a_text_without_is_final_that_repeats_what_was_emitted_is_passed_over_in_time() -> None:
    """What comes next in the replay was said after it."""
    talk = Talk()
    talk.speak(1000, pause_ms=500)
    talk.add("good morning everybody", **FINAL)
    talk.speak(1000, pause_ms=500)
    talk.renew(0)

    assert talk.add("good morning everybody") == []
    (partial,) = talk.add_whole(SttResult(transcript="how are you today"))
    assert (partial.start_ms, partial.end_ms) == (1500, 2500)


def test_three_words_stated_again_at_once_are_one_final_of_an_engine_that_is_late() -> None:
    """What was said meanwhile waits for an answer of its own."""
    talk = Talk()
    for _ in range(3):
        talk.speak(900, pause_ms=1500)

    assert talk.add("how are you", **FINAL) == [("how are you", True)]
    assert talk.add("how are you", **FINAL) == []


def test_a_word_said_again_and_again_is_no_final_stated_again() -> None:
    """There is room for all of it in what was spoken."""
    talk = Talk()
    for _ in range(3):
        talk.speak(900, pause_ms=1500)

    assert talk.add("yes yes yes", **FINAL) == [("yes yes yes", True)]
    assert talk.add("yes yes yes", **FINAL) == [("yes yes yes", True)]
