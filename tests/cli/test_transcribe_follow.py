"""`callscribe transcribe --follow`: a stream without end, shown as it is heard."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import web

from service.exits import Exit
from service.wire.stt import CLOSE_STREAM, encode_error, encode_transcript
from tests.cli.harness import callscribe, interrupt, on_a_terminal, started
from tests.stt.peers import Script, open_scripted_peer
from tests.waiting import until

SCRIPT = Script(
    says={
        3000: [encode_transcript("the latest", is_final=False)],
        6000: [encode_transcript("The latest news.", is_final=True, confidence=0.9)],
    },
    last=[encode_transcript("Good\x1b[2J night.", is_final=True)],
)


@asynccontextmanager
async def open_radio(
    *, status: int = 200, content_type: str = "audio/mpeg", size: int | None = None
) -> AsyncIterator[str]:
    """Serve audio at `/radio` for as long as anybody listens, or `size` bytes and a lost line."""

    async def play(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Type": content_type})
        await response.prepare(request)
        sent = 0
        with suppress(ConnectionError):  # nobody listens any more
            while size is None or sent < size:
                await response.write(bytes(1000))
                sent += 1000
                await asyncio.sleep(0.005)
        assert request.transport
        request.transport.close()
        return response

    app = web.Application()
    app.router.add_get("/radio", play)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/radio"
    finally:
        await runner.cleanup()


@pytest.fixture
def audio(tmp_path: Path) -> str:
    """Make a file to stream."""
    file = tmp_path / "talk.mp3"
    file.write_bytes(bytes(8000))
    return str(file)


@pytest.fixture
def raw_audio(tmp_path: Path) -> str:
    """Make a file of mu-law to stream."""
    file = tmp_path / "talk.ulaw"
    file.write_bytes(bytes(8000))
    return str(file)


async def test_a_radio_is_followed_until_ctrl_c() -> None:
    """Partials as they come; at the end the stream is closed and the last words are shown."""
    async with (
        open_scripted_peer(SCRIPT) as peer,
        open_radio() as radio,
        started("transcribe", radio, "--follow", TELNYX_API_KEY="k", TELNYX_STT_URL=peer.url) as it,
        asyncio.timeout(30),
    ):
        assert it.stdout
        lines = [await it.stdout.readline() for _ in range(2)]
        interrupt(it)
        rest, err = await it.communicate()

    assert lines == [b"[partial] the latest\n", b"[FINAL] The latest news.\n"]
    assert (rest, err, it.returncode) == (b"[FINAL] Good[2J night.\n", b"", Exit.OK)
    session = peer.sessions[0]
    assert session.controls == [CLOSE_STREAM]
    assert session.query["input_format"] == ["mp3"]
    assert session.query["interim_results"] == ["true"]
    assert session.headers["authorization"] == "Bearer k"


async def test_a_second_ctrl_c_does_not_wait_for_the_last_words() -> None:
    """Even if the engine never closes."""
    async with (
        open_scripted_peer(Script(says=SCRIPT.says, closes=False)) as peer,
        open_radio() as radio,
        started("transcribe", radio, "--follow", "--url", peer.url) as it,
        asyncio.timeout(30),
    ):
        assert it.stdout
        await it.stdout.readline()
        interrupt(it)
        await until(lambda: bool(peer.sessions[0].controls), timeout_s=30)
        interrupt(it)
        assert await it.wait() == Exit.INTERRUPTED


async def test_a_file_is_streamed_to_its_end(audio: str, tmp_path: Path) -> None:
    """Finals are kept in the file that was named."""
    output = tmp_path / "heard.txt"
    async with open_scripted_peer(SCRIPT) as peer:
        asked = ("--follow", "--url", peer.url, "--output", str(output), "--keyterm", "Callscribe")
        options = ("--endpointing", "300", "--option", "redact=pci,ssn")
        done = await callscribe("transcribe", audio, *asked, *options)

    assert (done.code, done.err) == (Exit.OK, "")
    assert len(peer.sessions[0].audio) == 8000
    query = peer.sessions[0].query
    assert query["keyterm"] == ["Callscribe"]
    assert (query["endpointing"], query["redact"]) == (["300"], ["pci,ssn"])
    assert output.read_text() == "The latest news.\nGood[2J night.\n"


async def test_answers_can_be_had_as_json(audio: str) -> None:
    """A line for each, partials too."""
    async with open_scripted_peer(SCRIPT) as peer:
        done = await callscribe("transcribe", audio, "--follow", "--format=json", "--url", peer.url)

    answers = [json.loads(line) for line in done.out.splitlines()]
    assert answers[1] == {
        "type": "transcript",
        "transcript": "The latest news.",
        "is_final": True,
        "confidence": 0.9,
    }
    assert [answer["is_final"] for answer in answers] == [False, True, True]


async def test_on_a_terminal_partials_are_written_over(audio: str) -> None:
    """Only finals stay, and nothing of a stranger's steers the terminal."""
    async with open_scripted_peer(SCRIPT) as peer:
        done = await on_a_terminal("transcribe", audio, "--follow", "--url", peer.url)

    assert done.code == Exit.OK
    assert "\r\x1b[Kthe latest\r\x1b[KThe latest news.\r\n" in done.out
    assert "\x1b[2J" not in done.out


async def test_our_own_recogniser_is_followed_without_telnyxs_key(raw_audio: str) -> None:
    """At the address of the settings."""
    async with open_scripted_peer(SCRIPT) as peer:
        done = await callscribe(
            *("transcribe", raw_audio, "--follow", "--engine", "local", "--sample-rate", "8000"),
            CALLSCRIBE_RECOGNISER_URL=peer.url,
            TELNYX_API_KEY="KEY0123",
        )

    assert (done.code, done.err) == (Exit.OK, "")
    query = peer.sessions[0].query
    assert (query["input_format"], query["sample_rate"]) == (["mulaw"], ["8000"])
    assert "authorization" not in peer.sessions[0].headers


async def test_what_the_engine_refuses_is_explained(audio: str) -> None:
    """With its code."""
    refusal = Script(says={1: [encode_error("40002", "Unsupported format", "no mp3 here")]})
    async with open_scripted_peer(refusal) as peer:
        done = await callscribe("transcribe", audio, "--follow", "--url", peer.url)

    assert done == (Exit.FAILED, "", "the engine refuses these settings (40002)\n")


async def test_a_stream_that_breaks_off_is_told_after_what_was_heard() -> None:
    """It did not end as it should."""
    async with open_scripted_peer(SCRIPT) as peer, open_radio(size=7000) as radio:
        done = await callscribe("transcribe", radio, "--follow", "--url", peer.url)

    assert done.code == Exit.FAILED
    assert "[FINAL] The latest news." in done.out
    assert "the stream broke off" in done.err


@pytest.mark.parametrize(
    ("status", "content_type", "code", "problem"),
    [
        (404, "audio/mpeg", Exit.FAILED, "answers HTTP 404"),
        (200, "audio/x-mpegurl", Exit.FAILED, "is a playlist"),
        (200, "audio/aac", Exit.USAGE, "audio/aac is not an audio format that can be streamed"),
        (200, "application/octet-stream", Exit.USAGE, "see --input-format"),
    ],
)
async def test_an_address_without_a_stream_is_told(
    status: int, content_type: str, code: Exit, problem: str
) -> None:
    """Before a session is opened."""
    async with open_radio(status=status, content_type=content_type, size=0) as radio:
        done = await callscribe("transcribe", radio, "--follow", TELNYX_API_KEY="k")

    assert done.code == code
    assert problem in done.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--engine", "Reson8"], "Reson8 does not take mp3"),
        (["--input-format", "linear16"], "does not say its sample rate"),
        (["--input-format", "tape"], "there is no input format 'tape'"),
    ],
)
async def test_what_the_engine_would_refuse_is_said_at_once(
    arguments: list[str], problem: str, audio: str
) -> None:
    """As wrong usage; nothing is sent."""
    done = await callscribe("transcribe", audio, "--follow", *arguments, TELNYX_API_KEY="k")

    assert done.code == Exit.USAGE
    assert problem in done.err


async def test_what_may_surprise_is_a_warning(audio: str) -> None:
    """And it is streamed all the same."""
    async with open_scripted_peer(SCRIPT) as peer:
        asked = ("--engine", "xAI", "--model", "xai/new", "--keyterm", "x", "--url", peer.url)
        done = await callscribe("transcribe", audio, "--follow", *asked)

    assert done.code == Exit.OK
    assert "warning: xAI does not heed keyterms" in done.err
    assert "is not known here" in done.err
    assert "xAI is not known to take mp3" in done.err


async def test_a_reader_that_goes_away_ends_it() -> None:
    """As `head` does, without a traceback."""
    async with (
        open_scripted_peer(
            Script(says=dict.fromkeys(range(0, 10**6, 1000), SCRIPT.says[3000]))
        ) as peer,
        open_radio() as radio,
        started("transcribe", radio, "--follow", "--url", peer.url) as it,
        asyncio.timeout(30),
    ):
        assert it.stdout
        assert it.stderr
        await it.stdout.readline()
        transport = it._transport.get_pipe_transport(1)  # type: ignore[attr-defined]  # noqa: SLF001  # no public way to close a pipe
        transport.close()
        assert await it.wait() == Exit.FAILED
        assert await it.stderr.read() == b""
