"""`callscribe endpoints`."""

import asyncio
from pathlib import Path

import pytest

from service.exits import Exit
from service.ids import CallId, EndpointName
from service.journal.database import open_journal
from service.ports import Attempt, Entry, LaneRow, LaneUpdate, StoredEvent
from tests.cli.harness import Callscribe, in_process
from tests.cli.peers import open_receiver
from tests.settings.builders import KEYS, SECRET

CALL, CRM, OLD = CallId("c1"), EndpointName("crm"), EndpointName("old")
GONE = "configured no more: `callscribe endpoints move old NEW`"


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Make a journal with a call that went to an endpoint which is configured no more."""
    url = f"sqlite:///{tmp_path / 'calls.db'}"
    asyncio.run(_fill(url))
    return url


@pytest.fixture
def callscribe(database: str, monkeypatch: pytest.MonkeyPatch) -> Callscribe:
    """Run the program in this process, with a crm at `crm_url`."""

    def run(*arguments: str, crm_url: str = "http://127.0.0.1:1", erp_url: str = "") -> int:
        variables = {"DATABASE_URL": database}
        for name, url in (("CRM", crm_url), ("ERP", erp_url)):
            if url:
                variables |= {
                    f"CALLSCRIBE_ENDPOINT__{name}__TYPE": "webhook",
                    f"CALLSCRIBE_ENDPOINT__{name}__URL": url,
                    f"CALLSCRIBE_ENDPOINT__{name}__SECRET": SECRET,
                    f"CALLSCRIBE_ENDPOINT__{name}__ALLOW_PRIVATE": "true",
                }
        return in_process(monkeypatch, KEYS | variables)(*arguments)

    return run


def test_endpoints_are_listed_and_those_that_are_gone(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what they did not get, and what to do about it."""
    assert callscribe("endpoints", "ls") == Exit.OK

    assert capsys.readouterr().out.splitlines() == [
        "ENDPOINT  TYPE     CALLS BEHIND  PARKED  STATE",
        "crm       webhook  0             0       enabled",
        f"old       -        1             0       {GONE}, or park old",
    ]


def test_an_endpoint_that_takes_nothing_is_shown_to_fail(
    callscribe: Callscribe, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Since when, with what came of it last; one whose last attempt arrived is only late."""
    asyncio.run(_fail(database, Attempt(CALL, CRM, 1, 100.0, "failed", 503, 5, "not now")))
    assert callscribe("endpoints", "ls") == Exit.OK
    unanswered = Attempt(CALL, CRM, 1, 160.0, "failed", None, 5, "no answer (timed out)")
    asyncio.run(_fail(database, unanswered))
    assert callscribe("endpoints", "ls") == Exit.OK
    asyncio.run(_fail(database, Attempt(CALL, CRM, 1, 170.0, "delivered", 204, 5, "")))
    assert callscribe("endpoints", "ls") == Exit.OK

    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("crm")]
    begun = "crm       webhook  1             0       "
    of = "to an event of 2026-01-02T03:04:05.000Z"
    assert lines == [
        f"{begun}failing: HTTP 503 at 1970-01-01T00:01:40Z, {of}",
        f"{begun}failing: no answer (timed out) at 1970-01-01T00:02:40Z, {of}",
        f"{begun}enabled",
    ]


def test_what_was_given_up_is_counted(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also of an endpoint that is configured no more, and has nothing else left."""
    assert callscribe("endpoints", "park", "old") == Exit.OK
    assert callscribe("endpoints", "ls") == Exit.OK

    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"old       -        0             1       {GONE}"


def test_endpoints_that_share_a_host_are_named(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """They share whether anybody is found there."""
    assert callscribe("endpoints", "ls", erp_url="http://127.0.0.1:1/erp?token=secret") == Exit.OK

    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == [
        "crm       webhook  0             0       enabled, on one host with erp",
        "erp       webhook  0             0       enabled, on one host with crm",
    ]


def test_an_endpoint_is_switched_off_and_on(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Doing it twice is no error."""
    for part in ("disable", "disable", "enable", "enable"):
        assert callscribe("endpoints", part, "crm") == Exit.OK
        callscribe("endpoints", "ls")

    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("crm")]
    assert lines == [
        "crm  disabled",
        "crm       webhook  0             0       disabled: somebody switched it off",
        "crm  is disabled already",
        "crm       webhook  0             0       disabled: somebody switched it off",
        "crm  enabled",
        "crm       webhook  0             0       enabled",
        "crm  is enabled already",
        "crm       webhook  0             0       enabled",
    ]


def test_what_waits_at_an_endpoint_is_hurried(
    callscribe: Callscribe, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By enabling it though it is enabled: of the call that was tried in vain."""
    asyncio.run(_wait(database))
    assert callscribe("endpoints", "enable", "crm") == Exit.OK

    told = capsys.readouterr().out
    assert told == "crm  is enabled already; what waited there of 1 call is tried now\n"
    (lane,) = [one for one in asyncio.run(_backlog(database)) if one.endpoint == CRM]
    assert (lane.acked_seq, lane.attempts, lane.due_at) == (0, 0, 0.0)


async def test_an_endpoint_is_tested(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them without a name; one that does not answer fails the command."""
    async with open_receiver() as (url, ids):
        code = await asyncio.to_thread(callscribe, "endpoints", "test", crm_url=url)

    assert code == Exit.OK
    assert capsys.readouterr().out.startswith("crm  arrived")
    assert [one.startswith("tst_") for one in ids] == [True]
    assert await asyncio.to_thread(callscribe, "endpoints", "test", "crm") == Exit.FAILED
    assert capsys.readouterr().out.startswith("crm  failed: no answer")


def test_what_an_old_name_did_not_get_is_moved(
    callscribe: Callscribe, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever runs the lanes delivers it."""
    assert callscribe("endpoints", "move", "old", "crm") == Exit.OK

    assert capsys.readouterr().out == "crm will get what old did not get, of 1 call\n"
    (lane,) = asyncio.run(_backlog(database))
    assert (lane.call_id, lane.endpoint, lane.acked_seq, lane.head_seq) == (CALL, CRM, 0, 1)


def test_an_endpoint_that_is_disabled_gets_it_once_it_is_enabled(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever moves something there is told."""
    assert callscribe("endpoints", "disable", "crm") == Exit.OK
    assert callscribe("endpoints", "move", "old", "crm") == Exit.OK

    told = capsys.readouterr().out.splitlines()[-1]
    assert told == "once it is enabled, crm will get what old did not get, of 1 call"


async def test_what_an_old_name_had_parked_stays_so_and_is_told(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """Moving it sends nothing: it was given up, and it is said how to have it sent."""
    assert await asyncio.to_thread(callscribe, "endpoints", "park", "old") == Exit.OK
    assert await asyncio.to_thread(callscribe, "endpoints", "move", "old", "crm") == Exit.OK
    async with open_receiver() as (url, ids):
        retry = ("deliveries", "retry", "--all", "--endpoint", "crm")
        assert await asyncio.to_thread(callscribe, *retry, crm_url=url) == Exit.OK

    assert capsys.readouterr().out.splitlines()[1:] == [
        "crm will get what old did not get, of 0 calls",
        f"1 parked delivery is crm's now and not sent by that: `callscribe {' '.join(retry)}`",
        "crm  1 arrived",
    ]
    assert ids == ["evt_c1_1"]


def test_what_an_old_name_did_not_get_is_parked(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is on the list of what was given up."""
    assert callscribe("endpoints", "park", "old") == Exit.OK
    assert callscribe("deliveries", "ls") == Exit.OK

    parked, _, listed = capsys.readouterr().out.splitlines()
    assert parked == "old  parked 1 delivery"
    assert listed.split()[2:6] == ["old", "c1", "1", "call.started"]
    assert listed.endswith("its endpoint was configured no more")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("enable", "crn"), "no endpoint is called crn"),
        (("test", "crn"), "no endpoint is called crn"),
        (("move", "crm", "crm"), "crm is still configured"),
        (("move", "old", "crn"), "no endpoint is called crn"),
        (("park", "crm"), "crm is still configured"),
    ],
)
def test_what_cannot_be_done_is_told(
    callscribe: Callscribe,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    complaint: str,
) -> None:
    """A typing error changes nothing."""
    assert callscribe("endpoints", *arguments) == Exit.USAGE
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("move", "odl", "crm"), ("park", "odl")])
def test_nothing_is_moved_or_parked_of_a_name_that_nobody_had(
    callscribe: Callscribe, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """Those that there are, and are configured no more, are named."""
    assert callscribe("endpoints", *arguments) == Exit.FAILED
    printed = capsys.readouterr()

    assert printed.out == ""
    assert "nothing is known of an endpoint called odl; configured no more: old" in printed.err


async def _fill(url: str) -> None:
    body = b'{"type":"call.started","timestamp":"2026-01-02T03:04:05.000Z","data":{}}'
    event = StoredEvent(CALL, 1, "call.started", body)
    async with open_journal(url) as journal:
        await journal.commit(
            Entry(call_id=CALL, version=0, epoch=1, state=b"", events=(event,), endpoints=(OLD,))
        )


async def _fail(url: str, attempt: Attempt) -> None:
    """Have the crm wait for the call's event, after an attempt."""
    async with open_journal(url, exclusive=False) as journal:
        await journal.rewind(CALL, CRM, 0)
        await journal.keep_attempts([attempt])


async def _wait(url: str) -> None:
    """Have the crm wait for the call's event until it is tried again."""
    async with open_journal(url, exclusive=False) as journal:
        await journal.rewind(CALL, CRM, 0)
        (lane,) = await journal.lanes_of(CALL, CRM)
        update = LaneUpdate(CALL, CRM, 0, 3, 2e9, generation=lane.generation)
        await journal.settle([update])


async def _backlog(url: str) -> list[LaneRow]:
    async with open_journal(url, exclusive=False) as journal:
        return await journal.backlog()
