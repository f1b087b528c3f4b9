"""Phrases in what is said, and what is kept of the words around one."""

import pytest

from service.calls.inputs import Word, WordsHeard
from service.calls.phrases import cut_at, end_of_phrase, phrase_ends_ms
from tests.calls.harness import INBOUND

PHRASES = ("card number", "what's your pin")


def words(*spans: tuple[str, int, int]) -> WordsHeard:
    """A final of these words."""
    return WordsHeard(
        ref=INBOUND,
        text=" ".join(text for text, _, _ in spans),
        is_final=True,
        start_ms=spans[0][1],
        end_ms=spans[-1][2],
        words=tuple(Word(text=text, start_ms=start, end_ms=end) for text, start, end in spans),
    )


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("your Card, NUMBER: 42", "your Card, NUMBER"),
        ("What\u2019s your PIN? the card number", "What\u2019s your PIN"),
        ("the card number and the card number", "the card number"),
        ("a number of cards", None),
        ("discard number", None),
        ("card numbers", None),
        ("card", None),
        ("", None),
    ],
)
def test_a_phrase_is_found_whatever_its_case_and_punctuation(text: str, until: str | None) -> None:
    """As whole words, where it is said first."""
    end = end_of_phrase(text, PHRASES)

    assert (None if end is None else text[:end]) == until


def test_a_phrase_ends_with_its_last_word() -> None:
    """Or with the utterance, if that is all that is known."""
    item = words(("card", 0, 300), ("number", 300, 700), ("four", 700, 900))
    assert phrase_ends_ms(item, PHRASES) == 700

    other = words(("4", 0, 300), ("5", 300, 700))
    odd = WordsHeard(
        ref=INBOUND, text="card number", is_final=True, start_ms=0, end_ms=700, words=other.words
    )
    assert phrase_ends_ms(odd, PHRASES) == 700
    assert phrase_ends_ms(other, PHRASES) is None


def test_words_are_kept_whose_greater_part_was_said_before() -> None:
    """All of them, some, or none."""
    item = words(("so", 0, 400), ("four", 400, 800))

    assert cut_at(item, 900, PHRASES) is item
    cut = cut_at(item, 700, PHRASES)
    assert cut is not None
    assert (cut.text, cut.end_ms) == ("so four", 700)
    cut = cut_at(item, 500, PHRASES)
    assert cut is not None
    assert (cut.text, cut.words) == ("so", (Word(text="so", start_ms=0, end_ms=400),))
    assert cut_at(item, 100, PHRASES) is None
