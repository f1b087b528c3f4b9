"""Calls over HTTP: listed, one by one, their events and transcripts."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.builders import CALL, new_token
from tests.api.harness import Harness, open_harness
from tests.wire.builders import AFTERWARDS

FROM = "+15555550100"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    """The API with a call in its journal."""
    async with open_harness(tmp_path) as harness:
        yield harness


async def test_a_call_is_told_as_its_events_say(harness: Harness) -> None:
    """Who, when, how far, how much, and where a reader may go on."""
    await harness.commit_call()

    answer = await harness.get(f"/v1/calls/{CALL}", key=harness.key)

    assert answer.json == {
        "call_id": CALL,
        "status": "complete",
        "direction": "incoming",
        "from": FROM,
        "to": "+15555550199",
        "started_at": "2026-11-22T09:59:57.500Z",
        "answered_at": "2026-11-22T10:00:00.000Z",
        "ended_at": "2026-11-22T10:00:45.060Z",
        "duration_ms": 45060,
        "utterances": 1,
        "words": 6,
        "gaps": 1,
        "last_seq": 7,
        "metadata": {"queue": "bookings"},
        "transcription": answer.json["transcription"],
        "has_audio": False,
        "participants": [
            {
                "leg": one.leg,
                "role": one.role,
                "number": one.number,
                "start_ms": one.start_ms,
                "end_ms": one.end_ms,
            }
            for one in AFTERWARDS
        ],
    }


@pytest.mark.parametrize("path", ["", "/events", "/transcript", "/transcript?format=srt"])
async def test_a_call_that_is_not_there_is_404(harness: Harness, path: str) -> None:
    """Whatever is asked of it; and so is another call than the token's."""
    await harness.commit_call()
    token = await new_token(harness.keys, harness.key, "calls:read", call_id="other")

    for call_id, key in (("none", harness.key), (CALL, token)):
        answer = await harness.get(f"/v1/calls/{call_id}{path}", key=key)
        assert (answer.status, answer.json["detail"]) == (404, "There is no such call.")


async def test_pages_of_calls_are_each_call_once_newest_first(harness: Harness) -> None:
    """Though calls are added meanwhile."""
    for day in range(10, 17):
        await harness.commit_call(f"call-{day}", day=day)
    page = (await harness.get("/v1/calls?limit=3", key=harness.key)).json
    seen = [call["call_id"] for call in page["data"]]
    await harness.commit_call("later", day=21)
    while page["next"]:
        path = f"/v1/calls?limit=2&cursor={page['next']}"
        page = (await harness.get(path, key=harness.key)).json
        seen += [call["call_id"] for call in page["data"]]

    assert seen == [f"call-{day}" for day in range(16, 9, -1)]


async def test_a_cursor_is_good_for_its_question_only(harness: Harness) -> None:
    """Changed, or taken to another question, it is refused."""
    for day in (10, 11, 12):
        await harness.commit_call(f"call-{day}", day=day)
    asked = "/v1/calls?limit=1&number=%2B1*"
    cursor = (await harness.get(asked, key=harness.key)).json["next"]
    other = "B" if cursor[0] == "A" else "A"

    async def status(path: str) -> int:
        return (await harness.get(path, key=harness.key)).status

    assert await status(f"{asked}&cursor={cursor}") == 200
    assert await status(f"{asked}&cursor={other}{cursor[1:]}") == 400
    assert await status(f"{asked}&cursor={cursor[:-8]}") == 400
    assert await status(f"/v1/calls?cursor={cursor}") == 400
    assert await status(f"/v1/deliveries?cursor={cursor}") == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["new", "old"]),
        ("live=true", ["new"]),
        ("live=false", ["old"]),
        ("number=+15555550100", ["old"]),
        ("number=%2B1 555 555-010*", ["old"]),
        ("number=%2B1555*", ["new", "old"]),
        ("started_from=2026-11-20T00:00:00Z", ["new"]),
        ("started_before=2026-11-20T00:00:00Z", ["old"]),
        ("metadata.queue=bookings", ["old"]),
        ("metadata.queue=bookings&live=true", []),
        ("metadata.none=1", []),
    ],
)
async def test_calls_are_found_by_what_is_asked(
    harness: Harness, query: str, found: list[str]
) -> None:
    """Each condition must fit."""
    await harness.commit_call("old", day=10)
    other: dict[str, Any] = {"from": "+15550000000", "metadata": {"queue": "sales"}}
    await harness.commit_call("new", ["call.started", "call.answered"], day=21, **other)

    answer = await harness.get(f"/v1/calls?{query}", key=harness.key)

    assert [call["call_id"] for call in answer.json["data"]] == found


async def test_events_are_those_of_the_journal_byte_for_byte(harness: Harness) -> None:
    """In pages that say where to go on."""
    bodies = await harness.commit_call()
    path = f"/v1/calls/{CALL}/events"

    first = await harness.get(f"{path}?limit=5", key=harness.key)
    rest = await harness.get(f"{path}?after_seq=5", key=harness.key)

    assert first.body == b'{"data":[%b],"next_after_seq":5}' % b",".join(bodies[:5])
    assert rest.json == {"data": [json.loads(body) for body in bodies[5:]], "next_after_seq": None}
    assert (await harness.get(f"{path}?after_seq=7", key=harness.key)).json["data"] == []


@pytest.mark.parametrize(
    ("form", "kind", "begins"),
    [
        ("json", "application/json", b'{"call":{"call_id":"call-1"'),
        ("jsonl", "application/x-ndjson", b'{"type":"call.started"'),
        ("txt", "text/plain; charset=utf-8", b"Call call-1\n"),
        ("srt", "application/x-subrip; charset=utf-8", b"1\n00:00:08,420 --> "),
        ("vtt", "text/vtt; charset=utf-8", b"WEBVTT"),
        ("csv", "text/csv; charset=utf-8", b"\xef\xbb\xbfcall_id,"),
    ],
)
async def test_a_transcript_comes_as_the_file_that_is_asked_for(
    harness: Harness, form: str, kind: str, begins: bytes
) -> None:
    """With a name, and a tag by which it need not be fetched again."""
    await harness.commit_call()
    path = f"/v1/calls/{CALL}/transcript?format={form}"

    answer = await harness.get(path, key=harness.key)
    known = {"If-None-Match": answer.headers["ETag"]}
    again = await harness.get(path, key=harness.key, headers=known)

    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Disposition"] == f'attachment; filename="call-call-1.{form}"'
    assert answer.body.startswith(begins)
    assert again.status == 304


async def test_a_format_that_is_not_accepted_is_406(harness: Harness) -> None:
    """Though another format would be."""
    await harness.commit_call()
    headers = {"Accept": "application/json"}

    answer = await harness.get(
        f"/v1/calls/{CALL}/transcript?format=srt", key=harness.key, headers=headers
    )

    assert answer.status == 406


async def test_a_tag_changes_with_the_call(harness: Harness) -> None:
    """So that whoever knows it sees what is new."""
    await harness.commit_call(CALL, ["call.started"])
    await harness.commit_call("other", ["call.started", "call.answered"])
    one = await harness.get(f"/v1/calls/{CALL}", key=harness.key)
    other = await harness.get("/v1/calls/other", key=harness.key)

    assert one.headers["ETag"] != other.headers["ETag"]
