"""What Telnyx is asked beside commands, and how its answers are read."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from service.calls.commands import Answer
from service.calls.inputs import LegHungUp
from service.carrier import open_carrier
from service.carrier.answers import MAX_PAGES, PAGE_SIZE
from service.errors import CallOverError, CarrierUnavailableError, CommandRefusedError
from service.ids import CallId, LegId
from service.ports import LegLife
from tests.carrier.peers import TelnyxApi, open_telnyx_api, refusal
from tests.ingress.builders import LEG as FIXTURE_LEG
from tests.ingress.builders import NOW, webhook_body

LEG = LegId("v3:a/b=")
CALL = CallId("428c31b6-abf3-3bc1-b7f4-5013ef9657c1")
HANGUP: dict[str, Any] = json.loads(webhook_body("call.hangup"))["data"]


@pytest.fixture
async def api() -> AsyncIterator[TelnyxApi]:
    """Serve a Telnyx API on this machine."""
    async with open_telnyx_api() as api:
        yield api


def page(*webhooks: object) -> tuple[int, object, dict[str, str]]:
    """Return a page of `GET /v2/webhook_deliveries`."""
    return 200, {"data": [{"status": "failed", "webhook": one} for one in webhooks]}, {}


@pytest.mark.parametrize(
    ("reply", "life"),
    [
        ((200, {"data": {"is_alive": True, "call_control_id": LEG}}, {}), LegLife(alive=True)),
        (
            (200, {"data": {"is_alive": False, "end_time": "2026-03-02T14:30:41.000000Z"}}, {}),
            LegLife(alive=False, ended_at=datetime(2026, 3, 2, 14, 30, 41, tzinfo=UTC).timestamp()),
        ),
        ((200, {"data": {"is_alive": False, "end_time": "soon"}}, {}), LegLife(alive=False)),
        ((404, refusal("10005", "Resource not found"), {}), LegLife(alive=False, known=False)),
        ((404, "<html>not here</html>", {}), LegLife(alive=False, known=False)),
        (
            (422, refusal("90015", "Invalid call control id"), {}),
            LegLife(alive=False, known=False),
        ),
        ((422, refusal("90018", "Call has already ended"), {}), LegLife(alive=False)),
        (
            (
                200,
                {
                    "data": {
                        "is_alive": True,
                        "call_session_id": CALL,
                        "start_time": "2026-03-02T14:30:41.000000Z",
                    }
                },
                {},
            ),
            LegLife(
                alive=True,
                began_at=datetime(2026, 3, 2, 14, 30, 41, tzinfo=UTC).timestamp(),
                call_id=CALL,
            ),
        ),
        ((200, {"data": {"state": "who knows"}}, {}), LegLife(alive=True)),
        ((200, {"data": None}, {}), LegLife(alive=True)),
        ((200, "not json", {"content-type": "application/json"}), LegLife(alive=True)),
    ],
)
async def test_a_leg_is_over_only_where_telnyx_says_so(
    api: TelnyxApi, reply: tuple[int, object, dict[str, str]], life: LegLife
) -> None:
    """A leg nobody knows is over; an answer that cannot be read ends no call."""
    api.replies = [reply]

    async with open_carrier("KEY1", api.url) as carrier:
        assert await carrier.life(LEG) == life

    (asked,) = api.received
    assert asked.path == "/v2/calls/v3:a%2Fb="
    assert asked.headers["authorization"] == "Bearer KEY1"


async def test_a_refused_question_is_no_answer(api: TelnyxApi) -> None:
    """A key that may not ask says nothing about the call."""
    api.replies = [(403, refusal("10010", "Authorization failed"), {})]

    async with open_carrier("KEY1", api.url) as carrier:
        with pytest.raises(CommandRefusedError):
            await carrier.life(LEG)


async def test_a_telnyx_that_is_away_is_no_answer(api: TelnyxApi) -> None:
    """Nor does a Telnyx that cannot be reached."""
    api.replies = [(503, "", {"retry-after-ms": "1"})]

    async with open_carrier("KEY1", api.url, max_retries=1) as carrier:
        with pytest.raises(CarrierUnavailableError):
            await carrier.life(LEG)
        with pytest.raises(CarrierUnavailableError):
            await carrier.missed([CALL], NOW)


async def test_missed_webhooks_are_fetched_back(api: TelnyxApi) -> None:
    """Deliveries that failed since then, of this call, are read as if they had come."""
    foreign = HANGUP | {"payload": HANGUP["payload"] | {"call_session_id": "another"}}
    unread = HANGUP | {"event_type": "call.cost"}
    undated = HANGUP | {"occurred_at": None}
    api.replies = [page(HANGUP, foreign, unread, undated, None, {"event_type": 7}, "text")]

    async with open_carrier("KEY1", api.url) as carrier:
        found = await carrier.missed([CALL], NOW)

    assert [type(one) for one in found][:1] == [LegHungUp]
    assert {(one.call_id, one.leg_id) for one in found} == {(CALL, FIXTURE_LEG)}
    (asked,) = api.received
    assert asked.path.startswith("/v2/webhook_deliveries?")
    assert asked.query["filter[status][eq]"] == "failed"
    assert asked.query["filter[webhook][contains]"] == CALL
    assert datetime.fromisoformat(asked.query["filter[started_at][gte]"]).timestamp() == NOW
    assert "call.hangup" in asked.query["filter[event_type]"].split(",")


async def test_more_calls_than_one_are_asked_for_at_once(api: TelnyxApi) -> None:
    """The query can contain one text: with more calls, Telnyx is asked for all of them."""
    api.replies = [page(HANGUP)]

    async with open_carrier("KEY1", api.url) as carrier:
        found = await carrier.missed([CALL, CallId("other")], NOW)

    assert [one.call_id for one in found] == [CALL]
    assert "filter[webhook][contains]" not in api.received[0].query


async def test_pages_are_read_to_the_last(api: TelnyxApi) -> None:
    """A full page is followed by the next one, up to a bound."""
    api.replies = [page(*[HANGUP] * PAGE_SIZE), page(HANGUP)]

    async with open_carrier("KEY1", api.url) as carrier:
        assert len(await carrier.missed([CALL], NOW)) == PAGE_SIZE + 1
        api.replies = [page(*[HANGUP] * PAGE_SIZE)]
        assert len(await carrier.missed([CALL], NOW)) == PAGE_SIZE * MAX_PAGES

    assert [asked.query["page[number]"] for asked in api.received][:3] == ["1", "2", "1"]


@pytest.mark.parametrize("body", ["not json", {"data": None}, {"data": {}}, {}, []])
async def test_a_page_that_cannot_be_read_has_nothing(api: TelnyxApi, body: object) -> None:
    """What Telnyx makes of an undocumented part of its API breaks nothing."""
    api.replies = [(200, body, {})]

    async with open_carrier("KEY1", api.url) as carrier:
        assert await carrier.missed([CALL], NOW) == []


async def test_every_answer_tells_what_time_it_is_at_telnyx(api: TelnyxApi) -> None:
    """The `Date` header of an answer is a look at the carrier's clock, where it is a date."""
    heard: list[float] = []
    alive = {"data": {"is_alive": True}}
    api.replies = [
        (200, alive, {"date": "Mon, 02 Mar 2026 14:30:41 GMT"}),
        (200, alive, {"date": "noon"}),
    ]

    async with open_carrier("KEY1", api.url, heard=heard.append) as carrier:
        await carrier.life(LEG)
        await carrier.life(LEG)

    assert heard == [datetime(2026, 3, 2, 14, 30, 41, tzinfo=UTC).timestamp()]


async def test_an_answer_that_telnyx_took_says_which_leg_was_answered_no_sooner(
    api: TelnyxApi,
) -> None:
    """One that was refused says nothing: somebody else may have answered before."""
    asked: list[tuple[LegId, float]] = []
    api.replies = [
        (200, {"data": {"result": "ok"}}, {}),
        (422, {"errors": [{"code": "90018"}]}, {}),
    ]

    async with open_carrier("KEY1", api.url, asked=lambda *one: asked.append(one)) as carrier:
        await carrier.run(Answer(leg_id=LEG), command_id="one")
        with pytest.raises(CallOverError):
            await carrier.run(Answer(leg_id=LegId("other")), command_id="two")

    assert [leg_id for leg_id, _ in asked] == [LEG]
    assert asked[0][1] >= 0


@pytest.mark.parametrize("reply", [(200, {"data": {"id": "a"}}), (404, refusal("10005"))])
async def test_a_recording_is_deleted(api: TelnyxApi, reply: tuple[int, object]) -> None:
    """One that Telnyx has no more is, too."""
    api.replies = [(*reply, {})]
    async with open_carrier("KEY", api.url) as carrier:
        await carrier.delete_tape("6a09cdc3-8948-47f0-aa62-74ac943d6c58")

    (asked,) = api.received
    assert asked.path == "/v2/recordings/6a09cdc3-8948-47f0-aa62-74ac943d6c58"


@pytest.mark.parametrize("tape_id", ["6a09cdc3", "..", ""])
async def test_a_recording_that_cannot_be_deleted(api: TelnyxApi, tape_id: str) -> None:
    """Telnyx does not do it; or an id leads elsewhere, and nobody is asked."""
    api.replies = [(403, refusal("10010"), {})]
    async with open_carrier("KEY", api.url) as carrier:
        with pytest.raises(CommandRefusedError):
            await carrier.delete_tape(tape_id)

    assert len(api.received) == (1 if tape_id == "6a09cdc3" else 0)
