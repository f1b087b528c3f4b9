"""A made-up voice: syllables of a pitch and two formants over breath, as loud as on a telephone.

It is no word to anybody, but to whoever listens for speech it is: it comes in syllables, four to
six a second, with pauses. The breath is random, so that no 20 ms of it come twice.
"""

from functools import lru_cache
from itertools import pairwise
from zlib import crc32

from service.simulator.speech import audio
from service.simulator.speech.synth import BYTES_PER_MS, STEP_MS, noise, shape, swell, tone

SYLLABLE_MS = 180
_SAMPLES_PER_MS = audio.RATE_HZ // 1000
_VOICES = 32
_PITCHES_HZ = (98, 107, 118, 131, 146, 163, 182, 205)
_FORMANTS_HZ = ((300, 2300), (500, 1800), (700, 1200), (420, 900))
_PARTIALS = 14
_FORMANT_WIDTH_HZ = 130
_VOICED = 0.2
_BREATH = 0.06
_ATTACK, _RELEASE = 4, 6


def speak(text: str, breath: bytes, duration_ms: int) -> bytes:
    """Return samples of a word of this length; `breath` is a random byte for each sample."""
    whole = duration_ms // SYLLABLE_MS or 1
    bounds = [duration_ms * number // whole for number in range(whole + 1)]
    return b"".join(
        _syllable(
            crc32(f"{text} {number}".encode()) % _VOICES,
            breath[start_ms * _SAMPLES_PER_MS : end_ms * _SAMPLES_PER_MS],
        )
        for number, (start_ms, end_ms) in enumerate(pairwise(bounds))
    )


def _syllable(voice: int, breath: bytes) -> bytes:
    voiced = _voiced(voice, len(breath) // _SAMPLES_PER_MS)
    steps = -(-len(voiced) // (STEP_MS * BYTES_PER_MS))
    mixed = audio.mix(voiced, audio.scale(noise(breath), _BREATH))
    return shape(mixed, swell(steps, attack=_ATTACK, release=_RELEASE))


@lru_cache(maxsize=1024)
def _voiced(voice: int, duration_ms: int) -> bytes:
    pitch_hz = _PITCHES_HZ[voice % len(_PITCHES_HZ)]
    formants = _FORMANTS_HZ[voice // len(_PITCHES_HZ)]
    partials = tuple(
        sum(1 / (1 + ((number * pitch_hz - one) / _FORMANT_WIDTH_HZ) ** 2) for one in formants)
        for number in range(1, _PARTIALS + 1)
    )
    return audio.scale(tone(pitch_hz, partials, duration_ms), _VOICED)
