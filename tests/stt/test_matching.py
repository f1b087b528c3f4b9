"""Matching texts: what was emitted is found again, what is new is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.stt.matching import drop_words, find_overlap, is_same, revises, words_of

WORD = st.text("abcdefghij", min_size=2, max_size=8)


@pytest.mark.parametrize(
    ("emitted", "heard", "used", "count"),
    [
        ("good morning", "Good morning! This is Claire.", 2, 2),
        ("good morning this is", "good morning", 2, 2),
        ("i would like to change", "I would like to change my booking", 5, 5),
        ("yes i want to book", "Yes, I wanna book a flight", 5, 4),
        ("my bookings from monday", "my booking from Monday please", 4, 4),
        ("yes", "yes yes", 1, 1),
        ("no no", "no no no", 2, 2),
        ("good morning", "something else altogether", 0, 0),
        ("good morning", "", 0, 0),
        ("", "good morning", 0, 0),
    ],
)
def test_what_was_emitted_is_recognised_in_what_is_heard(
    emitted: str, heard: str, used: int, count: int
) -> None:
    """Case, punctuation and small mishearings do not hide it; unlike texts have nothing in it."""
    assert find_overlap(words_of(emitted), words_of(heard))[:2] == (used, count)


def test_a_word_that_may_have_been_said_before_the_replay_is_skipped_for_nothing() -> None:
    """A long final that mostly lies before the replay's beginning hides no repeat after it."""
    emitted = words_of("this is claire i would like to change my booking from monday please")

    assert find_overlap(emitted, ["please"], early=12)[:2] == (13, 1)
    assert find_overlap(emitted, ["please"])[:2] == (0, 0)


@pytest.mark.parametrize(
    ("emitted", "heard", "early", "is_sure"),
    [
        ("good morning this", "good morning this is claire", 0, True),
        ("good morning", "something else altogether", 0, True),
        ("one one two one", "one one two one one", 0, False),
        ("yes", "yes yes", 0, True),
        ("my bookings from monday", "my booking from monday please", 0, True),
        ("the good", "good day", 2, False),
        ("all is very good", "is very good day", 4, True),
    ],
)
def test_it_is_sure_unless_something_else_would_fit_as_well(
    *, emitted: str, heard: str, early: int, is_sure: bool
) -> None:
    """Where words repeat themselves, fit badly, or are one that anybody may say again."""
    assert find_overlap(words_of(emitted), words_of(heard), early=early).is_sure is is_sure


@given(st.lists(WORD, min_size=1, max_size=20), st.lists(WORD, max_size=20))
def test_a_replay_word_for_word_is_taken_out_whole(emitted: list[str], new: list[str]) -> None:
    """What follows the repeat stays, whatever it is."""
    assert find_overlap(emitted, emitted + new)[:2] == (len(emitted), len(emitted))


@given(st.lists(WORD, max_size=300), st.lists(WORD, max_size=300))
def test_no_text_takes_out_more_than_there_is(emitted: list[str], heard: list[str]) -> None:
    """Bounds hold for any two texts, and long ones take no long time."""
    used, count, *_ = find_overlap(emitted, heard)

    assert 0 <= used <= len(emitted)
    assert 0 <= count <= len(heard)


@pytest.mark.parametrize(
    ("text", "count", "rest"),
    [
        ("Good morning, this is Claire.", 2, "this is Claire."),
        ("Good morning.", 0, "Good morning."),
        ("Good morning.", 2, ""),
        ("Don't stop me now", 1, "stop me now"),
        ("你好吗", 1, "好吗"),
    ],
)
def test_words_are_cut_from_the_front_with_their_punctuation(
    text: str, count: int, rest: str
) -> None:
    """The rest is left as the engine wrote it."""
    assert drop_words(text, count) == rest


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("good", "good morning", True),
        ("good mourning", "good morning", True),
        ("good morning", "good", True),
        ("good morning", "how are you", False),
        ("", "anything", True),
    ],
)
def test_a_revision_shares_most_of_its_words(*, before: str, after: str, expected: bool) -> None:
    """Otherwise it is the next text."""
    assert revises(words_of(before), words_of(after)) is expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("Good morning.", "good morning", True),
        ("good mourning", "good morning", True),
        ("good morning", "how are you", False),
        ("a0001 a0002 a0003", "a0012 a0013 a0014", False),
        ("room 1984 please", "room 1985 please", False),
        ("good", "food", False),
    ],
)
def test_the_same_words_may_be_spelt_otherwise_but_numbers_may_not(
    *, before: str, after: str, expected: bool
) -> None:
    """Numbers that are alike are two, and so are two texts with nothing but likeness in common."""
    assert is_same(words_of(before), words_of(after)) is expected
