"""Sample rate conversion by a windowed-sinc polyphase filter, whole or as a stream."""

from functools import lru_cache
from math import ceil, gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from service.recogniser.audio.samples import NO_SAMPLES, Samples

_REACH = 8
"""Samples of the lower rate on either side that make one output: 31 taps for 8 to 16 kHz."""


@lru_cache(maxsize=8)
def _phases(up: int, down: int) -> Samples:
    """Return the filter as a matrix: row `p` makes the outputs that fall `p/up` past an input."""
    stretch = max(1.0, down / up)
    reach = ceil(_REACH * stretch)
    offsets = np.arange(-reach + 1, reach + 1)
    times = (offsets[None, :] - np.arange(up)[:, None] / up) / stretch
    window = 0.5 + 0.5 * np.cos(np.pi * np.clip(times * stretch / reach, -1, 1))
    taps = np.sinc(times) * window
    return np.asarray(taps / taps.sum(axis=1, keepdims=True), np.float32)


class Resampler:
    """Converts one stream from `rate_in` to `rate_out` Hz.

    Output lags input by less than 2 ms; `flush` brings out the rest. Equal rates cost nothing.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        common = gcd(rate_in, rate_out)
        self._up, self._down = rate_out // common, rate_in // common
        self._filter = _phases(self._up, self._down)
        self._reach = self._filter.shape[1] // 2
        self._held: Samples = np.zeros(self._reach - 1, np.float32)
        self._start = 1 - self._reach
        self._made = 0

    def feed(self, samples: Samples) -> Samples:
        """Take the next input and return all output that is certain by now."""
        if self._up == self._down:
            return samples
        self._held = np.concatenate((self._held, samples))
        known = self._start + len(self._held) - self._reach
        count = max(0, -(-known * self._up // self._down) - self._made)
        if count == 0:
            return NO_SAMPLES
        position = (self._made + np.arange(count)) * self._down
        windows = sliding_window_view(self._held, self._filter.shape[1])
        first = position // self._up - self._reach + 1 - self._start
        made = np.einsum("nk,nk->n", windows[first], self._filter[position % self._up])
        self._made += count
        self._forget()
        return np.asarray(made, np.float32)

    def flush(self) -> Samples:
        """Return what was still held back, as if silence followed."""
        if self._up == self._down:
            return NO_SAMPLES
        return self.feed(np.zeros(self._reach, np.float32))

    def _forget(self) -> None:
        needed = self._made * self._down // self._up - self._reach + 1
        drop = max(0, needed - self._start)
        self._held = self._held[drop:]
        self._start += drop


def resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """Convert a whole recording; the length is scaled exactly, rounded up."""
    stream = Resampler(rate_in, rate_out)
    made = np.concatenate((stream.feed(samples), stream.flush()))
    return made[: -(-len(samples) * rate_out // rate_in)]
