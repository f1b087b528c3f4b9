"""Recordings, heard by an engine for files."""

import pytest

from service.ports import HeardStretch
from service.stt.files.hearing import open_hearing, rest_url_of
from tests.stt.files.peers import Reply, open_files_peer

SEGMENTS = {
    "text": "hello world",
    "language": "en",
    "segments": [
        {"text": " hello ", "start": 0.5, "end": 1.0},
        {"text": "world", "start": 1.25, "end": 2.0},
        {"text": " ", "start": 3, "end": 4},
    ],
}


async def heard(engine: str, *replies: Reply) -> tuple[list[HeardStretch], str | None]:
    """Have a file heard by an engine; the other one is not there."""
    nobody = "http://127.0.0.1:1/v2"
    async with open_files_peer(*replies) as peer:
        is_local = engine == "local"
        opening = open_hearing(
            base_url=nobody if is_local else peer.base_url,
            api_key="KEY0123",
            local_url=(peer.base_url if is_local else nobody).replace("http", "ws")
            + "/speech-to-text/transcription",
            local_api_key=None,
            dice=lambda: 0.0,
        )
        async with opening as hearing:
            found = await hearing.hear(b"RIFF", engine=engine, model=None, language="en")
        assert ("authorization" in peer.posted[0].headers) is not is_local
        return found


@pytest.mark.parametrize("engine", ["Deepgram", "local"])
async def test_each_stretch_has_its_place(engine: str) -> None:
    """In milliseconds; by Telnyx, or by our own recogniser, which never gets Telnyx's key."""
    assert await heard(engine, Reply(body=SEGMENTS)) == (
        [HeardStretch("hello", 500, 1000), HeardStretch("world", 1250, 2000)],
        "en",
    )


async def test_a_text_without_times_is_one_stretch() -> None:
    """And no text is none."""
    assert await heard("Deepgram", Reply(body={"text": " hello "})) == (
        [HeardStretch("hello", None, None)],
        None,
    )
    assert (await heard("Deepgram", Reply(body={"text": " "})))[0] == []


def test_the_recogniser_hears_files_where_it_hears_streams() -> None:
    """At another path."""
    url = "wss://here:8090/v2/speech-to-text/transcription"

    assert rest_url_of(url) == "https://here:8090/v2"
