"""`callscribe calls erase` and `callscribe audit-erasure`, as an operator types them."""

import asyncio
import time
from pathlib import Path

import pytest
from msgspec import structs

from service.exits import Exit
from service.ids import CallId, InputId
from service.journal.database import open_journal
from service.journal.sqlite.audit import open_audit
from service.runtime.offline_eraser import JournalEraser
from tests.calls.harness import CALL, IN_CALL, answered, hung_up, initiated, said
from tests.cli.harness import Callscribe, in_process, on_a_terminal
from tests.runtime.harness import open_runtime
from tests.settings.builders import KEYS
from tests.waiting import until

SECRET, NUMBER = "rumpelstiltskin", "+15550100"


@pytest.fixture
def callscribe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callscribe:
    """Run the program in this process, on a journal with one call."""
    asyncio.run(talk(tmp_path))
    return in_process(monkeypatch, KEYS | {"DATABASE_URL": _url(tmp_path)})


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'journal.db'}"


async def talk(folder: Path) -> None:
    """Have a service hear a call to its end, with its journal in this folder."""
    now = time.time()
    words = structs.replace(said(SECRET, now + 0.02), input_id=InputId("words"))
    async with open_runtime(folder, IN_CALL) as runtime:
        for webhook in (initiated(now), answered(now + 0.01), words, hung_up(now + 0.03)):
            await runtime.calls.tell(webhook)
        await until(lambda: any(event.type == "call.ended" for event in runtime.lanes.events))


def test_an_erased_call_passes_the_audit(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before, the audit says where its words and number are, without repeating them."""
    assert callscribe("audit-erasure", CALL, NUMBER, "--words", SECRET) == Exit.FAILED
    before = capsys.readouterr().out
    assert callscribe("calls", "erase", CALL) == Exit.OK
    assert callscribe("audit-erasure", CALL, NUMBER, "--words", SECRET) == Exit.OK
    assert callscribe("audit-erasure") == Exit.OK

    assert f"{CALL}: it was not erased" in before
    assert "sought #1: table summary, column from_number (1)" in before
    assert SECRET not in before
    assert NUMBER not in before
    assert capsys.readouterr().out.splitlines() == ["1 erased", *["nothing is left"] * 2]


def test_a_number_is_erased_and_a_call_that_is_not_there_is_said_so(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Again is harmless, and finds no call of that number any more."""
    assert callscribe("calls", "erase", "nobody") == Exit.FAILED
    assert callscribe("calls", "erase", "--number", NUMBER, "--yes") == Exit.OK
    assert callscribe("calls", "erase", "--number", NUMBER, "--yes") == Exit.FAILED
    assert callscribe("calls", "erase", CALL) == Exit.OK

    assert capsys.readouterr().out.splitlines() == [
        "nobody: there is no such call", "0 erased", "1 erased", "0 erased", "1 erased",
    ]  # fmt: skip


def test_nobody_erases_a_number_by_the_way(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script has to say that it is meant."""
    assert callscribe("calls", "erase", "--number", NUMBER) == Exit.USAGE
    assert "say --yes if that is meant" in capsys.readouterr().err
    assert callscribe("audit-erasure", NUMBER) == Exit.FAILED


@pytest.mark.parametrize(
    ("answer", "said"),
    [("yes\n", "1 erased"), ("y\n", "nothing was erased"), ("\x04", "nothing was erased")],
)
async def test_whoever_sits_there_is_asked_before_a_number_is_erased(
    tmp_path: Path, answer: str, said: str
) -> None:
    """With how many calls that would be."""
    await talk(tmp_path)
    erase = ("calls", "erase", "--number", NUMBER)
    done = await on_a_terminal(*erase, typed=answer, **KEYS, DATABASE_URL=_url(tmp_path))

    assert "1 call will be erased for good" in done.out
    assert done.out.rstrip().endswith(said)
    assert done.code == (Exit.OK if answer == "yes\n" else Exit.FAILED)


async def test_the_question_counts_what_would_be_erased(tmp_path: Path) -> None:
    """The named calls, too; each once, and none that is not there."""
    await talk(tmp_path)
    erase = ("calls", "erase", CALL, "nobody", "--number", NUMBER[:-1])
    done = await on_a_terminal(*erase, typed="yes\n", **KEYS, DATABASE_URL=_url(tmp_path))

    assert "1 call will be erased for good" in done.out
    assert done.out.rstrip().endswith("1 erased")


@pytest.mark.parametrize("number", [f"{NUMBER[:-2]}*", "*", "+1555010?", "sip:a@b*"])
def test_no_pattern_is_taken_for_a_number(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    """It is said what to give."""
    assert callscribe("calls", "erase", "--number", number, "--yes") == Exit.USAGE
    assert "--number: should be one number, whole, such as +1312" in capsys.readouterr().err
    assert callscribe("audit-erasure", NUMBER) == Exit.FAILED


def test_the_audit_of_no_journal_fails_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It makes none."""
    callscribe = in_process(monkeypatch, KEYS | {"DATABASE_URL": _url(tmp_path)})

    assert callscribe("audit-erasure") == Exit.FAILED
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


async def test_a_call_is_erased_beside_a_service_that_runs(tmp_path: Path) -> None:
    """The service finds out with the next thing it hears of the call."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        now = time.time()
        await runtime.calls.tell(initiated(now))
        await runtime.calls.tell(answered(now + 0.01))
        async with open_journal(_url(tmp_path), exclusive=False) as beside:
            assert await JournalEraser(beside, clock=time.time).erase(CALL, reason="operator")
        await runtime.calls.tell(structs.replace(said(SECRET, now), input_id=InputId("w")))
        await runtime.calls.settle(5)
        stored = await runtime.journal.read(CallId(CALL), after_seq=0, limit=9)

        assert [event.type for event in stored] == ["transcript.erased"]
        with open_audit(tmp_path / "journal.db") as audit:
            assert audit.where_found(SECRET) == []
