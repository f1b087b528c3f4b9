"""Audio without a header: the telephone's codes, and linear samples of any width."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from service.recogniser.audio.mixing import Downmix
from service.recogniser.audio.samples import Samples


def _g711_tables() -> tuple[Samples, Samples]:
    """Return what each byte of mu-law and of A-law stands for (ITU-T G.711)."""
    code = np.arange(256)
    flipped = ~code & 0xFF
    magnitude = ((((flipped & 0x0F) << 3) + 132) << ((flipped >> 4) & 7)) - 132
    mulaw = np.where(flipped & 0x80, -magnitude, magnitude)
    toggled = code ^ 0x55
    exponent, mantissa = (toggled >> 4) & 7, toggled & 0x0F
    magnitude = np.where(
        exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 264) << np.maximum(exponent - 1, 0)
    )
    alaw = np.where(toggled & 0x80, magnitude, -magnitude)
    return np.asarray(mulaw / 32768, np.float32), np.asarray(alaw / 32768, np.float32)


_MULAW, _ALAW = _g711_tables()


def _scaled(values: NDArray[Any], full_scale: int) -> Samples:
    return np.asarray(values, np.float32) / np.float32(full_scale)


def _from_mulaw(data: bytes) -> Samples:
    return _MULAW[np.frombuffer(data, np.uint8)]


def _from_alaw(data: bytes) -> Samples:
    return _ALAW[np.frombuffer(data, np.uint8)]


def _from_uint8(data: bytes) -> Samples:
    return _scaled(np.frombuffer(data, np.uint8).astype(np.float32) - 128, 128)


def _from_int16(data: bytes) -> Samples:
    return _scaled(np.frombuffer(data, "<i2"), 2**15)


def _from_int24(data: bytes) -> Samples:
    triples: NDArray[np.int32] = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int32)
    value = triples[:, 0] | triples[:, 1] << 8 | triples[:, 2] << 16
    return _scaled((value ^ 0x800000) - 0x800000, 2**23)


def _from_int32(data: bytes) -> Samples:
    return _scaled(np.frombuffer(data, "<i4"), 2**31)


def _from_float32(data: bytes) -> Samples:
    # NaN and infinities would stay in the network's memory for the rest of the session.
    samples = np.nan_to_num(np.frombuffer(data, "<f4"), nan=0.0, posinf=1.0, neginf=-1.0)
    return np.asarray(np.clip(samples, -1, 1), np.float32)


_CODECS: Final = {
    "mulaw": (1, _from_mulaw),
    "alaw": (1, _from_alaw),
    "uint8": (1, _from_uint8),
    "linear16": (2, _from_int16),
    "int24": (3, _from_int24),
    "int32": (4, _from_int32),
    "linear32": (4, _from_float32),
}
"""By codec: the bytes of a sample, and what converts them. `linear16` is signed little-endian;
Telnyx's `linear32` is 32-bit float, clipped to -1..1."""


class RawDecoder:
    """Decodes samples of one codec, of any number of interleaved channels.

    The channels are mixed to one, unless `channel` is the number of one of them.
    """

    def __init__(
        self, codec: str, rate_hz: int, channels: int = 1, *, channel: int | None = None
    ) -> None:
        sample_bytes, self._convert = _CODECS[codec]
        self._unit_bytes = sample_bytes * channels
        self._channels = channels
        self._channel = channel
        self._downmix = Downmix(channels)
        self.rate_hz = rate_hz
        self._rest = b""

    def feed(self, data: bytes) -> Samples:
        """Return the samples that these bytes complete, of one channel."""
        data = self._rest + data
        whole = len(data) - len(data) % self._unit_bytes
        self._rest = data[whole:]
        samples = self._convert(data[:whole])
        if self._channel is not None:
            return np.ascontiguousarray(samples[self._channel :: self._channels])
        return self._downmix.mix(samples)
