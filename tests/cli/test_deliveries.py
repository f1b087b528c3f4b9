import asyncio
from functools import partial
from pathlib import Path

import pytest

from service.exits import Exit
from service.ids import CallId, EndpointName
from service.journal.database import open_journal
from service.ports import REPORT_TYPE, Attempt, Entry, LaneRow, LaneUpdate, Parked, StoredEvent
from tests.cli.harness import Callscribe, in_process
from tests.cli.peers import open_receiver
from tests.settings.builders import KEYS, SECRET

CALL, CRM = CallId("c1"), EndpointName("crm")


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Make a journal with a call of three events, whose second was parked by the crm."""
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    asyncio.run(_fill(url))
    return url


@pytest.fixture
def callscribe(database: str, monkeypatch: pytest.MonkeyPatch) -> Callscribe:
    """Run the program in this process, with a crm at `crm_url`."""

    def run(*arguments: str, crm_url: str = "http://127.0.0.1:1", **crm: str) -> int:
        crm = crm or {"TYPE": "webhook", "SECRET": SECRET, "ALLOW_PRIVATE": "true"}
        variables = {"DATABASE_URL": database, "CALLSCRIBE_ENDPOINT__CRM__URL": crm_url}
        variables |= {f"CALLSCRIBE_ENDPOINT__CRM__{name}": value for name, value in crm.items()}
        return in_process(monkeypatch, KEYS | variables)(*arguments)

    return run


def test_parked_deliveries_are_listed(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line has the id to retry by, where it was to go, and why it did not."""
    assert callscribe("deliveries", "ls") == Exit.OK

    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["ID", "PARKED", "ENDPOINT", "CALL", "SEQ", "TYPE", "WHY"]
    assert line.split()[0] == "1"
    assert line.split()[2:] == ["crm", "c1", "2", "transcript.final", "HTTP", "400"]


def test_attempts_of_a_call_are_shown(
    callscribe: Callscribe, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest first; what the receiver said is quoted, as it is a stranger's."""
    asyncio.run(_attempt(database))

    assert callscribe("deliveries", "show", "c1") == Exit.OK

    _, first, second = capsys.readouterr().out.splitlines()
    assert first.split()[1:] == ["crm", "2", "refused", "400", "12", "ms", "'no", "\\x1b[2J'"]
    assert second.split()[1:] == ["crm", "1", "delivered", "204", "5", "ms", "-"]


def test_what_was_never_tried_is_told(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a call that there is."""
    assert callscribe("deliveries", "show", "c1") == Exit.OK
    assert capsys.readouterr().out == "nothing was tried\n"


async def test_a_parked_delivery_is_tried_again(
    callscribe: Callscribe, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It arrives under its first id, and is parked no more."""
    async with open_receiver() as (url, ids):
        code = await asyncio.to_thread(callscribe, "deliveries", "retry", "1", "99", crm_url=url)

    assert code == Exit.FAILED
    assert capsys.readouterr().out.splitlines() == ["1  arrived", "99  is not parked"]
    assert ids == ["evt_c1_2"]
    async with open_journal(database, exclusive=False) as journal:
        assert await journal.parked(limit=10) == []


async def test_a_parked_report_is_tried_again(
    callscribe: Callscribe, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is listed as one, and is sent itself, under the id that it has."""
    await _park_report(database)
    crm = {"TYPE": "webhook", "SECRET": SECRET, "ALLOW_PRIVATE": "true", "REPORT": "true"}
    async with open_receiver() as (url, ids):
        for arguments in (("ls",), ("retry", "--all")):
            run = partial(callscribe, "deliveries", *arguments, crm_url=url, **crm)
            assert await asyncio.to_thread(run) == Exit.OK

    _, newest, *_, summed = capsys.readouterr().out.splitlines()
    assert newest.split()[3:6] == ["c2", "1", "call.report"]
    assert summed == "crm  2 arrived"
    assert ids == ["evt_c1_2", "rpt_c2_1"]


def test_a_parked_archive_is_set_back(
    callscribe: Callscribe, database: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The service writes it, in order with what erases it: nothing is written beside that."""
    asyncio.run(_park_report(database))
    url = f"file://{tmp_path}/cold"
    assert callscribe("deliveries", "retry", "2", crm_url=url, TYPE="archive") == Exit.OK
    assert callscribe("deliveries", "retry", "2", crm_url=url, TYPE="archive") == Exit.FAILED

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("2  set back: the service that runs, or the next one, archives")
    assert second == "2  is not parked"
    (lane,) = asyncio.run(_backlog(database))
    assert (lane.call_id, lane.acked_seq, lane.head_seq) == ("c2", 0, 1)
    assert not (tmp_path / "cold").exists()


async def test_all_that_is_parked_is_tried_again(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of one endpoint, or of all, summed up for each; then nothing is left."""
    async with open_receiver() as (url, ids):
        for arguments in (("--endpoint", "crm"), (), ()):
            every = ("deliveries", "retry", "--all", *arguments)
            assert await asyncio.to_thread(callscribe, *every, crm_url=url) == Exit.OK

    assert capsys.readouterr().out.splitlines() == [
        "crm  1 arrived",
        "nothing is parked",
        "nothing is parked",
    ]
    assert ids == ["evt_c1_2"]


@pytest.mark.parametrize("arguments", [(), ("1", "--all"), ("1", "--endpoint", "crm")])
def test_what_is_to_be_tried_again_is_said_once(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """By ids or all of it."""
    assert callscribe("deliveries", "retry", *arguments) == Exit.USAGE
    assert "say ids, or --all" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("show", "c"), "c: there is no such call: `callscribe calls ls` lists those there are"),
        (("retry", "--all", "--endpoint", "zz"), "no endpoint is called zz: there are crm"),
    ],
)
def test_a_name_that_nobody_has_is_told(
    callscribe: Callscribe,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    complaint: str,
) -> None:
    """It is not taken for one with nothing to show."""
    assert callscribe("deliveries", *arguments) == Exit.USAGE

    printed = capsys.readouterr()
    assert (printed.out, printed.err.strip()) == ("", complaint)


def test_of_all_that_fails_again_the_reasons_are_summed_up(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each, with how often."""
    assert callscribe("deliveries", "retry", "--all") == Exit.FAILED

    (failed,) = capsys.readouterr().out.splitlines()
    assert failed.startswith("crm  1 failed: no answer")


def test_what_fails_again_stays_parked(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason is told, and it can be tried once more."""
    assert callscribe("deliveries", "retry", "1") == Exit.FAILED
    assert callscribe("deliveries", "ls") == Exit.OK

    failed, _, listed = capsys.readouterr().out.splitlines()
    assert failed.startswith("1  failed: ")
    assert listed.split()[0] == "1"


def test_a_replay_sets_the_lane_back(callscribe: Callscribe, database: str) -> None:
    """The events after the given seq are to be delivered again."""
    assert callscribe("replay", "c1", "--to", "crm", "--after-seq", "1") == Exit.OK

    (lane,) = asyncio.run(_backlog(database))
    assert (lane.call_id, lane.endpoint, lane.acked_seq, lane.head_seq) == (CALL, CRM, 1, 3)


def test_a_replay_begins_where_it_is_told(callscribe: Callscribe, database: str) -> None:
    """By the first seq that is wanted."""
    assert callscribe("replay", "c1", "--to", "crm", "--from-seq", "3") == Exit.OK

    (lane,) = asyncio.run(_backlog(database))
    assert (lane.acked_seq, lane.head_seq) == (2, 3)


def test_nothing_is_promised_from_where_no_event_is(
    callscribe: Callscribe, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A call ends before that; of many, only those that do not are counted."""
    none = ("--to", "crm", "--from-seq", "9007199254740992")
    assert callscribe("replay", "c1", *none) == Exit.USAGE
    assert callscribe("replay", "--since", "2001-01-01", *none) == Exit.OK

    told = capsys.readouterr()
    assert told.err == "c1 has no event from seq 9007199254740992 on\n"
    assert told.out.startswith("crm will get the events of 0 calls")
    assert asyncio.run(_backlog(database)) == []


def test_all_calls_since_a_time_are_replayed(
    callscribe: Callscribe, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that started then or later, and before another time if that is said."""
    assert callscribe("replay", "--since", "2100-01-01", "--to", "crm") == Exit.OK
    assert asyncio.run(_backlog(database)) == []
    until = ("--since", "2001-01-01", "--until", "2002-01-01")
    assert callscribe("replay", *until, "--to", "crm") == Exit.OK
    assert asyncio.run(_backlog(database)) == []

    assert callscribe("replay", "--since", "2001-01-01", "--to", "crm") == Exit.OK

    (lane,) = asyncio.run(_backlog(database))
    assert (lane.call_id, lane.acked_seq, lane.head_seq) == (CALL, 0, 3)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "crm will get the events of 1 call from seq 1 on"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("replay", "--to", "crm"), "required"),
        (("replay", "c1", "--since", "2026-11-22", "--to", "crm"), "not allowed with"),
        (("replay", "c2", "--to", "crm"), "c2: there is no such call"),
        (("replay", "c1", "--to", "crn"), "no endpoint is called crn: there are crm"),
        (("replay", "--since", "2026-11-22", "--to", "crn"), "no endpoint is called crn"),
        (
            ("replay", "--since", "2026-12-01", "--until", "2026-11-01", "--to", "crm"),
            "--until goes with --since, and is later",
        ),
        (("replay", "c1", "--until", "2026-11-01", "--to", "crm"), "--until goes with --since"),
        (("replay", "c1", "--to", "crm", "--after-seq", "-1"), "should be 0 or more"),
    ],
)
def test_a_replay_of_nothing_is_refused(
    callscribe: Callscribe,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    complaint: str,
) -> None:
    """A typing error is told, not quietly done."""
    try:
        code = callscribe(*arguments)
    except SystemExit as stop:  # argparse's way
        code = int(stop.code or 0)

    assert code == Exit.USAGE
    assert complaint in capsys.readouterr().err


def test_a_replay_to_a_disabled_endpoint_says_how_to_enable_it(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would get nothing."""
    assert callscribe("endpoints", "disable", "crm") == Exit.OK
    assert callscribe("replay", "c1", "--to", "crm") == Exit.FAILED

    assert "callscribe endpoints enable crm" in capsys.readouterr().err


def test_without_a_journal_there_is_nothing_to_list(
    callscribe: Callscribe,
    database: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A wrong path is told, and no file is made."""
    path = Path(database.removeprefix("sqlite:///")).with_name("other.db")
    monkeypatch.setenv("CALLSCRIBE_DATABASE_URL", f"sqlite:///{path}")

    assert callscribe("deliveries", "ls") == Exit.FAILED
    assert capsys.readouterr().err
    assert not path.exists()


async def _attempt(url: str) -> None:
    async with open_journal(url, exclusive=False) as journal:
        await journal.keep_attempts(
            [
                Attempt(CALL, CRM, 1, 0.0, "delivered", 204, 5, ""),
                Attempt(CALL, CRM, 2, 0.0, "refused", 400, 12, "no \x1b[2J"),
            ]
        )


async def _fill(url: str) -> None:
    events = [
        StoredEvent(CALL, seq, kind, b'{"type":"%s","data":{}}' % kind.encode())
        for seq, kind in enumerate(("call.started", "transcript.final", "call.ended"), start=1)
    ]
    async with open_journal(url) as journal:
        await journal.commit(
            Entry(
                call_id=CALL, version=0, epoch=0, state=b"", events=tuple(events), endpoints=(CRM,)
            )
        )
        await journal.settle(
            [LaneUpdate(CALL, CRM, acked_seq=2, parked=Parked(2, 400, "bad_request"))]
        )
        await journal.settle([LaneUpdate(CALL, CRM, acked_seq=3)])


async def _park_report(url: str) -> None:
    """Have a second call be complete, whose report the crm did not take."""
    call = CallId("c2")
    data = b'{"occurred_at":"2026-01-02T03:04:05.000Z","metadata":{}}'
    body = (
        b'{"type":"transcript.completed","timestamp":"2026-01-02T03:04:05.000Z","data":%s}' % data
    )
    event = StoredEvent(call, 1, "transcript.completed", body)
    parked = Parked(1, 400, "refused", REPORT_TYPE)
    async with open_journal(url) as journal:
        await journal.commit(
            Entry(call_id=call, version=0, epoch=0, state=b"", events=(event,), endpoints=(CRM,))
        )
        await journal.settle([LaneUpdate(call, CRM, acked_seq=1, parked=parked)])


async def _backlog(url: str) -> list[LaneRow]:
    async with open_journal(url) as journal:
        return list(await journal.backlog())
