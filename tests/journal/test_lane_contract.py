"""What lanes, parked deliveries, endpoints and tokens promise, whatever the database."""

import asyncio
from dataclasses import replace

import pytest

from service.errors import DuplicateInputError
from service.ids import CallId, EndpointName
from service.ports import Journal, LaneRow, LaneUpdate, Parked, ParkedDelivery
from tests.journal.builders import CALL, CRM, LOG, OTHER, entry, lane_of, token
from tests.journal.harness import Database

DAY_S = 86_400


async def test_events_join_the_lanes_of_their_endpoints(journal: Journal) -> None:
    """A commit makes the lanes and moves their head; without events it does neither."""
    await journal.commit(entry(0, endpoints=[CRM]))
    assert await journal.backlog() == []
    await journal.commit(entry(1, [1, 2], endpoints=[CRM, LOG]))
    await journal.commit(entry(2, [3], endpoints=[CRM]))

    assert await journal.backlog() == [
        LaneRow(CALL, CRM, 0, 3, 0, 0.0, live=True),
        LaneRow(CALL, LOG, 0, 2, 0, 0.0, live=True),
    ]


async def test_the_lanes_of_one_call_are_found_as_the_backlog_has_them(journal: Journal) -> None:
    """Those that are behind and those that are not, and no other call's."""
    await journal.commit(entry(0, [1, 2], endpoints=[CRM, LOG]))
    await journal.commit(entry(0, [1], call_id=OTHER, endpoints=[CRM]))
    await journal.settle([LaneUpdate(CALL, LOG, 2)])

    assert await journal.lanes_of(CALL) == [
        LaneRow(CALL, CRM, 0, 2, 0, 0.0, live=True),
        LaneRow(CALL, LOG, 2, 2, 0, 0.0, live=True),
    ]
    assert await journal.lanes_of(CALL, LOG) == [LaneRow(CALL, LOG, 2, 2, 0, 0.0, live=True)]
    assert await journal.lanes_of(CallId("unknown")) == []
    assert await journal.lanes_of(OTHER, LOG) == []


async def test_what_the_lanes_of_a_call_gave_up_is_found_with_them(journal: Journal) -> None:
    """Of the last hundred: no more is named to a receiver."""
    await journal.commit(entry(0, range(1, 151), endpoints=[CRM, LOG]))
    for seq in (1, 50, 51, 149):
        await journal.settle([LaneUpdate(CALL, CRM, seq, parked=Parked(seq, 400, "refused"))])
    await journal.settle([LaneUpdate(CALL, CRM, 150)])

    assert [(row.endpoint, row.parked) for row in await journal.lanes_of(CALL)] == [
        (CRM, (51, 149)),
        (LOG, ()),
    ]


async def test_a_lane_says_whether_its_call_goes_on(journal: Journal) -> None:
    """As it was last committed."""
    await journal.commit(entry(0, [1], endpoints=[CRM]))
    assert (await lane_of(journal)).live

    await journal.commit(entry(1, [2], endpoints=[CRM], ended=True))

    assert not (await lane_of(journal)).live


async def test_a_lane_made_late_starts_before_its_first_event(journal: Journal) -> None:
    """An endpoint that joins a call gets what happens from then on."""
    await journal.commit(entry(0, [1, 2]))
    await asyncio.gather(
        journal.commit(entry(1, [3], endpoints=[CRM])),
        journal.commit(entry(2, [4, 5], endpoints=[CRM])),
    )

    assert await lane_of(journal) == LaneRow(CALL, CRM, 2, 5, 0, 0.0, live=True)


async def test_a_settled_lane_remembers_how_far_it_came(journal: Journal) -> None:
    """Attempts and the time of the next one are kept; a lane that has it all is no backlog."""
    await journal.commit(entry(0, [1, 2, 3], endpoints=[CRM, LOG]))

    await journal.settle(
        [LaneUpdate(CALL, CRM, 1, attempts=2, due_at=9.5), LaneUpdate(CALL, LOG, 3)]
    )

    assert await journal.backlog() == [LaneRow(CALL, CRM, 1, 3, 2, 9.5, live=True)]
    await journal.settle([])


async def test_settling_never_takes_a_lane_back_or_past_its_head(journal: Journal) -> None:
    """An update that comes late changes nothing; the last of several counts."""
    await journal.commit(entry(0, [1, 2, 3], endpoints=[CRM, LOG]))
    await journal.settle(
        [
            LaneUpdate(CALL, CRM, 2, attempts=1),
            LaneUpdate(CALL, CRM, 2, attempts=4),
            LaneUpdate(CALL, CRM, 1),
        ]
    )
    await journal.settle([LaneUpdate(CALL, CRM, 1), LaneUpdate(CALL, LOG, 9)])

    assert await journal.backlog() == [LaneRow(CALL, CRM, 2, 3, 4, 0.0, live=True)]
    await journal.commit(entry(1, [4], endpoints=[LOG]))
    assert (await lane_of(journal, LOG)).acked_seq == 3


async def test_settling_what_is_not_there_changes_nothing(journal: Journal) -> None:
    """An unknown call or lane is passed over."""
    await journal.commit(entry(0, [1]))
    await journal.settle([LaneUpdate(CALL, CRM, 1, parked=Parked(1, 404, "gone"))])
    await journal.settle([LaneUpdate(OTHER, CRM, 1, parked=Parked(1, 404, "gone"))])

    assert await journal.backlog() == []
    assert await journal.parked(limit=9) == []


async def test_many_lanes_settle_together(journal: Journal) -> None:
    """Hundreds of updates in one call each reach their own lane."""
    calls = [CallId(f"call-{n}") for n in range(300)]
    await asyncio.gather(
        *(journal.commit(entry(0, [1, 2], call_id=call, endpoints=[CRM, LOG])) for call in calls)
    )
    await journal.settle([LaneUpdate(call, CRM, 2) for call in calls[:299]])

    assert len(await journal.backlog()) == 301
    assert (await lane_of(journal)).call_id == "call-299"


async def test_what_was_given_up_is_listed_newest_first(database: Database) -> None:
    """A parked delivery tells what, where, when and why."""
    times = iter([10.0, 20.0, 30.0])
    async with database.journal(clock=lambda: next(times)) as journal:
        await journal.commit(entry(0, [1, 2], endpoints=[CRM]))
        await journal.settle([LaneUpdate(CALL, CRM, 1, parked=Parked(1, 404, "refused"))])
        await journal.settle([LaneUpdate(CALL, CRM, 2, parked=Parked(2, None, "timeout"))])

        newest, oldest = await journal.parked(limit=9)
        assert await journal.parked(limit=1) == [newest]
        assert await journal.parked(limit=9, before=(newest.parked_at, newest.id)) == [oldest]
        assert await journal.find_parked(oldest.id) == oldest
        assert await journal.find_parked(4711) is None
    assert (newest.seq, newest.status, newest.reason) == (2, None, "timeout")
    assert oldest == ParkedDelivery(
        oldest.id, CALL, CRM, 1, "transcript.final", 404, "refused", 20.0
    )


async def test_a_report_that_was_given_up_is_listed_as_one(journal: Journal) -> None:
    """Where the event arrived. Given up once more, it is what was given up last."""
    await journal.commit(entry(0, [1, 2], endpoints=[CRM]))
    await journal.settle(
        [
            LaneUpdate(CALL, CRM, 1, parked=Parked(1, 404, "refused", "call.report")),
            LaneUpdate(CALL, CRM, 2, parked=Parked(2, 404, "refused")),
        ]
    )

    listed = {one.seq: one.type for one in await journal.parked(limit=9)}
    assert listed == {1: "call.report", 2: "transcript.final"}


async def test_a_repeated_settlement_parks_once(journal: Journal) -> None:
    """Whoever does not know whether it was written may write it again."""
    await journal.commit(entry(0, [1], endpoints=[CRM]))
    update = LaneUpdate(CALL, CRM, 1, parked=Parked(1, 404, "refused"))
    await journal.settle([update])
    (parked,) = await journal.parked(limit=9)
    await journal.unpark(parked.id)

    await journal.settle([update])
    assert await journal.parked(limit=9) == []


async def test_a_lane_may_park_several_in_one_settlement(journal: Journal) -> None:
    """Each is listed, and the lane ends after the last."""
    await journal.commit(entry(0, [1, 2, 3], endpoints=[CRM]))
    await journal.settle([LaneUpdate(CALL, CRM, n, parked=Parked(n, 400, "bad")) for n in (1, 2)])

    assert {parked.seq for parked in await journal.parked(limit=9)} == {1, 2}
    assert (await lane_of(journal)).acked_seq == 2


async def test_unparking_hands_a_delivery_out_once(journal: Journal) -> None:
    """Of many who take the same one, one gets it."""
    await journal.commit(entry(0, [1], endpoints=[CRM]))
    await journal.settle([LaneUpdate(CALL, CRM, 1, parked=Parked(1, 404, "refused"))])
    (parked,) = await journal.parked(limit=9)

    taken = await asyncio.gather(*(journal.unpark(parked.id) for _ in range(5)))

    assert sorted(taken, key=str) == [None, None, None, None, parked]
    assert await journal.parked(limit=9) == []


async def test_a_rewound_lane_delivers_again(journal: Journal) -> None:
    """It goes back to `after_seq`, forgets its attempts, and what it had parked after that."""
    await journal.commit(entry(0, [1, 2, 3, 4], endpoints=[CRM]))
    await journal.settle([LaneUpdate(CALL, CRM, n, parked=Parked(n, 400, "bad")) for n in (1, 3)])
    await journal.settle([LaneUpdate(CALL, CRM, 4, attempts=3, due_at=8.0)])

    await journal.rewind(CALL, CRM, 2)

    assert await journal.backlog() == [LaneRow(CALL, CRM, 2, 4, 0, 0.0, generation=1, live=True)]
    assert [parked.seq for parked in await journal.parked(limit=9)] == [1]


async def test_rewinding_skips_nothing_that_is_still_owed(journal: Journal) -> None:
    """`after_seq` past what was delivered leaves the lane where it is."""
    await journal.commit(entry(0, [1, 2, 3], endpoints=[CRM]))
    await journal.rewind(CALL, CRM, 2)

    assert (await lane_of(journal)).acked_seq == 0


@pytest.mark.parametrize(("after_seq", "acked_seq"), [(-5, 0), (0, 0), (1, 1)])
async def test_an_endpoint_that_never_had_the_call_can_have_it(
    journal: Journal, after_seq: int, acked_seq: int
) -> None:
    """Rewinding makes the lane, with everything there is of the call; and past it, nothing."""
    await journal.commit(entry(0, [1, 2]))
    await journal.rewind(CALL, CRM, after_seq)
    await journal.rewind(CALL, LOG, 2)
    await journal.rewind(OTHER, CRM, 0)

    assert await journal.backlog() == [
        LaneRow(CALL, CRM, acked_seq, 2, 0, 0.0, generation=1, live=True)
    ]


async def test_a_late_settlement_does_not_undo_a_rewind(journal: Journal) -> None:
    """An update of the generation before it is dropped, with what it parked."""
    await journal.commit(entry(0, [1, 2], endpoints=[CRM]))
    await journal.rewind(CALL, CRM, 0)

    await journal.settle(
        [
            LaneUpdate(CALL, CRM, 2, parked=Parked(2, 404, "refused"), generation=0),
            LaneUpdate(CALL, CRM, 1, generation=1),
        ]
    )

    assert await lane_of(journal) == LaneRow(CALL, CRM, 1, 2, 0, 0.0, generation=1, live=True)
    assert await journal.parked(limit=9) == []


async def test_a_lane_goes_on_after_a_rewind(journal: Journal) -> None:
    """New events join the rewound lane and keep its generation."""
    await journal.commit(entry(0, [1], endpoints=[CRM]))
    await journal.settle([LaneUpdate(CALL, CRM, 1)])
    await journal.rewind(CALL, CRM, 0)
    await journal.commit(entry(1, [2], endpoints=[CRM]))

    assert await lane_of(journal) == LaneRow(CALL, CRM, 0, 2, 0, 0.0, generation=1, live=True)


async def test_disabled_endpoints_are_remembered_until_enabled(database: Database) -> None:
    """The latest reason counts, over restarts."""
    async with database.journal() as journal:
        await journal.disable(CRM, "http_410", 1.0)
        await journal.disable(CRM, "all_failing", 2.0)
        await journal.disable(LOG, "http_410", 3.0)

    async with database.journal() as journal:
        await journal.enable(LOG)
        await journal.enable(EndpointName("unknown"))
        assert await journal.disabled() == {CRM: "all_failing"}


async def test_a_token_is_good_until_it_expires_and_every_use_keeps_it(journal: Journal) -> None:
    """Telnyx may dial the same address again; the secrets themselves are not kept."""
    kept = token(b"hash", expires_at=50.0)
    await journal.keep_token(kept)

    assert await journal.use_token(b"hash", now=49.0, keep_until=40.0) == kept
    assert await journal.use_token(b"hash", now=49.0, keep_until=90.0) is not None
    used = await journal.use_token(b"hash", now=89.0, keep_until=90.0)
    assert used is not None
    assert used.expires_at == 90.0
    assert await journal.use_token(b"hash", now=90.0, keep_until=99.0) is None
    assert await journal.use_token(b"other", now=0.0, keep_until=99.0) is None


async def test_a_token_ends_with_its_call(journal: Journal) -> None:
    """Nobody opens a socket for a call that is over."""
    await journal.keep_token(token(b"hash", expires_at=50.0))
    await journal.commit(entry(0))
    assert await journal.use_token(b"hash", now=1.0, keep_until=50.0) is not None
    await journal.commit(replace(entry(1), ended=True))

    assert await journal.use_token(b"hash", now=1.0, keep_until=50.0) is None


async def test_pruning_forgets_inputs_of_more_than_seven_days(database: Database) -> None:
    """Old inputs and dead tokens go, in any number; younger ones stay whatever is asked."""
    now = 0.0
    async with database.journal(clock=lambda: now) as journal:
        await journal.commit(entry(0, inputs=[f"old {n}" for n in range(5_100)]))
        await journal.keep_token(token(b"dead", expires_at=60.0))
        now = 2.0 * DAY_S
        await journal.commit(entry(1, inputs=["young"]))
        await journal.keep_token(token(b"live", expires_at=9.0 * DAY_S))
        now = 8.0 * DAY_S

        assert await journal.prune(before=now) == 5_100
        assert await journal.use_token(b"dead", now=0.0, keep_until=0.0) is None
        assert await journal.use_token(b"live", now=0.0, keep_until=0.0) is not None
        await journal.commit(entry(2, inputs=["old 7"]))
        with pytest.raises(DuplicateInputError):
            await journal.commit(entry(3, inputs=["young"]))


async def test_pruning_heeds_the_time_it_is_given(database: Database) -> None:
    """What came after `before` stays, even when it is old."""
    now = 0.0
    async with database.journal(clock=lambda: now) as journal:
        await journal.commit(entry(0, inputs=["a"]))
        now = 30.0 * DAY_S

        assert await journal.prune(before=0.0) == 0
        assert await journal.prune(before=1.0) == 1


async def test_a_healthy_journal_passes_its_check(journal: Journal) -> None:
    """It can be asked again and again."""
    await journal.check()
    await journal.check()


async def test_a_long_backlog_is_whole_and_holds_nobody_up(journal: Journal) -> None:
    """It is read in pages, between which other questions are answered: each lane once, in order."""
    lanes = [CRM, LOG, EndpointName("third")]
    calls = [CallId(f"{n}") for n in range(1_001)]
    await asyncio.gather(
        *(journal.commit(entry(0, [1], call_id=one, endpoints=lanes)) for one in calls)
    )
    listing = asyncio.create_task(journal.backlog())
    await asyncio.sleep(0)
    assert await journal.load(calls[0]) is not None
    was_listing = not listing.done()
    found = [(row.call_id, row.endpoint) for row in await listing]

    assert was_listing
    assert len(found) == len(set(found)) == 3 * len(calls)
    order = {call_id: n for n, call_id in enumerate(calls)}
    assert sorted(found, key=lambda lane: (order[lane[0]], lane[1])) == found


async def test_who_took_over_is_remembered_however_often_it_changes(journal: Journal) -> None:
    """By the newest name for each that went before; one that is back goes to nobody."""
    old, new = EndpointName("old"), EndpointName("new")
    await journal.commit(entry(0, [1], endpoints=[old]))
    assert await journal.move_lanes(old, new) == 1
    assert await journal.move_lanes(new, CRM) == 1

    assert await journal.aliases() == {old: CRM, new: CRM}
    assert await journal.endpoint_names() == sorted([CRM, new, old])
    assert await lane_of(journal) == LaneRow(CALL, CRM, 0, 1, 0, 0.0, generation=2, live=True)
    await journal.move_lanes(CRM, old)
    await journal.forget_alias(CRM)
    assert await journal.aliases() == {new: old}


async def test_whoever_anything_is_kept_of_has_a_name(journal: Journal) -> None:
    """A lane that has everything, one that was given up, one that is disabled; else nobody."""
    assert await journal.endpoint_names() == []
    await journal.commit(entry(0, [1], endpoints=[CRM, LOG]))
    await journal.settle([LaneUpdate(CALL, CRM, 1)])
    await journal.park_lanes(LOG, "no_endpoint", 5.0)
    await journal.disable(EndpointName("off"), "gone", 5.0)

    assert await journal.endpoint_names() == sorted([CRM, LOG, EndpointName("off")])
