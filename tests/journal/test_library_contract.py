"""What every library promises: listed and found is what was committed, with the commit."""

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import BadInputError
from service.ids import CallId, UtteranceId
from service.ports import CallFilter, Entry, Hit, Journal, LaneUpdate, Library, WordQuery
from tests.journal.builders import CRM, LOG, TIMES, body
from tests.journal.harness import Adapter, open_reading
from tests.journal.library_model import Call, holds

CALL = CallId("c1")


def call(*said: str, call_id: str = CALL, ended: bool = False) -> Call:
    """Return a call in which an agent said all this."""
    return Call(call_id, 0, "+1312555", {"queue": "a"}, ended, [("agent", text) for text in said])


async def seqs(library: Library, words: str, **wanted: str) -> list[int]:
    """Return the seqs of what is found."""
    query = WordQuery(words=words, **wanted)  # type: ignore[arg-type]  # role or call_id
    return [hit.seq for hit in await library.search(query, limit=100)]


async def test_a_final_is_found_with_its_commit(journal: Journal, library: Library) -> None:
    """Whoever was told that it is there can find it: there is no moment in between."""
    await journal.commit(call().entry())
    for seq in range(2, 30):
        said = body(CALL, seq, "transcript.final", utterance_id="u", role="agent", text=f"w{seq}")
        entry = Entry(call_id=CALL, version=seq - 1, epoch=1, state=b"", events=(said,))
        await journal.commit(entry)
        assert await seqs(library, f"w{seq}") == [seq]


async def test_a_call_is_found_by_whoever_is_shown_to_be_in_it(
    journal: Journal, library: Library
) -> None:
    """By a whole number: by its beginning, or of a call that hides it, it could be found out."""
    colleague = "+15550177"
    for number, (shows, who) in enumerate([(True, colleague), (False, colleague), (True, "+1555")]):
        entry = call("hello", call_id=f"c{number}").entry()
        await journal.commit(replace(entry, numbers=("+1312555", who), shows_numbers=shows))

    async def found(number: str) -> list[str]:
        wanted = CallFilter(number=number)
        hits = await library.search(WordQuery(words="hello", calls=wanted), limit=9)
        listed = await library.calls(wanted, before=None, limit=9)
        assert sorted(hit.call_id for hit in hits) == sorted(one.call_id for one in listed)
        return [one.call_id for one in listed]

    assert await found(colleague) == ["c0"]
    assert await found("+1312555") == ["c2", "c1", "c0"]
    assert await found("+1555017*") == []
    assert await found("+1312*") == ["c2", "c1", "c0"]
    wanted = CallFilter(number="+1312555")
    page = await library.calls(wanted, before=(TIMES[0], CallId("c2")), limit=1)
    assert [one.call_id for one in page] == ["c1"]


async def test_a_hit_says_where_and_marks_what_was_found(
    journal: Journal, library: Library
) -> None:
    """The marks are never part of what was said."""
    await journal.commit(call("Change my \x02Bööking\x03, please").entry())
    _, final = await library.events(after=0, limit=9)

    assert await library.search(WordQuery(words="booking"), limit=1) == [
        Hit(
            position=final.position, call_id=CALL, seq=2,
            utterance_id=UtteranceId("u2"), role="agent", start_ms=2, end_ms=None,
            occurred_at=TIMES[1],
            snippet="Change my  \x02Bööking\x03 , please",
        )
    ]  # fmt: skip


async def test_a_call_is_as_its_events_say(journal: Journal, library: Library) -> None:
    """From the first ring to the last word; what the call counted itself is what counts."""
    assert await library.call(CALL) is None
    await journal.commit(call("one  two", "three").entry())
    assert (ringing := await library.call(CALL))
    assert (ringing.started_at, ringing.answered_at, ringing.utterances) == (TIMES[0], None, 2)

    more = (
        body(CALL, 4, "call.answered", 1),
        body(CALL, 5, "transcription.started"),
        body(CALL, 6, "transcript.gap"),
        body(CALL, 7, "transcription.paused"),
        body(CALL, 8, "call.ended", 2, duration_ms=1750),
        body(CALL, 9, "transcript.completed", 2, utterances=2, words=3, gaps=1),
    )
    for n, event in enumerate(more):
        await journal.commit(
            Entry(call_id=CALL, version=1 + n, epoch=1, state=b"", events=(event,))
        )
        if event.type == "transcription.paused":
            assert (paused := await library.call(CALL))
            assert paused.transcription == "paused"

    assert (whole := await library.call(CALL))
    assert (whole.answered_at, whole.ended_at, whole.completed_at) == (TIMES[1], *TIMES[2:] * 2)
    assert (whole.utterances, whole.words, whole.gaps, whole.duration_ms) == (2, 3, 1, 1750)
    assert (whole.last_seq, whole.transcription, whole.metadata) == (9, "off", b'{"queue":"a"}')


async def test_events_of_all_calls_have_places_that_only_grow(
    journal: Journal, library: Library
) -> None:
    """In the order of their commits, whoever's they are."""
    before = await library.newest()
    await asyncio.gather(*(journal.commit(call("a", call_id=f"c{n}").entry()) for n in range(20)))

    placed = await library.events(after=0, limit=100)
    positions = [one.position for one in placed]
    assert positions == sorted(set(positions))
    assert await library.newest() >= positions[-1]
    assert await library.events(after=await library.newest(), limit=5) == []
    assert await library.events(after=before, limit=5) == placed[:5]
    assert await library.events(after=positions[9], limit=5) == placed[10:15]
    for n in range(20):
        assert [p.event.seq for p in placed if p.event.call_id == f"c{n}"] == [1, 2]


async def test_calls_of_one_moment_are_paged_without_a_slip(
    journal: Journal, library: Library
) -> None:
    """The cursor is the time and the id: none is left out, and none comes twice."""
    ids = [f"c{n:02}" for n in range(25)]
    await asyncio.gather(*(journal.commit(call(call_id=one).entry()) for one in ids))

    listed: list[str] = []
    before = None
    while page := await library.calls(CallFilter(), before=before, limit=4):
        listed += [one.call_id for one in page]
        before = page[-1].started_at, page[-1].call_id
    assert listed == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("hello", [2, 3]),
        ("HELLO wörld", [2]),
        ('"hello world"', [2]),
        ('"world hello"', []),
        ("hel*", [2, 3]),
        ('"hello wor"*', [2]),
        ("hello -world", [3]),
        ('hello -"don\'t go"', [2]),
        ("don't", [3]),
        ("well-known", [4]),
        ("text:well", []),
        ("hello OR known", []),
        ("hello AND world", []),
        ("NEAR(hello world)", []),
        ('"hello', [2, 3]),
        ("^hello", [2, 3]),
        ("+hello (world)", [2]),
        ("नमस्ते", [5]),
    ],
)
async def test_words_are_found_as_people_type_them(
    journal: Journal, library: Library, typed: str, found: list[int]
) -> None:
    """Words, phrases, beginnings and what must not be there; all else only parts words."""
    said = call("Hello, world!", "Hello: don't go", "A well-known text", "नमस्ते")
    await journal.commit(said.entry())

    assert sorted(await seqs(library, typed)) == found


@pytest.mark.parametrize(
    "typed", ["", " ", "-foo", '""', "* ' ; --", "\x00", "a*", "w " * 40, "a" * 2000]
)
async def test_what_cannot_be_searched_for_is_told(library: Library, typed: str) -> None:
    """In words that a person can do something with."""
    with pytest.raises(BadInputError, match="give at "):
        await library.search(WordQuery(words=typed), limit=1)


@settings(max_examples=30, deadline=None)
@given(
    typed=st.lists(
        st.text(max_size=60) | st.text('"*-() :^+\x00aNEARORND', max_size=20), max_size=20
    )
)
def test_no_text_is_taken_for_syntax(adapter: Adapter, typed: list[str]) -> None:
    """Whatever comes, it is searched for or refused as bad input."""

    async def search_all() -> None:
        with TemporaryDirectory() as folder:
            async with open_reading(adapter(Path(folder))) as (_, library):
                for words in typed:
                    query = WordQuery(words=words, calls=CallFilter(number=words))
                    try:
                        assert await library.search(query, limit=1) == []
                    except BadInputError:
                        continue

    asyncio.run(search_all())


WORD = st.sampled_from(["ab", "abc", "bc", "cd"])
CALLS = st.lists(
    st.builds(
        Call,
        st.just(""),
        st.integers(0, 2),
        st.sampled_from(["+1", "+12", "+2"]),
        st.dictionaries(
            st.sampled_from(["q", 'a"b', "é"]), st.sampled_from(["1", 1, True, 1.5, None])
        ),
        st.booleans(),
        st.lists(
            st.tuples(
                st.sampled_from(["agent", "customer"]),
                st.lists(WORD, min_size=1, max_size=4).map(" ".join),
            ),
            max_size=4,
        ),
    ),
    max_size=6,
)
FILTERS = st.builds(
    CallFilter,
    live=st.none() | st.booleans(),
    started_from=st.none() | st.sampled_from(TIMES),
    started_before=st.none() | st.sampled_from(TIMES),
    number=st.none() | st.sampled_from(["+1", "+1*", "+999", "*", "+3", "1*"]),
    metadata=st.dictionaries(
        st.sampled_from(["q", 'a"b', "é"]), st.sampled_from(["1", "true", "1.5"]), max_size=2
    ),
)
WORDS = st.tuples(
    st.lists(WORD | WORD.map(lambda w: w[:2] + "*"), min_size=1, max_size=2),
    st.lists(WORD.map(lambda w: "-" + w), max_size=1),
).map(lambda parts: " ".join(parts[0] + parts[1]))


@settings(max_examples=60, deadline=None)
@given(calls=CALLS, asked=st.lists(st.tuples(FILTERS, WORDS), min_size=1, max_size=6))
def test_lists_and_searches_agree_with_plain_python(
    adapter: Adapter, calls: list[Call], asked: list[tuple[CallFilter, str]]
) -> None:
    """Whatever was committed and whatever is asked: the same calls, the same finals, in order."""
    for n, one in enumerate(calls):
        one.call_id = f"c{n}"

    async def compare() -> None:
        with TemporaryDirectory() as folder:
            async with open_reading(adapter(Path(folder))) as (journal, library):
                for one in calls:
                    await journal.commit(one.entry())
                for wanted, words in asked:
                    await agree(library, calls, wanted, words)

    asyncio.run(compare())


async def agree(library: Library, calls: list[Call], wanted: CallFilter, words: str) -> None:
    """Assert that both sides answer the same."""
    fitting = [one for one in calls if one.fits(wanted)]
    listed = await library.calls(wanted, before=None, limit=100)
    newest_first = sorted(fitting, key=lambda one: (one.at, one.call_id), reverse=True)
    assert [one.call_id for one in listed] == [one.call_id for one in newest_first]

    for role in ("agent", None):
        query = WordQuery(words=words, calls=wanted, role=role)
        hits = await library.search(query, limit=100)
        expected = [
            (one.call_id, seq)
            for one in fitting
            for seq, (who, text) in enumerate(one.said, 2)
            if role in (None, who) and holds(text, words)
        ]
        assert [(hit.call_id, hit.seq) for hit in hits] == expected[::-1]
        if hits:
            middle = hits[len(hits) // 2].position
            newer = await library.search(query, after=middle, limit=100)
            older = await library.search(query, before=middle, limit=100)
            assert newer == [hit for hit in hits if hit.position > middle]
            assert older == [hit for hit in hits if hit.position < middle]


async def test_lanes_that_are_behind_are_counted(journal: Journal, library: Library) -> None:
    """Of each endpoint that something waits for; of calls that go on and of those that are over."""
    assert await library.lanes_behind() == {}

    await journal.commit(replace(call().entry(), endpoints=(CRM, LOG)))
    other = call(call_id="c2", ended=True).entry()
    await journal.commit(replace(other, endpoints=(CRM,), ended=True))
    await journal.settle([LaneUpdate(CALL, LOG, 1)])

    assert await library.lanes_behind() == {CRM: 2}
