"""Whole files over REST: posted as documented, from disk, with bounded patience."""

import asyncio
import json
import tracemalloc
from pathlib import Path

import pytest

from service.calls.engines import FileRequest
from service.errors import RecognitionLostError, RecognitionRefusedError
from service.retry import RetryPolicy
from service.stt.files.client import FileLimits, FilesClient, open_files
from tests.stt.files.peers import Posted, Reply, open_files_peer
from tests.waiting import PATIENCE_S

QUICK = FileLimits(retries=RetryPolicy(delays_s=(0.01, 0.01), max_retry_after_s=0.05))
REQUEST = FileRequest()


async def transcribe(*replies: Reply, limits: FileLimits = QUICK) -> list[Posted]:
    """Post a small file and return what the server saw."""
    async with (
        open_files_peer(*replies) as peer,
        open_files(peer.base_url, "KEY0123", limits=limits) as client,
    ):
        transcript = await client.transcribe_file(b"audio", REQUEST, name="a.mp3")
    assert transcript.text == "hello world"
    return peer.posted


async def test_every_field_is_posted_as_documented(tmp_path: Path) -> None:
    """Options are one part of JSON, granularities repeat, and the file's own name stays here."""
    file = tmp_path / "call of +15551234567.WAV"
    file.write_bytes(b"RIFF" * 100)
    request = FileRequest(
        model="nova-3",
        language="en-GB",
        response_format="verbose_json",
        timestamp_granularities=("segment",),
        model_config={"diarize": True, "keyterm": ["Callscribe"]},
    )
    async with open_files_peer() as peer, open_files(peer.base_url, "KEY0123") as client:
        await client.transcribe_file(file, request)

    posted = peer.posted[0]
    assert posted.headers["authorization"] == "Bearer KEY0123"
    assert (posted.file, posted.filename) == (b"RIFF" * 100, "audio.wav")
    assert posted.content_type == "audio/wav"
    fields = dict(posted.fields)
    assert json.loads(fields.pop("model_config")) == {"diarize": True, "keyterm": ["Callscribe"]}
    assert fields == {
        "model": "deepgram/nova-3",
        "language": "en-GB",
        "response_format": "verbose_json",
        "timestamp_granularities[]": "segment",
    }


async def test_an_address_is_posted_in_place_of_a_file() -> None:
    """Still as a form, and without a key where there is none."""
    url = "https://example.com/audio.mp3"
    async with open_files_peer() as peer, open_files(peer.base_url + "/", None) as client:
        transcript = await client.transcribe_url(url, REQUEST)

    assert transcript.text == "hello world"
    assert "authorization" not in peer.posted[0].headers
    assert peer.posted[0].headers["content-type"].startswith("multipart/form-data")
    assert ("file_url", url) in peer.posted[0].fields
    assert peer.posted[0].filename == ""


async def test_a_large_file_is_streamed_from_disk(tmp_path: Path) -> None:
    """Its size is announced, memory does not grow with it, and progress is told to its end."""
    size, told = 24 * 1024 * 1024, list[tuple[int, int]]()
    file = tmp_path / "long.mp3"
    with file.open("wb") as out:
        out.truncate(size)
    refused = Reply(status=401, unread=True)
    async with (
        open_files_peer(Reply(), refused) as peer,
        open_files(peer.base_url, "k", limits=QUICK) as client,
    ):
        await client.transcribe_file(file, REQUEST, progress=lambda *at: told.append(at))
        assert len(peer.posted.pop().file) == size
        tracemalloc.start()
        with pytest.raises(RecognitionRefusedError):
            await client.transcribe_file(file, REQUEST)
        grown = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert told[-1] == (size, size)
    assert told == sorted(told)
    assert int(peer.posted[0].headers["content-length"]) > size
    assert grown < size / 4


@pytest.mark.parametrize(
    "fault",
    [
        Reply(status=408, body=b""),
        Reply(status=409, body={"detail": "busy"}),
        Reply(status=429, body=b"<html>", headers={"Retry-After": "1"}),
        Reply(status=503, body={"errors": [{"code": "1"}]}),
        Reply(drop=True),
    ],
)
async def test_what_may_pass_is_tried_again(fault: Reply) -> None:
    """The whole file is sent again."""
    posted = await transcribe(fault, Reply())

    assert [one.file for one in posted] == [b"audio", b"audio"]


async def test_a_server_that_never_answers_is_given_up() -> None:
    """Silence is bounded, and so is the number of attempts."""
    limits = FileLimits(silence_timeout_s=0.05, retries=QUICK.retries)
    async with asyncio.timeout(PATIENCE_S), open_files_peer(Reply(stall=True)) as peer:
        async with open_files(peer.base_url, "k", limits=limits) as client:
            with pytest.raises(RecognitionLostError, match="no answer"):
                await client.transcribe_file(b"audio", REQUEST, name="a.mp3")
        assert len(peer.posted) == 3


async def test_an_attempt_is_bounded_as_a_whole() -> None:
    """Also where bytes keep the connection from being silent."""
    limits = FileLimits(attempt_timeout_s=0.05, retries=RetryPolicy(delays_s=()))
    async with (
        asyncio.timeout(PATIENCE_S),
        open_files_peer(Reply(stall=True)) as peer,
        open_files(peer.base_url, "k", limits=limits) as client,
    ):
        with pytest.raises(RecognitionLostError):
            await client.transcribe_file(b"audio", REQUEST, name="a.mp3")


async def test_nobody_there_is_told_after_the_retries() -> None:
    """The text says what happened and not where."""
    async with open_files("http://127.0.0.1:9/v2", "k", limits=QUICK) as client:
        with pytest.raises(RecognitionLostError) as failure:
            await client.transcribe_url("https://example.com/a.mp3", REQUEST)

    assert "example" not in str(failure.value)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=400, body={"detail": "both file and file_url"}), "both file and file_url"),
        (Reply(status=401, body=b"no"), "HTTP 401"),
        (Reply(status=413, body=b"", unread=True), "HTTP 413"),
        (Reply(status=302, headers={"Location": "https://example.com"}), "HTTP 302"),
    ],
)
async def test_a_refusal_is_final(reply: Reply, words: str) -> None:
    """It is not tried again, and no redirect takes the key elsewhere."""
    async with (
        open_files_peer(reply) as peer,
        open_files(peer.base_url, "k", limits=QUICK) as client,
    ):
        with pytest.raises(RecognitionRefusedError, match=words):
            await client.transcribe_file(b"audio", REQUEST, name="a.mp3")

    assert len(peer.posted) == 1


@pytest.mark.parametrize("body", [b"", b"hello", b"[]", b'{"text": 1}', b"[" * 100_000])
async def test_an_answer_that_is_none_is_told(body: bytes) -> None:
    """Success without a transcript is a failure."""
    async with open_files_peer(Reply(body=body)) as peer, open_files(peer.base_url, "k") as client:
        with pytest.raises(RecognitionLostError, match="not a transcript"):
            await client.transcribe_file(b"audio", REQUEST, name="a.mp3")


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    """Memory is bounded, whatever a server sends."""
    limits = FileLimits(max_response_bytes=1000)
    body = {"text": "word " * 1000}
    async with (
        open_files_peer(Reply(body=body)) as peer,
        open_files(peer.base_url, "k", limits=limits) as client,
    ):
        with pytest.raises(RecognitionLostError, match="too long"):
            await client.transcribe_file(b"audio", REQUEST, name="a.mp3")


@pytest.mark.parametrize(
    ("file", "name", "request_", "problem"),
    [
        (b"", "a.mp3", REQUEST, "has 0 bytes"),
        (b"x" * 11, "a.mp3", REQUEST, "has 11 bytes; it may have 1 to 10"),
        (b"x", "audio", REQUEST, "should end in its format"),
        (b"x", "a.exe", REQUEST, "is not taken"),
        (b"x", "a.ogg", FileRequest(model="nova-3"), "does not take .ogg"),
        (b"x", "a.mp3", FileRequest(model_config={"diarize": True}), "takes no model_config"),
    ],
)
async def test_what_cannot_work_is_not_sent(
    file: bytes, name: str, request_: FileRequest, problem: str
) -> None:
    """The reason is told at once, and nothing is uploaded."""
    limits = FileLimits(max_file_bytes=10)
    async with (
        open_files_peer() as peer,
        open_files(peer.base_url, "k", limits=limits) as client,
    ):
        with pytest.raises(RecognitionRefusedError, match=problem):
            await client.transcribe_file(file, request_, name=name)

    assert peer.posted == []


async def not_sent(client: FilesClient, url: str) -> str:
    """Return why an address is not taken."""
    with pytest.raises(RecognitionRefusedError) as failure:
        await client.transcribe_url(url, FileRequest(model="nova-3"))
    return str(failure.value)


async def test_an_address_is_looked_at_before_it_is_sent() -> None:
    """Only web addresses; one that ends in a format the model does not take is refused here."""
    async with open_files("http://127.0.0.1:9/v2", "k", limits=QUICK) as client:
        assert "http" in await not_sent(client, "file:///etc/passwd")
        assert "http" in await not_sent(client, "http://[half")
        assert ".ogg" in await not_sent(client, "https://example.com/a.ogg?x=1")
        assert "no answer" not in await not_sent(client, "https://")


async def test_what_is_not_a_plain_file_is_refused(tmp_path: Path) -> None:
    """A folder is no file; one that is not there is the system's error."""
    async with open_files("http://127.0.0.1:9/v2", "k") as client:
        with pytest.raises(RecognitionRefusedError, match="not a file"):
            await client.transcribe_file(tmp_path, REQUEST)
        with pytest.raises(FileNotFoundError):
            await client.transcribe_file(tmp_path / "none.mp3", REQUEST)


async def test_a_base_url_that_is_none_is_refused() -> None:
    """No retry would make it one."""
    async with open_files("nonsense", "k") as client:
        with pytest.raises(RecognitionRefusedError, match="base URL"):
            await client.transcribe_file(b"x", REQUEST, name="a.mp3")
