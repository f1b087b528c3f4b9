"""A made-up voice: syllables of a pitch and two formants over breath, as loud as on a telephone.

It is no word to anybody, but to whoever listens for speech it is: it comes in syllables, four to
six a second, with pauses. They are not of one length, as a melody's notes are. The breath is
random, so that no 20 ms of it come twice.
"""

from functools import lru_cache
from itertools import accumulate, pairwise
from zlib import crc32

from service.simulator.speech import audio
from service.simulator.speech.synth import BYTES_PER_MS, STEP_MS, noise, shape, swell, tone

SYLLABLE_MS = 180
_UNEVEN_PERCENT = 10
"""By how much of its length a syllable is longer or shorter than the next."""
_SAMPLES_PER_MS = audio.RATE_HZ // 1000
_VOICES = 32
_PITCHES_HZ = (98, 107, 118, 131, 146, 163, 182, 205)
_FORMANTS_HZ = ((300, 2300), (500, 1800), (700, 1200), (420, 900))
_NEXT_VOWEL = 2
"""From a vowel to the one it becomes, among the formants."""
_PARTIALS = 14
_FORMANT_WIDTH_HZ = 130
_VOICED = 0.2
_BREATH = 0.06
_ATTACK, _RELEASE = 4, 6


def speak(text: str, breath: bytes, duration_ms: int) -> bytes:
    """Return samples of a word of this length; `breath` is a random byte for each sample."""
    bounds = _bounds(text, duration_ms)
    return b"".join(
        _syllable(
            crc32(f"{text} {number}".encode()) % _VOICES,
            breath[start_ms * _SAMPLES_PER_MS : end_ms * _SAMPLES_PER_MS],
        )
        for number, (start_ms, end_ms) in enumerate(pairwise(bounds))
    )


def _bounds(text: str, duration_ms: int) -> list[int]:
    """Return where the syllables of a word begin and end, each a little longer or shorter."""
    whole = duration_ms // SYLLABLE_MS or 1
    lengths = [100 + _uneven(f"{text} {number}") for number in range(whole)]
    ends = accumulate(lengths)
    return [0, *(duration_ms * end // sum(lengths) for end in ends)]


def _uneven(text: str) -> int:
    """Return a number between -10 and 10 for a text."""
    return crc32(f"length {text}".encode()) % (2 * _UNEVEN_PERCENT + 1) - _UNEVEN_PERCENT


def _syllable(voice: int, breath: bytes) -> bytes:
    voiced = _diphthong(voice, len(breath) // _SAMPLES_PER_MS)
    steps = -(-len(voiced) // (STEP_MS * BYTES_PER_MS))
    mixed = audio.mix(voiced, audio.scale(noise(breath), _BREATH))
    return shape(mixed, swell(steps, attack=_ATTACK, release=_RELEASE))


def _diphthong(voice: int, duration_ms: int) -> bytes:
    """Return a vowel that becomes another one: what keeps its timbre is a note."""
    other = (voice + len(_PITCHES_HZ) * _NEXT_VOWEL) % _VOICES
    first_ms = duration_ms // 2
    return _voiced(voice, first_ms) + _voiced(other, duration_ms - first_ms)


@lru_cache(maxsize=1024)
def _voiced(voice: int, duration_ms: int) -> bytes:
    pitch_hz = _PITCHES_HZ[voice % len(_PITCHES_HZ)]
    formants = _FORMANTS_HZ[voice // len(_PITCHES_HZ)]
    partials = tuple(
        sum(1 / (1 + ((number * pitch_hz - one) / _FORMANT_WIDTH_HZ) ** 2) for one in formants)
        for number in range(1, _PARTIALS + 1)
    )
    return audio.scale(tone(pitch_hz, partials, duration_ms), _VOICED)
