"""Codecs, linear samples and sample rates: 8 kHz mu-law inside, whatever is asked for outside."""

import warnings
from array import array
from dataclasses import dataclass

import G722  # type: ignore[import-not-found]  # a C extension without stubs

from service.simulator.scenario.carrier_settings import Codec

with warnings.catch_warnings():
    # Python 3.11 and 3.12 announce its removal; from 3.13 on it is the package audioop-lts.
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

RATE_HZ = 8000
CODED_RATE_HZ = 16_000
"""Of the samples of G722, OPUS and AMR-WB."""
_WIDTH_BYTES = 2
_G722_BITS_PER_S = 64_000
_G729_PACKS = 8
"""How many bytes of mu-law play as long as one of G.729."""
_CODED = ("OPUS", "AMR-WB")
_ROUGHLY = 8
_QUIET = 32
"""Root mean square of what nobody hears."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """What bytes of audio are. `name` is as in `media_format.encoding`.

    OPUS and AMR-WB are no bytes of so many a millisecond, but payloads: see `coded_track`.
    """

    name: Codec
    rate_hz: int = RATE_HZ
    """As `media_format.sample_rate` tells it."""
    big_endian: bool = False
    frame_ms: int = 0
    """How long a payload of OPUS or AMR-WB is."""
    octet_aligned: bool = False
    """Which of its two shapes AMR-WB has (RFC 4867)."""
    dtx: bool = False
    """Whether AMR-WB sends little while nobody speaks."""

    @property
    def is_coded(self) -> bool:
        """Whether it is payloads."""
        return self.name in _CODED

    @property
    def is_lossy(self) -> bool:
        """Whether what is decoded depends on all that was decoded before."""
        return self.is_coded or self.name == "G722"

    @property
    def decoded_rate_hz(self) -> int:
        """Sample rate of what it is decoded to; RTP says 8000 of G.722 (RFC 3551)."""
        return CODED_RATE_HZ if self.is_lossy else self.rate_hz

    @property
    def bytes_per_ms(self) -> int:
        """How many bytes one millisecond takes."""
        if self.name == "G729":
            return 1
        return self.rate_hz // 1000 * (_WIDTH_BYTES if self.name == "L16" else 1)

    def encode(self, mulaw: bytes) -> bytes:
        """Turn 8 kHz mu-law into this. PCMU is passed through byte for byte.

        Nothing encodes G.729 here: its bytes are as many as they should be, and mean nothing.
        """
        if self.name == "PCMU":
            return mulaw
        if self.name == "G729":
            return mulaw[::_G729_PACKS]
        pcm = audioop.ulaw2lin(mulaw, _WIDTH_BYTES)
        if self.name == "PCMA":
            return audioop.lin2alaw(pcm, _WIDTH_BYTES)
        pcm = change_rate(pcm, RATE_HZ, self.decoded_rate_hz)
        whole = len(mulaw) * self.decoded_rate_hz // RATE_HZ * _WIDTH_BYTES
        pcm += pcm[-_WIDTH_BYTES:] * ((whole - len(pcm)) // _WIDTH_BYTES)  # resampling ends early
        if self.name == "G722":
            coded: bytes = _g722().encode(array("h", pcm))
            return coded
        return audioop.byteswap(pcm, _WIDTH_BYTES) if self.big_endian else pcm

    def decode(self, audio: bytes) -> bytes:
        """Turn this into little-endian 16-bit samples at `decoded_rate_hz`; G729 into nothing."""
        match self.name:
            case "PCMU":
                return audioop.ulaw2lin(audio, _WIDTH_BYTES)
            case "PCMA":
                return audioop.alaw2lin(audio, _WIDTH_BYTES)
            case "G722":
                samples: bytes = _g722().decode(audio).tobytes()
                return samples
            case "L16":
                return audioop.byteswap(audio, _WIDTH_BYTES) if self.big_endian else audio
            case _:
                return b""


def _g722() -> G722.G722:
    return G722.G722(CODED_RATE_HZ, _G722_BITS_PER_S)


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


def likeness(one: bytes, other: bytes) -> float:
    """Return how alike two pieces of 16-bit samples of the same length are: 1 for the same sound.

    It is their correlation; two pieces that are next to silent are alike.
    """
    if is_quiet(one) and is_quiet(other):
        return 1.0
    loud, other_loud = audioop.rms(one, _WIDTH_BYTES), audioop.rms(other, _WIDTH_BYTES)
    if not loud or not other_loud:
        return 0.0
    return audioop.findfactor(one, other) * other_loud / loud


def is_quiet(pcm: bytes) -> bool:
    """Say whether nobody would hear these 16-bit samples."""
    return audioop.rms(pcm, _WIDTH_BYTES) <= _QUIET


def best_fit(pcm: bytes, piece: bytes) -> int:
    """Return from which byte on 16-bit samples sound most like a piece that is not silent.

    It is looked for roughly first, in an eighth of the samples, and then exactly around there.
    """
    if len(pcm) <= len(piece):
        return 0
    rough, rough_piece = (change_rate(each, _ROUGHLY, 1) for each in (pcm, piece))
    if len(rough) <= len(rough_piece):
        return audioop.findfit(pcm, piece)[0] * _WIDTH_BYTES
    near = audioop.findfit(rough, rough_piece)[0] * _ROUGHLY
    begin = max(0, near - 2 * _ROUGHLY) * _WIDTH_BYTES
    around = pcm[begin : begin + len(piece) + 4 * _ROUGHLY * _WIDTH_BYTES]
    if len(around) <= len(piece):
        return len(pcm) - len(piece)
    return begin + audioop.findfit(around, piece)[0] * _WIDTH_BYTES


def scale(pcm: bytes, factor: float) -> bytes:
    """Make 16-bit samples louder or quieter, clipping."""
    return audioop.mul(pcm, _WIDTH_BYTES, factor)


def _average(pcm: bytes, span: int) -> bytes:
    """Average each sample with the one `span` before it: a low pass at the speed of C."""
    shift = span * _WIDTH_BYTES
    return mix(scale(pcm, 0.5), scale(pcm[:shift] + pcm[:-shift], 0.5) if shift < len(pcm) else pcm)
