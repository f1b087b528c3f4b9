"""The words that a search compares: the same ones that SQLite's index makes of a text."""

import sqlite3
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.journal.words import FOUND_END, FOUND_START, is_alone, letters_apart, snippet, words_of

LAST = 0x2FFF


def is_known(one: str) -> bool:
    """Say whether SQLite's tables, which are of 2012, have a character."""
    return unicodedata.ucd_3_2_0.category(one) != "Cn"


TEXTS = st.text(
    st.characters(categories=["L", "N", "P", "S", "Z", "M"], max_codepoint=LAST).filter(is_known),
    max_size=30,
)


def words_in_sqlite(text: str) -> list[str]:
    """Return what SQLite's index makes of a text, in order."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize='unicode61 remove_diacritics 2')")
    db.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
    db.execute("INSERT INTO t VALUES (?)", (letters_apart(text) or text,))
    rows = db.execute("SELECT term FROM v ORDER BY offset").fetchall()
    db.close()
    return [term for (term,) in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Well, don't!", ["well", "don", "t"]),
        ("BÖÖKING Żółw naïve", ["booking", "zołw", "naive"]),
        ("e\u0301te\u0301", ["ete"]),
        ("order 4711-B", ["order", "4711", "b"]),
        ("Привет ЁЖ", ["привет", "ёж"]),
        ("木曜日です", ["木", "曜", "日", "で", "す"]),
        ("午後3時に\uff21BCで", ["午", "後", "3", "時", "に", "\uff41", "bc", "で"]),
        ("ดีๆ", ["ด", "\U000f0e35", "ๆ"]),
        ("か\u3099", ["か", "\U000f3099"]),
        ("  ", []),
    ],
)
def test_words_are_folded_and_without_marks(text: str, expected: list[str]) -> None:
    """Case and accents on Latin letters do not count; other scripts stay as they are."""
    assert [word.folded for word in words_of(text)] == expected
    assert words_in_sqlite(text) == expected


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_sqlite_makes_the_same_words(text: str) -> None:
    """Of texts in any script."""
    assert [word.folded for word in words_of(text)] == words_in_sqlite(text)


def test_every_letter_and_mark_of_a_script_without_spaces_is_a_word() -> None:
    """SQLite's tables know them all, also those beyond the first plane."""
    alone = [one for one in map(chr, range(0x40000)) if is_alone(one)]
    text = "".join(alone)

    assert len(alone) > 90_000
    assert words_in_sqlite(text) == [word.folded for word in words_of(text)]
    assert [word.start for word in words_of(text)] == list(range(len(text)))


def test_a_text_with_spaces_is_indexed_as_it_is() -> None:
    """Hangul has them, too."""
    for text in ("Well, don't!", "BÖÖKING e\u0301", "목요일에 만나요", "Привет", ""):
        assert letters_apart(text) is None


def test_a_snippet_cuts_no_letter_from_its_marks() -> None:
    """Neither where something is found nor where the text is left out."""
    assert snippet("พูดที่บ้าน", [(3, 4)]) == f"พูด{FOUND_START}ที่{FOUND_END}บ้าน"
    long = snippet("ที่" * 100, [(151, 151)])
    assert long.strip("…").startswith("ที่")
    assert f"{FOUND_START}ที่{FOUND_END}" in long


def test_a_snippet_of_a_long_text_without_spaces_has_more_letters_than_words() -> None:
    """It is about as wide as one in words, and has nothing put in."""
    text = "木曜日の午後" * 50
    shown = snippet(text, [(150, 152)])

    assert len(shown.replace(FOUND_START, "").replace(FOUND_END, "").strip("…")) == 128
    assert f"{FOUND_START}木曜日{FOUND_END}" in shown
    assert " " not in shown


def test_sqlite_folds_every_letter_so() -> None:
    """Whatever it is: a few letters lose their accents only once they are in lower case."""
    letters = [one for one in map(chr, range(LAST)) if is_known(one) and one.isalpha()]
    text = " ".join(letters)

    assert len(letters) > 4_000
    assert [word.folded for word in words_of(text)] == words_in_sqlite(text)


def test_a_snippet_of_a_short_text_is_all_of_it() -> None:
    """With every place marked, and spans that overlap as one."""
    text = "to be, or not to be"

    assert snippet(text, [(0, 1), (1, 2), (5, 5)]) == (
        f"{FOUND_START}to be, or{FOUND_END} not to {FOUND_START}be{FOUND_END}"
    )


def test_a_snippet_of_a_long_text_is_about_what_was_found() -> None:
    """Thirty-two words, and marks where something was left out."""
    text = " ".join(f"w{n}" for n in range(100)) + "!"

    middle = snippet(text, [(50, 50)])
    assert middle.startswith("…w42 ")
    assert middle.endswith(" w73…")
    assert f"{FOUND_START}w50{FOUND_END}" in middle
    assert snippet(text, [(99, 99)]).endswith(f"{FOUND_START}w99{FOUND_END}!")
    assert snippet(text, [(0, 0)]).startswith(f"{FOUND_START}w0{FOUND_END} w1 ")
