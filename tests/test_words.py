"""Words of every script: where text is cut, counted and joined."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.words import (
    count_words,
    join_pieces,
    join_words,
    letters_of,
    pad,
    pieces_within,
    spans_of,
    width_of,
    words_of,
)

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don't well-known 3.5 a@x.com", ["don't", "well-known", "3.5", "a@x.com"]),
        ("木曜日の午後に電話します。", ["木曜日", "の", "午後", "に", "電話", "し", "ます。"]),
        ("「はい」、Zoomで会議", ["「はい」、", "Zoom", "で", "会議"]),
        ("今天下午\uff0c打电话", ["今天", "下午\uff0c", "打电话"]),
        ("ฉันจะโทรหา คุณ", ["ฉัน", "จะ", "โทร", "หา", "คุณ"]),
        ("ສະບາຍດີທຸກຄົນ", ["ສະບາຍດີ", "ທຸກຄົນ"]),
        ("សួស្តីអ្នក", ["សួស្តី", "អ្នក"]),
        ("မင်္ဂလာပါ", ["မင်္ဂလာ", "ပါ"]),
        ("한국어 단어", ["한국어", "단어"]),
        ("Order 木曜日です", ["Order", "木曜日", "です"]),
        ("木\ud800曜", ["木\ud800", "曜"]),
        (" \u3000 ", []),
    ],
)
def test_words_are_what_people_of_the_script_call_words(text: str, words: list[str]) -> None:
    """By spaces where there are some, by dictionaries where there are none."""
    assert words_of(text) == words
    assert count_words(text) == len(words)


@given(st.text(st.characters() | st.sampled_from("木曜ฉันは。「")))
def test_nothing_is_lost_between_words(text: str) -> None:
    """They are in order, and but for spaces they are all of the text."""
    spans = list(spans_of(text))

    assert "".join(words_of(text)) == "".join(text.split())
    assert all(one.end <= other.start for one, other in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "words", "pieces"),
    [
        (["one", "", "two"], "one two", "one two"),
        (["木曜日", "です。", "はい", "OK"], "木曜日です。はい OK", "木曜日です。はい OK"),
        (["ฉัน", "คุณ"], "ฉันคุณ", "ฉัน คุณ"),
        (["한국어", "단어"], "한국어 단어", "한국어 단어"),
    ],
)
def test_a_space_is_put_where_the_script_has_one(text: list[str], words: str, pieces: str) -> None:
    """Between words, or between what was said in pieces."""
    assert join_words(text) == words
    assert join_pieces(text) == pieces


@pytest.mark.parametrize("text", ["กำลัง", "e\u0301a", FAMILY * 2, "각" * 3, "a\ud800b"])
def test_what_reads_as_one_letter_is_never_cut(text: str) -> None:
    """Whatever it is made of."""
    assert "".join(letters_of(text)) == text
    assert len(letters_of(FAMILY * 2)) == 2
    for width in (1, 2, 3):
        pieces = pieces_within(text, width)
        assert "".join(pieces) == text
        assert [one for piece in pieces for one in letters_of(piece)] == letters_of(text)


def test_wide_letters_take_two_columns() -> None:
    """Marks take none, and a family is one letter."""
    assert [width_of(one) for one in ("a", "木", "e\u0301", FAMILY)] == [1, 2, 1, 2]
    assert pieces_within("木曜日", 4) == ["木曜", "日"]
    assert [pad("木", 4), pad("toolong", 4)] == ["木  ", "toolong"]
