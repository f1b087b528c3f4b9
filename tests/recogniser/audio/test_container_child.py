"""Strangers' bytes, and the child process that has to read them."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.recogniser.audio.container_messages import (
    AUDIO,
    DONE,
    FAULT,
    FILE_DEMUXERS,
    FORMAT,
    FORMAT_BODY,
    HEADER,
    LIVE_FLAG,
    MARK,
)
from service.recogniser.audio.raw import RawDecoder
from tests.recogniser.builders import CONTAINERS, packed, recording

CLIP = "austen_0920"
DEMUXERS = ["mp3", "ogg", "flac", "matroska"]
GARBAGE = settings(max_examples=4, deadline=None)


def read(data: bytes, demuxers: str = FILE_DEMUXERS, *flags: str) -> list[tuple[bytes, bytes]]:
    """Run the child on these bytes; return its messages."""
    child = [sys.executable, "-m", "service.recogniser.audio.container_child", demuxers, *flags]
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        done = subprocess.run(child, stdin=file, capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return list(_messages(done.stdout))


def _messages(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    while data:
        kind, length = HEADER.unpack_from(data)
        yield kind, data[HEADER.size : HEADER.size + length]
        data = data[HEADER.size + length :]


def seconds(messages: list[tuple[bytes, bytes]]) -> float:
    """Return how much audio came out."""
    formats = [FORMAT_BODY.unpack(body) for kind, body in messages if kind == FORMAT]
    _, rate_hz, channels = formats[0]
    sizes = [len(body) - 1 for kind, body in messages if kind == AUDIO]
    return float(sum(sizes) / 2 / channels / rate_hz)


def test_a_live_stream_of_g729_is_frames_and_nothing_else() -> None:
    """Ten bytes for 10 ms; a codec that nobody here can encode."""
    assert seconds(read(bytes(range(10)) * 100, "g729", LIVE_FLAG)) == pytest.approx(1.0)


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_file_of_any_container_becomes_samples(container: str) -> None:
    """24 bits and 96 kHz, stereo and compressed: all of its 6 seconds, and the end."""
    messages = read(packed(CLIP, container))

    assert seconds(messages) == pytest.approx(6.0, abs=0.15)
    assert messages[-1] == (DONE, b"")


@pytest.mark.parametrize("container", ["telephone mp3", "amr"])
def test_telephone_audio_stays_at_its_rate(container: str) -> None:
    """8 kHz is better heard as it is."""
    assert read(packed(CLIP, container))[0] == (FORMAT, FORMAT_BODY.pack(0, 8000, 1))


@pytest.mark.parametrize("container", CONTAINERS)
def test_what_is_left_of_a_torn_file_is_used(container: str) -> None:
    """Two thirds of a file: the audio up to there, or a word that nothing can be read."""
    data = packed(CLIP, container)
    messages = read(data[: len(data) * 2 // 3])

    if container == "m4a":  # its index is at the end
        assert messages == [(FAULT, b"no audio can be read from it")]
    else:
        assert seconds(messages) == pytest.approx(4.0, abs=1.1)  # Ogg is read by the page, 1 s


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n",
        b"ffconcat version 1.0\nfile '/etc/hostname'\n",
        b"<?xml version='1.0'?><MPD><BaseURL>http://127.0.0.1/</BaseURL></MPD>",
        b"RIFF\xff\xff\xff\xffWAVE",
    ],
)
def test_a_file_that_only_points_elsewhere_is_not_followed(text: bytes) -> None:
    """Playlists are how media libraries are made to read what is not theirs."""
    assert read(text) == [(FAULT, b"no audio can be read from it")]


@pytest.mark.parametrize("demuxer", [*DEMUXERS, FILE_DEMUXERS])
def test_garbage_ends_in_good_order(demuxer: str) -> None:
    """Random bytes, alone and behind a good beginning, as a file and live: no crash."""

    @GARBAGE
    @given(st.sampled_from(list(CONTAINERS)), st.integers(0, 2000), st.binary(max_size=20_000))
    def check(container: str, good: int, bad: bytes) -> None:
        flags = [] if demuxer == FILE_DEMUXERS else [LIVE_FLAG]
        messages = read(packed(CLIP, container)[:good] + bad * 3, demuxer, *flags)
        assert messages[-1][0] in {DONE, FAULT}

    check()


@pytest.mark.parametrize("container", CONTAINERS)
def test_damage_in_the_middle_does_no_harm(container: str) -> None:
    """Bytes turned over anywhere in a good file: some audio, or a word that there is none."""

    @GARBAGE
    @given(st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=40)), max_size=6))
    def check(wounds: list[tuple[float, bytes]]) -> None:
        data = bytearray(packed(CLIP, container))
        for where, what in wounds:
            at = int(where * (len(data) - len(what)))
            data[at : at + len(what)] = what
        assert read(bytes(data))[-1][0] in {DONE, FAULT}

    check()


@pytest.mark.parametrize("seconds_of_it", [2, 11])
def test_samples_are_no_mp3_although_bits_of_them_look_like_it(seconds_of_it: int) -> None:
    """Whoever forgets `input_format` sends samples to where MP3 is expected: they are told."""
    linear = RawDecoder("mulaw", 8_000).feed(recording("jfk"))[: seconds_of_it * 8_000]
    samples = (linear * 32_767).astype("<i2").tobytes()

    assert read(samples, "mp3", LIVE_FLAG)[-1] == (FAULT, b"no audio can be read from it")


def test_a_stream_is_told_how_much_of_it_is_used_up() -> None:
    """The marks grow up to the whole of it, and audio comes before the end."""
    messages = read(packed(CLIP, "mp3"), "mp3", LIVE_FLAG)
    marks = [int.from_bytes(body, "little") for kind, body in messages if kind == MARK]

    assert all(one <= other for one, other in pairwise(marks))
    assert marks[-1] == len(packed(CLIP, "mp3"))
    assert seconds(messages) == pytest.approx(6.0, abs=0.15)
