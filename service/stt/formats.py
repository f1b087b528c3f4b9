"""Audio on its way from Telnyx to an engine: what is passed on as it is, what is converted.

Source: Telnyx, "Media Streaming over WebSockets" and the STT "Audio formats" page. Telnyx does
not document the byte order of its L16; every client that implements it finds network order, while
the STT side's `linear16` is little-endian.
"""

import sys
import warnings
from dataclasses import dataclass

import G722  # type: ignore[import-not-found]  # a C extension without stubs

from service.calls.engines import Engine

with warnings.catch_warnings():  # gone from the standard library in 3.13; audioop-lts then
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

CHUNK_MS = 100
"""How much audio goes to the engine at a time."""

_L16_RATES_HZ = frozenset({8_000, 16_000, 24_000, 32_000, 44_100, 48_000})
_G711_RATES_HZ = frozenset({8_000, 16_000})
_G722_RATES_HZ = frozenset({8_000, 16_000})
"""RTP says 8000 of G.722 for historical reasons (RFC 3551); it is 16 kHz audio either way."""

_NATIVE = {"PCMU": "mulaw", "PCMA": "alaw"}
_SILENCE = {"mulaw": b"\xff", "alaw": b"\xd5", "linear16": b"\0\0"}


@dataclass(frozen=True, slots=True)
class WireFormat:
    """What an engine is sent: `input_format` and `sample_rate` of the STT WebSocket."""

    input_format: str
    sample_rate_hz: int

    def silence(self, duration_ms: int) -> bytes:
        """Return digital silence."""
        return _SILENCE[self.input_format] * (duration_ms * self.sample_rate_hz // 1000)


def decodable(encoding: str, sample_rate_hz: int) -> bool:
    """Say whether audio with this `media_format` can be heard here."""
    rates = {
        "PCMU": _G711_RATES_HZ,
        "PCMA": _G711_RATES_HZ,
        "L16": _L16_RATES_HZ,
        "G722": _G722_RATES_HZ,
    }
    return sample_rate_hz in rates.get(encoding.upper(), ())


def choose_format(engine: Engine, encoding: str, sample_rate_hz: int) -> WireFormat:
    """Choose what to send: the audio as it came where the engine takes it, else `linear16`."""
    native = _NATIVE.get(encoding.upper(), "linear16")
    rate_hz = 16_000 if encoding.upper() == "G722" else sample_rate_hz
    if engine.rates_hz and rate_hz not in engine.rates_hz:
        return WireFormat("linear16", min(engine.rates_hz))
    return WireFormat(native if native in engine.formats else "linear16", rate_hz)


class Converter:
    """Turns one track's audio into what its engine takes, piece by piece and in order."""

    def __init__(self, encoding: str, sample_rate_hz: int, target: WireFormat) -> None:
        """Begin a track.

        Raises:
            ValueError: `decodable` says no.
        """
        if not decodable(encoding, sample_rate_hz):
            raise ValueError(f"cannot decode {encoding!r} at {sample_rate_hz} Hz")
        self._encoding = encoding.upper()
        self._target = target
        self._g722 = G722.G722(16_000, 64_000) if self._encoding == "G722" else None
        self._swap: bool | None = None
        self._resampler: object = None
        self.rate_hz = 16_000 if self._g722 else sample_rate_hz
        """Sample rate of the decoded audio."""
        width = 2 if self._encoding == "L16" else 1
        self.chunk_bytes = 800 if self._g722 else sample_rate_hz * CHUNK_MS // 1000 * width
        """Size of `CHUNK_MS` of the audio as it comes."""

    def convert(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the audio for the engine, and as native 16-bit samples. Odd bytes are cut off."""
        linear = self._decode(data)
        if self._target.input_format != "linear16":
            return data, linear
        return _little_endian(self._resample(linear)), linear

    def _decode(self, data: bytes) -> bytes:
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

    def _resample(self, linear: bytes) -> bytes:
        if self._target.sample_rate_hz == self.rate_hz:
            return linear
        resampled, self._resampler = audioop.ratecv(
            linear,
            2,
            1,
            self.rate_hz,
            self._target.sample_rate_hz,
            self._resampler,  # type: ignore[arg-type]  # its own state, handed back
        )
        return resampled


def loudness(linear: bytes | memoryview) -> int:
    """Return the root mean square of native 16-bit samples, 0 to 32768."""
    return audioop.rms(linear, 2)


def _little_endian(linear: bytes) -> bytes:
    return linear if sys.byteorder == "little" else audioop.byteswap(linear, 2)
