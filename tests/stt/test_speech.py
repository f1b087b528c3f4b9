"""The speech detector: loud stretches, found on clean and on noisy lines."""

import random
import struct

from service.stt.ring import Span
from service.stt.speech import Speech
from tests.stt.builders import dial_tone, voice

RATE_HZ = 8000


def noise(level: int, duration_ms: int, seed: int = 1) -> bytes:
    """Return noise of a loudness as native samples."""
    dice = random.Random(seed)  # noqa: S311  # a test's noise
    count = RATE_HZ * duration_ms // 1000
    return struct.pack(f"={count}h", *(round(dice.gauss(0, level)) for _ in range(count)))


def hear(speech: Speech, audio: bytes, start_ms: int = 0) -> None:
    """Hear the audio 100 ms at a time."""
    for offset in range(0, len(audio), 1600):
        speech.push(audio[offset : offset + 1600], start_ms + offset // 16)


def test_speech_is_found_where_it_is_loud() -> None:
    """Two stretches with a pause between them, to a window of 50 ms."""
    speech = Speech(RATE_HZ)
    hear(speech, bytes(8000) + voice(2000, 1000) + bytes(8000) + voice(2000, 500) + bytes(8000))

    assert list(speech.spans(0, 10_000)) == [Span(500, 1500), Span(2000, 2500)]
    assert speech.between(0, 10_000) == 1500


def test_the_holes_within_words_do_not_end_a_stretch() -> None:
    """Up to 200 ms of quiet belong to the speech around them."""
    speech = Speech(RATE_HZ)
    hear(speech, voice(2000, 300) + bytes(1600) + voice(2000, 300) + bytes(4800))

    assert list(speech.spans(0, 10_000)) == [Span(0, 700)]


def test_a_click_is_no_speech() -> None:
    """One loud window alone is dropped."""
    speech = Speech(RATE_HZ)
    hear(speech, bytes(1600) + voice(2000, 50) + bytes(8000 + 800))

    assert list(speech.spans(0, 10_000)) == []


def test_a_noisy_line_is_quiet_after_a_while() -> None:
    """The floor follows steady noise within seconds; speech above it is found."""
    speech = Speech(RATE_HZ)
    hear(speech, noise(300, 12_000) + voice(6000, 1000) + noise(300, 1000, seed=3))

    assert list(speech.spans(0, 14_000)) == [Span(12_000, 13_000)]


def test_a_hole_in_the_stream_ends_a_stretch() -> None:
    """What was said before frames were lost and after is not one stretch."""
    speech = Speech(RATE_HZ)
    hear(speech, voice(2000, 300))
    hear(speech, voice(2000, 300), start_ms=5000)

    assert list(speech.spans(0, 10_000)) == [Span(0, 300), Span(5000, 5300)]


def test_spans_are_cut_to_what_was_asked_for() -> None:
    """A question about a part gets that part."""
    speech = Speech(RATE_HZ)
    hear(speech, voice(2000, 1000))

    assert list(speech.spans(200, 600)) == [Span(200, 600)]
    assert list(speech.spans(1000, 2000)) == []


def test_what_passes_for_no_voice_sounds_all_the_same() -> None:
    """A dial tone is nothing that words are owed for, and no silence either."""
    speech = Speech(RATE_HZ)
    hear(speech, bytes(8000) + dial_tone(2000) + bytes(16_000) + voice(2000, 500) + bytes(8000))

    assert list(speech.spans(0, 10_000)) == [Span(3500, 4000)]
    (first, second) = speech.sounds(0, 10_000)
    assert (first.start_ms, second) == (500, Span(3500, 4000))
    assert first.end_ms == 2500


def test_old_speech_is_forgotten() -> None:
    """A long call does not grow without bound."""
    speech = Speech(RATE_HZ)
    for number in range(400):
        hear(speech, voice(2000, 200) + bytes(4800), number * 1000)

    assert len(list(speech.spans(0, 10**6))) == 256


def test_what_is_forgotten_leaves_the_speech_around_it() -> None:
    """Before it and after it; what is left of it that is no word goes as well."""
    speech = Speech(8000)
    speech.push(voice(2000, 2000) + bytes(16 * 1000), 0)

    speech.forget(500, 1000)
    assert list(speech.spans(0, 3000)) == [Span(0, 500), Span(1000, 2000)]

    speech.forget(0, 450)
    speech.forget(1500, 2500)
    assert list(speech.spans(0, 3000)) == [Span(1000, 1500)]


def test_a_hole_has_no_audio() -> None:
    """What began so much audio before a time began before the hole, if that is between."""
    speech = Speech(RATE_HZ)
    hear(speech, voice(2000, 1000))
    hear(speech, voice(2000, 1000), 3000)

    assert speech.back(4000, 600) == 3400
    assert speech.back(4000, 1200) == 800
    assert speech.back(900, 300) == 600
    assert speech.back(2000, 300) == 700
