"""Packets without a container become what a demuxer reads."""

import io
import struct

import av
import pytest

from service.errors import BadInputError
from service.recogniser.audio.framing import (
    MAX_PACKET_BYTES,
    AmrFraming,
    OpusFraming,
    checksum,
    framing_of,
)
from tests.recogniser.builders import packed, packets

CLIP = "austen_0920"


def test_packets_of_opus_are_found_again_in_the_pages() -> None:
    """Each whole and at its time, by somebody else's reader."""
    sent = packets(packed(CLIP, "ogg"))
    framing = OpusFraming()
    pages = b"".join(framing.frame(packet) for packet in sent)

    with av.open(io.BytesIO(pages), "r") as container:
        (stream,) = container.streams.audio
        found = [packet for packet in container.demux(stream) if packet.size]
    assert [bytes(packet) for packet in found] == sent
    assert [packet.pts for packet in found] == [960 * number for number in range(len(sent))]


def test_the_checksum_is_that_of_other_programs() -> None:
    """A reader may drop a page whose own is wrong."""
    file = packed(CLIP, "ogg")
    page = bytearray(file[: file.index(b"OggS", 4)])
    (expected,) = struct.unpack_from("<I", page, 22)
    struct.pack_into("<I", page, 22, 0)

    assert checksum(bytes(page)) == expected


@pytest.mark.parametrize(
    ("packet", "samples"),
    [
        (b"\x00", 480),
        (b"\x19\0", 2 * 2880),
        (b"\x68", 960),
        (b"\x80", 120),
        (b"\xf8", 960),
        (b"\xfb\x03", 3 * 960),
        (b"\xfb", 0),
    ],
)
def test_a_packet_says_how_long_it_is(packet: bytes, samples: int) -> None:
    """SILK, hybrid and CELT, one frame or several (RFC 6716): the next page begins behind it."""
    framing = OpusFraming()
    pages = framing.frame(packet)
    last = pages[pages.rindex(b"OggS") :]

    assert struct.unpack_from("<q", last, 6) == (samples,)


def test_opus_that_is_in_pages_stays_as_it_is() -> None:
    """Pieces of a file, cut anywhere; and nothing is nothing."""
    file, framing, empty = packed(CLIP, "ogg"), OpusFraming(), OpusFraming()
    pieces = [file[at : at + 1000] for at in range(0, len(file), 1000)]

    assert [framing.frame(piece) for piece in pieces] == pieces
    assert empty.frame(b"").count(b"OggS") == 2


def test_no_packet_of_opus_is_as_long_as_a_file() -> None:
    """Somebody sends something else."""
    framing = OpusFraming()
    framing.frame(bytes(MAX_PACKET_BYTES))

    with pytest.raises(BadInputError, match="too long"):
        framing.frame(bytes(MAX_PACKET_BYTES + 1))


@pytest.mark.parametrize("magic", [b"", b"#!AMR\n", b"#!AMR-WB\n"])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_file_of_amr_loses_its_first_bytes(magic: bytes, size: int) -> None:
    """However it is cut; frames without them stay as they are."""
    frames = bytes(range(60, 120))
    data, framing = magic + frames, AmrFraming()
    sent = b"".join(framing.frame(data[at : at + size]) for at in range(0, len(data), size))

    assert sent == frames


def test_only_what_has_no_container_is_framed() -> None:
    """All else comes as such."""
    framed = {
        name for name in ("mp3", "ogg", "opus", "amr_nb", "amr_wb", "g729") if framing_of(name)
    }

    assert framed == {"opus", "amr_nb", "amr_wb"}
