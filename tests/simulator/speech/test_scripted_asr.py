"""Scripts, and the asr that hears them."""

from itertools import pairwise

from service.simulator.speech.script import make_utterance
from service.simulator.speech.scripted_asr import ScriptedAsr

HELLO = make_utterance("customer", "hello out there", 1000, 2000)
AGAIN = make_utterance("customer", "again", 3000, 3400)


def test_words_share_the_time_by_their_length() -> None:
    """In order, without a gap, from the first millisecond to the last."""
    words = HELLO.words

    assert [word.text for word in words] == ["hello", "out", "there"]
    assert (words[0].start_ms, words[-1].end_ms) == (1000, 2000)
    assert all(one.end_ms == other.start_ms for one, other in pairwise(words))
    assert words[1].end_ms - words[1].start_ms < words[0].end_ms - words[0].start_ms


def test_partials_grow_word_by_word_and_the_final_waits_for_the_pause() -> None:
    """The final comes once the audio is 300 ms past the end."""
    asr = ScriptedAsr([HELLO])
    steps = [
        (ms, one.text, one.is_final) for ms in range(0, 3000, 20) for one in asr.push(ms, ms + 20)
    ]

    assert [(text, final) for _, text, final in steps] == [
        ("hello", False),
        ("hello out", False),
        ("hello out there", False),
        ("hello out there", True),
    ]
    assert steps[-1][0] + 20 == 2300


def test_words_whose_audio_never_came_are_not_heard() -> None:
    """A gap in the middle leaves the words around it."""
    asr = ScriptedAsr([HELLO])
    heard = [*asr.push(900, 1300), *asr.push(1700, 2400)]

    assert heard[-1].text == "hello there"
    assert heard[-1].is_final


def test_the_next_utterance_settles_the_one_before() -> None:
    """Even if the pause between them was lost."""
    asr = ScriptedAsr([HELLO, AGAIN])
    heard = [*asr.push(1000, 1999), *asr.push(3000, 3400), *asr.finalize()]

    assert [one.text for one in heard if one.is_final] == ["hello out there", "again"]
    assert asr.finalize() == []
