"""AMR-WB in RTP payloads, which come in two shapes that nothing but their size tells apart.

Sources: RFC 4867, §4; 3GPP TS 26.201 for how many bits a frame has.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

from service.wire.payload import Payload

FRAME_MS: Final = 20
MAX_FRAMES: Final = 12
"""Of one payload. RFC 4867 sets no bound; nobody sends as much as a quarter of a second."""
_SPEECH_BITS: Final = (132, 177, 253, 285, 317, 365, 397, 461, 477)
_COMFORT_NOISE: Final = 9
_BYTE_BITS: Final = 8
_BITS: Final = {**dict(enumerate(_SPEECH_BITS)), _COMFORT_NOISE: 40, 14: 0, 15: 0}
"""By type of frame; 14 is one that was lost before it was sent, 15 one that is not there."""


class Frame(NamedTuple):
    """One frame: its type, whether it is whole, and its bits from the first on, to full bytes."""

    kind: int
    is_good: bool
    data: bytes

    @property
    def is_speech(self) -> bool:
        """Whether there is anything to decode in it. Comfort noise counts as silence."""
        return self.is_good and self.kind < _COMFORT_NOISE

    @property
    def stored(self) -> bytes:
        """The frame as it is in a file, which is what decoders take (RFC 4867, §5.3)."""
        return bytes((self.kind << 3 | self.is_good << 2,)) + self.data


_Parse: TypeAlias = Callable[[bytes], Sequence[Frame] | None]


class PayloadReader:
    """Reads the payloads of one stream, and finds out from them which of the shapes they have.

    The shape that fitted last is tried first: of what both would fit, which is never speech of
    one frame, it is the likelier one.
    """

    def __init__(self) -> None:
        self._shapes: tuple[_Parse, _Parse] = (_octet_aligned, _bandwidth_efficient)

    def frames(self, payload: bytes) -> Sequence[Frame]:
        """Return the frames of a payload; none if it is broken."""
        first, second = self._shapes
        frames = first(payload)
        if frames is None:
            frames = second(payload)
            if frames is None:
                return ()
            self._shapes = (second, first)
        return frames

    def read(self, payload: bytes) -> Payload:
        """Return what a payload says of itself; one that is broken counts as one frame."""
        if not payload:
            return Payload(0.0)
        frames = self.frames(payload)
        begins_silence = bool(frames) and all(frame.kind >= _COMFORT_NOISE for frame in frames)
        return Payload(FRAME_MS * max(1, len(frames)), begins_silence)


def _octet_aligned(payload: bytes) -> Sequence[Frame] | None:
    """Read four bits of request and four of nothing, a byte a frame, and then the frames."""
    entries, at = list[int](), 1
    while not entries or entries[-1] & 0x80:
        if at >= len(payload) or len(entries) == MAX_FRAMES:
            return None
        entries.append(payload[at])
        at += 1
    if payload[0] & 0x0F or any(entry & 0x03 for entry in entries):
        return None
    frames = list[Frame]()
    for entry in entries:
        kind = entry >> 3 & 0x0F
        if kind not in _BITS:
            return None
        size = (_BITS[kind] + 7) // 8
        frames.append(Frame(kind, bool(entry & 0x04), payload[at : at + size]))
        at += size
    return frames if at == len(payload) else None


def _bandwidth_efficient(payload: bytes) -> Sequence[Frame] | None:
    """Read four bits of request, six a frame, and then the frames, all without any padding."""
    value, left = int.from_bytes(payload, "big"), len(payload) * 8 - 4
    entries = list[int]()
    while not entries or entries[-1] & 0x20:
        left -= 6
        if left < 0 or len(entries) == MAX_FRAMES:
            return None
        entries.append(value >> left & 0x3F)
    if any(entry >> 1 & 0x0F not in _BITS for entry in entries):
        return None
    padding = left - sum(_BITS[entry >> 1 & 0x0F] for entry in entries)
    if not 0 <= padding < _BYTE_BITS or value & (1 << padding) - 1:
        return None
    frames = list[Frame]()
    for entry in entries:
        kind = entry >> 1 & 0x0F
        count, size = _BITS[kind], (_BITS[kind] + 7) // 8
        left -= count
        bits = (value >> left & (1 << count) - 1) << size * _BYTE_BITS - count
        frames.append(Frame(kind, bool(entry & 1), bits.to_bytes(size, "big")))
    return frames
