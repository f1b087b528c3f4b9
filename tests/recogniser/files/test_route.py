"""Transcripts of whole files, as clients get them."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from structlog.testing import capture_logs

from service.recogniser.files.route import PATHS
from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from tests.recogniser.builders import CONTAINERS, SOUNDS, pack, packed, recording, reference
from tests.recogniser.harness import BrokenEngine, with_engine, word_error_rate
from tests.recogniser.peers import PHONE, finals, open_client, post
from tests.waiting import until

pytestmark = pytest.mark.speech
CLIP = "austen_0920"
VERBOSE = ("response_format", "verbose_json")


@pytest.mark.parametrize("container", CONTAINERS)
async def test_a_file_of_any_kind_is_understood(networks: Networks, container: str) -> None:
    """24 bits, 96 kHz, stereo, compressed: the answer is JSON with the text, and no more."""
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, packed(CLIP, container))

    assert (reply.status, list(reply.json)) == (200, ["text"])
    assert word_error_rate(reference(CLIP), reply.json["text"]) <= 0.2


@pytest.mark.parametrize("sound", SOUNDS)
async def test_where_nobody_speaks_nothing_is_heard(networks: Networks, sound: str) -> None:
    """Silence, noise, tones, dialling and music: not one word."""
    file = pack(SOUNDS[sound](), "flac")
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, file, [VERBOSE])

    assert (reply.json["text"], reply.json["segments"]) == ("", [])
    assert reply.json["duration"] == pytest.approx(15, abs=0.1)


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", bytes(200_000), np.random.default_rng(3).bytes(200_000)]
)
async def test_what_is_no_audio_is_refused(networks: Networks, data: bytes) -> None:
    """Nothing, a beginning only, zeros, garbage."""
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, data)

    assert reply.fault == (400, "10015", "file")


async def test_a_form_without_a_model_is_answered_as_fastapi_does(networks: Networks) -> None:
    """422, with a `detail` that says which field."""
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, packed(CLIP, "mp3"), model=None)

    assert reply.status == 422
    assert reply.json["detail"][0]["loc"] == ["body", "model"]
    assert (reply.json["error"]["code"], reply.json["error"]["param"]) == ("10015", "model")


async def test_two_sources_or_granularities_of_nothing_are_refused(networks: Networks) -> None:
    """The documented 400s, over the wire."""
    async with open_recogniser(networks=networks) as recogniser:
        both = await post(recogniser, b"x", [("file_url", "https://a.example/")])
        loose = await post(recogniser, b"x", [("timestamp_granularities[]", "word")])

    assert both.fault == (400, "10015", "file")
    assert both.json["error"] == {
        "message": "Send exactly one of file and file_url.",
        "type": "invalid_request_error",
        "param": "file",
        "code": "10015",
    }
    assert loose.fault == (400, "10015", "timestamp_granularities")


@pytest.mark.parametrize("path", PATHS)
async def test_without_the_key_there_is_no_transcript(networks: Networks, path: str) -> None:
    """401 with code 10009; with the key, and no Origin, it goes on."""
    right = {"authorization": "Bearer right"}
    async with open_recogniser(networks=networks, api_keys=["right"]) as recogniser:
        none = await post(recogniser, b"x", path=path)
        page = await post(recogniser, b"x", path=path, headers=right | {"origin": "https://a.b"})
        good = await post(recogniser, b"", path=path, headers=right)

    assert (none.status, none.json["errors"][0]["code"]) == (401, "10009")
    assert (page.status, good.status) == (403, 400)


async def test_one_file_too_many_is_told_to_come_again(networks: Networks) -> None:
    """503 with `Retry-After`, before its bytes are read; the one at work is finished."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        data = packed(CLIP, "mp3")
        yield data[:1000]
        begun.set()
        await go_on.wait()
        yield data[1000:]

    async with (
        open_recogniser(networks=networks, max_files=1) as recogniser,
        asyncio.TaskGroup() as tasks,
    ):
        first = tasks.create_task(post(recogniser, slowly()))
        await begun.wait()
        await until(lambda: recogniser.files > 0)
        second = await post(recogniser, packed(CLIP, "mp3"))
        go_on.set()

    assert (second.status, second.headers["Retry-After"]) == (503, "5")
    assert first.result().status == 200


async def test_a_live_session_keeps_its_pace_beside_files(networks: Networks) -> None:
    """While three files are worked on, a caller's finals come as the speech is played."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        asyncio.TaskGroup() as tasks,
    ):
        files = [
            tasks.create_task(post(recogniser, packed("sonnet1_14s", "mp3"))) for _ in range(3)
        ]
        await until(lambda: recogniser.files > 0)
        async with open_client(recogniser, **PHONE) as client:
            await client.play(recording(CLIP))
            assert len(finals(await client.finish())) == 1
        assert not all(file.done() for file in files)


async def test_an_engine_that_fails_says_so_and_frees_its_place(networks: Networks) -> None:
    """500 with a code, and the next file is taken."""
    broken = with_engine(networks, BrokenEngine)
    # a traceback on a terminal, with all samples in it, takes longer than all the rest
    with capture_logs():
        async with open_recogniser(networks=broken, max_files=1) as recogniser:
            for _ in range(2):
                reply = await post(recogniser, packed(CLIP, "mp3"))
                assert (reply.status, reply.json["errors"][0]["code"]) == (500, "50000")
                assert reply.json["error"]["type"] == "server_error"
