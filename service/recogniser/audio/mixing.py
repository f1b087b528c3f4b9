"""Mixes channels to one, and tracks to one, in time."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.recogniser.audio.samples import NO_SAMPLES, Samples

_CANCELLED: Final = 0.05
"""A sum with less than this part of its channels' energy: one of them is the other, inverted."""
_NOT_CANCELLED: Final = 0.25
"""Two people, or one on either side, have half or more."""
_SILENT_ENERGY: Final = 1e-8
"""A sample's, at a loudness of -80 dB: from less than that nothing can be told."""


class Downmix:
    """Mixes the channels of one stream to one.

    It is their mean, unless they cancel each other out, as they do where a cable or a program
    inverted one of two: then it is the loudest of them. What it is changes only where the audio
    says so, and not between words.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._is_cancelled = False

    def mix(self, interleaved: Samples) -> Samples:
        """Return the mix of whole units of one sample per channel."""
        if self._channels == 1 or not len(interleaved):
            return interleaved
        units = interleaved.reshape(-1, self._channels)
        mean = np.asarray(units.mean(axis=1), np.float32)
        energies = np.asarray((units * units).mean(axis=0))
        if energies.max() > _SILENT_ENERGY:
            left = float(np.dot(mean, mean)) / len(mean) / float(energies.mean())
            if left < _CANCELLED:
                self._is_cancelled = True
            elif left > _NOT_CANCELLED:
                self._is_cancelled = False
        return np.ascontiguousarray(units[:, energies.argmax()]) if self._is_cancelled else mean


class TrackMixer:
    """Mixes tracks that come one after the other in pieces: their sum, cut off at full scale.

    A track that is more than `max_lag` samples behind the one that is furthest is silent up to
    there; what comes of it later is left out, and counted.
    """

    def __init__(self, max_lag: int) -> None:
        self._max_lag = max_lag
        self._mixed_to = 0
        self._ends: dict[int, int] = {}
        self._sum: NDArray[np.float32] = NO_SAMPLES
        self.left_out = 0
        """Samples."""

    def open(self, track: int) -> None:
        """Expect audio of a track, from the beginning on."""
        self._ends.setdefault(track, 0)

    def feed(self, track: int, samples: Samples) -> Samples:
        """Take the next samples of a track; return what is mixed now."""
        start = self._ends[track]
        self._ends[track] = end = start + len(samples)
        if len(self._ends) == 1:
            self._mixed_to = end
            return samples
        late = max(0, min(end, self._mixed_to) - start)
        self.left_out += late
        if end > self._mixed_to:
            at = start + late - self._mixed_to
            self._grow(at + len(samples) - late)
            self._sum[at : at + len(samples) - late] += samples[late:]
        furthest = max(self._ends.values())
        return self._take(max(min(self._ends.values()), furthest - self._max_lag))

    def finish(self) -> Samples:
        """Return what was waiting for tracks that ended before others."""
        return self._take(max(self._ends.values(), default=0))

    def _grow(self, length: int) -> None:
        if length > len(self._sum):
            self._sum = np.pad(self._sum, (0, length - len(self._sum)))

    def _take(self, up_to: int) -> Samples:
        count = max(0, up_to - self._mixed_to)
        taken, self._sum = self._sum[:count], self._sum[count:]
        self._mixed_to += len(taken)
        return np.asarray(np.clip(taken, -1, 1), np.float32)
