"""WAV as people write it: headers in pieces or in each message, tags, lengths that lie."""

import re
import struct
from typing import Final

import numpy as np

from service.errors import BadInputError
from service.recogniser.audio.raw import RawDecoder
from service.recogniser.audio.samples import MIN_RATE_HZ, NO_SAMPLES, Samples
from service.recogniser.audio.wav_format import WavFormat, read_format

MAX_HEADER_BYTES: Final = 64 * 1024
MAX_TAG_BYTES: Final = 1024 * 1024
_RIFF_BYTES, _CHUNK_BYTES, _TAG_BYTES = 12, 8, 10
_ENDLESS: Final = 0x7FFF_0000
"""Live senders write 0, 0x7FFFFFFF or 0xFFFFFFFF where the data's length should be."""
_NO_LENGTH: Final = 1 << 62
_BEGINS: Final = re.compile(rb"R(?:IFF|F64)....WAVE", re.DOTALL)
_HEADER: Final = re.compile(rb"R(?:IFF|F64)....WAVE(?:fmt |ds64|JUNK|bext|LIST)", re.DOTALL)
_HEADER_BYTES: Final = 16
_LONG: Final = struct.Struct("<QQ")
"""The lengths of the file and of the data, where 32 bits are too few."""
_BEHIND_DATA: Final = frozenset(
    (
        b"LIST,bext,cue ,fact,smpl,inst,plst,adtl,iXML,axml,chna,umid,levl,cart,strc,acid,"
        b"DISP,id3 ,ID3 ,afsp,JUNK,junk,PAD ,FLLR,Fake,minf,elm1,regn,_PMX,link,ovwf,PEAK,INFO"
    ).split(b",")
)
"""Chunks that stand behind the audio. What is none of them is audio that the length left out."""


class WavDecoder:
    """Reads the chunks before the data (64 KiB at most), then the data as it comes.

    Data of no known length goes on for ever. Where the length is over, chunks of other kinds are
    left out, one more WAV is read on, and anything else is audio: whoever wrote the length did not
    know it. A header in the middle of the data begins one more WAV, too. The channels are mixed to
    one, unless `channel` is the number of one of them.
    """

    def __init__(self, channel: int | None = None) -> None:
        self.rate_hz = MIN_RATE_HZ
        self.channels = 1
        self._channel = channel
        self._kept = b""
        self._skip = 0
        self._raw: RawDecoder | None = None
        self._left: int | None = None
        self._read = self._read_head
        self._is_odd = False

    @property
    def has_data(self) -> bool:
        """Whether the header was read to its end."""
        return self._left is not None

    @property
    def notes(self) -> list[str]:
        """What is not as the header says, once all has been fed."""
        if self._left and self._left < _NO_LENGTH // 2:
            return ["the audio is shorter than the WAV header says"]
        return []

    def feed(self, data: bytes) -> Samples:
        """Return the samples that these bytes complete, of one channel.

        Raises:
            BadInputError: Not RIFF/WAVE, a codec, rate or channel count we do not take, a header
                without data in its first 64 KiB, or one more header with another sample rate.
        """
        self._kept += data
        made: list[Samples] = []
        while True:
            skipped = min(self._skip, len(self._kept))
            self._skip -= skipped
            self._kept = self._kept[skipped:]
            samples = self._read() if self._kept else None
            if samples is None:
                return made[0] if len(made) == 1 else np.concatenate([NO_SAMPLES, *made])
            made.append(samples)

    def _read_head(self) -> Samples | None:
        """Read a header, if all of it is there."""
        head = self._kept
        if head.startswith(b"ID3") and len(head) >= _TAG_BYTES:
            return self._skip_tag(head)
        begins = (b"RIFF" + head[4:8] + b"WAVE", b"RF64" + head[4:8] + b"WAVE", b"ID3")
        if not any(one.startswith(head[:_RIFF_BYTES]) for one in begins):
            if not head.startswith(b"ID3"):
                raise BadInputError("the audio does not begin as a WAV file does: RIFF, WAVE")
            return None
        found = _read_chunks(head)
        if found is None:
            return None
        form, size, body = found
        if self._raw is not None and form.rate_hz != self.rate_hz:
            raise BadInputError("the next WAV has another sample rate: send it by itself")
        self.rate_hz, self.channels = form.rate_hz, form.channels
        self._raw = RawDecoder(form.codec, form.rate_hz, form.channels, channel=self._channel)
        self._left = size
        self._is_odd = bool(size % 2)
        self._kept = head[body:]
        self._read = self._read_data
        return NO_SAMPLES

    def _skip_tag(self, head: bytes) -> Samples:
        size = 0
        for one in head[6:_TAG_BYTES]:
            size = size << 7 | one  # seven bits in a byte: more of them make it too long
        if size > MAX_TAG_BYTES:
            raise BadInputError("the tag before the WAV header is too long")
        self._skip = _TAG_BYTES + size
        return NO_SAMPLES

    def _read_data(self) -> Samples | None:
        if self._left == 0:
            self._read = self._read_behind
            return NO_SAMPLES
        if self._raw is None or self._left is None:
            return None
        header = _HEADER.search(self._kept)
        end = header.start() if header else len(self._kept) - _may_begin(self._kept)
        data = self._kept[: min(end, self._left)]
        self._kept = self._kept[len(data) :]
        self._left -= len(data)
        if header and len(data) == end:
            self._read = self._read_head
        return self._raw.feed(data) if data or header else None

    def _read_behind(self) -> Samples | None:
        """Look at what comes where the data should have ended."""
        pad = self._is_odd and self._kept[0] == 0
        found = self._kept[pad : pad + _CHUNK_BYTES]
        if len(found) < _CHUNK_BYTES:
            return None
        if found[:4] in _BEHIND_DATA:
            (size,) = struct.unpack_from("<I", found, 4)
            self._skip = pad + _CHUNK_BYTES + size
            self._is_odd = bool(size % 2)
        elif found[:4] in {b"RIFF", b"RF64"}:
            if len(self._kept) < pad + _RIFF_BYTES:
                return None
            if _BEGINS.match(self._kept, pad):
                self._skip = int(pad)
                self._read = self._read_head
            else:
                self._go_on()
        else:
            self._go_on()
        return NO_SAMPLES

    def _go_on(self) -> None:
        self._left = _NO_LENGTH
        self._read = self._read_data


def _read_chunks(head: bytes) -> tuple[WavFormat, int, int] | None:
    """Return the format, the data's length and where it begins; None if there is too little yet."""
    form: WavFormat | None = None
    long = 0
    at = _RIFF_BYTES
    while at + _CHUNK_BYTES <= len(head):
        kind, size = struct.unpack_from("<4sI", head, at)
        body = at + _CHUNK_BYTES
        if kind == b"data":
            if form is None:
                raise BadInputError("the WAV data comes before its format")
            return form, long or (size if 0 < size < _ENDLESS else _NO_LENGTH), body
        if body + size > MAX_HEADER_BYTES:
            raise BadInputError("the WAV header is too long")
        if body + size + size % 2 > len(head):
            return None
        chunk = head[body : body + size]
        if kind == b"fmt ":
            form = read_format(chunk)
        elif kind == b"ds64" and size >= _LONG.size:
            _, long = _LONG.unpack_from(chunk)
        # a chunk of odd length has a byte more, which some programs forget
        at = body + size + (size % 2 and not head[body + size : body + size + 1].isalnum())
    if len(head) > MAX_HEADER_BYTES:
        raise BadInputError("the WAV header is too long")
    return None


def _may_begin(data: bytes) -> int:
    """Return how many bytes at the end of data may be the beginning of one more header."""
    for length in range(min(_HEADER_BYTES - 1, len(data)), 0, -1):
        tail = data[-length:]
        is_riff = b"RIFF".startswith(tail[:4]) or b"RF64".startswith(tail[:4])
        if is_riff and b"WAVE".startswith(tail[8:12]):
            return length
    return 0
