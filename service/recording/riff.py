"""Reads a WAV of somebody else's as it comes: any chunks, G.711 or 16-bit PCM, one or two channels.

Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" (RIFF WAVE), and
"WAVEFORMATEXTENSIBLE". Lengths may be missing: who writes while it goes on does not know them.
"""

import struct
from typing import Final, NamedTuple

from service.errors import BadInputError

_RIFF: Final = struct.Struct("<4sI4s")
_CHUNK: Final = struct.Struct("<4sI")
_FORMAT: Final = struct.Struct("<HHIIHH")
_EXTENSIBLE: Final = 0xFFFE
_SUBFORMAT_AT: Final = 24
_UNKNOWN: Final = frozenset({0, 0xFFFF_FFFF})
_ENCODINGS: Final = {(1, 16): "L16", (6, 8): "PCMA", (7, 8): "PCMU"}
"""By format tag and bits."""
_MAX_CHANNELS: Final = 2
_MAX_BEFORE_AUDIO: Final = 65_536
_MIN_RATE_HZ, _MAX_RATE_HZ = 8_000, 48_000


class WavFormat(NamedTuple):
    """How samples lie in a file."""

    encoding: str
    """PCMU, PCMA or L16, which is little-endian here."""
    sample_rate_hz: int
    channels: int


class WavReader:
    """Takes a file piece by piece, and gives out its samples."""

    def __init__(self) -> None:
        self.format: WavFormat | None = None
        self._head = bytearray()
        self._left: int | None = None
        """How much audio is to come; None while that is not known."""
        self._in_audio = False

    def feed(self, data: bytes) -> bytes:
        """Return the samples in the next piece.

        Raises:
            BadInputError: It is no WAV that is read here.
        """
        if not self._in_audio:
            self._head += data
            data = self._begin()
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        return data

    @property
    def is_whole(self) -> bool:
        """Whether all the audio came that the file said it has."""
        return self._in_audio and not self._left

    def _begin(self) -> bytes:
        """Read chunks up to the audio; return what there is of that."""
        head, at = self._head, _RIFF.size
        if len(head) < at:
            return b""
        riff, _, wave = _RIFF.unpack_from(head)
        if (riff, wave) != (b"RIFF", b"WAVE"):
            raise BadInputError("this is no WAV file")
        while at + _CHUNK.size <= len(head):
            name, size = _CHUNK.unpack_from(head, at)
            at += _CHUNK.size
            if name == b"data":
                return self._audio(at, size)
            if name == b"fmt " and at + size <= len(head):
                self.format = _parse(bytes(head[at : at + size]))
            at += size + size % 2
        if len(head) > _MAX_BEFORE_AUDIO:
            raise BadInputError("the WAV file has no audio near its beginning")
        return b""

    def _audio(self, at: int, size: int) -> bytes:
        if self.format is None:
            raise BadInputError("the WAV file does not say what is in it")
        self._in_audio = True
        self._left = None if size in _UNKNOWN else size
        data = bytes(self._head[at:])
        self._head.clear()
        return data


def _parse(chunk: bytes) -> WavFormat:
    if len(chunk) < _FORMAT.size:
        raise BadInputError("the WAV file has a format that is too short")
    tag, channels, rate_hz, _, _, bits = _FORMAT.unpack_from(chunk)
    if tag == _EXTENSIBLE and len(chunk) >= _SUBFORMAT_AT + 2:
        (tag,) = struct.unpack_from("<H", chunk, _SUBFORMAT_AT)
    encoding = _ENCODINGS.get((tag, bits))
    fits = 1 <= channels <= _MAX_CHANNELS and _MIN_RATE_HZ <= rate_hz <= _MAX_RATE_HZ
    if encoding is None or not fits:
        raise BadInputError("the WAV file is of a kind that is not read here")
    return WavFormat(encoding, rate_hz, channels)
