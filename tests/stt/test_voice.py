"""The speech detector among what is loud and no voice, and among voices."""

import warnings
from pathlib import Path

import pytest

from service.simulator.rng import Rng
from service.simulator.scenario import Sound
from service.simulator.speech.audio import PCMU
from service.simulator.speech.made_audio import make_call_audio
from service.stt.speech import Speech
from tests.stt.builders import tone, voice
from tests.stt.sounds import SOUNDS, samples

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

FIXTURES = Path(__file__).parents[2] / "fixtures"
RECORDINGS = [*FIXTURES.glob("speech/*.ulaw"), *FIXTURES.glob("calls/*.ulaw")]
PATIENCE_MS = 12_000
"""Sooner nobody asks what speech was not answered."""


def hear(speech: Speech, audio: bytes, start_ms: int = 0) -> list[int]:
    """Hear the audio 100 ms at a time; return how much speech was older than that, each time."""
    old = []
    for offset in range(0, len(audio) - 1599, 1600):
        now_ms = start_ms + offset // 16
        speech.push(audio[offset : offset + 1600], now_ms)
        old.append(speech.between(start_ms, now_ms - PATIENCE_MS))
    return old


def recording(path: Path) -> bytes:
    """Return a recording as native samples."""
    return audioop.ulaw2lin(path.read_bytes(), 2)


@pytest.mark.parametrize("name", SOUNDS)
def test_what_is_no_voice_is_not_waited_for(name: str) -> None:
    """It may be taken for speech for a moment; before anybody could miss its words, it is not."""
    speech = Speech(8000)

    old = hear(speech, samples(name))
    speech.end()

    assert max(old) <= 100
    assert speech.between(0, 60_000) <= 100


def test_the_first_moments_of_a_ring_are_taken_back() -> None:
    """On a line with noise a tone is known late, or not before it ends: of none is any left."""
    sound = Sound(speaker="customer", kind="ringback", at_ms=0, until_ms=600_000)
    rings = make_call_audio([], Rng("rings"), sounds=[sound])

    assert max(hear(Speech(8000), PCMU.decode(rings.encoded("inbound", PCMU)))) == 0


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_people_are_heard(path: Path) -> None:
    """On recordings nearly all that is loud is speech; one has noise of its own behind it."""
    audio, speech = recording(path), Speech(8000)
    hear(speech, audio)
    speech.end()

    windows = [audio[n : n + 800] for n in range(0, len(audio) - 799, 800)]
    loud_ms = 50 * sum(audioop.rms(window, 2) > 1000 for window in windows)
    assert speech.between(0, len(audio) // 16) >= 0.95 * loud_ms


@pytest.mark.parametrize("pause_ms", [200, 600, 1500])
@pytest.mark.parametrize("name", SOUNDS)
def test_who_speaks_after_music_is_heard(name: str, pause_ms: int) -> None:
    """Hold music ends, the line stops ringing, and somebody says hello at once."""
    voice_ms = len(recording(FIXTURES / "speech/jfk.ulaw")) // 16
    audio = samples(name)[: 16 * 20_000] + bytes(16 * pause_ms)
    audio += recording(FIXTURES / "speech/jfk.ulaw")
    alone, after = Speech(8000), Speech(8000)
    hear(alone, recording(FIXTURES / "speech/jfk.ulaw"))

    hear(after, audio)
    after.end()

    begin_ms = 20_000 + pause_ms
    heard_ms = after.between(begin_ms, begin_ms + voice_ms)
    assert heard_ms >= 0.9 * alone.between(0, voice_ms)


def test_a_word_of_one_sound_is_a_word() -> None:
    """The simulator speaks in one tone with overtones: it is neither a melody nor an exchange's."""
    speech = Speech(8000)
    word = audioop.ulaw2lin(tone(10, 3000), 2)
    hear(speech, (word + bytes(16 * 500)) * 5)

    assert speech.between(0, 17_500) == 15_000


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 48_000])
def test_a_voice_is_one_at_any_rate(rate_hz: int) -> None:
    """Crossings are counted by time, not by samples."""
    speech, audio = Speech(rate_hz), voice(2000, 5000, rate_hz)
    size = rate_hz // 5
    for offset in range(0, len(audio), size):
        speech.push(audio[offset : offset + size], offset * 100 // size)
    speech.end()

    assert speech.between(0, 5000) == 5000


@pytest.mark.parametrize("name", SOUNDS)
def test_what_is_like_music_may_be_a_voice_for_a_while_and_a_tone_never_is(name: str) -> None:
    """An engine is to hear those who speak evenly; nobody does for as long as music lasts."""
    speech = Speech(8000)
    hear(speech, samples(name))
    speech.end()

    may_be = list(speech.maybe(0, 60_000))
    if name in {"chords", "slow melody", "quick melody", "melody with rests", "strings", "band"}:
        assert may_be[0].start_ms == 0
        assert 9_000 <= may_be[-1].end_ms <= 20_000
    else:
        assert may_be == []
