"""What an erasing change leaves: a tombstone, for every lane, and nothing else, anywhere."""

import time
from dataclasses import replace

import pytest

from service.errors import StaleCallError
from service.ids import LegId
from service.ports import CallFilter, Journal, Keeping, LaneUpdate, Library, Parked
from tests.journal.builders import (
    CALL,
    CRM,
    DAY_S,
    LOG,
    NUMBER,
    OTHER,
    SECRET,
    attempt,
    call_with,
    erasing,
    said,
    seqs_of,
    started,
    talk,
    tombstone,
)


async def test_an_erasure_leaves_the_tombstone_and_nothing_else(journal: Journal) -> None:
    """Events, parked deliveries, tokens, numbers, index: all in the one change."""
    await talk(journal)
    await journal.commit(erasing(2, tombstone(4)))

    assert await seqs_of(journal) == [4]
    assert await journal.parked(limit=10) == []
    assert await journal.use_token(b"hash", now=time.time(), keep_until=0.0) is None
    assert await journal.calls_of_number(NUMBER) == []
    kept = await journal.load(CALL)
    assert kept is not None
    assert (kept.state, kept.version) == (b"erased", 3)
    assert await journal.find_call(LegId(f"leg of {CALL}")) == CALL


async def test_every_lane_has_the_tombstone_to_deliver_and_nothing_before_it(
    journal: Journal,
) -> None:
    """Also those of endpoints that the route has no more: they had some of what is gone."""
    await talk(journal)
    await journal.commit(erasing(2, tombstone(4)))
    await journal.settle([LaneUpdate(CALL, CRM, 3, attempts=2, parked=Parked(3, 500, "late"))])

    lanes = {row.endpoint: (row.acked_seq, row.head_seq) for row in await journal.backlog()}
    assert lanes == {CRM: (3, 4), LOG: (3, 4)}
    assert await journal.parked(limit=10) == []


async def test_what_is_recorded_in_the_erasing_change_goes_as_well(journal: Journal) -> None:
    """Words that came in the same breath are not written at all."""
    await talk(journal)
    await journal.commit(erasing(2, said(4, SECRET), tombstone(5)))

    assert await seqs_of(journal) == [5]


async def test_whoever_does_not_know_of_the_erasure_writes_nothing(journal: Journal) -> None:
    """A process that still remembers the call is told to look again."""
    await talk(journal)
    await journal.commit(erasing(2, tombstone(4)))
    with pytest.raises(StaleCallError):
        await journal.commit(call_with(said(4, SECRET), version=2))


async def test_another_call_keeps_what_it_has(journal: Journal) -> None:
    """Although the same words were said in it, by the same number."""
    await talk(journal)
    await journal.commit(call_with(started(OTHER), said(2, SECRET, OTHER)))
    await journal.commit(erasing(2, tombstone(4)))

    assert await seqs_of(journal, OTHER) == [1, 2]
    assert await journal.calls_of_number(NUMBER) == [OTHER]


async def test_a_call_is_found_by_whoever_was_in_it(journal: Journal) -> None:
    """Once by each number; erased, by none, although what erases it still names them."""
    colleague = "sip:colleague@example.com"
    await journal.commit(call_with(started(), numbers=[NUMBER, colleague]))
    await journal.commit(call_with(said(2, "hello"), version=1, numbers=[colleague]))
    await journal.commit(call_with(started(OTHER), numbers=["+15555550177"]))

    assert await journal.calls_of_number(colleague) == [CALL]
    assert await journal.calls_of_number("colleague") == []
    await journal.commit(replace(erasing(2, tombstone(3)), numbers=(colleague,)))
    assert await journal.calls_of_number(colleague) == []


async def test_an_erased_call_is_listed_as_erased_and_not_as_live(
    journal: Journal, library: Library
) -> None:
    """Although nobody ended it; what is left of it is when it began and when it was erased."""
    await talk(journal)
    assert len(await library.calls(CallFilter(live=True), before=None, limit=9)) == 1
    await journal.commit(erasing(2, tombstone(4)))
    summary = await library.call(CALL)

    assert await library.calls(CallFilter(live=True), before=None, limit=9) == []
    assert summary is not None
    assert summary.erased_at is not None
    assert (summary.from_number, summary.to_number, summary.metadata) == (None, None, b"{}")
    assert (summary.utterances, summary.words, summary.transcription) == (0, 0, None)


async def test_calls_are_due_when_their_time_has_come(journal: Journal) -> None:
    """Those that nobody gave a time are kept for ever; erased, a call is due no more."""
    await journal.commit(call_with(started(), keeping=Keeping(text_due_at=DAY_S)))
    await journal.commit(call_with(started(OTHER)))

    assert await journal.text_due(DAY_S - 1, limit=10) == []
    assert await journal.text_due(DAY_S, limit=10) == [CALL]
    await journal.commit(erasing(1, tombstone(2)))
    assert await journal.text_due(DAY_S, limit=10) == []


async def test_attempts_are_forgotten_when_their_time_has_come(journal: Journal) -> None:
    """Those before it was known how long the call is kept, and those after."""
    await journal.commit(call_with(started()))
    await journal.commit(call_with(started(OTHER)))
    await journal.keep_attempts([attempt(CALL, 100.0), attempt(OTHER, 100.0)])
    await journal.commit(call_with(said(2, "bye"), version=1, keeping=Keeping(attempts_s=DAY_S)))
    await journal.keep_attempts([attempt(CALL, 200.0)])

    assert await journal.prune_parked(DAY_S + 99) == 0
    assert await journal.prune_parked(DAY_S + 100) == 1
    assert [one.made_at for one in await journal.attempts(CALL, limit=9)] == [200.0]
    assert await journal.prune_parked(DAY_S + 200) == 1
    assert len(await journal.attempts(OTHER, limit=9)) == 1


async def test_attempts_go_with_an_erased_call(journal: Journal) -> None:
    """What a receiver said may repeat words; an attempt that ends later keeps nothing, either."""
    await journal.commit(call_with(started()))
    await journal.keep_attempts([attempt(CALL, 100.0)])
    await journal.commit(erasing(1, tombstone(2)))
    await journal.keep_attempts([attempt(CALL, 101.0)])

    assert await journal.attempts(CALL, limit=9) == []


async def test_parked_deliveries_are_forgotten_when_their_time_has_come(journal: Journal) -> None:
    """Of calls whose route says so."""
    await journal.commit(call_with(started(), keeping=Keeping(attempts_s=DAY_S)))
    await journal.commit(call_with(started(OTHER)))
    for call_id in (CALL, OTHER):
        await journal.settle([LaneUpdate(call_id, CRM, 1, parked=Parked(1, 500, "gave_up"))])

    assert await journal.prune_parked(time.time() + DAY_S - 60) == 0
    assert await journal.prune_parked(time.time() + DAY_S + 60) == 1
    assert [one.call_id for one in await journal.parked(limit=10)] == [OTHER]
