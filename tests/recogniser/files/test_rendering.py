"""Transcripts of whole files in each form that can be asked for."""

import io

import numpy as np
import pytest
import webvtt

from service.recogniser.files.route import PATHS
from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from tests.recogniser.builders import packed, side_by_side
from tests.recogniser.peers import Reply, post

pytestmark = pytest.mark.speech
CLIP = "austen_0920"
VERBOSE = ("response_format", "verbose_json")
WORDS = ("timestamp_granularities[]", "word")


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
    assert reply.headers["x-callscribe-engine"] == networks.engine.name
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
