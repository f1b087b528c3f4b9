"""The recordings of `fixtures/speech` in other formats, and how many words were recognised."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import av
import jiwer

SPEECH = Path(__file__).parents[2] / "fixtures" / "speech"
MAX_ERROR_RATE = 0.25
"""One word in four: these tests are of the protocol, and how well words are heard has its own."""
RADIO_BYTES_PER_S = 16_000
_RADIO_HZ = 44_100
_PHONE_HZ = 8_000
_PAUSE = b"\xff" * (_PHONE_HZ * 3 // 2)


def words_in(*names: str) -> str:
    """Return what is said in recordings."""
    return " ".join((SPEECH / f"{name}.txt").read_text() for name in names)


def error_rate(said: str, heard: str) -> float:
    """Return errors by words said; neither case nor punctuation counts."""
    return float(jiwer.wer(_plain(said), _plain(heard) or "nothing"))


def pcm(*names: str, rate_hz: int) -> bytes:
    """Return recordings as signed 16-bit samples of one channel, each followed by a pause."""
    resampler = av.AudioResampler("s16", "mono", rate_hz)
    frames = [frame for part in _parts(*names) for frame in resampler.resample(part)]
    return b"".join(frame.to_ndarray().tobytes() for frame in frames)


def mp3(*names: str) -> bytes:
    """Return recordings as radio stations send them: 44.1 kHz, stereo, 128 kbit/s, no tags."""
    return _encoded(names, "mp3", "libmp3lame", {"write_xing": "0", "id3v2_version": "0"})


def wav(*names: str) -> bytes:
    """Return recordings as a WAV file, 44.1 kHz, stereo."""
    return _encoded(names, "wav", "pcm_s16le", {})


def _encoded(names: tuple[str, ...], container: str, codec: str, options: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options) as output:
        stream = output.add_stream(codec, rate=_RADIO_HZ, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = RADIO_BYTES_PER_S * 8
        for part in _parts(*names):
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return file.getvalue()


def _parts(*names: str) -> Iterator[av.AudioFrame]:
    """Decode recordings, each followed by a pause."""
    recordings = b"".join((SPEECH / f"{name}.ulaw").read_bytes() + _PAUSE for name in names)
    rate = {"sample_rate": str(_PHONE_HZ)}
    with av.open(io.BytesIO(recordings), "r", format="mulaw", options=rate) as phone:
        yield from phone.decode(audio=0)


def _plain(text: str) -> str:
    text = text.lower().replace("\u2019", "'").replace("mister", "mr").replace("y'know", "you know")
    return " ".join(re.sub(r"[^a-z' ]", " ", text).split())
