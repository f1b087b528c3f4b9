"""One file for a call whose codec changes on the way: every stream in its place, and it plays."""

import math
from array import array
from itertools import product
from pathlib import Path
from typing import NamedTuple

import av
import G722  # type: ignore[import-not-found]  # a C extension without stubs
import pytest

from service.ids import Track
from service.recording.encrypted import EncryptedReader
from service.recording.wav import HEADER_BYTES, Layout
from service.recording.writer import Chunk, FileWriter
from service.simulator.speech.audio import Encoding, to_mulaw
from service.wire.audio import LINEAR16, AudioFormat
from tests.recording.builders import stream

LOUD = 8000
FORMATS = [
    AudioFormat("PCMU", 8000),
    AudioFormat("PCMA", 8000),
    AudioFormat("L16", 8000),
    AudioFormat("L16", 16_000),
    AudioFormat("L16", 44_100),
    AudioFormat("G722", 8000),
    AudioFormat(LINEAR16, 16_000),
]
TONE_HZ: dict[Track, int] = {"inbound": 300, "outbound": 700}
FRAME_MS = 20


class Channels(NamedTuple):
    """A file as FFmpeg plays it, at 8 kHz."""

    inbound: bytes
    outbound: bytes


def tone(rate_hz: int, hz: int, duration_ms: int) -> bytes:
    """Return a tone as native samples."""
    count = rate_hz * duration_ms // 1000
    return array(
        "h", (round(LOUD * math.sin(2 * math.pi * hz * n / rate_hz)) for n in range(count))
    ).tobytes()


def payloads(audio: AudioFormat, hz: int, duration_ms: int) -> list[bytes]:
    """Return a tone as the frames of a stream."""
    rate_hz = 16_000 if audio.encoding == "G722" else audio.sample_rate_hz
    samples = tone(rate_hz, hz, duration_ms)
    match audio.encoding:
        case "PCMU":
            coded = to_mulaw(samples, rate_hz)
        case "PCMA":
            coded = Encoding("PCMA").encode(to_mulaw(samples, rate_hz))
        case "G722":
            coded = G722.G722(16_000, 64_000).encode(array("h", samples))
        case "L16":
            swapped = array("h", samples)
            swapped.byteswap()
            coded = swapped.tobytes()
        case _:
            coded = samples
    size = len(coded) * FRAME_MS // duration_ms & ~1
    return [coded[at : at + size] for at in range(0, len(coded), size)]


def record(path: Path, audio: AudioFormat, offset_ms: int, *, key: bytes | None = None) -> int:
    """Record a second of a tone on either track; return how long the file is then."""
    writer = FileWriter(path, stream(*audio), offset_ms, key=key)
    tracks = [[Chunk(t, each) for each in payloads(audio, hz, 1000)] for t, hz in TONE_HZ.items()]
    writer.write([chunk for pair in zip(*tracks, strict=True) for chunk in pair])
    return writer.finish().duration_ms


def play(path: Path) -> Channels:
    """Play a file with a player that nobody here wrote."""
    resampler = av.AudioResampler(format="s16p", layout="stereo", rate=8000)
    sides = [b"", b""]
    with av.open(str(path)) as container:
        for frame in [*container.decode(audio=0), None]:
            for piece in resampler.resample(frame):
                for side in (0, 1):
                    sides[side] += bytes(piece.planes[side])[: piece.samples * 2]
    return Channels(*sides)


def loudness(samples: bytes, hz: int) -> float:
    """Return how much of a tone is in samples at 8 kHz: 1 for as loud as it was recorded."""
    values = array("h", samples)
    turns = [2 * math.pi * hz * n / 8000 for n in range(len(values))]
    sine = sum(v * math.sin(t) for v, t in zip(values, turns, strict=True))
    cosine = sum(v * math.cos(t) for v, t in zip(values, turns, strict=True))
    return 2 * math.hypot(sine, cosine) / len(values) / LOUD


@pytest.mark.parametrize(("first", "second"), list(product(FORMATS, FORMATS)))
def test_a_call_that_changes_its_codec_has_one_recording(
    tmp_path: Path, first: AudioFormat, second: AudioFormat
) -> None:
    """Both streams are heard, each at its place and on its side, a second of silence between."""
    path = tmp_path / "a.wav"
    record(path, first, 0)
    begun = path.read_bytes()
    duration_ms = record(path, second, 2000)

    assert duration_ms == pytest.approx(3000, abs=2)
    assert path.read_bytes()[HEADER_BYTES : len(begun)] == begun[HEADER_BYTES:]
    for side, (hz, other_hz) in zip(play(path), ((300, 700), (700, 300)), strict=True):
        for begin_ms in (100, 2100):  # resampling begins softly
            heard = side[begin_ms * 16 : (begin_ms + 800) * 16]
            assert loudness(heard, hz) == pytest.approx(1, abs=0.1)
            assert loudness(heard, other_hz) < 0.05
        assert loudness(side[1100 * 16 : 1900 * 16], hz) < 0.02


def test_g711_goes_in_as_it_came(tmp_path: Path) -> None:
    """Byte for byte, also when it goes on."""
    audio = AudioFormat("PCMA", 8000)
    for offset_ms in (0, 1000):
        record(tmp_path / "a", audio, offset_ms)

    data = (tmp_path / "a").read_bytes()[HEADER_BYTES:]
    inbound = b"".join(payloads(audio, TONE_HZ["inbound"], 1000))
    assert data[0::2] == inbound * 2


def test_an_encrypted_recording_goes_on_in_another_codec(tmp_path: Path) -> None:
    """As a plain one does, sample for sample."""
    key = bytes(range(32))
    for offset_ms, audio in enumerate((AudioFormat("PCMU", 8000), AudioFormat(LINEAR16, 16_000))):
        record(tmp_path / "plain", audio, 2000 * offset_ms)
        record(tmp_path / "secret", audio, 2000 * offset_ms, key=key)

    reader = EncryptedReader(tmp_path / "secret", key)
    assert b"".join(reader.read(0, reader.size_bytes)) == (tmp_path / "plain").read_bytes()
    reader.close()


@pytest.mark.parametrize("header", [b"RIFF" * 20, bytes(58), Layout("L16", 0).header(0)])
def test_a_file_that_is_no_recording_is_left_alone(tmp_path: Path, header: bytes) -> None:
    """Nothing of it is changed."""
    (tmp_path / "a").write_bytes(header)

    with pytest.raises(OSError, match="no plain recording"):
        FileWriter(tmp_path / "a", stream(), 0)

    assert (tmp_path / "a").read_bytes() == header
