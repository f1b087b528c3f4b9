"""The two tracks of a recording, each by itself."""

from collections.abc import Iterator

import pytest

from service.recording.tracks import split_tracks
from service.recording.wav import HEADER_BYTES, Layout
from service.simulator.speech.riff import parse_wav


class Copy:
    """A recording in memory."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.size_bytes = len(body)

    def read(self) -> Iterator[bytes]:
        """Yield it in two pieces."""
        yield self._body[:70]
        yield self._body[70:]

    def close(self) -> None:
        """Have nothing to close."""


def recording(layout: Layout, audio: bytes) -> Copy:
    """Return a recording of this audio, both tracks interleaved."""
    return Copy(layout.header(len(audio)) + audio)


@pytest.mark.parametrize("encoding", ["PCMU", "L16"])
def test_each_track_is_a_wav_of_its_own(encoding: str) -> None:
    """Sample by sample, that programs can read."""
    layout = Layout(encoding, 8000)
    size = layout.sample_bytes
    left = [bytes([number % 251] * size) for number in range(400)]
    right = [bytes([200 - number % 100] * size) for number in range(400)]
    audio = b"".join(a + b for a, b in zip(left, right, strict=True))
    tracks = split_tracks(recording(layout, audio))

    assert tracks["inbound"][HEADER_BYTES:] == b"".join(left)
    assert tracks["outbound"][HEADER_BYTES:] == b"".join(right)
    wav = parse_wav(tracks["inbound"])
    assert (wav.channels, wav.rate_hz, len(wav.pcm)) == (1, 8000, 800)


def test_a_track_that_is_all_silence_is_left_out() -> None:
    """Engines hear words in it."""
    silent = b"".join(bytes([number % 7, 0xFF]) for number in range(100))

    assert set(split_tracks(recording(Layout("PCMU", 8000), silent))) == {"inbound"}
    assert split_tracks(recording(Layout("PCMU", 8000), b"")) == {}


def test_what_is_no_recording_is_refused() -> None:
    """Whatever somebody put there."""
    with pytest.raises(OSError, match="no plain recording"):
        split_tracks(Copy(b"x" * 200))
