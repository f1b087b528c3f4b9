"""Endpoints, parked deliveries, and having them again."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from service.ids import CallId, EndpointName
from service.ports import Attempt, LaneUpdate
from tests.api.builders import CALL
from tests.api.harness import Harness, open_harness
from tests.delivery.builders import CRM
from tests.delivery.peers import Receiver, open_receiver, reply


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """The crm, which takes everything unless it is told otherwise."""
    async with open_receiver() as receiver:
        yield receiver


@pytest.fixture
async def harness(tmp_path: Path, receiver: Receiver) -> AsyncIterator[Harness]:
    """The API, with a call whose third and fourth event the crm did not get."""
    async with open_harness(tmp_path, crm_url=receiver.url) as harness:
        await harness.commit_call(endpoints=[CRM])
        await harness.park(3)
        await harness.park(4, status=None)
        yield harness


async def test_endpoints_are_listed_without_where_they_are(
    harness: Harness, receiver: Receiver
) -> None:
    """Their addresses and secrets stay inside."""
    await harness.journal.disable(CRM, "gone", 1.0)

    answer = await harness.get("/v1/endpoints", key=harness.key)

    (crm,) = answer.json["data"]
    assert (crm["name"], crm["type"], crm["disabled_reason"]) == ("crm", "webhook", "gone")
    assert "secret" not in answer.body.decode()
    assert str(receiver.port) not in answer.body.decode()


async def test_endpoints_that_are_gone_are_listed_with_what_they_did_not_get(
    harness: Harness,
) -> None:
    """While there is something; its type is known no more."""
    call = f"{CALL}-2"
    await harness.commit_call(call_id=call, endpoints=[EndpointName("old")])
    await harness.ask("POST", "/v1/endpoints/crm/enable", key=harness.key)

    states = (await harness.get("/v1/endpoints", key=harness.key)).json["data"]

    assert [(one["name"], one["type"], one["state"]) for one in states] == [
        ("crm", "webhook", "up"),
        ("old", None, "unknown"),
    ]
    assert states[1]["lanes_behind"] == 1


async def test_an_endpoint_that_is_behind_says_since_when_and_why(harness: Harness) -> None:
    """By the event that it waits for, and the last attempt at that, not somebody else's."""
    call, old = f"{CALL}-2", EndpointName("old")
    bodies = await harness.commit_call(call_id=call, endpoints=[old])
    tried = Attempt(CallId(call), old, 1, 1_800_000_000.0, "failed", 503, 7, "come again")
    await harness.journal.keep_attempts([tried, replace(tried, endpoint=CRM, answer="not this")])
    await harness.ask("POST", "/v1/endpoints/crm/enable", key=harness.key)

    crm, gone = (await harness.get("/v1/endpoints", key=harness.key)).json["data"]

    assert crm["last_error"] is None
    assert gone["behind_since"] == json.loads(bodies[0])["timestamp"]
    assert gone["last_error"] == {
        "call_id": call, "endpoint": "old", "seq": 1, "made_at": "2027-01-15T08:00:00.000Z",
        "result": "failed", "status": 503, "took_ms": 7, "answer": "come again",
    }  # fmt: skip


async def test_what_waits_at_other_workers_is_counted(tmp_path: Path) -> None:
    """This one knows nothing of those lanes, and may not say that nothing waits."""
    async with open_harness(tmp_path, is_shared=True) as harness:
        await harness.commit_call(endpoints=[CRM, EndpointName("old")])

        states = (await harness.get("/v1/endpoints", key=harness.key)).json["data"]

    assert [(one["name"], one["state"], one["lanes_behind"]) for one in states] == [
        ("crm", "up", 1),
        ("old", "unknown", 1),
    ]


async def test_an_endpoint_that_nobody_tried_yet_has_no_error(harness: Harness) -> None:
    """What it waits for is told all the same; with two calls, of the one that failed more often."""
    old = EndpointName("old")
    await harness.commit_call(call_id=f"{CALL}-2", endpoints=[old])
    bodies = await harness.commit_call(call_id=f"{CALL}-3", endpoints=[old])
    update = LaneUpdate(CallId(f"{CALL}-3"), old, 2, attempts=3, due_at=2e9)
    await harness.journal.settle([update])
    await harness.ask("POST", "/v1/endpoints/crm/enable", key=harness.key)

    _, gone = (await harness.get("/v1/endpoints", key=harness.key)).json["data"]

    assert gone["behind_since"] == json.loads(bodies[2])["timestamp"]
    assert gone["last_error"] is None


async def test_an_endpoint_is_switched_off_and_on(harness: Harness) -> None:
    """Each says whether it changed anything."""
    answers = []
    for action in ("disable", "disable", "enable", "enable"):
        path = f"/v1/endpoints/crm/{action}"
        answers.append((await harness.ask("POST", path, key=harness.key)).json)
        (crm,) = (await harness.get("/v1/endpoints", key=harness.key)).json["data"]
        assert crm["state"] == ("disabled" if action == "disable" else "up")

    assert [(one["state"], one["changed"]) for one in answers] == [
        ("disabled", True),
        ("disabled", False),
        ("enabled", True),
        ("enabled", False),
    ]


async def test_an_endpoint_that_is_enabled_is_tried_at_once(harness: Harness) -> None:
    """What waits there for its next try is; that counts as no change."""
    await harness.commit_call(call_id=f"{CALL}-2", endpoints=[EndpointName("crm")])
    update = LaneUpdate(CallId(f"{CALL}-2"), EndpointName("crm"), 0, attempts=3, due_at=2e9)
    await harness.journal.settle([update])

    told = await harness.ask("POST", "/v1/endpoints/crm/enable", key=harness.key)

    assert (told.json["changed"], told.json["hurried"]) == (False, 1)


async def test_an_endpoint_is_tested(harness: Harness, receiver: Receiver) -> None:
    """The answer says how it went."""
    receiver.replies.extend([reply(204), reply(500)])

    arrived = await harness.ask("POST", "/v1/endpoints/crm/test", key=harness.key)
    failed = await harness.ask("POST", "/v1/endpoints/crm/test", key=harness.key)

    assert (arrived.json["arrived"], failed.json["arrived"]) == (True, False)
    assert (arrived.json["status"], arrived.json["error"]) == (204, None)
    assert (failed.json["status"], failed.json["error"]) == (500, "answered 500")
    assert json.loads(receiver.received[0].body)["type"] == "endpoint.test"


@pytest.mark.parametrize("action", ["enable", "disable", "test"])
async def test_only_an_admin_switches_and_only_what_there_is(
    tmp_path_factory: pytest.TempPathFactory, harness: Harness, action: str
) -> None:
    """403 without the scope, 404 for another name."""
    answer = await harness.ask("POST", f"/v1/endpoints/crn/{action}", key=harness.key)
    assert (answer.status, answer.json["detail"]) == (404, "There is no such endpoint.")
    folder = tmp_path_factory.mktemp("other")
    async with open_harness(folder, scopes=("calls:read", "calls:write")) as other:
        answer = await other.ask("POST", f"/v1/endpoints/crm/{action}", key=other.key)
        assert answer.status == 403


async def test_attempts_of_a_call_are_listed(harness: Harness) -> None:
    """The newest first; of a call that is not there, nothing."""
    tried = Attempt(CallId(CALL), CRM, 1, 1_800_000_000.0, "failed", 503, 7, "come again")
    await harness.journal.keep_attempts([tried, replace(tried, seq=2)])

    answer = await harness.get(f"/v1/calls/{CALL}/attempts", key=harness.key)
    nobody = await harness.get("/v1/calls/nobody/attempts", key=harness.key)

    assert [one["seq"] for one in answer.json["data"]] == [2, 1]
    assert answer.json["data"][1] == {
        "endpoint": "crm",
        "seq": 1,
        "made_at": "2027-01-15T08:00:00.000Z",
        "result": "failed",
        "status": 503,
        "took_ms": 7,
        "answer": "come again",
    }
    assert nobody.status == 404


async def test_parked_deliveries_are_listed_newest_first(harness: Harness) -> None:
    """Page by page."""
    first = (await harness.get("/v1/deliveries?state=parked&limit=1", key=harness.key)).json
    path = f"/v1/deliveries?state=parked&cursor={first['next']}"
    rest = (await harness.get(path, key=harness.key)).json

    assert [one["seq"] for one in first["data"] + rest["data"]] == [4, 3]
    assert rest["next"] is None
    assert rest["data"][0] == {
        "id": 1,
        "call_id": CALL,
        "endpoint": "crm",
        "seq": 3,
        "type": "transcription.started",
        "status": 400,
        "reason": "http_400",
        "parked_at": "2027-01-15T08:00:00.000Z",
    }


async def test_a_parked_delivery_is_tried_again_and_leaves_the_list(
    harness: Harness, receiver: Receiver
) -> None:
    """Under the id that it had before."""
    answer = await harness.ask("POST", "/v1/deliveries/1/retry", key=harness.key)

    assert (answer.status, answer.json) == (202, {"id": 1, "state": "arrived", "status": None})
    assert [one.headers["webhook-id"] for one in receiver.received] == [f"evt_{CALL}_3"]
    again = await harness.ask("POST", "/v1/deliveries/1/retry", key=harness.key)
    assert (again.status, again.json["detail"]) == (404, "There is no such parked delivery.")


async def test_a_try_that_fails_says_how(harness: Harness, receiver: Receiver) -> None:
    """It stays on the list."""
    receiver.replies.append(reply(503))

    answer = await harness.ask("POST", "/v1/deliveries/1/retry", key=harness.key)

    assert answer.json == {"id": 1, "state": "failed", "status": 503}
    assert len((await harness.get("/v1/deliveries", key=harness.key)).json["data"]) == 2


async def test_many_who_retry_one_delivery_make_one_try(
    harness: Harness, receiver: Receiver
) -> None:
    """They all hear how it went."""
    tries = [harness.ask("POST", "/v1/deliveries/2/retry", key=harness.key) for _ in range(20)]
    answers = await asyncio.gather(*tries)

    assert len(receiver.received) == 1
    assert {answer.status for answer in answers} <= {202, 404}
    assert {one.json["state"] for one in answers if one.status == 202} == {"arrived"}


@pytest.mark.parametrize("delivery_id", ["0", "01", "-1", "1.0", "x", "9" * 19, "%D9%A1"])
async def test_what_is_no_number_of_a_delivery_is_404(harness: Harness, delivery_id: str) -> None:
    """It is not looked up."""
    answer = await harness.ask("POST", f"/v1/deliveries/{delivery_id}/retry", key=harness.key)

    assert answer.status == 404


async def test_a_call_is_replayed_to_an_endpoint(harness: Harness) -> None:
    """Its lane goes back to where it is told, and whoever runs it goes on from there."""
    wish = {"call_id": CALL, "endpoint": "crm", "after_seq": 2}

    answer = await harness.ask("POST", "/v1/replays", key=harness.key, json=wish)

    (lane,) = await harness.journal.backlog()
    assert (answer.status, answer.json) == (202, wish)
    assert (lane.endpoint, lane.acked_seq, lane.head_seq) == (CRM, 2, 7)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"call_id": "none"}, 404),
        ({"endpoint": "none"}, 404),
        ({"after_seq": -1}, 400),
        ({"after_seq": "2"}, 400),
        ({"endpoint": None}, 400),
    ],
)
async def test_a_replay_that_cannot_be_is_refused(
    harness: Harness, change: dict[str, object], status: int
) -> None:
    """With what is wrong."""
    wish = {"call_id": CALL, "endpoint": "crm", "after_seq": 2} | change

    answer = await harness.ask("POST", "/v1/replays", key=harness.key, json=wish)

    assert answer.status == status


async def test_nothing_is_replayed_to_a_disabled_endpoint(harness: Harness) -> None:
    """It is to get nothing more."""
    await harness.journal.disable(CRM, "gone", 1.0)
    wish = {"call_id": CALL, "endpoint": "crm"}

    assert (await harness.ask("POST", "/v1/replays", key=harness.key, json=wish)).status == 409
