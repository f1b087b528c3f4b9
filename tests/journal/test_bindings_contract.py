"""What bindings of keys promise, whatever the database: nothing is found that they do not cover."""

from dataclasses import replace
from typing import Any

import pytest

from service.ids import CallId
from service.ports import (
    Binding,
    CallFilter,
    Entry,
    Journal,
    LaneUpdate,
    Library,
    Parked,
    StoredEvent,
    StoredKey,
    WordQuery,
    bind,
)
from tests.journal.builders import CRM, body, tombstone
from tests.journal.harness import Database

CALLS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "c1": ("billing", {"queue": "billing", "vip": True}),
    "c2": ("billing", {"queue": "sales", "vip": False}),
    "c3": ("sales", {"queue": "billing", "level": 3, "ratio": 1.5}),
    "c4": (None, {"queue": ["billing"], "vip": None}),
    "c5": (None, {}),
}
COVERED: dict[Binding, set[str]] = {
    bind(): {"c1", "c2", "c3", "c4", "c5"},
    bind(["billing"]): {"c1", "c2"},
    bind(["billing", "sales"]): {"c1", "c2", "c3"},
    bind(["nobody's"]): set(),
    bind(["billing"]).narrowed(bind(["sales"])): set(),
    bind(metadata=[("queue", "billing")]): {"c1", "c3"},
    bind(metadata=[("queue", "billing"), ("queue", "sales")]): {"c1", "c2", "c3"},
    bind(metadata=[("queue", "billing"), ("vip", "true")]): {"c1"},
    bind(metadata=[("vip", "null")]): {"c4"},
    bind(metadata=[("level", "3")]): {"c3"},
    bind(metadata=[("ratio", "1.5")]): {"c3"},
    bind(["billing"], [("queue", "sales")]): {"c2"},
    bind(["sales"], [("queue", "sales")]): set(),
    bind(metadata=[("queue", '["billing"]')]): set(),
    bind(metadata=[("quote'\"; --", "\\u0000")]): set(),
}


def started(call_id: str, route: str | None, metadata: dict[str, Any]) -> StoredEvent:
    """Return the first event of a call of this route."""
    whence: dict[str, Any] = {"from": f"+1555555010{call_id[-1]}", "to": "+15555550199"}
    return body(call_id, 1, "call.started", **whence, route=route, metadata=metadata)


def said(call_id: str, seq: int, metadata: dict[str, Any], **more: Any) -> StoredEvent:  # noqa: ANN401 - any JSON
    """Return a final."""
    words: dict[str, Any] = {"utterance_id": f"u{seq}", "role": "agent", "text": "my booking"}
    return body(call_id, seq, "transcript.final", **words, metadata=metadata, **more)


async def commit(journal: Journal, *events: StoredEvent, version: int = 0, **more: Any) -> None:  # noqa: ANN401 - of an entry
    """Commit events of a call."""
    call_id = events[0].call_id
    entry = Entry(call_id=call_id, version=version, epoch=0, state=b"", events=events)
    await journal.commit(replace(entry, endpoints=(CRM,), **more))


@pytest.fixture
async def filled(journal: Journal) -> Journal:
    """A journal with all the calls, each with a delivery that was given up."""
    for call_id, (route, metadata) in CALLS.items():
        first = started(call_id, route, metadata)
        await commit(journal, first, said(call_id, 2, metadata))
        given_up = Parked(2, 400, "http_400")
        await journal.settle([LaneUpdate(CallId(call_id), CRM, 2, parked=given_up)])
    return journal


@pytest.mark.parametrize("binding", COVERED, ids=str)
async def test_only_what_is_covered_is_found(
    filled: Journal, library: Library, binding: Binding
) -> None:
    """In lists, by number, among finals and deliveries; on whole pages, and as Python has it."""
    covered, wanted = COVERED[binding], CallFilter(binding=binding)
    calls = await library.calls(wanted, before=None, limit=len(covered) + 1)
    of_number = await library.calls(replace(wanted, number="+15555550199"), before=None, limit=9)
    hits = await library.search(WordQuery(words="booking", calls=wanted), limit=len(covered) + 1)
    parked = await filled.parked(limit=len(covered) + 1, binding=binding)

    assert {one.call_id for one in calls} == covered
    assert {one.call_id for one in of_number} == covered
    assert {one.call_id for one in hits} == covered
    assert {one.call_id for one in parked} == covered
    if covered:
        newest = await filled.parked(limit=1, binding=binding)
        assert newest == parked[:1]
        rest = await filled.parked(
            limit=9, before=(newest[0].parked_at, newest[0].id), binding=binding
        )
        assert rest == parked[1:]


async def test_pages_of_several_routes_have_each_call_once(
    journal: Journal, library: Library
) -> None:
    """From the newest of all to the oldest, whichever route it is of; live ones as well."""
    routes = ["billing", "sales", "others"]
    for number in range(30):
        event = started(f"c{number:02}", routes[number % 3], {})
        await commit(journal, event)
    binding, found = bind(routes[:2]), list[str]()
    for live in (None, True):
        before: tuple[float, CallId] | None = None
        wanted = CallFilter(binding=binding, live=live)
        while page := await library.calls(wanted, before=before, limit=7):
            found += [one.call_id for one in page]
            before = (page[-1].started_at, page[-1].call_id)

    once = [f"c{number:02}" for number in reversed(range(30)) if number % 3 < 2]
    assert found == once * 2


async def test_a_delivery_is_found_by_its_id(filled: Journal) -> None:
    """It says whose it is; another id is nobody's."""
    parked = await filled.parked(limit=9)

    assert [await filled.find_parked(one.id) for one in parked] == parked
    assert await filled.find_parked(4711) is None


async def test_the_latest_that_is_known_decides(journal: Journal, library: Library) -> None:
    """Metadata and the route may come, or change, later in a call, by whichever event."""
    before, after = {"queue": "billing"}, {"queue": "sales", "ticket": 7}
    await commit(journal, started("c1", None, before))
    await commit(journal, said("c1", 2, after), version=1)
    known = await library.call(CallId("c1"))
    assert known is not None
    assert (known.metadata, known.route) == (b'{"queue":"sales","ticket":7}', None)
    more = body("c1", 3, "call.attached", metadata=after, route="sales")
    await commit(journal, more, said("c1", 4, after), version=2)
    event = StoredEvent(CallId("c1"), 5, "transcript.gap", b"no JSON")
    await commit(journal, event, body("c1", 6, "call.answered", metadata="none"), version=3)

    known = await library.call(CallId("c1"))
    assert known is not None
    assert (known.metadata, known.route) == (b'{"queue":"sales","ticket":7}', "sales")
    for binding, found in (
        (bind(metadata=[("queue", "billing")]), 0),
        (bind(metadata=[("queue", "sales"), ("ticket", "7")]), 1),
        (bind(["sales"]), 1),
    ):
        wanted = CallFilter(binding=binding)
        assert len(await library.calls(wanted, before=None, limit=9)) == found


async def test_an_erased_call_is_of_its_route_and_of_no_metadata(
    filled: Journal, library: Library
) -> None:
    """What somebody said of it goes with it."""
    await commit(filled, tombstone(3, CallId("c1")), version=1, erases=True, ended=True)

    for binding, found in ((bind(["billing"]), True), (bind(metadata=[("vip", "true")]), False)):
        calls = await library.calls(CallFilter(binding=binding), before=None, limit=9)
        assert (CallId("c1") in {one.call_id for one in calls}) is found


async def test_a_key_is_bound_as_it_was_made(database: Database) -> None:
    """An older key is bound to nothing."""
    plain = StoredKey(id="a", name="crm", digest=b"\1", scopes=("live",), created_at=5.0)
    bound = replace(plain, id="b", binding=bind(["billing"], [("queue", "a"), ("queue", "ü")]))
    async with database.journal(), database.keys() as keys:
        for key in (plain, bound):
            await keys.keep_key(key)

        assert await keys.keys() == [plain, bound]
        assert await keys.find_key("b") == bound
