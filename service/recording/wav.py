"""The file: a two-channel WAV whose header is true after every write.

G.711 stays G.711 (format tags 6 and 7, which browsers and players know), everything else becomes
16-bit PCM. The header is always 58 bytes, so that a file can be gone on with after a crash.
Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" (RIFF WAVE).
"""

import struct
from dataclasses import dataclass
from typing import Final

from service.ids import Track

CHANNELS: Final[tuple[Track, ...]] = ("inbound", "outbound")
"""Left and right."""
HEADER_BYTES: Final = 58
_HEADER: Final = struct.Struct("<4sI4s 4sIHHIIHHH 4sII 4sI")
_MAX_DATA_BYTES: Final = 0xFFFF_FFFF - HEADER_BYTES
_TAGS: Final = {"PCMU": 7, "PCMA": 6}
_SILENCE: Final = {"PCMU": b"\xff", "PCMA": b"\xd5"}
_PCM: Final = 1
_MAX_RATE_HZ: Final = 192_000


@dataclass(frozen=True, slots=True)
class Layout:
    """How samples lie in the file; `encoding` is PCMU, PCMA, or anything that was decoded."""

    encoding: str
    sample_rate_hz: int

    @property
    def coded(self) -> bool:
        """Whether payloads go into the file as they came."""
        return self.encoding in _TAGS

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample of one channel."""
        return 1 if self.coded else 2

    @property
    def block_bytes(self) -> int:
        """Bytes of one sample of both channels."""
        return self.sample_bytes * len(CHANNELS)

    def silence(self, blocks: int) -> bytes:
        """Return silence on both channels."""
        return _SILENCE.get(self.encoding, b"\0") * (blocks * self.block_bytes)

    def silence_channel(self, data: bytearray, channel: int, first: int, last: int) -> None:
        """Silence some blocks of one channel of this audio, from `first` up to `last`."""
        width, block = self.sample_bytes, self.block_bytes
        for byte in range(channel * width, (channel + 1) * width):
            quiet = self.silence(last - first)[byte::block]
            data[first * block + byte : last * block : block] = quiet

    def blocks(self, duration_ms: int) -> int:
        """Return how many samples of each channel a time takes."""
        return duration_ms * self.sample_rate_hz // 1000

    def duration_ms(self, blocks: int) -> int:
        """Return how long that many samples of each channel last."""
        return blocks * 1000 // self.sample_rate_hz

    def header(self, data_bytes: int) -> bytes:
        """Return the header of a file that holds so much; more than 4 GiB cannot be said."""
        return self._header(data_bytes, len(CHANNELS))

    def mono_header(self, data_bytes: int) -> bytes:
        """Return the header of a file that holds so much of one track alone."""
        return self._header(data_bytes, 1)

    def _header(self, data_bytes: int, channels: int) -> bytes:
        data_bytes = min(data_bytes, _MAX_DATA_BYTES)
        block_bytes = self.sample_bytes * channels
        return _HEADER.pack(
            b"RIFF",
            HEADER_BYTES - 8 + data_bytes,
            b"WAVE",
            b"fmt ",
            18,
            _TAGS.get(self.encoding, _PCM),
            channels,
            self.sample_rate_hz,
            self.sample_rate_hz * block_bytes,
            block_bytes,
            8 * self.sample_bytes,
            0,
            b"fact",
            4,
            data_bytes // block_bytes,
            b"data",
            data_bytes,
        )

    @classmethod
    def parse(cls, header: bytes) -> "Layout":
        """Return the layout of a file that begins like this.

        Raises:
            OSError: `header` wrote no such beginning.
        """
        if len(header) == HEADER_BYTES:
            (tag,) = struct.unpack_from("<H", header, 20)
            (sample_rate_hz,) = struct.unpack_from("<I", header, 24)
            encodings = {number: encoding for encoding, number in _TAGS.items()}
            layout = cls(encodings.get(tag, "L16"), sample_rate_hz)
            if 0 < sample_rate_hz <= _MAX_RATE_HZ and header[20:42] == layout.header(0)[20:42]:
                return layout
        raise OSError("the file is no plain recording")
