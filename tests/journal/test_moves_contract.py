"""What a moved endpoint's lanes promise while calls go on, whatever the database."""

import asyncio
from dataclasses import replace

from service.ids import CallId, EndpointName
from service.ports import EventFilter, Journal, LaneRow, LaneUpdate, Parked
from tests.journal.builders import CALL, CRM, LOG, OTHER, body, entry, lane_of
from tests.journal.harness import Database

OLD = EndpointName("old")


async def test_what_a_call_commits_after_a_move_is_whoever_took_overs(journal: Journal) -> None:
    """In one lane with what was moved, where it was; nothing is the old one's."""
    await journal.commit(entry(0, [1, 2], endpoints=[OLD]))
    await journal.settle([LaneUpdate(CALL, OLD, 1)])
    await journal.move_lanes(OLD, CRM)
    await journal.commit(entry(1, [3], endpoints=[OLD]))
    await journal.settle([LaneUpdate(CALL, CRM, 3, generation=1)])
    await journal.commit(entry(2, [4, 5], endpoints=[OLD]))

    assert await journal.backlog() == [LaneRow(CALL, CRM, 3, 5, 0, 0.0, generation=1, live=True)]


async def test_an_endpoint_that_a_call_names_twice_has_one_lane(journal: Journal) -> None:
    """By its own name and by that of the one it took over from: from the earlier on."""
    await journal.commit(entry(0, [1], endpoints=[OLD], call_id=OTHER))
    await journal.settle([LaneUpdate(OTHER, OLD, 1)])
    await journal.move_lanes(OLD, CRM)
    await asyncio.gather(
        journal.commit(entry(0, [1, 2], endpoints=[LOG, OLD])),
        journal.commit(entry(1, [3], endpoints=[LOG, CRM, OLD])),
        journal.commit(entry(2, [4], endpoints=[CRM])),
    )

    assert await lane_of(journal) == LaneRow(CALL, CRM, 0, 4, 0, 0.0, live=True)
    assert await lane_of(journal, LOG) == LaneRow(CALL, LOG, 0, 3, 0, 0.0, live=True)


async def test_an_endpoint_that_is_back_gets_what_calls_commit(journal: Journal) -> None:
    """From then on."""
    await journal.commit(entry(0, [1], endpoints=[OLD]))
    await journal.move_lanes(OLD, CRM)
    await journal.forget_alias(OLD)
    await journal.commit(entry(1, [2], endpoints=[OLD]))

    assert await lane_of(journal, OLD) == LaneRow(CALL, OLD, 1, 2, 0, 0.0, live=True)


async def test_a_move_leaves_out_what_the_old_one_had(journal: Journal) -> None:
    """Whoever takes over has everything before that already: so it goes on from there."""
    await journal.commit(entry(0, [1], endpoints=[CRM]))
    await journal.settle([LaneUpdate(CALL, CRM, 1)])
    await journal.commit(entry(1, [2, 3], endpoints=[OLD]))
    await journal.settle([LaneUpdate(CALL, OLD, 2)])
    await journal.move_lanes(OLD, CRM)

    assert (await lane_of(journal)).acked_seq == 2


async def test_a_move_leaves_nothing_out_that_whoever_takes_over_owes(journal: Journal) -> None:
    """Its lane begins where either of the two was behind."""
    await journal.commit(entry(0, [1, 2], endpoints=[CRM]))
    await journal.settle([LaneUpdate(CALL, CRM, 1)])
    await journal.commit(entry(1, [3, 4], endpoints=[OLD]))
    await journal.settle([LaneUpdate(CALL, OLD, 3)])
    await journal.move_lanes(OLD, CRM)

    lane = await lane_of(journal)
    assert (lane.acked_seq, lane.head_seq) == (1, 4)


async def test_calls_go_on_while_somebody_else_moves_their_endpoint(database: Database) -> None:
    """Whichever comes first: no event stays behind with the old one, and none is left out."""
    calls = [CallId(f"{number}") for number in range(5)]
    async with database.journal() as journal, database.journal(exclusive=False) as beside:

        async def talk(call: CallId) -> None:
            for seq in range(1, 21):
                await journal.commit(entry(seq - 1, [seq], call_id=call, endpoints=[OLD]))

        async def move() -> None:
            while len(await journal.backlog()) < len(calls):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0)
            await beside.move_lanes(OLD, CRM)

        await asyncio.gather(move(), *map(talk, calls))
        lanes = [(row.endpoint, row.acked_seq, row.head_seq) for row in await journal.backlog()]

    assert lanes == [(CRM, 0, 20)] * len(calls)


async def test_what_endpoints_get_is_remembered(database: Database) -> None:
    """The latest counts, over restarts; of others nothing is known."""
    async with database.journal() as journal:
        await journal.keep_filters({})
        assert await journal.filters() == {}
        await journal.keep_filters({CRM: EventFilter(("transcript.*",)), LOG: EventFilter()})
        await journal.keep_filters({CRM: EventFilter(("call.*", "a"), report=True)})
    async with database.journal() as journal:
        assert await journal.filters() == {
            CRM: EventFilter(("call.*", "a"), report=True),
            LOG: EventFilter(),
        }


async def tell(journal: Journal, *kinds: str) -> None:
    """Have a call tell the old endpoint what happens."""
    events = tuple(body(CALL, seq, kind, 0) for seq, kind in enumerate(kinds, 1))
    await journal.commit(replace(entry(0, endpoints=[OLD]), events=events))


async def listed(journal: Journal) -> list[tuple[str, int, str]]:
    """Return what is parked, the oldest first."""
    found = sorted(await journal.parked(limit=99), key=lambda one: one.id)
    return [(one.endpoint, one.seq, one.type) for one in found]


KINDS = ("recording.saved", "call.answered", "transcript.completed", "recording.saved")


async def test_what_an_endpoint_does_not_get_is_not_parked(journal: Journal) -> None:
    """It is left to nobody."""
    await tell(journal, *KINDS)
    wanted = EventFilter(("call.*", "transcript.*"))
    assert await journal.park_lanes(OLD, "no_endpoint", 5.0, wanted) == 2

    assert await listed(journal) == [(OLD, 2, "call.answered"), (OLD, 3, "transcript.completed")]
    assert await journal.backlog() == []


async def test_reports_are_parked_where_the_endpoint_gets_no_more(journal: Journal) -> None:
    """From the one on that completes the call: none was made before."""
    await tell(journal, *KINDS)
    wanted = EventFilter(("call.answered", "call.report"), report=True)
    assert await journal.park_lanes(OLD, "no_endpoint", 5.0, wanted) == 3

    assert await listed(journal) == [
        (OLD, 2, "call.answered"),
        (OLD, 3, "call.report"),
        (OLD, 4, "call.report"),
    ]


async def test_what_was_delivered_is_not_parked(journal: Journal) -> None:
    """Nor is what was parked before listed anew."""
    await tell(journal, *KINDS)
    await journal.settle([LaneUpdate(CALL, OLD, 1)])
    await journal.settle([LaneUpdate(CALL, OLD, 2, parked=Parked(2, 400, "refused"))])
    assert await journal.park_lanes(OLD, "no_endpoint", 5.0) == 2

    reasons = {one.seq: one.reason for one in await journal.parked(limit=9)}
    assert reasons == {2: "refused", 3: "no_endpoint", 4: "no_endpoint"}


async def test_what_was_parked_moves_as_far_as_it_is_wanted(journal: Journal) -> None:
    """Of an event that goes out no more its report may, if it has one; the rest is forgotten."""
    await tell(journal, *KINDS)
    for seq in range(1, 5):
        name = "call.report" if seq == 4 else None
        parked = Parked(seq, 400, "refused", name)
        await journal.settle([LaneUpdate(CALL, OLD, seq, parked=parked)])
    await journal.rewind(CALL, CRM, 0)
    await journal.settle(
        [LaneUpdate(CALL, CRM, seq, parked=Parked(seq, 404, "bad")) for seq in (1, 2)]
    )
    await journal.move_lanes(OLD, CRM, EventFilter(("call.*",), report=True))

    found = {one.seq: (one.endpoint, one.type, one.status) for one in await journal.parked(limit=9)}
    assert found == {
        1: (CRM, "recording.saved", 404),
        2: (CRM, "call.answered", 400),
        3: (CRM, "call.report", 400),
        4: (CRM, "call.report", 400),
    }


async def test_what_is_not_wanted_leaves_what_was_parked_before(journal: Journal) -> None:
    """Of the same event, by the endpoint that takes over."""
    await tell(journal, *KINDS)
    await journal.settle([LaneUpdate(CALL, OLD, 2, parked=Parked(2, 400, "refused"))])
    await journal.rewind(CALL, CRM, 0)
    await journal.settle([LaneUpdate(CALL, CRM, 2, parked=Parked(2, 404, "bad"))])
    await journal.move_lanes(OLD, CRM, EventFilter(("transcript.*",)))

    assert [(one.endpoint, one.status) for one in await journal.parked(limit=9)] == [(CRM, 404)]
