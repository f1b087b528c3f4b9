"""Audio made for a script: it says where it is, and sounds like somebody who speaks."""

import math
from array import array
from itertools import pairwise
from string import digits

import pytest

from service.errors import SettingsError
from service.simulator.rng import Rng
from service.simulator.scenario import NumberedWords, Say, Sound, SoundKind
from service.simulator.speech.audio import PCMU
from service.simulator.speech.made_audio import make_call_audio
from service.simulator.speech.numbered import make_conversation, numbered_word
from service.stt.speech import Speech

SPEECH_MIN, SILENCE_MAX = 500, 120
"""Loudness, of 32768."""


def levels(audio: bytes) -> list[int]:
    """Return the loudness of every 50 ms."""
    samples = array("h", PCMU.decode(audio))
    return [
        round(math.hypot(*samples[at : at + 400]) / math.sqrt(400))
        for at in range(0, len(samples), 400)
    ]


def test_made_audio_is_never_the_same_twice_in_20_ms() -> None:
    """Every piece of it says where it is: that is how a scripted recogniser hears."""
    say = make_conversation(NumberedWords(duration_s=60), Rng("x"))
    made = {seed: make_call_audio(say, Rng(seed)).encoded("outbound", PCMU) for seed in "xy"}
    pieces = [made["x"][at : at + 160] for at in range(0, len(made["x"]), 160)]

    assert len(set(pieces)) == len(pieces)
    assert make_call_audio(say, Rng("x")).encoded("outbound", PCMU) == made["x"]
    assert made["y"] != made["x"]


def test_it_is_loud_where_words_are_and_quiet_elsewhere() -> None:
    """So that whoever listens for speech finds it, word by word."""
    call_audio = make_call_audio(
        [Say(speaker="agent", text="one two three four five", at_ms=1000, until_ms=3000)], Rng("x")
    )
    found = levels(call_audio.encoded("outbound", PCMU))

    assert max(found[:20]) < SILENCE_MAX
    assert max(found[60:]) < SILENCE_MAX
    assert min(found[20:60]) > SILENCE_MAX
    assert sum(level > SPEECH_MIN for level in found[20:60]) > 30
    assert max(levels(call_audio.encoded("inbound", PCMU))) < SILENCE_MAX


@pytest.mark.parametrize("kind", ["noise", "ringback", "strings", "piano", "band"])
def test_other_sounds_are_where_they_are_set(kind: SoundKind) -> None:
    """On their own track only; there is no word in them."""
    sound = Sound(speaker="customer", kind=kind, at_ms=2000, until_ms=4000)
    call_audio = make_call_audio([], Rng("x"), sounds=[sound])
    found = levels(call_audio.encoded("inbound", PCMU))

    assert max(found[:40]) < SILENCE_MAX < max(found[40:80])
    assert max(levels(call_audio.encoded("outbound", PCMU))) < SILENCE_MAX
    assert call_audio.script == ()


def test_a_conversation_numbers_its_words_by_speaker() -> None:
    """No word comes twice, each speaker's are in order, and all is over in time."""
    say = make_conversation(NumberedWords(duration_s=120, overlap=0.5), Rng("x"))
    words = {
        speaker: [word for one in say if one.speaker == speaker for word in one.text.split()]
        for speaker in ("customer", "agent")
    }

    for speaker, said in words.items():
        assert said == [numbered_word(speaker, number) for number in range(1, len(said) + 1)]
        assert len({word[1:].lstrip(digits) for word in said}) == len(said)
        assert len(said) > 50
    assert max(one.until_ms or 0 for one in say) <= 120_000
    assert any(other.at_ms < (one.until_ms or 0) for one, other in pairwise(say))
    assert make_conversation(NumberedWords(duration_s=120, overlap=0.5), Rng("x")) == say


def test_numbered_words_are_short_and_unlike_each_other() -> None:
    """They can be said in 330 ms, and no neighbour has two letters in the same place."""
    words = [numbered_word("agent", number) for number in range(1, 301)]
    letters = [word[1:].lstrip(digits) for word in words]

    assert len(set(letters)) == len(letters)
    assert max(len(word) for word in words) == 7
    for one, other in pairwise(letters):
        assert sum(a == b for a, b in zip(one, other, strict=True)) < 2


def test_a_repetitive_conversation_says_the_same_again_and_again() -> None:
    """As people do, and as no numbered word shows."""
    say = make_conversation(NumberedWords(duration_s=60, repetitive=True), Rng("x"))

    assert len({word for one in say for word in one.text.split()}) <= 6


def test_a_made_up_voice_passes_for_no_music() -> None:
    """Whoever tells voices from melodies and drums takes every utterance for speech."""
    for seed in range(10):
        say = make_conversation(NumberedWords(duration_s=60), Rng(str(seed)))
        call_audio = make_call_audio(say, Rng(str(seed)))
        speech = Speech(8000)
        speech.push(PCMU.decode(call_audio.encoded("outbound", PCMU)), 0)
        speech.end()
        for said in call_audio.utterances("outbound"):
            assert speech.between(said.start_ms, said.end_ms) > 0.6 * (said.end_ms - said.start_ms)


def test_one_speaker_cannot_say_two_things_at_once() -> None:
    """It would be two voices on one track."""
    say = [
        Say(speaker="agent", text="one", at_ms=0, until_ms=500),
        Say(speaker="agent", text="two", at_ms=400),
    ]
    with pytest.raises(SettingsError, match="two things at 400 ms"):
        make_call_audio(say, Rng("x"))
