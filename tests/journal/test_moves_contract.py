"""What a moved endpoint's lanes promise while calls go on, whatever the database."""

import asyncio

from service.ids import CallId, EndpointName
from service.ports import Journal, LaneRow, LaneUpdate
from tests.journal.builders import CALL, CRM, LOG, OTHER, entry, lane_of
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
