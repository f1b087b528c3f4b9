"""Audio for the tests: recordings of `fixtures`, sounds without words, and both in containers."""

import io
import wave
from collections.abc import Callable
from functools import cache
from pathlib import Path

import av
import numpy as np

from service.recogniser.audio.raw import RawDecoder
from service.recogniser.audio.samples import Samples
from service.wire.audio import Resampler

FIXTURES = Path(__file__).parents[2] / "fixtures"
READ_CLIPS = ("austen_0870", "austen_0920", "jfk", "sonnet1_14s")
SECOND = 8_000
"""Bytes of mu-law, or samples."""

# container: muxer, codec, sample rate in Hz, channels
CONTAINERS = {
    "mp3": ("mp3", "mp3", 44_100, "stereo"),
    "telephone mp3": ("mp3", "mp3", 8_000, "mono"),
    "m4a": ("ipod", "aac", 44_100, "mono"),
    "ogg": ("ogg", "libopus", 48_000, "mono"),
    "flac": ("flac", "flac", 96_000, "mono"),
    "webm": ("webm", "libopus", 48_000, "stereo"),
    "wav": ("wav", "pcm_s24le", 96_000, "stereo"),
    "aac": ("adts", "aac", 16_000, "mono"),
    "amr": ("amr", "libopencore_amrnb", 8_000, "mono"),
    "au": ("au", "pcm_mulaw", 8_000, "stereo"),
    "wma": ("asf", "wmav2", 44_100, "stereo"),
    "ts": ("mpegts", "mp2", 48_000, "mono"),
    "avi": ("avi", "mp3", 44_100, "mono"),
    "ac3": ("ac3", "ac3", 48_000, "stereo"),
    "wavpack": ("wv", "wavpack", 44_100, "mono"),
}
NAMELESS = {"g722": ("g722", "g722", 16_000, "mono")}
"""Those whose bytes do not say what they are."""


def recording(name: str) -> bytes:
    """Return a recording of `fixtures/speech` as mu-law, 8 kHz."""
    return (FIXTURES / "speech" / f"{name}.ulaw").read_bytes()


def audio(name: str) -> Samples:
    """Return a recording as samples, 8 kHz."""
    return RawDecoder("mulaw", 8000).feed(recording(name))


def pcm(name: str, rate_hz: int) -> bytes:
    """Return a recording as signed samples of 16 bits, at another rate."""
    return Resampler(8_000, rate_hz).convert((audio(name) * 32_767).astype("<i2").tobytes())


def reference(name: str) -> str:
    """Return what is said in it."""
    return (FIXTURES / "speech" / f"{name}.txt").read_text()


def pack(samples: Samples, container: str, *, rate_hz: int = 8_000) -> bytes:
    """Return samples in one of `CONTAINERS`, or `NAMELESS`."""
    muxer, codec, packed_hz, layout = (CONTAINERS | NAMELESS)[container]
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as out:
        stream = out.add_stream(codec, rate=packed_hz)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        if codec == "wmav2":
            stream.bit_rate = 64_000  # without being told it refuses
        pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2")
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = rate_hz
        mixer = av.AudioResampler(
            stream.format.name, layout, packed_hz, stream.codec_context.frame_size or None
        )
        for made in [*mixer.resample(frame), *mixer.resample(None)]:
            if codec == "wmav2" and made.samples < stream.codec_context.frame_size:
                continue  # it takes no shorter one at the end
            made.pts = None
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    return file.getvalue()


def packets(file: bytes) -> list[bytes]:
    """Return the packets of a file of one track."""
    with av.open(io.BytesIO(file), "r") as container:
        return [
            bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size
        ]


def side_by_side(*names: str) -> bytes:
    """Return recordings in a WAV file, each as a channel of its own."""
    channels = [audio(name) for name in names]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(len(channels))
        out.setsampwidth(2)
        out.setframerate(8_000)
        mixed = np.zeros((max(map(len, channels)), len(channels)), "<i2")
        for number, samples in enumerate(channels):
            mixed[: len(samples), number] = (np.clip(samples, -1, 1) * 32767).astype("<i2")
        out.writeframes(mixed.tobytes())
    return file.getvalue()


@cache
def packed(name: str, container: str) -> bytes:
    """Return a recording of `fixtures/speech` in one of `CONTAINERS`."""
    return pack(audio(name), container)


TIME = np.arange(15 * SECOND) / SECOND


def noise(level: float) -> Samples:
    """White noise."""
    return np.random.default_rng(1).normal(0, level, len(TIME)).astype(np.float32)


def tones(*frequencies_hz: float, on_s: float = 1.0, off_s: float = 0.0) -> Samples:
    """Tones of a telephone exchange, with a cadence."""
    sound = sum(np.sin(2 * np.pi * f * TIME) for f in frequencies_hz) * 0.2
    return np.asarray(sound * (TIME % (on_s + off_s) < on_s), np.float32)


def keys() -> Samples:
    """Somebody dials: a DTMF digit every quarter of a second."""
    rows, columns = np.array([697, 770, 852, 941]), np.array([1209, 1336, 1477])
    press = (TIME * 4).astype(int)
    sound = np.sin(2 * np.pi * rows[press % 4] * TIME) + np.sin(
        2 * np.pi * columns[press % 3] * TIME
    )
    return np.asarray(sound * 0.3 * (TIME * 4 % 1 < 0.4), np.float32)


def music() -> Samples:
    """Plucked notes with overtones over a chord and a drum: hold music, nearly."""
    notes = np.array([261.6, 329.6, 392.0, 523.3, 440.0, 349.2])
    beat, since = (TIME * 3).astype(int), TIME * 3 % 1
    pitch = notes[beat * 7 % 6]
    melody = sum(np.sin(2 * np.pi * pitch * h * TIME) / h for h in (1, 2, 3, 4)) * np.exp(
        -3 * since
    )
    chord = sum(np.sin(np.pi * note * TIME) for note in notes[:3])
    drum = noise(0.5) * np.exp(-40 * since)
    return np.asarray(0.15 * melody + 0.05 * chord + 0.2 * drum, np.float32)


SOUNDS: dict[str, Callable[[], Samples]] = {
    "silence": lambda: np.zeros(len(TIME), np.float32),
    "hiss": lambda: noise(0.002),
    "loud noise": lambda: noise(0.3),
    "ringback": lambda: tones(440, 480, on_s=2, off_s=4),
    "busy": lambda: tones(480, 620, on_s=0.5, off_s=0.5),
    "fax": lambda: tones(1100, on_s=0.5, off_s=3),
    "whistle": lambda: tones(1000),
    "keys": keys,
    "music": music,
}
