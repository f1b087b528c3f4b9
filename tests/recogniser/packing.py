"""Recordings in containers, made when they are wanted."""

import io
import wave
from functools import cache

import av
import numpy as np

from service.recogniser.audio.samples import Samples
from tests.recogniser.talking import audio

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
}


def pack(samples: Samples, container: str, *, rate_hz: int = 8_000) -> bytes:
    """Return samples in one of `CONTAINERS`."""
    muxer, codec, packed_hz, layout = CONTAINERS[container]
    file = io.BytesIO()
    with av.open(file, "w", format=muxer) as out:
        stream = out.add_stream(codec, rate=packed_hz)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2")
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = rate_hz
        mixer = av.AudioResampler(
            stream.format.name, layout, packed_hz, stream.codec_context.frame_size or None
        )
        for made in [*mixer.resample(frame), *mixer.resample(None)]:
            made.pts = None
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    return file.getvalue()


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
