"""Transcripts of whole files, as clients get them."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import numpy as np
import pytest
import webvtt
from structlog.testing import capture_logs

from service.recogniser.audio.samples import Samples
from service.recogniser.files.routes import PATHS
from service.recogniser.files.uploads import MAX_FILE_BYTES
from service.recogniser.models.engine import Engine
from service.recogniser.models.hypothesis import Hypothesis
from service.recogniser.models.networks import Networks
from service.recogniser.models.weights import find_models
from service.recogniser.server import Recogniser, open_recogniser
from service.recogniser.text.boosting import Boost
from tests.recogniser.filing import Reply, open_shelf, post
from tests.recogniser.live.test_silence import SOUNDS
from tests.recogniser.packing import CONTAINERS, pack, packed, side_by_side
from tests.recogniser.talking import PHONE, finals, recording, reference, talk, word_error_rate

pytestmark = pytest.mark.speech
CLIP = "austen_0920"
VERBOSE = ("response_format", "verbose_json")
WORDS = ("timestamp_granularities[]", "word")


@pytest.mark.parametrize("container", CONTAINERS)
async def test_a_file_of_any_kind_is_understood(networks: Networks, container: str) -> None:
    """24 bits, 96 kHz, stereo, compressed: the answer is JSON with the text, and no more."""
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, packed(CLIP, container))

    assert (reply.status, list(reply.json)) == (200, ["text"])
    assert word_error_rate(reference(CLIP), reply.json["text"]) <= 0.2


async def test_a_verbose_answer_says_when(networks: Networks) -> None:
    """Duration and segments, in order and within the file; and what stands in for the model."""
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, packed("jfk", "mp3"), [VERBOSE], path=PATHS[1])

    assert reply.json["duration"] == pytest.approx(11.0, abs=0.1)
    times = [time for one in reply.json["segments"] for time in (one["start"], one["end"])]
    assert len(times) >= 4
    assert times == sorted(times)
    assert times[-1] <= reply.json["duration"]
    assert " ".join(one["text"] for one in reply.json["segments"]) == reply.json["text"]
    assert reply.headers["x-callscribe-engine"] == "moonshine-tiny-en"
    assert reply.headers["x-callscribe-stands-in-for"] == "openai/whisper-large-v3-turbo"


async def test_each_word_has_its_time_and_confidence(networks: Networks) -> None:
    """For who asks: words in order, within their segments, and where they are really said."""
    fields = [VERBOSE, WORDS]
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, packed(CLIP, "mp3"), fields)

    words = reply.json["words"]
    assert [word["punctuated_word"] for word in words] == reply.json["text"].split()
    assert words == [word for one in reply.json["segments"] for word in one["words"]]
    times = [time for word in words for time in (word["start"], word["end"])]
    assert times == sorted(times)
    for one in reply.json["segments"]:
        assert one["start"] <= one["words"][0]["start"] < one["words"][-1]["end"] <= one["end"]
    assert all(0 < word["confidence"] <= 1 for word in words)
    [married] = [word for word in words if word["word"] == "married"]
    assert (married["start"], married["end"]) == pytest.approx((0.58, 0.9), abs=0.15)


async def test_a_segment_has_what_openais_clients_require(networks: Networks) -> None:
    """What is known of its decoding is true; what is not has the value that says nothing."""
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, packed(CLIP, "mp3"), [VERBOSE])

    [segment] = reply.json["segments"]
    assert segment["avg_logprob"] == pytest.approx(np.log(segment["confidence"]), abs=0.001)
    assert segment["compression_ratio"] == pytest.approx(1, abs=0.5)
    assert 0 <= segment["seek"] <= 100 * segment["start"]
    assert len(segment["tokens"]) >= len(segment["text"].split())
    assert (segment["id"], segment["temperature"], segment["no_speech_prob"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("model", "fields", "more"),
    [
        ("openai/whisper-large-v3-turbo", [VERBOSE], "duration, segments"),
        ("nvidia/parakeet-v3", [VERBOSE, WORDS], "duration, segments, words"),
        ("distil-whisper/distil-large-v2", [VERBOSE, WORDS], "words"),
        ("distil-whisper/distil-large-v2", [VERBOSE], None),
        ("deepgram/nova-3", [VERBOSE], None),
        ("openai/whisper-large-v3-turbo", [], None),
    ],
)
async def test_what_the_model_would_not_give_at_telnyx_is_named(
    networks: Networks, model: str, fields: list[tuple[str, str]], more: str | None
) -> None:
    """In a header: whoever relies on it will miss it there."""
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, packed(CLIP, "mp3"), fields, model=model)

    assert reply.headers.get("x-callscribe-beyond") == more


async def test_channels_come_apart_with_their_numbers(networks: Networks) -> None:
    """`model_config` asks, in Deepgram's words."""
    fields = [VERBOSE, ("model_config", '{"multichannel": true}')]
    file = side_by_side("austen_0870", "austen_0920")
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, file, fields, model="deepgram/nova-3")

    assert {one["channel"] for one in reply.json["segments"]} == {0, 1}


async def test_subtitles_are_what_players_read(networks: Networks) -> None:
    """SRT and WebVTT by a reader that others wrote; plain text is the same words."""
    replies: dict[str, Reply] = {}
    async with open_recogniser(networks=networks) as recogniser:
        for kind in ("srt", "vtt", "text"):
            fields = [("response_format", kind)]
            replies[kind] = await post(recogniser, packed("jfk", "ogg"), fields)

    assert replies["vtt"].headers["Content-Type"] == "text/vtt; charset=utf-8"
    for kind in ("srt", "vtt"):
        cues = webvtt.from_buffer(io.StringIO(replies[kind].text), kind).captions
        assert " ".join(cue.text for cue in cues) == replies["text"].text.strip()
        assert cues[0].start == "00:00:00.352"


@pytest.mark.parametrize("sound", SOUNDS)
async def test_where_nobody_speaks_nothing_is_heard(networks: Networks, sound: str) -> None:
    """Silence, noise, tones, dialling and music: not one word."""
    file = pack(SOUNDS[sound](), "flac")
    async with open_recogniser(networks=networks) as recogniser:
        reply = await post(recogniser, file, [VERBOSE])

    assert (reply.json["text"], reply.json["segments"]) == ("", [])
    assert reply.json["duration"] == pytest.approx(15, abs=0.1)


async def test_a_file_is_fetched_from_where_it_is(networks: Networks) -> None:
    """`file_url` instead of a file, also after a redirect; the form needs no multipart then."""
    async with (
        open_recogniser(networks=networks, allow_private_urls=True) as recogniser,
        open_shelf({"a.mp3": packed(CLIP, "mp3")}, {"old": "/a.mp3"}) as shelf,
        aiohttp.ClientSession() as http,
    ):
        reply = await post(recogniser, fields=[("file_url", f"{shelf}/old")])
        pairs = {"model": "whisper-1", "file_url": f"{shelf}/a.mp3"}
        async with http.post(recogniser.base_url + PATHS[0], data=pairs) as plain:
            assert await plain.json() == reply.json

    assert word_error_rate(reference(CLIP), reply.json["text"]) <= 0.2


@pytest.mark.parametrize(
    "url",
    ["{shelf}/a", "http://localhost:1/a", "http://169.254.169.254/", "http://[::ffff:10.0.0.1]/"],
)
async def test_private_addresses_are_not_for_strangers(networks: Networks, url: str) -> None:
    """Refused as they are dialled, and without a word on what is there."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_shelf({"a": packed(CLIP, "mp3")}) as shelf,
    ):
        reply = await post(recogniser, fields=[("file_url", url.format(shelf=shelf))])

    assert reply.fault == (400, "10015", "file_url")
    assert reply.json["errors"][0]["detail"] == "file_url could not be downloaded."


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://a.example/b", "file:///etc/hostname", "http://", "http://u:p@a.example/", "//x"),
        *("http://xn--/", "http://[::1", "http://a:99999/"),
    ],
)
async def test_what_is_no_public_url_is_refused(networks: Networks, url: str) -> None:
    """Other schemes, no host, or somebody's password in it."""
    async with open_recogniser(networks=networks, allow_private_urls=True) as recogniser:
        reply = await post(recogniser, fields=[("file_url", url)])

    assert reply.fault == (400, "10015", "file_url")


async def test_a_url_without_a_file_is_the_client_s_fault(networks: Networks) -> None:
    """Not there, a redirect in circles, or to another scheme: 400 each time."""
    redirects = {
        "round": "/round",
        "file": "file:///etc/hostname",
        "meta": "http://169.254.169.254",
    }
    async with (
        open_recogniser(networks=networks, allow_private_urls=True) as recogniser,
        open_shelf({}, redirects) as shelf,
    ):
        for name in ("missing", *redirects):
            reply = await post(recogniser, fields=[("file_url", f"{shelf}/{name}")])
            assert reply.fault == (400, "10015", "file_url")


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


async def zeros(count: int) -> AsyncIterator[bytes]:
    """Give so many bytes, a little at a time."""
    chunk = bytes(256 * 1024)
    while count > 0:
        yield chunk[:count]
        count -= len(chunk)


async def test_more_than_a_hundred_megabytes_are_refused(networks: Networks) -> None:
    """413, and whatever else is sent is not kept."""
    async with open_recogniser(networks=networks) as recogniser:
        try:
            reply = await post(recogniser, zeros(MAX_FILE_BYTES + 1))
        except aiohttp.ClientConnectionError:
            return  # hung up on while it was still sending
        assert reply.status == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x\r\n",
        b"--x\r\nContent-Disposition: form-data; name=model\r\n\r\nwhisper",
        b"garbage" * 1000,
        b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\n'
        + b"m" * 20_000
        + b"\r\n--x--",
        b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 101 + b"--x--\r\n",
        b"--x\r\nA: " + b"a" * 20_000 + b"\r\n\r\nb\r\n--x--\r\n",
        b"--x\r\n" + b"A: b\r\n" * 2_000 + b"\r\nb\r\n--x--\r\n",
        b"--x\r\nno header\r\n\r\nb\r\n--x--\r\n",
    ],
)
async def test_forms_that_are_none_are_refused(networks: Networks, body: bytes) -> None:
    """Cut off, garbled, nested, or of too many or too long parts or headers: 4xx, never more."""
    headers = {"content-type": "multipart/form-data; boundary=x"}
    async with (
        open_recogniser(networks=networks) as recogniser,
        aiohttp.ClientSession() as http,
        http.post(recogniser.base_url + PATHS[0], data=body, headers=headers) as reply,
    ):
        assert reply.status in {400, 422}


async def test_a_form_in_letters_that_nobody_knows_is_refused(networks: Networks) -> None:
    """A form without a file may name its charset."""
    headers = {"content-type": "application/x-www-form-urlencoded; charset=nope"}
    async with (
        open_recogniser(networks=networks) as recogniser,
        aiohttp.ClientSession() as http,
        http.post(recogniser.base_url + PATHS[0], data=b"model=x", headers=headers) as reply,
    ):
        assert reply.status == 400


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
        await busy(recogniser)
        second = await post(recogniser, packed(CLIP, "mp3"))
        go_on.set()

    assert (second.status, second.headers["Retry-After"]) == (503, "5")
    assert first.result().status == 200


async def busy(recogniser: Recogniser) -> None:
    """Wait until a file is being worked on."""
    async with asyncio.timeout(5), aiohttp.ClientSession() as http:
        while True:
            async with http.get(f"{recogniser.base_url}/healthz") as reply:
                if (await reply.json())["files"]:
                    return


async def test_a_live_session_keeps_its_pace_beside_files(networks: Networks) -> None:
    """While three files are worked on, a caller's finals come as the speech is played."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        asyncio.TaskGroup() as tasks,
    ):
        files = [
            tasks.create_task(post(recogniser, packed("sonnet1_14s", "mp3"))) for _ in range(3)
        ]
        await busy(recogniser)
        async with talk(recogniser, **PHONE) as client:
            await client.play(recording(CLIP))
            assert len(finals(await client.finish())) == 1
        assert not all(file.done() for file in files)


class BrokenEngine(Engine):
    """An engine that fails on whatever it is given."""

    def decode(self, samples: Samples, rate_hz: int, boost: Boost | None = None) -> Hypothesis:
        """Fail."""
        del boost
        raise RuntimeError(f"cannot decode {len(samples)} samples at {rate_hz} Hz")


async def test_an_engine_that_fails_says_so_and_frees_its_place(networks: Networks) -> None:
    """500 with a code, and the next file is taken."""
    broken = replace(networks, engine=BrokenEngine(find_models()))
    # a traceback on a terminal, with all samples in it, takes longer than all the rest
    with capture_logs():
        async with open_recogniser(networks=broken, max_files=1) as recogniser:
            for _ in range(2):
                reply = await post(recogniser, packed(CLIP, "mp3"))
                assert (reply.status, reply.json["errors"][0]["code"]) == (500, "50000")
                assert reply.json["error"]["type"] == "server_error"


async def test_the_providers_are_those_that_are_stood_in_for(networks: Networks) -> None:
    """The whole list, and what is left of it for a provider and a kind of service."""
    async with open_recogniser(networks=networks) as recogniser, aiohttp.ClientSession() as http:
        url = f"{recogniser.base_url}/v2/speech-to-text/providers"
        async with http.get(url) as reply:
            everything = await reply.json()
        query = {"provider": "reson8", "service_type": "file_based"}
        async with http.get(url, params=query) as reply:
            [only] = (await reply.json())["data"]

    assert everything["meta"]["total"] == len(everything["data"]) > 15
    assert (only["model"], only["service_types"][0]["languages"]) == ("reson8/prerecorded", ["en"])
