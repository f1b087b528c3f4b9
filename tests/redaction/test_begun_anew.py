"""Partials under one utterance whose digits are others: finals that were lost, sessions cut."""

import pytest

from service.redaction.memory import MAX_SHOWN, Level
from service.redaction.prints import lost_of, prints_of
from tests.redaction.builders import ALL, Call
from tests.redaction.oracle import digits_in

LEVELS: tuple[Level, ...] = ("strict", "balanced")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "partials",
    [
        ("4111 madam", "2222 madam", "3333 madam"),
        ("4539 madam", "5787", "5787 madam", "6362", "6362 madam"),
        ("4539 madam", "madam 5787 yes madam", "6362 1486 madam"),
    ],
)
def test_digits_that_are_others_count_with_those_that_were_shown(
    level: Level, partials: tuple[str, ...]
) -> None:
    """However many there are: who reads all revisions has read all of these."""
    call, seen = Call(ALL._replace(level=level)), ""
    for text in partials:
        digits = digits_in(call.partial(text))
        seen += "" if seen.endswith(digits) else digits
    assert 0 < len(seen) <= MAX_SHOWN[level]
    assert len(digits_in(call.final("and 1486 it is"))) + len(seen) <= MAX_SHOWN[level]


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_released_after_three_seconds_counts_as_well(level: Level) -> None:
    """Without a word after it."""
    call, seen = Call(ALL._replace(level=level)), set[str]()
    for text in ("4539", "5787", "6362"):
        for _ in range(2):
            call.now += 3.2
            seen.add(digits_in(call.partial(text)))
    assert seen == {"", "4539"}


def test_the_same_digits_written_otherwise_are_no_others() -> None:
    """Nor are fewer of them, or more; of a word that was misheard one counts twice."""
    call = Call(ALL._replace(level="strict"))

    for text in ("four one one madam", "411 madam", "4-1-1-1 madam", "4112 madam"):
        assert call.partial(text) == (text if text != "4112 madam" else "[NUMBER] madam")
    assert lost_of(prints_of("4111"), prints_of("41")) == 0
    assert lost_of(prints_of("41"), prints_of("4111")) == 0
    assert lost_of(prints_of("4111"), prints_of("4122")) == 2


def test_a_keyword_whose_final_was_lost_is_near_all_the_same() -> None:
    """Also what the same side says next, under the utterance that had it."""
    call = Call()
    call.partial("could you read me your account number", key="out")

    assert call.partial("so that is 78747 madam", key="out") == "so that is [NUMBER] madam"
