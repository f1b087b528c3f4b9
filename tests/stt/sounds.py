"""What sounds on a line and is no voice: noise, tones of an exchange, music on hold. 8 kHz, mu-law.

Native samples, as the speech detector takes them, 300 to 3400 Hz where a telephone made them.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

Wave = NDArray[np.float64]

RATE_HZ: Final = 8000
LEVEL: Final = 2000
_SECONDS: Final = 60
_TIME: Final = np.arange(_SECONDS * RATE_HZ) / RATE_HZ
_SCALE: Final = (261.6, 329.6, 392.0, 523.3, 440.0, 349.2, 293.7, 493.9)


def _noise(slope: float = 0.0, seed: int = 1) -> Wave:
    """Return noise whose power falls with the frequency to this power."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(len(_TIME)))
    spectrum /= np.maximum(np.arange(len(spectrum)), 1) ** (slope / 2)
    return np.fft.irfft(spectrum, len(_TIME))


def _tones(*frequencies_hz: float, on_s: float = 1.0, off_s: float = 0.0) -> Wave:
    wave = sum((np.sin(2 * np.pi * hz * _TIME) for hz in frequencies_hz), np.zeros(len(_TIME)))
    return np.asarray(wave * (_TIME % (on_s + off_s) < on_s))


def _ringback_british() -> Wave:
    cadence = _TIME % 3
    on = (cadence < 0.4) | ((cadence >= 0.6) & (cadence < 1.0))
    return _tones(400, 450) * on


def _melody(notes: Sequence[float], note_s: float, decay: float, vibrato: float = 0.0) -> Wave:
    """Return plucked notes with overtones."""
    frequency = np.array(notes)[(_TIME / note_s).astype(int) % len(notes)]
    frequency *= 1 + vibrato * np.sin(2 * np.pi * 5.5 * _TIME)
    phase = 2 * np.pi * np.cumsum(frequency) / RATE_HZ
    since = _TIME % note_s
    overtones = sum((np.sin(n * phase) / n for n in range(1, 5)), np.zeros(len(_TIME)))
    return np.asarray(overtones * np.exp(-decay * since) * np.minimum(1, since / 0.01))


def _chords() -> Wave:
    """Return sustained chords that swell."""
    chords = ((261.6, 329.6, 392), (220, 261.6, 329.6), (174.6, 220, 261.6), (196, 246.9, 293.7))
    wave = np.zeros(len(_TIME))
    for voice in range(3):
        frequency = np.array([c[voice] for c in chords])[(_TIME / 2.4).astype(int) % 4]
        phase = 2 * np.pi * np.cumsum(frequency) / RATE_HZ
        wave += sum(np.sin(n * phase + voice) / n for n in range(1, 6))
    return np.asarray(wave * (1 + 0.3 * np.sin(2 * np.pi * 0.4 * _TIME)))


def _strings() -> Wave:
    wave = np.zeros(len(_TIME))
    for note_s, notes in ((1.0, (440, 493.9, 523.3, 392)), (2.0, (220, 246.9, 261.6, 196))):
        since = _TIME % note_s
        bow = np.minimum(1, since / 0.15) * np.minimum(1, (note_s - since) / 0.12)
        wave += _melody(notes, note_s, 0.0, vibrato=0.006) * bow
    return wave


def _drums() -> Wave:
    since, beat = _TIME % 0.5, (_TIME / 0.5).astype(int)
    kick = np.sin(2 * np.pi * (60 + 80 * np.exp(-30 * since)) * since) * np.exp(-9 * since)
    snare = _noise(seed=2) * np.exp(-14 * since) / 4
    hat = _noise(seed=3) * np.exp(-50 * (_TIME % 0.25)) / 10
    return np.asarray(2 * kick * (beat % 2 == 0) + snare * (beat % 2) + hat)


def _band() -> Wave:
    return (
        _even(_drums()) * 0.8
        + _even(_melody((110, 110, 130.8, 98), 0.5, 3)) * 0.7
        + (_even(_chords()) * 0.5)
    )


def _even(wave: Wave) -> Wave:
    return np.asarray(wave / np.sqrt(np.mean(np.square(wave))))


def _narrow(wave: Wave) -> Wave:
    spectrum = np.fft.rfft(wave)
    frequencies = np.fft.rfftfreq(len(wave), 1 / RATE_HZ)
    spectrum[(frequencies < 300) | (frequencies > 3400)] = 0
    return np.fft.irfft(spectrum, len(wave))


SOUNDS: Final[dict[str, Callable[[], Wave]]] = {
    "silence": lambda: np.zeros(len(_TIME)),
    "white noise": _noise,
    "pink noise": lambda: _narrow(_noise(1.0)),
    "rumble": lambda: _narrow(_noise(2.0)),
    "hum": lambda: sum((_tones(50 * n) / n for n in range(1, 20)), np.zeros(len(_TIME))),
    "ringback, American": lambda: _narrow(_tones(440, 480, on_s=2, off_s=4)),
    "ringback, British": lambda: _narrow(_ringback_british()),
    "ringback, European": lambda: _narrow(_tones(425, on_s=1, off_s=4)),
    "busy": lambda: _narrow(_tones(480, 620, on_s=0.5, off_s=0.5)),
    "fax": lambda: _narrow(_tones(1100, on_s=0.5, off_s=3)),
    "whistle": lambda: _tones(1000),
    "chords": lambda: _narrow(_chords()),
    "slow melody": lambda: _narrow(_melody(_SCALE, 0.5, 4)),
    "quick melody": lambda: _narrow(_melody(_SCALE, 0.25, 10)),
    "melody with rests": lambda: _narrow(_melody(_SCALE, 0.6, 12)),
    "strings": lambda: _narrow(_strings()),
    "band": lambda: _narrow(_band()),
}


def samples(name: str) -> bytes:
    """Return a minute of a sound as a telephone line carries it."""
    return audioop.ulaw2lin(encoded(name), 2)


def encoded(name: str) -> bytes:
    """Return that in mu-law."""
    wave = SOUNDS[name]()
    level = np.sqrt(np.mean(np.square(wave)))
    if level:
        wave = np.clip(wave * LEVEL / level, -32_000, 32_000)
    return audioop.lin2ulaw(wave.astype(np.int16).tobytes(), 2)
