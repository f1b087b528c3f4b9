"""What is hidden late of a recording: silent where it was said, the rest as it was."""

from pathlib import Path

import pytest

from service.calls.reredaction import Silent
from service.calls.state import Span
from service.recording.encrypted import EncryptedReader, UnreadableError, is_encrypted
from service.recording.files import open_audio
from service.recording.silencing import silence, spans_of
from service.recording.wav import HEADER_BYTES, Layout

KEY = bytes(range(32))
SECONDS = 20
LAYOUTS = [Layout("PCMU", 8_000), Layout("PCMA", 8_000), Layout("L16", 16_000)]


def recorded(path: Path, layout: Layout, key: bytes | None) -> bytes:
    """Write a recording whose samples are never silent; return its audio."""
    samples = bytes(1 + n % 200 for n in range(layout.blocks(SECONDS * 1000) * layout.block_bytes))
    audio = open_audio(path, layout, key)
    audio.append(samples)
    audio.flush()
    audio.sync()
    audio.close()
    return samples


def read(path: Path, key: bytes | None) -> bytes:
    """Return a recording as the WAV that it is, or stands for."""
    if key is None:
        return path.read_bytes()
    reader = EncryptedReader(path, key)
    data = b"".join(reader.read(0, reader.size_bytes))
    reader.close()
    return data


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "encrypted"])
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.encoding)
def test_a_span_is_silent_on_its_track_and_nothing_else_is(
    tmp_path: Path, layout: Layout, key: bytes | None
) -> None:
    """Also one that goes over the end, and one that begins before the start."""
    path = tmp_path / "call.wav"
    before = recorded(path, layout, key)
    silence(
        path,
        {"inbound": [(9_000, 11_000), (19_500, 99_000)], "outbound": [(-500, 250)]},
        key=key,
    )
    data = read(path, key)
    after = data[HEADER_BYTES:]
    width, block = layout.sample_bytes, layout.block_bytes

    assert data[:HEADER_BYTES] == layout.header(len(before))
    expected = bytearray(before)
    for channel, start_ms, end_ms in ((0, 9_000, 11_000), (0, 19_500, 20_000), (1, 0, 250)):
        for place in range(layout.blocks(start_ms), layout.blocks(end_ms)):
            at = place * block + channel * width
            expected[at : at + width] = layout.silence(1)[:width]
    assert after == expected
    assert list(tmp_path.iterdir()) == [path]
    assert is_encrypted(path) == (key is not None)


def test_a_key_that_is_not_its_own_changes_nothing(tmp_path: Path) -> None:
    """It is said, and what is there stays."""
    path = tmp_path / "call.wav"
    recorded(path, LAYOUTS[0], KEY)
    before = path.read_bytes()
    with pytest.raises(UnreadableError):
        silence(path, {"inbound": [(0, 1_000)]}, key=b"another key of thirty-two bytes.")

    assert path.read_bytes() == before


def test_what_is_broken_off_leaves_no_second_file(tmp_path: Path) -> None:
    """It would hold what people said, and no erasure would know of it."""
    path = tmp_path / "call.wav"
    recorded(path, LAYOUTS[0], KEY)
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(UnreadableError, match="was changed"):
        silence(path, {"inbound": [(0, 1_000)]}, key=KEY)

    assert path.read_bytes() == damaged
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_of_no_track_is_silent_on_both() -> None:
    """In-call words may not say whose they are."""
    spans = spans_of([Silent("inbound", Span(1, 2)), Silent(None, Span(3, 4))])

    assert spans == {"inbound": [(1, 2), (3, 4)], "outbound": [(3, 4)]}
