"""`callscribe audit-redaction`, as an operator types it."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from msgspec import structs

from service.exits import Exit
from service.ids import InputId
from service.journal.database import open_journal
from service.journal.sqlite.audit import open_audit
from service.ports import StoredEvent
from tests.calls.harness import CALL, IN_CALL, answered, hung_up, initiated, said
from tests.cli.harness import Callscribe, in_process
from tests.runtime.harness import open_runtime
from tests.settings.builders import KEYS
from tests.waiting import until

CARD = "4111 1111 1111 1111"


@pytest.fixture
def callscribe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callscribe:
    """Run the program in this process, on a journal with a call that nothing was hidden of."""
    asyncio.run(talk(tmp_path))
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    return in_process(monkeypatch, KEYS | {"DATABASE_URL": url})


async def talk(folder: Path) -> None:
    """Have a service hear a card, with its journal in this folder."""
    now = time.time()
    words = structs.replace(said(f"it is {CARD}", now + 0.02), input_id=InputId("words"))
    async with open_runtime(folder, IN_CALL) as runtime:
        for webhook in (initiated(now), answered(now + 0.01), words, hung_up(now + 0.03)):
            await runtime.calls.tell(webhook)
        await until(lambda: any(event.type == "call.ended" for event in runtime.lanes.events))


def test_a_call_with_a_card_in_clear_is_named(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not the card; and the exit code says that there is something to do."""
    assert callscribe("audit-redaction", "--redact", "pci") == Exit.FAILED
    assert callscribe("audit-redaction", "--redact", "pci", "--json") == Exit.FAILED
    line, document = capsys.readouterr().out.splitlines()

    assert line == f"{CALL}: 1 finals, 1 card"
    assert json.loads(document) == {"call_id": CALL, "finals": 1, "entities": {"card": 1}}


def test_a_journal_without_secrets_passes(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also once the call is erased that had one."""
    assert callscribe("audit-redaction", "--redact", "email") == Exit.OK
    assert callscribe("calls", "erase", CALL) == Exit.OK
    assert callscribe("audit-redaction", "--redact", "pci", "--level", "strict") == Exit.OK

    assert capsys.readouterr().out.splitlines()[::2] == ["nothing would be hidden"] * 2


def test_what_to_look_for_is_what_the_routes_hide(
    callscribe: Callscribe,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where none hides anything, it has to be said."""
    assert callscribe("audit-redaction") == Exit.USAGE
    assert "say what to look for with --redact" in capsys.readouterr().err

    monkeypatch.setenv("CALLSCRIBE_ROUTE__0__SOURCE", "in_call")
    monkeypatch.setenv("CALLSCRIBE_ROUTE__0__ENGINE", "Telnyx")
    monkeypatch.setenv("CALLSCRIBE_ROUTE__0__REDACT", '["pci"]')
    assert callscribe("audit-redaction") == Exit.FAILED


def test_what_is_found_is_hidden_for_good(
    callscribe: Callscribe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In every table and in the bytes of the files; endpoints are told; again finds nothing."""
    asyncio.run(finish(tmp_path))
    assert callscribe("audit-redaction", "--redact", "pci", "--hide") == Exit.OK
    assert callscribe("audit-redaction", "--redact", "pci", "--hide") == Exit.OK
    assert callscribe("audit-redaction", "--redact", "pci") == Exit.OK
    hidden, *rest = capsys.readouterr().out.splitlines()
    events = asyncio.run(events_of(tmp_path))

    assert hidden == f"{CALL}: 1 finals, 1 card: hidden"
    assert rest == ["nothing would be hidden"] * 2
    assert [one.type for one in events][-1] == "transcript.redacted"
    assert not any(b"1111 1111" in one.body for one in events)
    assert [b"it is [CARD]" in one.body for one in events].count(True) == 2
    with open_audit(tmp_path / "journal.db") as audit:
        assert audit.where_found(CARD) == []
        assert audit.where_found("1111 1111") == []


def test_a_call_that_goes_on_is_left_as_it_is(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Words may still come that belong to its numbers."""
    assert callscribe("audit-redaction", "--redact", "pci", "--hide") == Exit.FAILED

    assert capsys.readouterr().out == (
        f"{CALL}: 1 finals, 1 card: it goes on: look again once it is over\n"
    )


def test_hiding_says_so_in_json_as_well(
    callscribe: Callscribe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the call, for whoever goes on from there."""
    asyncio.run(finish(tmp_path))
    assert callscribe("audit-redaction", "--redact", "pci", "--hide", "--json") == Exit.OK
    document = json.loads(capsys.readouterr().out)

    assert (document["call_id"], document["hidden"], document["refused"]) == (CALL, True, None)


async def finish(folder: Path) -> None:
    """Have a service that starts anew wait for no more words."""
    async with open_runtime(folder, IN_CALL) as runtime:
        await runtime.calls.resume()
        await until(
            lambda: any(event.type == "transcript.completed" for event in runtime.lanes.events)
        )


async def events_of(folder: Path) -> list[StoredEvent]:
    """Return what the journal in this folder has of the call."""
    async with open_journal(f"sqlite:///{folder / 'journal.db'}", exclusive=False) as journal:
        return await journal.read(CALL, after_seq=0, limit=99)
