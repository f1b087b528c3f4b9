"""Speech decoders of FFmpeg's, through PyAV, which the extra `codecs` brings.

Loading it takes a tenth of a second and 23 MiB, so only what finds something to decode does.
"""

from collections.abc import Mapping
from typing import Final, cast

from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.codec import Codec, CodecContext
from av.codec.codec import UnknownCodecError
from av.error import FFmpegError
from av.packet import Packet

from service.errors import BadInputError
from service.wire.payload import CODED_RATE_HZ

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {"OPUS": ("libopus", "opus"), "AMR-WB": ("amrwb",)}
"""Decoders by encoding, the best first. An FFmpeg is built with some and without others."""
_CODED_RATES_HZ: Final = {"OPUS": 48_000, "AMR-WB": 16_000}


def find_decoder(encoding: str) -> str | None:
    """Return FFmpeg's name of a decoder for an encoding; None if it has none here."""
    return next((name for name in _NAMES.get(encoding, ()) if _is_there(name)), None)


def _is_there(name: str) -> bool:
    try:
        Codec(name, "r")
    except UnknownCodecError:
        return False
    return True


class FrameDecoder:
    """One track's decoder: frames in, in order, native 16-bit samples at `CODED_RATE_HZ` out.

    Lost frames need no word: it finds back by itself, most often within 40 ms, at worst after 200,
    and no later than if it were begun anew.
    """

    def __init__(self, encoding: str) -> None:
        """Begin a track.

        Raises:
            ValueError: There is no decoder for this.
        """
        name = find_decoder(encoding)
        if name is None:
            raise ValueError(f"cannot decode {encoding!r}")
        self._context = cast(AudioCodecContext, CodecContext.create(name, "r"))
        self._context.sample_rate = _CODED_RATES_HZ[encoding]
        self._context.layout = "mono"  # stereo is mixed down
        self._context.thread_count = 1
        self._resampler = AudioResampler(format="s16", layout="mono", rate=CODED_RATE_HZ)

    def decode(self, frame: bytes) -> bytes:
        """Return the samples of the next frame. The first has a millisecond less.

        Raises:
            BadInputError: Whatever this is, it is no frame.
        """
        if not frame:  # to FFmpeg that means the end
            raise BadInputError("an empty frame")
        try:
            decoded = self._context.decode(Packet(frame))
            return b"".join(map(self._samples, decoded))
        except (FFmpegError, ValueError) as error:
            raise BadInputError("a frame that cannot be decoded") from error

    def _samples(self, frame: AudioFrame) -> bytes:
        frame.pts = None
        return b"".join(
            bytes(piece.planes[0])[: piece.samples * 2] for piece in self._resampler.resample(frame)
        )
