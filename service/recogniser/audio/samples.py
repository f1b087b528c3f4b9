"""What audio is from here on, and what makes it of a client's bytes."""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono audio, full scale at -1..1."""
NO_SAMPLES: Final[Samples] = np.zeros(0, np.float32)
MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 48_000


class AudioDecoder(Protocol):
    """Turns one stream of bytes into samples. It is fed as the bytes come, cut anywhere."""

    @property
    def rate_hz(self) -> int:
        """The rate of what `feed` returns; only to be trusted once it has returned samples."""

    def feed(self, data: bytes) -> Samples:
        """Return the samples that these bytes complete, mixed down to one channel.

        Raises:
            BadInputError: This is not the format that was announced.
        """
