"""What each operation may show and touch: a row for each, which a bound key is held to."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tests.api.bound import ABSENT, OTHER, OWN, BoundWorld
from tests.api.feed.peers import SseClient
from tests.api.harness import Answer

Check = Callable[[BoundWorld, "Described"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Described:
    """An operation, as OpenAPI describes it."""

    id: str
    method: str
    path: str


def told(answer: Answer) -> tuple[int, str, bytes]:
    """Return what tells one refusal from another."""
    return answer.status, answer.headers["Content-Type"], answer.body


async def of_a_call(world: BoundWorld, what: Described) -> None:
    """A call that may not be seen is answered as one that is not there, and is left alone."""

    async def ask(call_id: str) -> Answer:
        world.have_answer(call_id)
        path = what.path.replace("{call_id}", call_id).replace("{action}", "pause")
        return await world.ask(what.method, path)

    absent = await ask(ABSENT)
    assert absent.status == HTTPStatus.NOT_FOUND
    controls = world.harness.controls
    controls.asked.clear()
    controls.erased.clear()
    for call_id in (OWN, OTHER):
        answer = await ask(call_id)
        if call_id in world.seen:
            assert answer.status < HTTPStatus.BAD_REQUEST, answer.body
        else:
            assert told(answer) == told(absent)
    assert {call_id for call_id, _ in controls.asked} | {*controls.erased} <= world.seen


async def of_a_live_call(world: BoundWorld, what: Described) -> None:
    """The same of a stream, which goes on."""
    answers = {}
    for call_id in (ABSENT, OWN, OTHER):
        url = world.harness.url + what.path.replace("{call_id}", call_id)
        headers = {"Authorization": f"Bearer {world.key}"}
        async with world.harness.session.get(url, headers=headers) as answer:
            if call_id in world.seen:
                assert (await SseClient(answer).next()).seq == (call_id, 1)
            else:
                kind = answer.headers["Content-Type"]
                answers[call_id] = answer.status, kind, await answer.read()
    assert {status for status, *_ in answers.values()} == {HTTPStatus.NOT_FOUND}
    assert len({*answers.values()}) == 1


def paged(path: str, each: int = 1) -> Check:
    """Return the check of a list: all that may be seen, on whole pages, and nothing else."""

    async def check(world: BoundWorld, what: Described) -> None:
        del what
        found: list[str] = []
        mark, cursor = ("&" if "?" in path else "?"), ""
        while True:
            answer = await world.get(f"{path}{mark}limit={each}{cursor}")
            assert answer.status == HTTPStatus.OK, answer.body
            found += [one["call_id"] for one in answer.json["data"]]
            hidden = {OWN, OTHER} - world.seen
            assert not [one for one in hidden if one.encode() in answer.body]
            if answer.json["next"] is None:
                break
            assert len(answer.json["data"]) == each
            cursor = f"&cursor={answer.json['next']}"
        assert sorted(found) == sorted(world.seen)

    return check


async def streamed(world: BoundWorld, path: str, kind: str) -> None:
    """Follow a stream from the beginning: of calls now and to come only those that may be seen."""
    headers = {"Authorization": f"Bearer {world.key}"}
    url = world.harness.url + path
    async with world.harness.session.get(url, headers=headers) as answer:
        assert answer.status == HTTPStatus.OK, await answer.text()
        client = SseClient(answer)
        await world.commit("last-billing", "billing")
        await world.commit("last-sales", "sales")
        last = {"last-sales"} if OTHER in world.seen else {"last-billing"}
        calls: set[str] = set()
        while not last <= calls:
            event = await client.next()
            calls.add((event.data if kind == "hit" else event.data["data"])["call_id"])
    to_come = {OWN: "last-billing", OTHER: "last-sales"}
    assert calls == world.seen | {to_come[one] for one in world.seen}


async def all_calls_followed(world: BoundWorld, what: Described) -> None:
    """The feed of all calls is that of all that may be seen."""
    await streamed(world, f"{what.path}?after=0", "event")


async def save(world: BoundWorld, key: str, name: str) -> str:
    """Save a search with a key; return its id."""
    body = {"name": name, "q": "booking"}
    answer = await world.harness.ask("POST", "/v1/searches", key=key, json=body)
    assert answer.status == HTTPStatus.CREATED, answer.body
    return str(answer.json["id"])


async def searches_listed(world: BoundWorld, what: Described) -> None:
    """Who is bound sees no search of anybody who sees more."""
    await save(world, world.harness.key, "of an unbound key")
    await save(world, world.key, "own")

    names = [one["name"] for one in (await world.get(what.path)).json["data"]]

    unbound = world.seen == {OWN, OTHER}
    assert sorted(names) == (["of an unbound key", "own"] if unbound else ["own"])


async def search_saved(world: BoundWorld, what: Described) -> None:
    """It looks through no more than whoever saved it may see, whoever follows it."""
    del what
    saved = await save(world, world.key, "own")
    world.key = world.harness.key
    await streamed(world, f"/v1/searches/{saved}/feed?after=1", "hit")


async def search_of_others(world: BoundWorld, what: Described) -> None:
    """A search of somebody who sees more is not there; one's own is."""
    saved = await save(world, world.harness.key, "of an unbound key")
    if world.seen != {OWN, OTHER}:
        answers = [
            await world.ask(what.method, what.path.replace("{search_id}", one))
            for one in (saved, "srch_" + "a" * 16)
        ]
        assert told(answers[0]) == told(answers[1])
        assert answers[0].status == HTTPStatus.NOT_FOUND
        kept = await world.harness.searches.searches()
        assert [one.id for one in kept] == [saved]


async def search_dropped(world: BoundWorld, what: Described) -> None:
    """One's own, and nobody else's."""
    await search_of_others(world, what)
    saved = await save(world, world.key, "own")
    answer = await world.ask(what.method, what.path.replace("{search_id}", saved))
    assert answer.status == HTTPStatus.NO_CONTENT


async def search_followed(world: BoundWorld, what: Described) -> None:
    """One's own, over one's own calls."""
    await search_of_others(world, what)
    saved = await save(world, world.key, "own")
    await streamed(world, what.path.replace("{search_id}", saved) + "?after=1", "hit")


async def number_erased(world: BoundWorld, what: Described) -> None:
    """Only calls that may be seen are erased, and counted."""
    answer = await world.ask(what.method, what.path, json={"number": "+15555550100"})

    assert answer.json == {"erased": len(world.seen)}


async def delivery_retried(world: BoundWorld, what: Described) -> None:
    """A delivery of another's call is not parked, for all that can be told."""

    async def ask(parked_id: int) -> Answer:
        return await world.ask(what.method, what.path.replace("{delivery_id}", str(parked_id)))

    absent = await ask(4711)
    assert absent.status == HTTPStatus.NOT_FOUND
    for call_id in (OWN, OTHER):
        answer = await ask(world.parked[call_id])
        if call_id in world.seen:
            assert answer.json["state"] == "arrived"
        else:
            assert told(answer) == told(absent)
    left = await world.harness.journal.parked(limit=9)
    assert {one.call_id for one in left} == {OWN, OTHER} - world.seen


async def replayed(world: BoundWorld, what: Described) -> None:
    """A lane of another's call is not set back."""

    async def ask(call_id: str, endpoint: str = "crm") -> Answer:
        body = {"call_id": call_id, "endpoint": endpoint}
        return await world.ask(what.method, what.path, json=body)

    absent = await ask(ABSENT)
    assert absent.status == HTTPStatus.NOT_FOUND
    for call_id in (OWN, OTHER):
        answers = [await ask(call_id, "nowhere"), await ask(call_id)]
        if call_id in world.seen:
            assert answers[1].status == HTTPStatus.ACCEPTED
        else:
            assert [told(one) for one in answers] == [told(absent)] * 2


async def token_made(world: BoundWorld, what: Described) -> None:
    """A token sees no more than the key; nor may it be asked to."""
    wish: dict[str, Any] = {"scopes": ["calls:read"]}
    made = await world.ask(what.method, what.path, json=wish)
    world.key = made.json["token"]
    await paged("/v1/calls")(world, what)


async def of_the_installation(world: BoundWorld, what: Described) -> None:
    """Nobody who is bound gets it, and everybody is told why."""
    answer = await world.ask(what.method, what.path.replace("{endpoint_name}", "crm"))

    if world.seen == {OWN, OTHER}:
        assert answer.status == HTTPStatus.OK
    else:
        assert answer.status == HTTPStatus.FORBIDDEN
        assert "whole installation" in answer.json["detail"]


async def call_placed(world: BoundWorld, what: Described) -> None:
    """Who is bound has no call begun: whose it will be is not known yet."""
    world.harness.attacher.answers[:] = [None]
    answer = await world.ask(what.method, what.path, json={"call_control_id": "v3:leg"})

    refused = answer.status == HTTPStatus.FORBIDDEN
    assert refused is (world.seen != {OWN, OTHER})
    assert len(world.harness.attacher.asked) == (not refused)


async def stream_expected(world: BoundWorld, what: Described) -> None:
    """It begins a call, so it is the same."""
    answer = await world.ask(what.method, what.path, json={"call_control_id": "v3:leg"})

    refused = answer.status == HTTPStatus.FORBIDDEN
    assert refused is (world.seen != {OWN, OTHER})


async def of_nothing(world: BoundWorld, what: Described) -> None:
    """It is the same for everybody."""
    mine = await world.ask(what.method, what.path)
    anybody = await world.harness.ask(what.method, what.path)

    assert told(mine) == told(anybody)


ROWS: dict[str, Check] = {
    "list_calls": paged("/v1/calls"),
    "place_call": call_placed,
    "expect_stream": stream_expected,
    "get_call": of_a_call,
    "list_events": of_a_call,
    "get_transcript": of_a_call,
    "get_audio": of_a_call,
    "list_attempts": of_a_call,
    "control_transcription": of_a_call,
    "erase_call": of_a_call,
    "erase_number": number_erased,
    "feed": all_calls_followed,
    "call_feed": of_a_live_call,
    "search": paged("/v1/search?q=booking"),
    "list_searches": searches_listed,
    "save_search": search_saved,
    "drop_search": search_dropped,
    "search_feed": search_followed,
    "list_deliveries": paged("/v1/deliveries"),
    "retry_delivery": delivery_retried,
    "replay": replayed,
    "list_endpoints": of_the_installation,
    "enable_endpoint": of_the_installation,
    "disable_endpoint": of_the_installation,
    "test_endpoint": of_the_installation,
    "list_access": of_the_installation,
    "get_metrics": of_the_installation,
    "make_token": token_made,
    "get_engines": of_nothing,
    "get_event_schemas": of_nothing,
    "get_report_schema": of_nothing,
    "get_openapi": of_nothing,
}
"""By the id of the operation: a new route of the API gets a row here, or the tests fail."""
UNSERVED = {"healthz", "readyz"}
"""Described, open to everybody, and served by the process itself."""
