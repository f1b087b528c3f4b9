"""What `commit`, `load` and `read` promise, whatever the database."""

import asyncio
from dataclasses import replace

import msgspec
import pytest

from service.errors import DuplicateInputError, JournalError, StaleCallError
from service.ids import CallId, InputId, LegId
from service.ports import Journal, StoredCall
from tests.journal.builders import CALL, NUMBER, OTHER, entry, event, seqs_of
from tests.journal.harness import Database


async def test_a_committed_call_can_be_loaded(journal: Journal) -> None:
    """State, version, epoch and wake-up time come back as they went in."""
    await journal.commit(entry(epoch=3, wake_at=12.5))

    assert await journal.load(CALL) == StoredCall(CALL, 1, 3, b"state after 0", 12.5)
    assert await journal.load(OTHER) is None


async def test_events_come_back_byte_for_byte_in_order(journal: Journal) -> None:
    """`read` returns what was committed after `after_seq`, no more than `limit`."""
    await journal.commit(entry(0, [1, 2, 3]))
    await journal.commit(entry(1, [4, 5]))

    assert await journal.read(CALL, after_seq=1, limit=3) == [event(2), event(3), event(4)]
    assert await journal.read(CALL, after_seq=5, limit=3) == []
    assert await journal.read(OTHER, after_seq=0, limit=3) == []


async def test_a_reopened_journal_holds_everything(database: Database) -> None:
    """Closing and opening changes nothing."""
    async with database.journal() as journal:
        await journal.commit(entry(0, [1, 2], inputs=["a"], legs=["leg"]))

    async with database.journal() as journal:
        assert await seqs_of(journal) == [1, 2]
        assert await journal.find_call(LegId("leg")) == CALL
        with pytest.raises(DuplicateInputError):
            await journal.commit(entry(1, inputs=["a"]))


async def test_a_repeated_input_is_refused_by_name_and_changes_nothing(journal: Journal) -> None:
    """Exactly the inputs that were there before are named; the rest of the entry is not kept."""
    await journal.commit(entry(0, [1], inputs=["a", "b"]))

    with pytest.raises(DuplicateInputError) as failure:
        await journal.commit(entry(1, [2], inputs=["b", "new", "a"], legs=["leg"]))

    assert failure.value.input_ids == {"a", "b"}
    assert await seqs_of(journal) == [1]
    assert await journal.find_call(LegId("leg")) is None
    await journal.commit(entry(1, [2], inputs=["new"]))


async def test_an_input_named_twice_in_one_entry_is_one_input(journal: Journal) -> None:
    """A repeat inside the entry is harmless."""
    await journal.commit(entry(inputs=["a", "a"]))

    with pytest.raises(DuplicateInputError):
        await journal.commit(entry(1, inputs=["a"]))


@pytest.mark.parametrize("version", [0, 1, 3])
async def test_another_version_is_stale(journal: Journal, version: int) -> None:
    """Only an entry made from the stored version is taken; 0 means that there is none."""
    await journal.commit(entry(0))
    await journal.commit(entry(1))

    with pytest.raises(StaleCallError):
        await journal.commit(entry(version, inputs=["a"]))
    await journal.commit(entry(2, inputs=["a"]))


async def test_an_unknown_call_has_no_later_version(journal: Journal) -> None:
    """A call begins at version 0."""
    with pytest.raises(StaleCallError):
        await journal.commit(entry(1))
    assert await journal.load(CALL) is None


async def test_who_held_an_adopted_call_writes_no_more(journal: Journal) -> None:
    """After `adopt` the old epoch is stale and the new one is good."""
    await journal.commit(entry(0, epoch=1))

    assert await journal.adopt(CALL) == 2
    with pytest.raises(StaleCallError):
        await journal.commit(entry(1, epoch=1))
    await journal.commit(entry(1, epoch=2))


async def test_an_unknown_call_cannot_be_adopted(journal: Journal) -> None:
    """There is nothing to take over."""
    with pytest.raises(StaleCallError):
        await journal.adopt(CALL)


@pytest.mark.parametrize("seqs", [[1], [2], [4], [3, 5], [3, 3], [4, 3], [0]])
async def test_events_must_follow_the_last_one(journal: Journal, seqs: list[int]) -> None:
    """No gap, no repeat: seq goes on where the call is."""
    await journal.commit(entry(0, [1, 2]))

    with pytest.raises(StaleCallError):
        await journal.commit(entry(1, seqs))
    assert await seqs_of(journal) == [1, 2]
    await journal.commit(entry(1, [3, 4]))


async def test_events_of_another_call_are_refused(journal: Journal) -> None:
    """An entry is about one call."""
    with pytest.raises(StaleCallError):
        await journal.commit(replace(entry(), events=(event(1, OTHER),)))


async def test_a_bad_entry_does_not_hurt_those_beside_it(journal: Journal) -> None:
    """Of many commits under way at once, each fails or holds for itself."""
    await journal.commit(entry(0, [1], inputs=["a"]))
    batch = [
        entry(1, [2], inputs=["a"]),
        entry(0, [1], call_id=OTHER),
        entry(5, [2]),
        entry(0, call_id=CallId("\ud800 is no character")),
        entry(0, [7], call_id=CallId("call-3")),
        entry(1, [2], inputs=["b"]),
    ]

    outcomes = await asyncio.gather(*map(journal.commit, batch), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [
        DuplicateInputError,
        type(None),
        StaleCallError,
        JournalError,
        StaleCallError,
        type(None),
    ]
    assert await seqs_of(journal) == [1, 2]
    assert await seqs_of(journal, OTHER) == [1]


async def test_entries_of_one_call_may_follow_each_other_at_once(journal: Journal) -> None:
    """What is committed in order is written in order, in one transaction or in several."""
    await asyncio.gather(*(journal.commit(entry(n, [n + 1])) for n in range(300)))

    assert await seqs_of(journal) == list(range(1, 301))
    stored = await journal.load(CALL)
    assert stored is not None
    assert (stored.version, stored.state) == (300, b"state after 299")


async def test_of_two_entries_from_one_version_one_is_written(journal: Journal) -> None:
    """Whoever comes second is stale, however close."""
    outcomes = await asyncio.gather(
        journal.commit(entry(0, [1])), journal.commit(entry(0, [1])), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [type(None), StaleCallError]


async def test_of_many_simultaneous_redeliveries_one_is_written(journal: Journal) -> None:
    """One input arriving twenty times at once counts once."""
    calls = [CallId(f"call-{n}") for n in range(20)]
    outcomes = await asyncio.gather(
        *(journal.commit(entry(call_id=call, inputs=["a"])) for call in calls),
        return_exceptions=True,
    )

    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, DuplicateInputError) for outcome in outcomes) == 19


async def test_five_hundred_callers_lose_nothing(journal: Journal) -> None:
    """Many calls committing at once each get their own gapless history."""

    async def run(call_id: CallId) -> None:
        for n in range(5):
            await journal.commit(entry(n, [n + 1], call_id=call_id, inputs=[f"{call_id} {n}"]))

    calls = [CallId(f"call-{n}") for n in range(500)]
    await asyncio.gather(*map(run, calls))

    for call_id in calls[::50]:
        assert await seqs_of(journal, call_id) == [1, 2, 3, 4, 5]
    assert len(await journal.unfinished()) == 500


async def test_a_leg_finds_its_call(journal: Journal) -> None:
    """Repeats are harmless, and a leg may turn out to belong to another call."""
    await journal.commit(entry(0, legs=["a", "b"]))
    await journal.commit(entry(1, legs=["b", "c", "c"]))
    await journal.commit(entry(0, call_id=OTHER, legs=["a"]))

    found = [await journal.find_call(LegId(leg)) for leg in "abcd"]
    assert found == [OTHER, CALL, CALL, None]


async def test_unfinished_are_calls_not_ended_and_those_to_be_woken(journal: Journal) -> None:
    """An ended call with a wake-up time is still to be looked after."""
    for name, wake_at, ended in [("a", None, False), ("b", None, True), ("c", 5.0, True)]:
        await journal.commit(entry(call_id=CallId(name), wake_at=wake_at, ended=ended))
    await journal.commit(entry(call_id=CallId("d"), wake_at=5.0))
    await journal.commit(entry(1, call_id=CallId("d"), ended=True))

    assert [(call.call_id, call.wake_at) for call in await journal.unfinished()] == [
        ("a", None),
        ("c", 5.0),
    ]


@pytest.mark.parametrize("text", ["", "a\0b", "'; DROP TABLE call; --", "📞" * 300, '"]\\u0000['])
async def test_any_text_is_an_id_of_its_own(journal: Journal, text: str) -> None:
    """Ids come from outside: odd ones are kept apart, exactly as they are."""
    call_id = CallId(text)
    await journal.commit(entry(0, [1], call_id=call_id, inputs=[text], legs=[text]))
    await journal.commit(entry(0, call_id=CallId(text + "\0"), inputs=[text + "\0"]))

    assert await journal.find_call(LegId(text)) == call_id
    assert await seqs_of(journal, call_id) == [1]
    with pytest.raises(DuplicateInputError) as failure:
        await journal.commit(entry(1, call_id=call_id, inputs=["x", text]))
    assert failure.value.input_ids == {InputId(text)}


async def test_a_forgotten_call_was_never_there(journal: Journal) -> None:
    """Nothing of it is left but that its inputs came; it may begin again."""
    await journal.commit(entry(inputs=["a"], legs=["leg"], wake_at=5.0))
    await journal.commit(replace(entry(1, inputs=["b"], legs=["other"]), forgets=True))

    assert await journal.load(CALL) is None
    assert [await journal.find_call(LegId(leg)) for leg in ("leg", "other")] == [None, None]
    assert await journal.unfinished() == []
    with pytest.raises(DuplicateInputError):
        await journal.commit(entry(inputs=["b"]))
    await journal.commit(entry(0, [1]))
    assert await seqs_of(journal) == [1]


async def test_a_call_that_only_waits_is_found_by_its_number(journal: Journal) -> None:
    """No route wants it yet, and it is in no list; what is over holds nothing."""
    waiting = replace(entry(wake_at=5.0), state=msgspec.msgpack.encode({"from": NUMBER}))
    await journal.commit(waiting)
    over = replace(entry(call_id=OTHER, ended=True), state=waiting.state)
    await journal.commit(over)

    assert await journal.calls_of_number(NUMBER) == [CALL]
    assert await journal.calls_of_number(NUMBER[:-1]) == []
