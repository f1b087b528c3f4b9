"""Payloads of coded speech, decoded one by one: what is broken becomes silence, and is counted."""

from service.errors import BadInputError
from service.wire import amr_wb, opus
from service.wire.payload import CODED_RATE_HZ

_BYTES_PER_MS = CODED_RATE_HZ * 2 // 1000


class PayloadDecoder:
    """Decodes the payloads of one track, in order, to native 16-bit samples at `CODED_RATE_HZ`.

    Each gives exactly as much as it says it plays, whatever is in it. Never raises.
    """

    def __init__(self, encoding: str) -> None:
        """Begin a track.

        Raises:
            ValueError: There is no decoder for this.
        """
        from service.wire.ffmpeg import FrameDecoder  # noqa: PLC0415 - an extra, and slow to load

        self._decoder = FrameDecoder(encoding)
        self._amr_wb = amr_wb.PayloadReader() if encoding == "AMR-WB" else None
        self.bad_payloads = 0
        """How many could not be decoded, in whole or in part."""

    def decode(self, payload: bytes) -> bytes:
        """Return the samples of the next payload."""
        if self._amr_wb is None:
            return self._fit(payload, opus.read_packet(payload).duration_ms)
        frames = self._amr_wb.frames(payload)
        if not frames:
            return self._fit(b"", amr_wb.FRAME_MS if payload else 0)
        return b"".join(
            self._fit(frame.stored, amr_wb.FRAME_MS)
            if frame.is_speech
            else bytes(amr_wb.FRAME_MS * _BYTES_PER_MS)
            for frame in frames
        )

    def _fit(self, frame: bytes, duration_ms: float) -> bytes:
        """Decode a frame to as many samples as it should have, silence in the place of missing."""
        size = round(duration_ms * _BYTES_PER_MS)
        try:
            samples = self._decoder.decode(frame)
        except BadInputError:
            self.bad_payloads += 1
            return bytes(size)
        return samples[-size:].rjust(size, b"\0")
