"""Audio on its way from Telnyx to an engine: what is passed on as it is, what is converted.

A track keeps its audio as it came where that can be read piece by piece, else as samples: so it can
be sent to any engine, and again to another one. Source: Telnyx, the STT "Audio formats" page; its
`linear16` is little-endian.
"""

import warnings
from dataclasses import dataclass

from service.calls.engines import Engine
from service.wire.audio import Decoder, Resampler, little_endian

with warnings.catch_warnings():  # gone from the standard library in 3.13; audioop-lts then
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

CHUNK_MS = 100
"""How much audio goes to the engine at a time."""

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


def choose_format(engine: Engine, encoding: str, sample_rate_hz: int) -> WireFormat:
    """Choose what to send: the audio as it came where the engine takes it, else `linear16`."""
    native = _NATIVE.get(encoding.upper(), "linear16")
    rate_hz = 16_000 if encoding.upper() == "G722" else sample_rate_hz
    if engine.rates_hz and rate_hz not in engine.rates_hz:
        return WireFormat("linear16", min(engine.rates_hz))
    return WireFormat(native if native in engine.formats else "linear16", rate_hz)


class Intake:
    """Takes one track's audio as it comes, piece by piece and in order."""

    def __init__(self, encoding: str, sample_rate_hz: int) -> None:
        """Begin a track.

        Raises:
            ValueError: `wire.audio.is_fixed_rate` says no.
        """
        self._decoder = Decoder(encoding, sample_rate_hz)
        self.rate_hz = self._decoder.rate_hz
        """Sample rate of the decoded audio."""
        self.chunk_bytes = self._decoder.bytes_per_s * CHUNK_MS // 1000
        """Size of `CHUNK_MS` of the audio as it comes."""
        self.kept = WireFormat(_NATIVE.get(encoding.upper(), "linear16"), self.rate_hz)
        """What is kept of it; `linear16` in this machine's byte order."""

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the audio as it is kept, and as native 16-bit samples. Odd bytes are cut off."""
        linear = self._decoder.decode(data)
        return (linear if self.kept.input_format == "linear16" else data), linear


class Outlet:
    """Turns audio as it is kept into what one session's engine takes, in order."""

    def __init__(self, kept: WireFormat, target: WireFormat) -> None:
        self._kept = kept
        self._target = target
        self._resampler = Resampler(kept.sample_rate_hz, target.sample_rate_hz)

    def convert(self, data: bytes) -> bytes:
        """Return the next audio for the engine."""
        if self._target.input_format != "linear16":
            return data  # `choose_format` has no other that is not what came
        if self._kept.input_format == "mulaw":
            data = audioop.ulaw2lin(data, 2)
        elif self._kept.input_format == "alaw":
            data = audioop.alaw2lin(data, 2)
        return little_endian(self._resampler.convert(data))
