"""Containers that are streamed, with no end known in advance."""

import pytest

from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from service.simulator.speech.amr_wb import SAMPLE_BYTES, FrameEncoder, find_amr_wb
from service.wire.stt import FINALIZE
from tests.recogniser.builders import packed, packets, pcm, reference
from tests.recogniser.harness import word_error_rate
from tests.recogniser.peers import finals, open_client, text_of
from tests.waiting import until

pytestmark = pytest.mark.speech
CLIP = "austen_0920"


AMR_MAGIC = b"#!AMR\n"


async def errors_in(networks: Networks, input_format: str, data: bytes) -> float:
    """Play a recording; return how much of its words is wrong."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, input_format=input_format) as client,
    ):
        await client.play(data)
        answers = await client.finish()

    assert client.socket.close_code == 1000
    return word_error_rate(reference(CLIP), text_of(answers))


@pytest.mark.parametrize(
    ("input_format", "container"),
    [
        ("mp3", "mp3"),
        ("ogg", "ogg"),
        ("opus", "ogg"),
        ("flac", "flac"),
        ("webm-opus", "webm"),
        ("amr-nb", "amr"),
    ],
)
async def test_a_container_is_heard_as_it_comes(
    networks: Networks, input_format: str, container: str
) -> None:
    """The same words as without the container."""
    assert await errors_in(networks, input_format, packed(CLIP, container)) <= 0.15


async def test_frames_of_amr_are_heard_without_the_beginning_of_a_file(networks: Networks) -> None:
    """As telephones send them."""
    frames = packed(CLIP, "amr").removeprefix(AMR_MAGIC)

    assert await errors_in(networks, "amr-nb", frames) <= 0.15


@pytest.mark.skipif(find_amr_wb() is None, reason="libvo-amrwbenc is not installed")
async def test_wide_amr_is_heard(networks: Networks) -> None:
    """Frames that HD telephones send."""
    wide = pcm(CLIP, 16_000)
    encoder = FrameEncoder()
    pieces = (wide[at : at + SAMPLE_BYTES] for at in range(0, len(wide), SAMPLE_BYTES))
    frames = [encoder.encode(piece) for piece in pieces if len(piece) == SAMPLE_BYTES]

    assert await errors_in(networks, "amr-wb", b"".join(frames)) <= 0.15


async def test_opus_is_heard_packet_by_packet(networks: Networks) -> None:
    """Nothing but the message says where one ends."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, input_format="opus", sample_rate="48000") as client,
    ):
        for packet in packets(packed(CLIP, "ogg")):
            await client.socket.send(packet)
        await client.socket.send(FINALIZE)
        answers = await client.finish()

    assert word_error_rate(reference(CLIP), text_of(answers)) <= 0.15


async def test_a_request_that_says_nothing_sends_mp3(networks: Networks) -> None:
    """Telnyx's default, and what its quickstart streams from a radio station."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, transcription_engine="Deepgram", model="nova-3") as client,
    ):
        for _ in range(2):  # a station just goes on with the next programme
            await client.play(packed("jfk", "mp3"), frame_bytes=4096)
        answers = await client.finish()

    assert text_of(answers).count("your country") == 4


async def test_finalize_settles_all_that_was_sent_packed(networks: Networks) -> None:
    """The answer waits until everything so far is read."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, input_format="ogg", endpointing="false") as client,
    ):
        await client.play(packed(CLIP, "ogg"))
        await client.socket.send(FINALIZE)
        answer = await client.next()

        assert word_error_rate(reference(CLIP), answer.transcript or "") <= 0.3
        assert finals(await client.finish()) == []


@pytest.mark.parametrize("data", [bytes(100_000), packed(CLIP, "mp3"), b"OggS" * 20_000])
async def test_another_container_than_announced_is_refused(networks: Networks, data: bytes) -> None:
    """The documented error and the close, without waiting for the end."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, input_format="webm") as client,
    ):
        await client.play(data)
        [answer] = await client.rest()

    assert answer.errors is not None
    assert answer.errors[0].code == "40002"
    assert client.socket.close_code == 1003


async def test_a_stream_that_is_cut_is_answered_up_to_there(networks: Networks) -> None:
    """Half an MP3: the words that were in it."""
    data = packed("jfk", "mp3")
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, input_format="mp3") as client,
    ):
        await client.play(data[: len(data) * 2 // 3])
        heard = text_of(await client.finish())

    assert "fellow" in heard
    assert heard.count("country") == 1


async def test_no_audio_at_all_is_no_fault(networks: Networks) -> None:
    """A client that connects, thinks better of it and leaves in good order."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_client(recogniser, input_format="mp3") as client,
    ):
        assert await client.finish() == []

    assert client.socket.close_code == 1000


async def test_who_vanishes_takes_the_container_child_along(networks: Networks) -> None:
    """An endless stream whose client is gone: the session ends, and leaving does not hang."""
    async with open_recogniser(networks=networks, max_sessions=1) as recogniser:
        for _ in range(2):
            async with open_client(recogniser, input_format="mp3") as client:
                await client.play(packed("jfk", "mp3"))
                client.socket.transport.abort()
            await until(lambda: recogniser.sessions == 0)
