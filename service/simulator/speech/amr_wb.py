"""AMR-WB: speech encoded by VisualOn's library, and packed as RTP carries it (RFC 4867, §4).

Nothing that Python packages bring encodes AMR-WB, so the machine has to have the library:
`apt install libvo-amrwbenc0`, `brew install libvo-amrwbenc`. It is called as its header says.
"""

import ctypes
import weakref
from collections.abc import Sequence
from ctypes.util import find_library
from functools import cache
from typing import Any, Final

FRAME_MS: Final = 20
SAMPLE_BYTES: Final = 640
"""Of one frame: 320 samples at 16 kHz."""
MODE: Final = 2
"""12.65 kbit/s, which telephones use."""
BITS: Final = (132, 177, 253, 285, 317, 365, 397, 461, 477, 40, 0, 0, 0, 0, 0, 0)
"""Of a frame, by its type: nine modes, comfort noise, and nothing."""
_NO_REQUEST: Final = 15
_NO_DATA: Final = 15
_MAX_FRAME_BYTES: Final = 64


@cache
def find_amr_wb() -> str | None:
    """Return the name of the library; None if this machine does not have it."""
    return find_library("vo-amrwbenc")


@cache
def _library() -> Any:  # noqa: ANN401 - what C has in it
    library = ctypes.CDLL(find_amr_wb())
    library.E_IF_init.restype = ctypes.c_void_p
    library.E_IF_exit.argtypes = [ctypes.c_void_p]
    library.E_IF_encode.argtypes = [
        ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int,
    ]  # fmt: skip
    return library


class FrameEncoder:
    """Encodes one track, frame by frame, each as it is in a file (RFC 4867, §5.3)."""

    def __init__(self, *, dtx: bool = False) -> None:
        """Begin a track; `find_amr_wb` has found the library."""
        self.mode = MODE
        """Of the next frame, 0 (6.6 kbit/s) to 8 (23.85 kbit/s)."""
        self._dtx = dtx
        self._state = _library().E_IF_init()
        weakref.finalize(self, _library().E_IF_exit, self._state)

    def encode(self, samples: bytes) -> bytes:
        """Return the frame of the next 640 bytes of native samples."""
        frame = ctypes.create_string_buffer(_MAX_FRAME_BYTES)
        size = _library().E_IF_encode(self._state, self.mode, samples, frame, int(self._dtx))
        return frame.raw[:size]


class AmrWbEncoder:
    """Encodes one track, payload by payload."""

    def __init__(self, *, octet_aligned: bool = False, dtx: bool = False) -> None:
        self._frames = FrameEncoder(dtx=dtx)
        self._pack = pack_aligned if octet_aligned else pack_tightly

    def encode(self, samples: bytes) -> bytes:
        """Return the payload of the next samples; nothing if it is not sent."""
        frames = [
            self._frames.encode(samples[at : at + SAMPLE_BYTES])
            for at in range(0, len(samples), SAMPLE_BYTES)
        ]
        sent = any(_kind(frame) != _NO_DATA for frame in frames)
        return self._pack(frames) if sent else b""


def pack_aligned(frames: Sequence[bytes]) -> bytes:
    """Return the payload of frames in octet-aligned format."""
    last = len(frames) - 1
    table = bytes(frame[0] | (0x80 if at < last else 0) for at, frame in enumerate(frames))
    return bytes((_NO_REQUEST << 4,)) + table + b"".join(frame[1:] for frame in frames)


def pack_tightly(frames: Sequence[bytes]) -> bytes:
    """Return the payload of frames in bandwidth-efficient format: bit by bit."""
    value, count, last = _NO_REQUEST, 4, len(frames) - 1
    for at, frame in enumerate(frames):
        value, count = value << 6 | (at < last) << 5 | frame[0] >> 2, count + 6
    for frame in frames:
        bits = BITS[_kind(frame)]
        data = int.from_bytes(frame[1:], "big") >> 8 * (len(frame) - 1) - bits
        value, count = value << bits | data, count + bits
    padding = -count % 8
    return (value << padding).to_bytes((count + padding) // 8, "big")


def _kind(frame: bytes) -> int:
    return frame[0] >> 3
