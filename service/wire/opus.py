"""Opus packets, as far as their first bytes tell. Source: RFC 6716, §3."""

from typing import Final

from service.wire.payload import Payload

MAX_DURATION_MS: Final = 120.0
"""No packet plays longer: one that says so is broken."""
_MAX_DTX_BYTES: Final = 2
"""A packet of so few bytes has no audio in it: the encoder says that nobody speaks."""
_SILK_MS: Final = (10.0, 20.0, 40.0, 60.0)
_HYBRID_MS: Final = (10.0, 20.0)
_CELT_MS: Final = (2.5, 5.0, 10.0, 20.0)
_FRAME_MS: Final = (*_SILK_MS * 3, *_HYBRID_MS * 2, *_CELT_MS * 4)
"""How long a frame is, by the first five bits of its packet."""
_MANY: Final = 3
"""The code that says: the next byte has how many frames there are."""
_FRAMES: Final = (1, 2, 2)


def read_packet(packet: bytes) -> Payload:
    """Return what a packet says of itself; one that is broken counts as one frame."""
    if not packet:
        return Payload(0.0)
    frame_ms = _FRAME_MS[packet[0] >> 3]
    duration_ms = frame_ms * _frames(packet)
    if not 0 < duration_ms <= MAX_DURATION_MS:
        duration_ms = frame_ms
    return Payload(duration_ms, begins_silence=len(packet) <= _MAX_DTX_BYTES)


def _frames(packet: bytes) -> int:
    code = packet[0] & 3
    if code != _MANY:
        return _FRAMES[code]
    return packet[1] & 63 if len(packet) > 1 else 0
