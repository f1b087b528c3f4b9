"""WAV files, also those that the standard library refuses: mu-law and A-law. Pure."""

import struct
from dataclasses import dataclass

from service.errors import SettingsError
from service.simulator.speech import audio

_PCM, _ALAW, _MULAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE
_FORMAT = struct.Struct("<HHIIHH")
_CHUNK = struct.Struct("<4sI")
_SUBFORMAT_AT = 24
_RIFF_BYTES = 12
_WIDTH_BYTES = 2
_MAX_RATE_HZ = 192_000


@dataclass(frozen=True, slots=True)
class Wav:
    """The samples of a WAV file: 16 bits, little-endian, channels interleaved."""

    channels: int
    rate_hz: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class _Format:
    kind: int
    channels: int
    rate_hz: int
    width_bytes: int


def parse_wav(data: bytes) -> Wav:
    """Read a WAV file of linear samples, mu-law or A-law.

    A stream's header, whose lengths run past the end of what there is, is read as far as it goes.

    Raises:
        SettingsError: It is not one, or of a kind that is not read.
    """
    shape, at, length = _seek(data)
    if shape is None or at is None:
        raise SettingsError(["a WAV file without a format or without data"])
    return Wav(shape.channels, shape.rate_hz, _samples(shape, data[at : at + length]))


@dataclass(frozen=True, slots=True)
class WavHead:
    """The head of a WAV stream: what follows `data_at` is audio in `input_format`."""

    input_format: str
    """As the STT WebSocket names it: linear16, mulaw or alaw; "" for anything else."""
    channels: int
    rate_hz: int
    data_at: int


def parse_wav_head(data: bytes) -> WavHead | None:
    """Read the head of a WAV stream; None while there is not all of it.

    Raises:
        SettingsError: It is not one.
    """
    if len(data) < _RIFF_BYTES:
        return None
    shape, at, _ = _seek(data)
    if at is None:
        return None
    if shape is None:
        raise SettingsError(["a WAV file without a format"])
    names = {_MULAW: "mulaw", _ALAW: "alaw", _PCM: "linear16"}
    known = shape.kind != _PCM or shape.width_bytes == _WIDTH_BYTES
    return WavHead(names[shape.kind] if known else "", shape.channels, shape.rate_hz, at)


def encode_wav(pcm: bytes, *, channels: int, rate_hz: int) -> bytes:
    """Write 16-bit samples as a WAV file."""
    block = 2 * channels
    body = _FORMAT.pack(_PCM, channels, rate_hz, rate_hz * block, block, 16)
    chunks = _CHUNK.pack(b"fmt ", len(body)) + body + _CHUNK.pack(b"data", len(pcm)) + pcm
    return _CHUNK.pack(b"RIFF", len(chunks) + 4) + b"WAVE" + chunks


def _seek(data: bytes) -> tuple["_Format | None", int | None, int]:
    """Go through the chunks: the format, where the samples begin (None if not yet), how many."""
    if data[:4] != b"RIFF" or data[8:_RIFF_BYTES] != b"WAVE":
        raise SettingsError(["not a WAV file"])
    shape: _Format | None = None
    at = _RIFF_BYTES
    while at + _CHUNK.size <= len(data):
        name, length = _CHUNK.unpack_from(data, at)
        at += _CHUNK.size
        if name == b"data":
            return shape, at, length
        if name == b"fmt " and at + length <= len(data):
            shape = _read_format(data[at : at + length])
        at += length + length % 2
    return shape, None, 0


def _read_format(body: bytes) -> _Format:
    if len(body) < _FORMAT.size:
        raise SettingsError(["a WAV file with a broken format"])
    kind, channels, rate_hz, _, _, bits = _FORMAT.unpack_from(body)
    if kind == _EXTENSIBLE and len(body) >= _SUBFORMAT_AT + 2:
        kind = int.from_bytes(body[_SUBFORMAT_AT : _SUBFORMAT_AT + 2], "little")
    if kind not in {_PCM, _ALAW, _MULAW} or bits not in {8, 16, 24, 32}:
        raise SettingsError([f"a WAV file of format {kind} with {bits} bits; PCM, mu-law, A-law"])
    if channels not in {1, 2} or not audio.RATE_HZ <= rate_hz <= _MAX_RATE_HZ:
        raise SettingsError([f"a WAV file with {channels} channels at {rate_hz} Hz"])
    return _Format(kind, channels, rate_hz, bits // 8)


def _samples(shape: _Format, body: bytes) -> bytes:
    width = shape.width_bytes if shape.kind == _PCM else 1
    body = body[: len(body) - len(body) % (width * shape.channels)]
    if shape.kind == _MULAW:
        return audio.PCMU.decode(body)
    if shape.kind == _ALAW:
        return audio.Encoding("PCMA").decode(body)
    return body if width == _WIDTH_BYTES else audio.widen(body, width)
