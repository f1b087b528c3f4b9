"""WAV as a stream: the header may come in pieces, and its length fields may be lies."""

import struct
from typing import Final

from service.errors import BadInputError
from service.recogniser.audio.raw import RawDecoder
from service.recogniser.audio.samples import MAX_RATE_HZ, MIN_RATE_HZ, NO_SAMPLES, Samples

MAX_HEADER_BYTES: Final = 64 * 1024
MAX_CHANNELS: Final = 8
_RIFF_BYTES, _CHUNK_BYTES, _FORMAT_BYTES = 12, 8, 16
_EXTENSIBLE = 0xFFFE
_ENDLESS = 0x7FFF_0000
"""Live senders write 0, 0x7FFFFFFF or 0xFFFFFFFF where the data's length should be."""
_CODECS: Final = {
    (1, 8): "uint8",
    (1, 16): "linear16",
    (1, 24): "int24",
    (1, 32): "int32",
    (3, 32): "linear32",
    (6, 8): "alaw",
    (7, 8): "mulaw",
}


class WavDecoder:
    """Reads the chunks before the data (64 KiB at most), then the data as it comes.

    Data of no known length goes on for ever; after data of a known length nothing is read.
    """

    def __init__(self) -> None:
        self.rate_hz = MIN_RATE_HZ
        self._head = b""
        self._at = 0
        self._raw: RawDecoder | None = None
        self._left: int | None = None

    def feed(self, data: bytes) -> Samples:
        """Return the samples that these bytes complete, mixed down to one channel.

        Raises:
            BadInputError: Not RIFF/WAVE, a codec, rate or channel count we do not take, or a
                header without data in its first 64 KiB.
        """
        if self._left is None:
            self._head += data
            data = self._read_head()
        if self._raw is None or self._left is None:
            return NO_SAMPLES
        data = data[: self._left]
        self._left -= len(data)
        return self._raw.feed(data)

    def _read_head(self) -> bytes:
        """Read what is there of the header; return the bytes of data after it."""
        if not (b"RIFF" + self._head[4:8] + b"WAVE").startswith(self._head[:_RIFF_BYTES]):
            raise BadInputError("the audio does not begin as a WAV file does: RIFF, WAVE")
        self._at = max(self._at, _RIFF_BYTES)
        while self._left is None and self._at + _CHUNK_BYTES <= len(self._head):
            kind, size = struct.unpack_from("<4sI", self._head, self._at)
            body = self._at + _CHUNK_BYTES
            if kind == b"data":
                return self._begin_data(body, size)
            if body + size > MAX_HEADER_BYTES:
                raise BadInputError("the WAV header is too long")
            if body + size > len(self._head):
                break
            if kind == b"fmt ":
                self._raw = self._read_format(self._head[body : body + size])
            self._at = body + size + size % 2
        if len(self._head) > MAX_HEADER_BYTES:
            raise BadInputError("the WAV header is too long")
        return b""

    def _begin_data(self, body: int, size: int) -> bytes:
        if self._raw is None:
            raise BadInputError("the WAV data comes before its format")
        self._left = size if 0 < size < _ENDLESS else 1 << 62
        rest, self._head = self._head[body:], b""
        return rest

    def _read_format(self, body: bytes) -> RawDecoder:
        if len(body) < _FORMAT_BYTES:
            raise BadInputError("the WAV format chunk is too short")
        code, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
        if code == _EXTENSIBLE and len(body) >= _FORMAT_BYTES + 10:
            code = struct.unpack_from("<H", body, _FORMAT_BYTES + 8)[0]
        codec = _CODECS.get((code, bits))
        if codec is None:
            raise BadInputError("this WAV codec is not supported")
        if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
            raise BadInputError(f"WAV rates are {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz")
        if not 1 <= channels <= MAX_CHANNELS:
            raise BadInputError(f"a WAV may have 1 to {MAX_CHANNELS} channels")
        self.rate_hz = rate_hz
        return RawDecoder(codec, rate_hz, channels)
