"""The two tracks of a recording, each as a WAV of its own: so that it is known who speaks."""

from service.ids import Track
from service.ports import AudioCopy
from service.recording.wav import CHANNELS, HEADER_BYTES, Layout


def split_tracks(audio: AudioCopy) -> dict[Track, bytes]:
    """Return each track of a recording that is not all silence. All of it is in memory then.

    Raises:
        OSError: It cannot be read, or is no recording of ours.
    """
    data = b"".join(audio.read())
    layout = Layout.parse(data[:HEADER_BYTES])
    found: dict[Track, bytes] = {}
    for number, track in enumerate(CHANNELS):
        samples = _channel(data[HEADER_BYTES:], number, layout.sample_bytes)
        if samples and samples.count(samples[:1]) < len(samples):
            found[track] = layout.mono_header(len(samples)) + samples
    return found


def _channel(data: bytes, number: int, sample_bytes: int) -> bytes:
    block_bytes = sample_bytes * len(CHANNELS)
    samples = bytearray(len(data) // block_bytes * sample_bytes)
    for at in range(sample_bytes):
        cut = data[number * sample_bytes + at :: block_bytes]
        samples[at::sample_bytes] = cut[: len(samples) // sample_bytes]
    return bytes(samples)
