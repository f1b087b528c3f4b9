"""Encrypted recordings: nothing to read without the key, nothing lost to a crash."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from service.recording.encrypted import EncryptedReader, UnreadableError, is_encrypted
from service.recording.files import open_audio
from service.recording.wav import HEADER_BYTES, Layout

KEY = bytes(range(32))
LAYOUT = Layout("PCMU", 8000)
SECOND = bytes(range(250)) * 64
LONG = SECOND * 20


def write(path: Path, *pieces: bytes, key: bytes | None = KEY, layout: Layout = LAYOUT) -> None:
    """Append each piece and let readers see it; close the file as a process that dies does."""
    with closing(open_audio(path, layout, key)) as file:
        for piece in pieces:
            file.append(piece)
            file.flush()


def heard(path: Path, start: int = 0, stop: int | None = None) -> bytes:
    """Return the WAV, or these bytes of it."""
    with closing(EncryptedReader(path, KEY)) as reader:
        return b"".join(reader.read(start, reader.size_bytes if stop is None else stop))


def test_it_reads_as_the_plain_file_does(tmp_path: Path) -> None:
    """Byte for byte, the header included."""
    write(tmp_path / "plain", SECOND, LONG, SECOND, key=None)
    write(tmp_path / "encrypted", SECOND, LONG, SECOND)

    assert heard(tmp_path / "encrypted") == (tmp_path / "plain").read_bytes()
    assert is_encrypted(tmp_path / "encrypted")
    assert (tmp_path / "encrypted").stat().st_mode & 0o777 == 0o600


def test_no_sample_is_left_in_the_file(tmp_path: Path) -> None:
    """Not eight of them in a row; and the same audio never looks the same."""
    write(tmp_path / "a", SECOND, SECOND)
    write(tmp_path / "b", SECOND, SECOND)
    encrypted = (tmp_path / "a").read_bytes()

    assert not any(SECOND[at : at + 8] in encrypted for at in range(250))
    assert encrypted[HEADER_BYTES + 8 :] != (tmp_path / "b").read_bytes()[HEADER_BYTES + 8 :]


@pytest.mark.parametrize("start", [0, 1, 57, 58, 59, 16_057, 16_058, 100_000])
@pytest.mark.parametrize("size", [1, 57, 16_000, 200_000])
def test_any_range_is_the_same_as_of_the_plain_file(tmp_path: Path, start: int, size: int) -> None:
    """Within a record, over its ends, and in the header."""
    write(tmp_path / "plain", SECOND, LONG, SECOND, key=None)
    write(tmp_path / "encrypted", SECOND, LONG, SECOND)
    plain = (tmp_path / "plain").read_bytes()

    assert heard(tmp_path / "encrypted", start, start + size) == plain[start : start + size]


def torn_ends(path: Path) -> Iterator[bytes]:
    """Yield the file with its last record torn at many places."""
    whole = path.read_bytes()
    write(path, SECOND)
    more = path.read_bytes()
    yield from (more[:end] for end in range(len(whole), len(more), 997))
    yield whole + bytes(len(more) - len(whole))  # there was a place for it, and no data came
    yield more[:-1000] + bytes(1000)


def test_a_write_that_was_torn_costs_only_itself(tmp_path: Path) -> None:
    """Wherever it was torn, what was before is read, and the next write follows it."""
    path = tmp_path / "a"
    write(path, SECOND, SECOND)
    for torn in torn_ends(path):
        path.write_bytes(torn)
        assert heard(path)[HEADER_BYTES:] == SECOND * 2
        write(path, LONG)
        assert heard(path)[HEADER_BYTES:] == SECOND * 2 + LONG


def test_a_process_that_died_in_its_first_write_left_nothing(tmp_path: Path) -> None:
    """Whatever there is of the file's beginning, the next one begins anew."""
    write(tmp_path / "a")
    start = (tmp_path / "a").read_bytes()
    for size in range(len(start)):
        (tmp_path / "b").write_bytes(start[:size])
        write(tmp_path / "b", SECOND)
        assert heard(tmp_path / "b")[HEADER_BYTES:] == SECOND


def test_little_waits_for_more(tmp_path: Path) -> None:
    """So that records stay few; what waits is there after the end."""
    write(tmp_path / "a", b"\x01\x02" * 10)
    assert heard(tmp_path / "a")[HEADER_BYTES:] == b""
    with closing(open_audio(tmp_path / "a", LAYOUT, KEY)) as file:
        file.append(b"\x01\x02" * 10)
        file.sync()
    assert heard(tmp_path / "a")[HEADER_BYTES:] == b"\x01\x02" * 10


@pytest.mark.parametrize("key", [bytes(32), None])
def test_another_key_neither_reads_nor_writes(tmp_path: Path, key: bytes | None) -> None:
    """The file stays as it was."""
    write(tmp_path / "a", SECOND)
    before = (tmp_path / "a").read_bytes()

    with pytest.raises(UnreadableError, match="another key"):
        EncryptedReader(tmp_path / "a", bytes(32))
    with pytest.raises(OSError, match="another key" if key else "no plain recording"):
        write(tmp_path / "a", SECOND, key=key)
    assert (tmp_path / "a").read_bytes() == before


@pytest.mark.parametrize("size", [20, 80, 5000])
def test_a_plain_recording_is_not_written_over(tmp_path: Path, size: int) -> None:
    """Whoever sets a key still has what was recorded before."""
    (tmp_path / "a").write_bytes(b"RIFF" * size)
    with pytest.raises(UnreadableError, match="no encrypted recording"):
        write(tmp_path / "a", SECOND)
    assert (tmp_path / "a").read_bytes() == b"RIFF" * size


def test_a_file_goes_on_as_it_was_begun(tmp_path: Path) -> None:
    """Whoever writes on in it sees how samples lie there, and no other way is mixed in."""
    begun = Layout("G722", 16_000)
    write(tmp_path / "a", SECOND, layout=begun)
    with closing(open_audio(tmp_path / "a", LAYOUT, KEY)) as file:
        assert file.layout.header(0) == begun.header(0)
    with closing(open_audio(tmp_path / "b", LAYOUT, KEY)) as file:
        assert file.layout == LAYOUT


def test_a_changed_or_moved_record_is_not_played(tmp_path: Path) -> None:
    """A bit turned over, or two records in each other's place."""
    write(tmp_path / "a", SECOND, SECOND, SECOND)
    whole = (tmp_path / "a").read_bytes()
    size = len(SECOND) + 44
    first = len(whole) - 3 * size
    changed = bytearray(whole)
    changed[first + 100] ^= 1
    parts = [whole[first + n * size : first + (n + 1) * size] for n in range(3)]
    for bad in (bytes(changed), whole[:first] + parts[1] + parts[0] + parts[2]):
        (tmp_path / "a").write_bytes(bad)
        with pytest.raises(UnreadableError, match="changed"):
            heard(tmp_path / "a")
