"""What an amending change leaves of an event's old body: nothing, anywhere."""

from dataclasses import replace

import msgspec

from service.ports import Journal, Library, StoredEvent, WordQuery
from tests.journal.builders import CALL, OTHER, SECRET, attempt, call_with, said, started, talk

LABEL = "hiddenword"


def redacted(seq: int) -> StoredEvent:
    """Return the event that says so."""
    return StoredEvent(started().call_id, seq, "transcript.redacted", b'{"data":{}}')


async def amend(journal: Journal) -> None:
    """Have the two finals of a call say something else."""
    entry = replace(
        call_with(redacted(4), version=2),
        state=b"redacted",
        amends=(said(2, f"my name is {LABEL}"), said(3, f"{LABEL} it is")),
    )
    await journal.commit(entry)


async def test_events_have_their_new_bodies_and_keep_their_places(
    journal: Journal, library: Library
) -> None:
    """In the call's own order, and among those of all calls."""
    await talk(journal)
    before = [(one.position, one.event.seq) for one in await library.events(after=0, limit=9)]
    await amend(journal)
    after = await library.events(after=0, limit=9)

    assert [(one.position, one.event.seq) for one in after][:3] == before
    assert [LABEL.encode() in one.event.body for one in after] == [False, True, True, False]
    assert not any(SECRET.encode() in one.event.body for one in after[1:])
    assert [one.seq for one in await journal.read(CALL, after_seq=0, limit=9)] == [1, 2, 3, 4]


async def test_a_search_finds_the_new_words_and_not_the_old_ones(
    journal: Journal, library: Library
) -> None:
    """Another call, of the same words, is found as before; nothing is counted twice."""
    await talk(journal)
    await journal.commit(call_with(started(OTHER), said(2, SECRET, OTHER)))
    await amend(journal)

    old = await library.search(WordQuery(words=SECRET), limit=9)
    new = await library.search(WordQuery(words=LABEL), limit=9)
    assert [(hit.call_id, hit.seq) for hit in old] == [(OTHER, 2)]
    assert sorted((hit.call_id, hit.seq) for hit in new) == [(CALL, 2), (CALL, 3)]
    summary = await library.call(CALL)
    assert summary is not None
    assert summary.utterances == 2


async def test_attempts_at_delivering_the_old_body_go(journal: Journal) -> None:
    """A receiver's answer may repeat its words; those at other events stay."""
    await talk(journal)
    await journal.keep_attempts(
        [msgspec.structs.replace(attempt(CALL, 1.0), seq=2), attempt(CALL, 2.0)]
    )
    await amend(journal)

    assert [one.seq for one in await journal.attempts(CALL, limit=9)] == [1]


async def test_the_files_are_scrubbed_as_after_an_erasure(journal: Journal) -> None:
    """It is remembered until that is done."""
    await talk(journal)
    await amend(journal)
    assert await journal.unscrubbed()
    assert await journal.scrub()
    assert not await journal.unscrubbed()
