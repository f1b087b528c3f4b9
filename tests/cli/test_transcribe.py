"""`callscribe transcribe` of files and addresses: asked for rightly, shown in every format."""

import argparse
import asyncio
import json
import socket
from pathlib import Path

import pytest

from service.cli.transcribe.target import both_urls, find_target
from service.errors import SettingsError
from service.exits import Exit
from tests.cli.harness import callscribe, on_a_terminal
from tests.stt.files.peers import Reply, open_files_peer

VERBOSE = {
    "text": "Hello there. Good day.",
    "duration": 3.5,
    "segments": [
        {"text": "Hello there.", "start": 0.0, "end": 1.5, "speakers": [0]},
        {"text": "Good day.", "start": 2.0, "end": 3.5, "speakers": [1]},
    ],
    "words": [{"word": "Hello", "start": 0.0, "end": 0.5}],
}


def unused_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def audio(tmp_path: Path) -> str:
    """Make a file to transcribe."""
    file = tmp_path / "talk.mp3"
    file.write_bytes(b"audio" * 1000)
    return str(file)


async def test_a_file_becomes_text(audio: str) -> None:
    """With Telnyx's key, by the model that Telnyx takes without being told one."""
    async with open_files_peer() as peer:
        variables = {"TELNYX_API_KEY": "KEY0123", "TELNYX_BASE_URL": peer.base_url}
        done = await callscribe("transcribe", audio, "--language", "en", **variables)

    assert done == (Exit.OK, "hello world\n", "")
    posted = peer.posted[0]
    assert posted.headers["authorization"] == "Bearer KEY0123"
    assert posted.file == b"audio" * 1000
    assert dict(posted.fields) == {
        "model": "openai/whisper-large-v3-turbo",
        "language": "en",
        "response_format": "json",
    }


async def test_an_address_is_handed_on() -> None:
    """The service fetches it."""
    address = "https://example.com/talk.mp3"
    async with open_files_peer() as peer:
        done = await callscribe("transcribe", address, "--url", peer.base_url)

    assert (done.code, done.out) == (Exit.OK, "hello world\n")
    assert ("file_url", address) in peer.posted[0].fields


async def test_subtitles_are_asked_of_a_model_that_gives_times(audio: str, tmp_path: Path) -> None:
    """And written to the file that is named, which may not be there: nothing is spent then."""
    output = tmp_path / "talk.srt"
    async with open_files_peer(Reply(body=VERBOSE)) as peer:
        asked = ("--url", peer.base_url, "-o", str(output))
        done = await callscribe("transcribe", audio, *asked)
        again = await callscribe("transcribe", audio, *asked)
        posted = len(peer.posted)

    assert done == (Exit.OK, "", "")
    assert (again.code, posted) == (Exit.FAILED, 1)
    assert "talk.srt is there already; --force writes over it" in again.err
    assert output.read_text().startswith("1\n00:00:00,000 --> 00:00:01,500\n[Speaker 0] Hello")
    assert dict(peer.posted[0].fields)["model"] == "deepgram/nova-3"
    assert dict(peer.posted[0].fields)["response_format"] == "verbose_json"


async def test_speakers_are_told_apart(audio: str) -> None:
    """A turn a line; what the engine is told besides goes with it."""
    async with open_files_peer(Reply(body=VERBOSE)) as peer:
        asked = ("--option", "smart_format=false", "--option", "tag=a b", "--diarize")
        done = await callscribe("transcribe", audio, *asked, "--url", peer.base_url)

    assert done.out == "Speaker 0: Hello there.\nSpeaker 1: Good day.\n"
    options = json.loads(dict(peer.posted[0].fields)["model_config"])
    assert options == {"smart_format": False, "tag": "a b", "diarize": True}


async def test_words_of_our_own_recogniser_are_asked_for(audio: str) -> None:
    """It is told by the granularity, and never gets Telnyx's key."""
    async with open_files_peer(Reply(body=VERBOSE)) as peer:
        stream_url = peer.base_url.replace("http", "ws") + "/speech-to-text/transcription"
        done = await callscribe(
            *("transcribe", audio, "--engine", "local", "--format", "json", "--words"),
            CALLSCRIBE_RECOGNISER_URL=stream_url,
            CALLSCRIBE_RECOGNISER_API_KEY="ours",
            TELNYX_API_KEY="KEY0123",
        )

    assert json.loads(done.out)["words"][0]["text"] == "Hello"
    assert ("timestamp_granularities[]", "word") in peer.posted[0].fields
    assert peer.posted[0].headers["authorization"] == "Bearer ours"


async def test_on_a_terminal_the_upload_is_shown(audio: str) -> None:
    """And gone when the text comes."""
    async with open_files_peer() as peer:
        done = await on_a_terminal("transcribe", audio, "--url", peer.base_url)

    assert done.code == Exit.OK
    assert "transcribing" in done.out
    assert done.out.rstrip().endswith("hello world")


async def test_a_refusal_is_told_in_the_services_words(audio: str) -> None:
    """Without a traceback."""
    async with open_files_peer(Reply(status=400, body={"detail": "bad language"})) as peer:
        done = await callscribe("transcribe", audio, "--url", peer.base_url)

    assert done == (Exit.FAILED, "", "HTTP 400; bad language\n")


@pytest.mark.parametrize("follow", [[], ["--follow"]])
async def test_a_recogniser_that_is_not_there_is_one_line_that_says_what_to_do(
    audio: str, follow: list[str]
) -> None:
    """By either way in, after the attempts; no log lines, no names of exceptions."""
    port = unused_port()
    address = f"http://127.0.0.1:{port}/v2"
    asked = ("transcribe", audio, *follow, "--url", address)
    ours, telnyxs = await asyncio.gather(
        callscribe(*asked, "--engine", "local"), callscribe(*asked)
    )

    nothing = f"nothing answers at 127.0.0.1:{port}: "
    todo = "start `callscribe recogniser`, or say with --url where it is\n"
    assert ours == (Exit.FAILED, "", nothing + todo)
    assert telnyxs.err == nothing + "is there a network, and is --url right?\n"


async def test_what_a_model_does_not_heed_is_a_warning(audio: str) -> None:
    """In words, and the work is done."""
    async with open_files_peer() as peer:
        asked = ("--model", "nvidia/parakeet-v3", "--language", "en", "--url", peer.base_url)
        done = await callscribe("transcribe", audio, *asked)

    assert (done.code, done.out) == (Exit.OK, "hello world\n")
    assert done.err == "warning: nvidia/parakeet-v3 does not heed language\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--follow", "--format", "srt"], "--follow gives"),
        (["--follow", "--diarize"], "are for whole files"),
        (["--words"], "text has no times"),
        (["--keyterm", "x"], "--keyterm needs --follow"),
        (["--sample-rate", "8000"], "--sample-rate needs --follow"),
        (["--option", "smart"], "should be NAME=VALUE"),
        (["--engine", "Whisperer"], "there is no engine"),
        (["--engine", "Soniox"], "does not transcribe files"),
        (["--model", "openai/whisper-tiny", "--format", "srt"], "gives no times"),
        (["--model", "distil-large-v2", "--words", "--format", "json"], "no times of words"),
        (["--engine", "local", "--diarize"], "--channels tells channels apart"),
        (["--engine", "Reson8", "--channels"], "does not tell channels apart"),
        (["--follow", "--channels"], "are for whole files"),
        (["--url", "ftp://example.com"], "--url: should be like"),
        (["--url", "https://me:pass@example.com"], "--url: should be like"),
        (["--url", "http://[x"], "--url: should be like"),
    ],
)
async def test_what_cannot_be_had_is_said_at_once(
    arguments: list[str], problem: str, audio: str
) -> None:
    """As wrong usage."""
    done = await callscribe("transcribe", audio, *arguments, TELNYX_API_KEY="k")

    assert done.code == Exit.USAGE
    assert problem in done.err


async def test_files_that_cannot_be_read_or_written_are_told(audio: str, tmp_path: Path) -> None:
    """By their names."""
    missing = await callscribe("transcribe", str(tmp_path / "no.mp3"), TELNYX_API_KEY="k")
    async with open_files_peer() as peer:
        asked = ("--url", peer.base_url, "--output", str(tmp_path / "no" / "x.txt"))
        unwritten = await callscribe("transcribe", audio, *asked)

    assert missing.code == unwritten.code == Exit.FAILED
    assert "no.mp3: No such file" in missing.err
    assert "x.txt: No such file" in unwritten.err


@pytest.mark.parametrize(
    "url",
    [
        "https://h.example",
        "https://h.example/v2/",
        "wss://h.example/v2/speech-to-text/transcription",
        "https://h.example/v2/ai/audio/transcriptions",
    ],
)
def test_either_address_leads_to_both(url: str) -> None:
    """What the settings have is the WebSocket's, what people know is the API's."""
    assert both_urls(url) == (
        "https://h.example/v2",
        "wss://h.example/v2/speech-to-text/transcription",
    )


def test_the_settings_file_says_where_and_nothing_else_of_it_matters(tmp_path: Path) -> None:
    """It may even be wrong elsewhere; the environment comes first."""
    config = tmp_path / "callscribe.toml"
    config.write_text('recogniser_url = "ws://h.example:1/v2"\nlisten = 5\n')
    arguments = argparse.Namespace(engine="Local", url=None, config=config)

    assert find_target(arguments, {}).rest_url == "http://h.example:1/v2"
    variables = {"CALLSCRIBE_RECOGNISER_URL": "ws://other.example:2"}
    assert find_target(arguments, variables).rest_url == "http://other.example:2/v2"
    config.write_text("[")
    with pytest.raises(SettingsError, match="cannot be read"):
        find_target(arguments, {})


def test_telnyx_is_the_default_and_its_key_is_not_shown() -> None:
    """By the addresses that Telnyx documents."""
    arguments = argparse.Namespace(engine=None, url=None, config=None)

    target = find_target(arguments, {"TELNYX_API_KEY": "KEY0123"})
    assert target.rest_url == "https://api.telnyx.com/v2"
    assert target.stream_url == "wss://api.telnyx.com/v2/speech-to-text/transcription"
    assert "KEY0123" not in repr(target)
    with pytest.raises(SettingsError, match="TELNYX_API_KEY"):
        find_target(arguments, {})
