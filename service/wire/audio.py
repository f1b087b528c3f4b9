"""The audio of a media stream: which of it can be decoded here, and how.

Source: TELNYX.md §4.4. Telnyx does not document the byte order of its L16; every client that
implements it finds network order.
"""

import sys
import warnings
from typing import Final

import G722  # type: ignore[import-not-found]  # a C extension without stubs

with warnings.catch_warnings():  # gone from the standard library in 3.13; audioop-lts then
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

_L16_RATES_HZ: Final = frozenset({8_000, 16_000, 24_000, 32_000, 44_100, 48_000})
_G711_RATES_HZ: Final = frozenset({8_000, 16_000})
_G722_RATES_HZ: Final = frozenset({8_000, 16_000})
"""RTP says 8000 of G.722 for historical reasons (RFC 3551); it is 16 kHz audio either way."""
_G722_BYTES_PER_S: Final = 8_000


def decodable(encoding: str, sample_rate_hz: int, channels: int = 1) -> bool:
    """Say whether audio with this `media_format` can be decoded here: a track has one channel."""
    rates = {
        "PCMU": _G711_RATES_HZ,
        "PCMA": _G711_RATES_HZ,
        "L16": _L16_RATES_HZ,
        "G722": _G722_RATES_HZ,
    }
    return channels == 1 and sample_rate_hz in rates.get(encoding.upper(), ())


def bytes_per_s(encoding: str, sample_rate_hz: int) -> int:
    """Return how many bytes a second of `decodable` audio has, as it comes.

    G.722 has 64 kbit/s whatever its rate.
    """
    encoding = encoding.upper()
    if encoding == "G722":
        return _G722_BYTES_PER_S
    return sample_rate_hz * (2 if encoding == "L16" else 1)


class Decoder:
    """Decodes one track's audio, piece by piece and in order."""

    def __init__(self, encoding: str, sample_rate_hz: int) -> None:
        """Begin a track.

        Raises:
            ValueError: `decodable` says no.
        """
        if not decodable(encoding, sample_rate_hz):
            raise ValueError(f"cannot decode {encoding!r} at {sample_rate_hz} Hz")
        self._encoding = encoding.upper()
        self._g722 = G722.G722(16_000, _G722_BYTES_PER_S * 8) if self._encoding == "G722" else None
        self._swap: bool | None = None
        self.rate_hz = 16_000 if self._g722 else sample_rate_hz
        """Sample rate of the decoded audio."""
        self.bytes_per_s = bytes_per_s(self._encoding, sample_rate_hz)
        """Of the audio as it comes."""

    def decode(self, data: bytes) -> bytes:
        """Return native 16-bit samples. An odd last byte is cut off."""
        if self._encoding == "PCMU":
            return audioop.ulaw2lin(data, 2)
        if self._encoding == "PCMA":
            return audioop.alaw2lin(data, 2)
        if self._g722:
            samples: bytes = self._g722.decode(data).tobytes()
            return samples
        return self._order(data[: len(data) & ~1])

    def _order(self, data: bytes) -> bytes:
        """Put L16 into native byte order, which the first telling piece gives away.

        Read in the wrong order, speech is full-scale noise: the quieter reading is right.
        """
        network = data if sys.byteorder == "big" else audioop.byteswap(data, 2)
        if self._swap is None:
            other = audioop.byteswap(network, 2)
            loud, other_loud = audioop.rms(network, 2), audioop.rms(other, 2)
            if max(loud, other_loud) >= 2 * min(loud, other_loud) > 0:
                self._swap = other_loud < loud
        return audioop.byteswap(network, 2) if self._swap else network


def little_endian(linear: bytes) -> bytes:
    """Return native 16-bit samples in the byte order of WAV and of the STT side's `linear16`."""
    return linear if sys.byteorder == "little" else audioop.byteswap(linear, 2)
