"""Live streams of packets without a container: made into what a demuxer reads.

Raw Opus has no mark where a packet ends but the message that it comes in, so that each becomes a
page of Ogg (RFC 3533, RFC 7845). Frames of AMR say themselves how long they are; a file's first
bytes, which some clients send all the same, are taken off.
"""

import struct
import zlib
from typing import Final, Protocol

from service.errors import BadInputError

_OGG: Final = b"OggS"
_PAGE: Final = struct.Struct("<4sBBqIII")
"""All of a page's header but the table of its segments."""
_PAGE_CRC_AT: Final = 22
_BEGINS: Final = 2
_SEGMENT_BYTES: Final = 255
MAX_PACKET_BYTES: Final = _SEGMENT_BYTES * _SEGMENT_BYTES - 1
"""What a page holds; a packet of Opus has a fiftieth of that, as a rule."""
_OPUS_HZ: Final = 48_000
_MS: Final = _OPUS_HZ // 1_000
_OPUS_HEAD: Final = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, _OPUS_HZ, 0, 0)
_OPUS_TAGS: Final = b"OpusTags" + struct.pack("<II", 0, 0)
_SILK, _HYBRID = 12, 16
"""Below these numbers a packet's configuration is one of Opus's three kinds (RFC 6716 §3.1)."""
_CELT_SHORTEST: Final = _MS * 5 // 2
_MANY, _COUNT = 3, 0x3F
_TURNED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_AMR_MAGICS: Final = (b"#!AMR\n", b"#!AMR-WB\n")


class Framing(Protocol):
    """Makes a demuxer's bytes of what comes."""

    def frame(self, message: bytes) -> bytes:
        """Return what a client's next message becomes.

        Raises:
            BadInputError: It cannot be what was announced.
        """


class OpusFraming:
    """Pages for packets, one in each message; what is in pages already stays as it is."""

    def __init__(self) -> None:
        self._is_paged: bool | None = None
        self._number = self._position = 0

    def frame(self, message: bytes) -> bytes:
        """Return the page of a packet.

        Raises:
            BadInputError: No packet is so long.
        """
        if self._is_paged is None:
            self._is_paged = message.startswith(_OGG)
            if not self._is_paged:
                return self._page(_OPUS_HEAD) + self._page(_OPUS_TAGS) + self.frame(message)
        if self._is_paged or not message:
            return message
        if len(message) > MAX_PACKET_BYTES:
            raise BadInputError("a message is too long to be a packet of Opus")
        self._position += _samples_of(message)
        return self._page(message)

    def _page(self, packet: bytes) -> bytes:
        whole, rest = divmod(len(packet), _SEGMENT_BYTES)
        kind = 0 if self._number else _BEGINS
        head = _PAGE.pack(_OGG, 0, kind, self._position, 1, self._number, 0)
        table = bytes([whole + 1, *[_SEGMENT_BYTES] * whole, rest])
        self._number += 1
        page = bytearray(head + table + packet)
        struct.pack_into("<I", page, _PAGE_CRC_AT, checksum(bytes(page)))
        return bytes(page)


class AmrFraming:
    """Frames as they come, without the first bytes of a file."""

    def __init__(self) -> None:
        self._head: bytes | None = b""

    def frame(self, message: bytes) -> bytes:
        """Return the frames; nothing as long as these may be the first bytes of a file."""
        if self._head is None:
            return message
        head = self._head + message
        for magic in _AMR_MAGICS:
            if head.startswith(magic):
                self._head = None
                return head[len(magic) :]
        if any(magic.startswith(head) for magic in _AMR_MAGICS):
            self._head = head
            return b""
        self._head = None
        return head


def framing_of(input_format: str) -> Framing | None:
    """Return what makes a demuxer's bytes of this format; None if it comes as such."""
    if input_format == "opus":
        return OpusFraming()
    return AmrFraming() if input_format.startswith("amr") else None


def _samples_of(packet: bytes) -> int:
    """Return how long a packet of Opus is, in samples of 48 kHz (RFC 6716 §3.1, §3.2)."""
    config, code = packet[0] >> 3, packet[0] & _MANY
    if config < _SILK:
        frame = _MS * (10, 20, 40, 60)[config & 3]
    elif config < _HYBRID:
        frame = _MS * (10, 20)[config & 1]
    else:
        frame = _CELT_SHORTEST << (config & 3)
    if code == _MANY:
        return frame * (packet[1] & _COUNT if len(packet) > 1 else 0)
    return frame * (1 if code == 0 else 2)


def checksum(page: bytes) -> int:
    """Return the checksum of a page of Ogg whose own is 0: CRC-32 with the bits as they come.

    `zlib` has them the other way round, in each byte and in the sum.
    """
    turned = zlib.crc32(page.translate(_TURNED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(turned.to_bytes(4, "little").translate(_TURNED), "big")
