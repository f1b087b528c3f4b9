"""Codecs, linear samples and sample rates: 8 kHz mu-law inside, whatever a codec asks outside."""

import warnings
from array import array
from dataclasses import dataclass
from typing import Literal

import G722  # type: ignore[import-not-found]  # a C extension without stubs

with warnings.catch_warnings():
    # Python 3.11 and 3.12 announce its removal; from 3.13 on it is the package audioop-lts.
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

RATE_HZ = 8000
_WIDTH_BYTES = 2
_G722_BIT_RATE = 64_000
_G722_BYTES_PER_MS = 8


@dataclass(frozen=True, slots=True)
class Encoding:
    """What bytes of audio are. `name` is as in `media_format.encoding`.

    A codec of packets (Opus, AMR-WB) would have to be cut by packets: see `CallAudio.payloads`.
    """

    name: Literal["PCMU", "PCMA", "L16", "G722"]
    rate_hz: int = RATE_HZ
    """Of the samples; what `start` says of G.722 may be another."""
    big_endian: bool = False

    @property
    def bytes_per_ms(self) -> int:
        """How many bytes one millisecond takes."""
        if self.name == "G722":
            return _G722_BYTES_PER_MS
        return self.rate_hz // 1000 * (_WIDTH_BYTES if self.name == "L16" else 1)

    @property
    def is_exact(self) -> bool:
        """Whether what is decoded is, byte for byte, the same wherever decoding begins."""
        return self.name != "G722"

    def encode(self, mulaw: bytes) -> bytes:
        """Turn 8 kHz mu-law into this. PCMU is passed through byte for byte."""
        if self.name == "PCMU":
            return mulaw
        pcm = audioop.ulaw2lin(mulaw, _WIDTH_BYTES)
        if self.name == "PCMA":
            return audioop.lin2alaw(pcm, _WIDTH_BYTES)
        pcm = change_rate(pcm, RATE_HZ, self.rate_hz)
        whole = len(mulaw) * self.rate_hz // RATE_HZ * _WIDTH_BYTES
        pcm += pcm[-_WIDTH_BYTES:] * ((whole - len(pcm)) // _WIDTH_BYTES)  # resampling ends early
        if self.name == "G722":
            samples = array("h", pcm)
            encoded: bytes = G722.G722(self.rate_hz, _G722_BIT_RATE).encode(samples)
            return encoded
        return audioop.byteswap(pcm, _WIDTH_BYTES) if self.big_endian else pcm

    def decode(self, audio: bytes) -> bytes:
        """Turn this into little-endian 16-bit samples at `rate_hz`."""
        if self.name == "PCMU":
            return audioop.ulaw2lin(audio, _WIDTH_BYTES)
        if self.name == "PCMA":
            return audioop.alaw2lin(audio, _WIDTH_BYTES)
        if self.name == "G722":
            pcm: bytes = G722.G722(self.rate_hz, _G722_BIT_RATE).decode(audio).tobytes()
            return pcm
        return audioop.byteswap(audio, _WIDTH_BYTES) if self.big_endian else audio


PCMU = Encoding("PCMU")
SILENCE = b"\xff"
"""One mu-law sample of silence."""


def to_mulaw(pcm: bytes, rate_hz: int = RATE_HZ) -> bytes:
    """Turn little-endian 16-bit samples into 8 kHz mu-law."""
    return audioop.lin2ulaw(change_rate(pcm, rate_hz, RATE_HZ), _WIDTH_BYTES)


def to_alaw(pcm: bytes) -> bytes:
    """Turn 16-bit samples into A-law, at their own rate."""
    return audioop.lin2alaw(pcm, _WIDTH_BYTES)


def change_rate(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """Resample 16-bit samples of one channel; downwards, what would alias is softened first."""
    if from_hz == to_hz:
        return pcm
    span = 1
    while 2 * span * to_hz <= from_hz:
        pcm = _average(_average(pcm, span), span)
        span *= 2
    return audioop.ratecv(pcm, _WIDTH_BYTES, 1, from_hz, to_hz, None)[0]


def split_channels(pcm: bytes) -> tuple[bytes, bytes]:
    """Take two interleaved channels of 16-bit samples apart."""
    return audioop.tomono(pcm, _WIDTH_BYTES, 1, 0), audioop.tomono(pcm, _WIDTH_BYTES, 0, 1)


def join_channels(left: bytes, right: bytes) -> bytes:
    """Interleave two channels of 16-bit samples of the same length."""
    return audioop.add(
        audioop.tostereo(left, _WIDTH_BYTES, 1, 0),
        audioop.tostereo(right, _WIDTH_BYTES, 0, 1),
        _WIDTH_BYTES,
    )


def widen(samples: bytes, width_bytes: int) -> bytes:
    """Turn samples of another width (1 is unsigned, as in WAV) into 16 bits."""
    if width_bytes == 1:
        samples = audioop.bias(samples, 1, -128)
    return audioop.lin2lin(samples, width_bytes, _WIDTH_BYTES)


def mix(one: bytes, other: bytes) -> bytes:
    """Add 16-bit samples, clipping."""
    return audioop.add(one, other, _WIDTH_BYTES)


def scale(pcm: bytes, factor: float) -> bytes:
    """Make 16-bit samples louder or quieter, clipping."""
    return audioop.mul(pcm, _WIDTH_BYTES, factor)


def _average(pcm: bytes, span: int) -> bytes:
    """Average each sample with the one `span` before it: a low pass at the speed of C."""
    shift = span * _WIDTH_BYTES
    return mix(scale(pcm, 0.5), scale(pcm[:shift] + pcm[:-shift], 0.5) if shift < len(pcm) else pcm)
