"""Scripts without spaces between words: whatever was said in one is found, on every database."""

import asyncio
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.ports import Entry, Journal, Library, WordQuery
from tests.journal.builders import CALL, body, erasing, tombstone
from tests.journal.harness import Adapter, Database, open_reading
from tests.journal.library_model import Call

SAID = (
    "ええと、来週の木曜日の午後3時にABC社でお願いします",  # 2
    "木曜ではなく日曜日です",  # 3
    "我想星期四下午去北京大学",  # 4
    "อยากไปวันพฤหัสบดีที่บ้านดี",  # 5
    "ຂ້ອຍຢາກໄປວັນພະຫັດ",  # 6
    "ខ្ញុំចង់ទៅថ្ងៃព្រហស្បតិ៍",  # 7
    "ကြာသပတေးနေ့သွားချင်တယ်",  # 8
    "Thursday at 3, please",  # 9
    "目的地は\U00020bb7野家です",  # 10
)


def call(*said: str, call_id: str = CALL) -> Call:
    """Return a call in which an agent said all this."""
    return Call(
        call_id, 0, "+1312555", {"queue": "a"}, ended=False, said=[("agent", s) for s in said]
    )


async def snippets(library: Library, words: str) -> dict[int, str]:
    """Return what is found, by seq, with what was found in brackets."""
    hits = await library.search(WordQuery(words=words), limit=100)
    return {hit.seq: hit.snippet.replace("\x02", "[").replace("\x03", "]") for hit in hits}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("木曜日", [2]),
        ('"木曜日"', [2]),
        ("木曜", [2, 3]),
        ("曜日", [2, 3]),
        ("日", [2, 3]),
        ("日*", [2, 3]),
        ("木曜*", [2, 3]),
        ("木曜日 日曜日", []),
        ("木曜 日曜日", [3]),
        ("曜日 -日曜日", [2]),
        ("曜日 -abc", [3]),
        ('"3時にABC社で"', [2]),
        ('"時にab"*', [2]),
        ("時にABC社", [2]),
        ("午後3", [2]),
        ("3", [2, 9]),
        ("3時", [2]),
        ("abc", [2]),
        ("ab*", [2]),
        ("ab", []),
        ("日木", []),
        ("星期四", [4]),
        ("京大", [4]),
        ("大京", []),
        ("พฤหัส", [5]),
        ("ที่บ้าน", [5]),
        ("ดี", [5]),
        ("ดู", []),
        ("วันพะ", []),
        ("ວັນພະຫັດ", [6]),
        ("ຫັດ", [6]),
        ("ព្រហស្បតិ៍", [7]),
        ("ថ្ងៃ", [7]),
        ("ကြာသပတေး", [8]),
        ("သွား", [8]),
        ("သွေး", []),
        ("\U00020bb7野", [10]),
        ("thursday -木曜日", [9]),
    ],
)
async def test_words_are_found_within_what_was_said(
    journal: Journal, library: Library, typed: str, found: list[int]
) -> None:
    """Any part of it, by its letters and marks in their order; Latin words as ever."""
    await journal.commit(call(*SAID).entry())

    assert sorted(await snippets(library, typed)) == found


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("木曜日", "ええと、来週の[木曜日]の午後3時にABC社でお願いします"),
        ("時にabc社", "ええと、来週の木曜日の午後3[時にABC社]でお願いします"),
        ("曜 abc", "ええと、来週の木[曜]日の午後3時に[ABC]社でお願いします"),
        ("ที", "อยากไปวันพฤหัสบดี[ที่]บ้านดี"),
        ("星期", "我想[星期]四下午去北京大学"),
    ],
)
async def test_a_hit_is_shown_as_it_was_said(
    journal: Journal, library: Library, typed: str, shown: str
) -> None:
    """With nothing put in but what marks it, and no letter apart from its marks."""
    await journal.commit(call(*SAID).entry())

    assert list((await snippets(library, typed)).values()) == [shown]


LETTERS = st.sampled_from("木曜日のアー々北京ดีที่ๆຂ້ອຍខ្ញុំကြာသ်")
TEXTS = st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(said=TEXTS, data=st.data())
def test_every_part_of_a_text_is_found(
    adapter: Adapter, said: list[str], data: st.DataObject
) -> None:
    """And just those texts that have it: what plain Python finds, every database does."""
    sought = [data.draw(part_of(text)) for text in said]

    async def compare() -> None:
        with TemporaryDirectory() as folder:
            async with open_reading(adapter(Path(folder))) as (journal, library):
                await journal.commit(call(*said).entry())
                for part in sought:
                    expected = [seq for seq, text in enumerate(said, 2) if part in text]
                    if any(unicodedata.category(one)[0] == "L" for one in part):
                        assert sorted(await snippets(library, part)) == expected

    asyncio.run(compare())


def part_of(text: str) -> st.SearchStrategy[str]:
    """Return any part of a text."""
    places = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)))
    return places.map(lambda at: text[at[0] : max(at[0] + 1, at[1])])


MIXED = st.text(st.sampled_from("木曜日ดีab1 、"), min_size=1, max_size=14)


@settings(max_examples=40, deadline=None)
@given(said=st.lists(MIXED, min_size=1, max_size=5), sought=st.lists(MIXED, max_size=5))
def test_mixed_text_is_found_by_its_own_words(
    adapter: Adapter, said: list[str], sought: list[str]
) -> None:
    """A text as a phrase is in itself; any other is where plain Python finds its words."""

    async def compare() -> None:
        with TemporaryDirectory() as folder:
            async with open_reading(adapter(Path(folder))) as (journal, library):
                await journal.commit(call(*said).entry())
                for phrase in (*said, *sought):
                    if not any(one.isalnum() for one in phrase):
                        continue
                    parts = mixed_words(phrase)
                    expected = [
                        seq
                        for seq, text in enumerate(said, 2)
                        if f" {' '.join(parts)} " in f" {' '.join(mixed_words(text))} "
                    ]
                    assert sorted(await snippets(library, f'"{phrase}"')) == expected

    asyncio.run(compare())


def mixed_words(text: str) -> list[str]:
    """Return the words of a text in `MIXED`."""
    return "".join(
        one if one in "ab1" else " " if one in " 、" else f" {one} " for one in text
    ).split()


async def test_a_text_that_takes_the_place_of_another_is_found_in_its_stead(
    journal: Journal, library: Library
) -> None:
    """An event that is redacted again leaves no letter of what it was, in whatever script."""
    await journal.commit(call("電話番号は九〇〇です", "my name is Anna").entry())
    amends = tuple(
        body(CALL, seq, "transcript.final", utterance_id=f"u{seq}", role="agent", text=text)
        for seq, text in ((2, "hidden"), (3, "名前は伏せました"))
    )
    await journal.commit(Entry(call_id=CALL, version=1, epoch=1, state=b"", amends=amends))

    assert await snippets(library, "番号") == await snippets(library, "anna") == {}
    assert await snippets(library, "hidden") == {2: "[hidden]"}
    assert await snippets(library, "伏せ") == {3: "名前は[伏せ]ました"}


async def test_nothing_is_left_of_a_call_that_is_erased(
    database: Database, journal: Journal, library: Library
) -> None:
    """Neither in the index nor in a table: another call's words stay."""
    await journal.commit(call("木曜日の午後です").entry())
    await journal.commit(call("日曜日です", call_id="c2").entry())
    with database.audit() as audit:
        assert audit.where_found("木曜日")
    await journal.commit(erasing(1, tombstone(3)))

    assert list(await snippets(library, "曜日")) == [2]
    assert await snippets(library, "木曜日") == {}
    with database.audit() as audit:
        # SQLite's log is scrubbed apart: tests/journal/sqlite/test_erasure.py
        left = [one for one in audit.where_found("木曜日") if not one.startswith("bytes of")]
        assert not left
