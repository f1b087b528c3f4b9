import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.recogniser.text.redaction import KINDS, redact

ALL = frozenset(KINDS)
CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"My card is {CARD}, thanks.", "My card is [PCI], thanks."),
        ("It's 4111-1111-1111-1112.", "It's [PCI]."),  # a digit misheard
        ("four one one one um, four one", "[NUMBER]"),
        ("It's 5 past 12", "It's [NUMBER] past [NUMBER]"),
        ("Four one one one, double one", "[NUMBER]"),
        ("My social is 078-05-1120.", "My social is [SSN]."),
        ("oh seven eight oh five one one two oh", "[SSN]"),
        ("Call 415 555 0100 now", "Call [NUMBER] now"),
        ("in nineteen eighty-four we", "in [NUMBER] we"),
        ("forty two", "forty two"),
        ("one of two things, often", "one of two things, often"),
        ("the code is 7 3 9", "the code is [NUMBER]"),
        ("It costs $1,250.75 a year", "It costs $[NUMBER] a year"),
        ("A113 and B9", "A[NUMBER] and B[NUMBER]"),
        ("at twelve o'clock from O'Hare", "at twelve o'clock from O'Hare"),
        ("treble seven oh", "[NUMBER]"),
        ("two hundred and fifty", "[NUMBER]"),
        ("one hundred and four apples", "[NUMBER] apples"),
        ("three seven nine, am I right", "[NUMBER], am I right"),
        ("four and five", "four and five"),
        ("", ""),
    ],
)
def test_numbers_are_taken_out(text: str, left: str) -> None:
    """Written or said, with what stands between their groups; short ones are words like others."""
    assert redact(text, ALL) == left


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        ("pci", "2 of [PCI], [NUMBER], $1,250 or 100 percent"),
        ("ssn", "2 of [NUMBER], [SSN], $1,250 or 100 percent"),
        ("numbers", "[NUMBER] of [NUMBER], [NUMBER], $[NUMBER] or [NUMBER] percent"),
    ],
)
def test_each_kind_takes_its_own(kind: str, left: str) -> None:
    """Amounts, and numbers that are no piece of a card, only go with all numbers."""
    text = f"2 of {CARD}, yes, 078-05-1120, yes, $1,250 or 100 percent"

    assert redact(text, frozenset({kind})).replace(", yes,", ",") == left


@pytest.mark.parametrize("text", ["$4111 1111 1111 1111", "4111 1111 1111 1111 dollars"])
def test_a_card_is_no_amount(text: str) -> None:
    """Whatever sign the engine makes up before it."""
    assert "1" not in redact(text, frozenset({"pci"}))


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(
    "card",
    [
        "My card is 4111 1111 1111 1111 thanks",
        "My card is four one one one one one one one one one one one one one one one thanks",
        "It is forty one eleven, um, eleven eleven, eleven eleven, eleven eleven, that is it",
        "triple four one, four one four one, dash four one four one, four one four one right",
    ],
)
def test_no_partial_has_a_beginning_of_a_card(kind: str, card: str) -> None:
    """However far the speaker has come, not a digit of it is shown."""
    for end in range(len(card)):
        left = redact(card[:end].rpartition(" ")[0], frozenset({kind}), growing=True)

        assert not re.search(r"\d|one|four|eleven|forty|triple", left)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_kind_lets_any_long_number_out(kind: str) -> None:
    """A card in pieces is still a card: asking for one kind hides the others' numbers as well."""
    assert "1" not in redact(f"{CARD} then 1111 then 078051120", frozenset({kind}))


def test_nobody_asked_nothing_changes() -> None:
    """The text is as it was heard."""
    assert redact(CARD, frozenset()) == CARD


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("My card is four", "My card is"),
        ("My card is 41 11,", "My card is"),
        ("My card is 4111 1111, yes", "My card is [NUMBER], yes"),
        ("one of them", "one of them"),
    ],
)
def test_a_number_that_may_still_grow_is_held_back(text: str, left: str) -> None:
    """A partial must not show the first two digits of sixteen."""
    assert redact(text, ALL, growing=True) == left


@given(st.text(max_size=60), st.integers(100, 10**18), st.text(max_size=60))
def test_no_three_digits_in_a_row_are_ever_left(before: str, number: int, after: str) -> None:
    """Whatever stands around them."""
    left = redact(f"{before} {number} {after}", ALL)

    assert str(number) not in left or str(number) in before + after
