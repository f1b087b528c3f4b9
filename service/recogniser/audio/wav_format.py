"""The format chunk of a WAV header: which codec its samples have, and how many channels."""

import struct
from dataclasses import dataclass
from typing import Final

from service.errors import BadInputError
from service.recogniser.audio.samples import MIN_RATE_HZ

MAX_WAV_RATE_HZ: Final = 192_000
MAX_CHANNELS: Final = 8
_FORMAT_BYTES: Final = 16
_EXTENSIBLE: Final = 0xFFFE
_INTEGER, _FLOAT = 1, 3
_CODECS: Final = {
    (_INTEGER, 1): "uint8",
    (_INTEGER, 2): "linear16",
    (_INTEGER, 3): "int24",
    (_INTEGER, 4): "int32",
    (_FLOAT, 4): "linear32",
    (6, 1): "alaw",
    (7, 1): "mulaw",
}
"""By format code and bytes of a sample."""


@dataclass(frozen=True, slots=True)
class WavFormat:
    """What the samples of a WAV are: `codec` as `RawDecoder` names it."""

    codec: str
    rate_hz: int
    channels: int


def read_format(chunk: bytes) -> WavFormat:
    """Read the body of a format chunk.

    A sample may have fewer bits than its bytes hold: it stands at their upper end.

    Raises:
        BadInputError: It is too short, or a codec, rate or channel count that we do not take.
    """
    if len(chunk) < _FORMAT_BYTES:
        raise BadInputError("the WAV format chunk is too short")
    code, channels, rate_hz, _, unit_bytes, bits = struct.unpack_from("<HHIIHH", chunk)
    if code == _EXTENSIBLE and len(chunk) >= _FORMAT_BYTES + 10:
        code = struct.unpack_from("<H", chunk, _FORMAT_BYTES + 8)[0]
    if not MIN_RATE_HZ <= rate_hz <= MAX_WAV_RATE_HZ:
        raise BadInputError(f"WAV rates are {MIN_RATE_HZ} to {MAX_WAV_RATE_HZ} Hz")
    if not 1 <= channels <= MAX_CHANNELS:
        raise BadInputError(f"a WAV may have 1 to {MAX_CHANNELS} channels")
    sample_bytes = (bits + 7) // 8
    if unit_bytes % channels == 0 and unit_bytes // channels > sample_bytes:
        sample_bytes = unit_bytes // channels
    codec = _CODECS.get((code, sample_bytes))
    if codec is None:
        raise BadInputError("this WAV codec is not supported")
    return WavFormat(codec, rate_hz, channels)
