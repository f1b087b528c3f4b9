"""Takes steady noise out of speech: Wiener's filter; noise is what is there at the quietest."""

from typing import Final

import numpy as np

from service.recogniser.audio.samples import Samples

_WINDOW_S, _HOPS = 0.032, 4
_QUIET_PERCENT: Final = 15
_NOISE_ABOVE_QUIET: Final = 2.7
"""The mean of noise is above its quiet moments, and some more of it is to go."""
_REMEMBERED: Final = 0.96
"""Of what was speech a moment ago, so that no tone is left that comes and goes."""
_LEAST_GAIN: Final = 0.3
"""Speech that is cut out of its noise altogether is heard worse."""
_EPSILON: Final = 1e-12


def denoised(samples: Samples, rate_hz: int) -> Samples:
    """Return as many samples with less of the noise that is in them all the time."""
    size = int(rate_hz * _WINDOW_S)
    hop = size // _HOPS
    window = np.hanning(size + 1)[:size].astype(np.float32)
    padded = np.pad(samples, (size, size + -len(samples) % hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    spectra = np.fft.rfft(frames * window, axis=1)
    spectra *= _gains(np.square(np.abs(spectra)))
    pieces = np.fft.irfft(spectra, size, axis=1).astype(np.float32) * window
    whole, weight = np.zeros(len(padded), np.float32), np.zeros(len(padded), np.float32)
    for number, piece in enumerate(pieces):
        here = slice(number * hop, number * hop + size)
        whole[here] += piece
        weight[here] += np.square(window)
    clean = whole / np.maximum(weight, np.float32(_EPSILON))
    return np.asarray(clean[size : size + len(samples)], np.float32)


def _gains(power: Samples) -> Samples:
    """Return how much of each frequency is to be left in each frame."""
    noise = _NOISE_ABOVE_QUIET * np.percentile(power, _QUIET_PERCENT, axis=0) + _EPSILON
    gains = np.empty_like(power)
    speech = np.zeros_like(noise)
    for number, frame in enumerate(power):
        above = np.maximum(frame / noise - 1, 0)
        ratio = _REMEMBERED * speech / noise + (1 - _REMEMBERED) * above if number else above
        gains[number] = np.maximum(ratio / (1 + ratio), _LEAST_GAIN)
        speech = np.square(gains[number]) * frame
    return gains
