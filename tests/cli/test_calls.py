"""`callscribe calls` and `callscribe search`, beside a running service."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from service.exits import Exit
from service.ids import CallId
from service.journal.database import open_journal
from service.ports import Entry, Journal, StoredEvent
from tests.cli.harness import Callscribe, in_process, started
from tests.journal.builders import body
from tests.settings.builders import KEYS

CALL = CallId("c1")
NUMBERS: dict[str, Any] = {"from": "+15555550100", "to": "+15555550199"}
BEGINNING = (
    body(
        CALL, 1, "call.started", direction="incoming", metadata={"queue": "billing"},
        **NUMBERS,
    ),
    body(CALL, 2, "call.answered", 1),
    body(
        CALL, 3, "transcript.final", 2, utterance_id="u1", role="customer", track="inbound",
        text="I want a re\x1bfund", start_ms=61_000, end_ms=62_000,
    ),
)  # fmt: skip
END = (
    body(CALL, 4, "call.ended", 2, duration_ms=65_000),
    body(CALL, 5, "transcript.completed", 2, utterances=1, words=4, gaps=0),
)


async def commit(journal: Journal, version: int, *events: StoredEvent) -> None:
    """Let this happen in the call."""
    entry = Entry(call_id=CALL, version=version, epoch=1, state=b"", events=events)
    await journal.commit(entry)


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Make a journal with a call that is over."""
    url = f"sqlite:///{tmp_path / 'calls.db'}"

    async def fill() -> None:
        async with open_journal(url) as journal:
            await commit(journal, 0, *BEGINNING, *END)

    asyncio.run(fill())
    return url


@pytest.fixture
def callscribe(database: str, monkeypatch: pytest.MonkeyPatch) -> Callscribe:
    """Run the program in this process."""
    return in_process(monkeypatch, KEYS | {"DATABASE_URL": database})


def test_calls_are_listed(callscribe: Callscribe, capsys: pytest.CaptureFixture[str]) -> None:
    """Under headings, or as JSON for programs; what was not asked for is left out."""
    assert callscribe("calls", "ls") == Exit.OK
    headings, line = capsys.readouterr().out.splitlines()
    assert headings.split() == ["STARTED", "STATUS", "LENGTH", "UTTERANCES", "FROM", "TO", "CALL"]
    assert line.split() == [
        "2026-11-22", "09:59:57Z", "complete", "00:01:05", "1", "+15555550100", "+15555550199",
        "c1",
    ]  # fmt: skip

    assert callscribe("calls", "ls", "--json", "--metadata", "queue=billing") == Exit.OK
    assert json.loads(capsys.readouterr().out)["metadata"] == {"queue": "billing"}


@pytest.mark.parametrize(
    "wish",
    [
        ("--live",),
        ("--number", "+1312*"),
        ("--since", "2026-11-22T10:00"),
        ("--until", "2026-11-22"),
        ("--metadata", "queue=sales"),
    ],
)
def test_only_what_was_asked_for_is_listed(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str], wish: tuple[str, ...]
) -> None:
    """And a list of nothing says so."""
    assert callscribe("calls", "ls", *wish) == Exit.OK
    assert capsys.readouterr().out == "no calls\n"


def test_a_call_is_shown(callscribe: Callscribe, capsys: pytest.CaptureFixture[str]) -> None:
    """Its transcript, without what could steer a terminal; or as the API answers it."""
    assert callscribe("calls", "show", "c1") == Exit.OK
    assert capsys.readouterr().out.splitlines()[-1] == "[00:01:01] Customer: I want a refund"

    assert callscribe("calls", "show", "c1", "--json") == Exit.OK
    assert len(json.loads(capsys.readouterr().out)["turns"]) == 1


def test_a_call_is_exported_to_a_file(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """In the format that the file is named by; a file that is there is left alone."""
    target = tmp_path / "call.vtt"

    assert callscribe("calls", "export", "c1", "-o", str(target)) == Exit.OK
    assert target.read_text().startswith("WEBVTT\n\n00:01:01.000 --> 00:01:02.000\n")
    assert callscribe("calls", "export", "c1", "-o", str(target)) == Exit.FAILED
    assert "is there already; --force writes over it" in capsys.readouterr().err
    assert callscribe("calls", "export", "c1", "-o", str(target), "--force") == Exit.OK
    assert callscribe("calls", "export", "c1", "--format", "srt") == Exit.OK
    printed = capsys.readouterr().out
    assert callscribe("calls", "export", "c1", "--format", "srt", "-o", "-") == Exit.OK
    assert capsys.readouterr().out == printed
    assert printed.startswith("1\n00:01:01,000")


def test_a_file_in_a_format_that_there_is_not_is_not_written(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Unless the format is said; a name without one is text."""
    odd, bare = tmp_path / "call.docx", tmp_path / "call"

    assert callscribe("calls", "export", "c1", "-o", str(odd)) == Exit.USAGE
    assert "call.docx: .docx is not one of json, " in capsys.readouterr().err
    assert not odd.exists()
    assert callscribe("calls", "export", "c1", "-o", str(odd), "--format", "csv") == Exit.OK
    assert callscribe("calls", "export", "c1", "-o", str(bare)) == Exit.OK
    assert odd.read_text().startswith("\ufeffcall_id,seq,")
    assert bare.read_text().endswith("[00:01:01] Customer: I want a refund\n")


def test_a_name_that_no_file_can_have_is_told(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Before any work is done for it."""
    target = tmp_path / f"{'x' * 300}.txt"

    assert callscribe("calls", "export", "c1", "-o", str(target)) == Exit.FAILED
    assert f"cannot write {target}: File name too long" in capsys.readouterr().err


@pytest.mark.parametrize("part", ["show", "export", "tail"])
def test_a_call_that_is_not_there_is_told(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    """With where to look."""
    assert callscribe("calls", part, "other") == Exit.FAILED
    assert "callscribe calls ls" in capsys.readouterr().err


def test_what_was_said_is_searched(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each final, or JSON with what was found marked."""
    asked = ("search", "fun*", "want", "--role", "customer", "--call", "c1")
    assert callscribe(*asked) == Exit.OK
    assert capsys.readouterr().out == (
        "2026-11-22 10:00:00Z  c1 [00:01:01]  customer: I want a re fund\n"
    )

    assert callscribe(*asked, "--json") == Exit.OK
    snippet = json.loads(capsys.readouterr().out)["snippet"]
    assert [piece["text"] for piece in snippet if piece["match"]] == ["want", "fund"]


def test_a_search_for_nothing_says_what_to_do(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, without a trace of Python."""
    assert callscribe("search", "--without", "fund", "?") == Exit.FAILED
    assert capsys.readouterr().err == "give at least one word to search for\n"
    assert callscribe("search", "--without", "fund", "want") == Exit.OK
    assert capsys.readouterr().out == "nothing found\n"


@asynccontextmanager
async def followed(url: str, *arguments: str) -> AsyncIterator[asyncio.StreamReader]:
    """Follow calls in another process and give what it prints."""
    async with (
        asyncio.timeout(30),
        started("calls", "tail", *arguments, DATABASE_URL=url) as process,
    ):
        assert process.stdout
        yield process.stdout


async def test_a_live_call_is_followed_to_its_end(tmp_path: Path) -> None:
    """Beside the service that takes it: what was said so far, then each final as it comes.

    What has no place of its own stands behind what was said before it.
    """
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    async with open_journal(url) as journal:
        await commit(journal, 0, *BEGINNING[:1])
        await commit(journal, 1, *BEGINNING[1:])
        async with followed(url, "c1") as printed:
            assert await printed.readline() == b"[00:01:01] Customer: I want a refund\n"
            gap = body(CALL, 4, "transcript.gap", start_ms=1, end_ms=2, reason="lost")
            await commit(journal, 2, gap)
            assert b"not transcribed" in await printed.readline()
            stopped = body(CALL, 5, "transcription.stopped", reason="media_stopped")
            await commit(journal, 3, stopped)
            said = b"(transcription stopped: the line's sound ended)"
            assert await printed.readline() == b"[00:01:01] " + said + b"\n"
            over = body(CALL, 6, "transcript.completed")
            await commit(journal, 4, over)
            assert await printed.read() == b""


async def test_all_calls_are_followed_from_now(tmp_path: Path) -> None:
    """As events, one a line, exactly as they are stored."""
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    async with open_journal(url) as journal, followed(url, "--json") as printed:
        version = 0
        while True:  # until it has begun to look
            event = body(CALL, version + 1, "call.answered")
            await commit(journal, version, event)
            version += 1
            try:
                line = await asyncio.wait_for(printed.readline(), 0.1)
            except TimeoutError:
                continue
            break
        stored = await journal.read(CALL, after_seq=0, limit=1000)
        assert line.strip() in [one.body for one in stored]
