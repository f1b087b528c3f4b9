"""Opus, encoded by FFmpeg: PyAV, which the extra `codecs` brings."""

from typing import Final

from av.audio.frame import AudioFrame
from av.codec import Codec, CodecContext
from av.codec.codec import UnknownCodecError

_NAME: Final = "libopus"
_RATE_HZ: Final = 16_000
_BITS_PER_S: Final = 24_000


def is_there() -> bool:
    """Say whether this FFmpeg encodes Opus."""
    try:
        Codec(_NAME, "w")
    except UnknownCodecError:
        return False
    return True


class OpusEncoder:
    """Encodes one track, packet by packet."""

    def __init__(self, frame_ms: float, *, bits_per_s: int = _BITS_PER_S) -> None:
        """Begin a track of packets of this length: 2.5, 5, 10, 20, 40 or 60 ms."""
        context = CodecContext.create(_NAME, "w")
        context.sample_rate, context.layout, context.format = _RATE_HZ, "mono", "s16"
        context.bit_rate = bits_per_s
        context.options = {"application": "voip", "frame_duration": str(frame_ms)}
        self._context = context

    def encode(self, samples: bytes) -> bytes:
        """Return the packet of the next native samples, of which there are enough for one."""
        frame = AudioFrame(format="s16", layout="mono", samples=len(samples) // 2)
        frame.sample_rate = _RATE_HZ
        frame.planes[0].update(samples)
        return b"".join(map(bytes, self._context.encode(frame)))
