"""The audio of a media stream: which of it can be decoded here, how, and how long it plays.

Two kinds. PCMU, PCMA, G.722 and L16 have as many bytes in every second, and go through the
service as they come. Of OPUS and AMR-WB only the payload itself says how long it plays: they are
decoded where they come in (`payload_decoder`), and go on as `LINEAR16`.

Source: TELNYX.md §4.4. Telnyx does not document the byte order of its L16; every client that
implements it finds network order.
"""

import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import G722  # type: ignore[import-not-found]  # a C extension without stubs

from service.wire import amr_wb, opus
from service.wire.payload import CODED_RATE_HZ, Payload

with warnings.catch_warnings():  # gone from the standard library in 3.13; audioop-lts then
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

LINEAR16: Final = "LINEAR16"
"""Native 16-bit samples: what was decoded here. Nothing comes in as this."""
_L16_RATES_HZ: Final = frozenset({8_000, 16_000, 24_000, 32_000, 44_100, 48_000})
_G711_RATES_HZ: Final = frozenset({8_000, 16_000})
_G722_RATES_HZ: Final = frozenset({8_000, 16_000})
"""RTP says 8000 of G.722 for historical reasons (RFC 3551); it is 16 kHz audio either way."""
_G722_BYTES_PER_S: Final = 8_000
_FIXED_RATE: Final[Mapping[str, frozenset[int]]] = {
    "PCMU": _G711_RATES_HZ,
    "PCMA": _G711_RATES_HZ,
    "L16": _L16_RATES_HZ,
    "G722": _G722_RATES_HZ,
    LINEAR16: frozenset({CODED_RATE_HZ}),
}
"""Encodings with as many bytes in every second, and the rates they may have."""
_CODED: Final[Mapping[str, frozenset[int]]] = {
    "OPUS": frozenset({8_000, 12_000, 16_000, 24_000, 48_000}),
    "AMR-WB": frozenset({8_000, 16_000}),
}
"""Encodings whose payloads say themselves how long they play, and the rates they are told with."""
_MAX_OPUS_CHANNELS: Final = 2
CODED: Final = tuple(_CODED)
"""Encodings that only FFmpeg decodes, which may not be there."""


class AudioFormat(NamedTuple):
    """How audio is encoded, and the sample rate that is told with it."""

    encoding: str
    sample_rate_hz: int


def decodable(encoding: str, sample_rate_hz: int, channels: int = 1) -> bool:
    """Say whether audio with this `media_format` can be decoded here.

    A track has one channel; of OPUS each packet says how many it has. Asked of OPUS or AMR-WB for
    the first time, it loads FFmpeg, if that is installed.
    """
    encoding = encoding.upper()
    if encoding in _CODED:
        fits = 1 <= channels <= (_MAX_OPUS_CHANNELS if encoding == "OPUS" else 1)
        return fits and sample_rate_hz in _CODED[encoding] and encoding in _installed()
    return channels == 1 and encoding != LINEAR16 and is_fixed_rate(encoding, sample_rate_hz)


def is_fixed_rate(encoding: str, sample_rate_hz: int) -> bool:
    """Say whether this is audio that goes through the service as it is, and `Decoder` takes."""
    return sample_rate_hz in _FIXED_RATE.get(encoding.upper(), ())


def carried(encoding: str, sample_rate_hz: int) -> AudioFormat:
    """Return what `decodable` audio goes through the service as."""
    if encoding.upper() in _CODED:
        return AudioFormat(LINEAR16, CODED_RATE_HZ)
    return AudioFormat(encoding, sample_rate_hz)


def _installed() -> frozenset[str]:
    """Return for which coded encodings there is a decoder."""
    try:
        from service.wire.ffmpeg import find_decoder  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        return frozenset()
    return frozenset(encoding for encoding in _CODED if find_decoder(encoding))


def bytes_per_s(encoding: str, sample_rate_hz: int) -> int:
    """Return how many bytes a second of fixed-rate audio has, as it comes.

    G.722 has 64 kbit/s whatever its rate.
    """
    encoding = encoding.upper()
    if encoding == "G722":
        return _G722_BYTES_PER_S
    return sample_rate_hz * (2 if encoding in ("L16", LINEAR16) else 1)


@dataclass(frozen=True, slots=True)
class PayloadTiming:
    """How long the payloads of a stream play, found out without decoding them."""

    s_per_byte: float
    """0 where only `read` can tell."""
    read: Callable[[bytes], Payload]
    """Never raises, whatever the payload is."""


def payload_timing(encoding: str, sample_rate_hz: int) -> PayloadTiming:
    """Return how long the payloads of a new stream of `decodable` audio play."""
    match encoding.upper():
        case "OPUS":
            return PayloadTiming(0.0, opus.read_packet)
        case "AMR-WB":
            return PayloadTiming(0.0, amr_wb.PayloadReader().read)
        case other:
            s_per_byte = 1 / bytes_per_s(other, sample_rate_hz)
            return PayloadTiming(s_per_byte, lambda data: Payload(len(data) * s_per_byte * 1000))


class Decoder:
    """Decodes one track's fixed-rate audio, piece by piece and in order."""

    def __init__(self, encoding: str, sample_rate_hz: int) -> None:
        """Begin a track.

        Raises:
            ValueError: `is_fixed_rate` says no.
        """
        if not is_fixed_rate(encoding, sample_rate_hz):
            raise ValueError(f"cannot decode {encoding!r} at {sample_rate_hz} Hz")
        self._encoding = encoding.upper()
        self._g722 = G722.G722(16_000, _G722_BYTES_PER_S * 8) if self._encoding == "G722" else None
        self._order_known: Literal["big", "little"] | None = None
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
        whole = data[: len(data) & ~1]
        return whole if self._encoding == LINEAR16 else self._order(whole)

    def _order(self, data: bytes) -> bytes:
        """Put L16 into native byte order, which the first telling piece gives away."""
        if self._order_known is None:
            self._order_known = l16_order(data)
        theirs = self._order_known or "big"  # network order, until it is known
        return data if theirs == sys.byteorder else audioop.byteswap(data, 2)


def l16_order(data: bytes) -> Literal["big", "little"] | None:
    """Return the byte order of L16, or None where a piece does not tell.

    Read in the wrong order, speech is full-scale noise: the quieter reading is right.
    """
    whole = data[: len(data) & ~1]
    native, other = audioop.rms(whole, 2), audioop.rms(audioop.byteswap(whole, 2), 2)
    if not max(native, other) >= 2 * min(native, other) > 0:
        return None
    is_native = native <= other
    return "little" if is_native == (sys.byteorder == "little") else "big"


class Resampler:
    """Changes the sample rate of one track's native 16-bit samples, piece by piece, seamlessly."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._from_hz, self._to_hz = from_hz, to_hz
        self._state: object = None
        self._last = [b"\0\0", b"\0\0"]

    def convert(self, linear: bytes) -> bytes:
        """Return the next samples at the other rate."""
        if self._from_hz == self._to_hz or not linear:
            return linear
        if self._from_hz >= 2 * self._to_hz:
            linear = self._soften(self._soften(linear, 0), 1)
        converted, self._state = audioop.ratecv(
            linear,
            2,
            1,
            self._from_hz,
            self._to_hz,
            self._state,  # type: ignore[arg-type]  # its own state, handed back
        )
        return converted

    def _soften(self, linear: bytes, turn: int) -> bytes:
        """Take off the highest tones, which would come back as low ones: average neighbours."""
        before = self._last[turn] + linear[:-2]
        self._last[turn] = linear[-2:]
        return audioop.add(audioop.mul(linear, 2, 0.5), audioop.mul(before, 2, 0.5), 2)


def encoder(encoding: str) -> Callable[[bytes], bytes]:
    """Return what encodes native 16-bit samples in G.711: PCMU or PCMA."""
    encode = audioop.lin2alaw if encoding == "PCMA" else audioop.lin2ulaw
    return lambda linear: encode(linear, 2)


def little_endian(linear: bytes) -> bytes:
    """Return native 16-bit samples in the byte order of WAV and of the STT side's `linear16`."""
    return linear if sys.byteorder == "little" else audioop.byteswap(linear, 2)
