"""What is heard on a telephone line and is no speech: ringing, noise, music on hold."""

from collections.abc import Callable, Mapping
from functools import cache

from service.simulator.rng import Rng
from service.simulator.scenario import SoundKind
from service.simulator.speech import audio
from service.simulator.speech.synth import BYTES_PER_MS, decay, noise, shape, swell, tone

_NOISE = 0.02
_RING_MS, _RING_EVERY_MS = 2000, 6000
_CHORDS_HZ = ((196, 247, 294), (175, 220, 262), (147, 185, 220), (165, 196, 247))
_SOFT = (1.0, 0.35, 0.15, 0.05)
_BRIGHT = (1.0, 0.6, 0.4, 0.25, 0.12)
_BEAT_MS = 500


def make_sound(kind: SoundKind, duration_ms: int, rng: Rng) -> bytes:
    """Return 16-bit samples of a sound."""
    if kind == "noise":
        return audio.scale(noise(rng.bytes(duration_ms * BYTES_PER_MS // 2)), _NOISE)
    loop = _LOOPS[kind]()
    size = duration_ms * BYTES_PER_MS
    return (loop * (size // len(loop) + 1))[:size]


@cache
def _ringback() -> bytes:
    """Return the American one: 440 and 480 Hz, two seconds of six."""
    both = [audio.scale(tone(hz, (1.0,), _RING_MS), 0.08) for hz in (440, 480)]
    return audio.mix(*both).ljust(_RING_EVERY_MS * BYTES_PER_MS, b"\0")


@cache
def _strings() -> bytes:
    loudness = swell(400, attack=60, release=80)
    return b"".join(_chord(chord, 4000, loudness) for chord in _CHORDS_HZ)


@cache
def _piano() -> bytes:
    notes = [hz * octave for chord in _CHORDS_HZ for octave in (1, 2) for hz in chord]
    return b"".join(
        audio.scale(shape(tone(hz, _SOFT, 250), decay(25, half_life=8)), 0.25) for hz in notes
    )


@cache
def _band() -> bytes:
    bars = []
    for number, chord in enumerate(_CHORDS_HZ * 2):
        beat = _drum(number) + _drum(number + 1) + _drum(number) + _drum(number + 1)
        bass = audio.scale(tone(chord[0] / 2, _BRIGHT, 4 * _BEAT_MS), 0.1)
        bars.append(audio.mix(audio.mix(beat, bass), _chord(chord, 4 * _BEAT_MS, [0.5] * 200)))
    return b"".join(bars)


def _chord(notes_hz: tuple[int, ...], duration_ms: int, loudness: list[float]) -> bytes:
    mixed = bytes(duration_ms * BYTES_PER_MS)
    for hz in notes_hz:
        mixed = audio.mix(mixed, audio.scale(tone(hz, _BRIGHT, duration_ms), 0.06))
    return shape(mixed, loudness)


def _drum(number: int) -> bytes:
    """Return a beat: a kick, and every other time a snare."""
    hit = noise(Rng("snare").bytes(_BEAT_MS * BYTES_PER_MS // 2))
    sound = hit if number % 2 else tone(55, (1.0,), _BEAT_MS)
    return audio.scale(shape(sound, decay(_BEAT_MS // 10, half_life=4)), 0.15)


_LOOPS: Mapping[SoundKind, Callable[[], bytes]] = {
    "ringback": _ringback,
    "strings": _strings,
    "piano": _piano,
    "band": _band,
}
