"""What engines write for digits: words that sound like them, and several in one word."""

import pytest

from service.redaction.heard import parted, sounded
from service.redaction.languages import ENGLISH, Language, language_of
from service.redaction.numbers import Hint, runs_of
from service.redaction.tokens import tokens_of
from tests.redaction.builders import ALL, Call

STRICT = ALL._replace(level="strict")


def digits(text: str, language: Language = ENGLISH, *, goes_on: bool = False) -> str:
    """Return the digits of a text; `goes_on`: a number was being read out before it."""
    hint = Hint(follows_number=goes_on)
    tokens = sounded(parted(tokens_of(text), language), language, hint)
    return " ".join(run.digits for run in runs_of(tokens, language, hint))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("one ate two", "182"),
        ("four for five", "445"),
        ("ate two", "82"),
        ("twenty ate", "28"),
        ("41 won", "411"),
        ("won ate for two", "1842"),
        ("six five tree nein", "6539"),
        ("two, uh, to, three", "223"),
        ("two for", "24"),
        ("two times one free", "113"),
        ("one two three for and four", "1234 4"),
        ("fourfive onetwo", "4512"),
        ("twentyone sixhundred double4", "2160044"),
        ("ohone", "01"),
        ("a dozen ones", "111111111111"),
    ],
)
def test_a_word_that_sounds_like_a_digit_is_one_among_digits(text: str, found: str) -> None:
    """So is each of several number words that are written as one."""
    assert digits(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("we ate and won for you", ""),
        ("two for me", "2"),
        ("no one ate it", ""),
        ("from 4 to 12", "4 12"),
        ("someone often attended", ""),
        ("one to forget", "1"),
        ("buy one for two people", "14 2"),
        ("three free seats", "3"),
    ],
)
def test_elsewhere_it_is_the_word_that_it_is(text: str, found: str) -> None:
    """What often stands beside a number needs a digit on either side."""
    assert digits(text) == found


def test_it_goes_on_with_a_number_that_is_being_read_out() -> None:
    """At the beginning of a text, and before what people say between groups."""
    assert digits("for two five", goes_on=True) == "425"
    assert digits("ate", goes_on=True) == "8"
    assert digits("two for and then", goes_on=True) == "24"
    assert digits("for me", goes_on=True) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [("uno hocho sinco", "185"), ("veintiocho sero", "280"), ("sietecuatro unodos", "7412")],
)
@pytest.mark.parametrize("language", ["es", "multi"])
def test_in_spanish_they_are_written_otherwise(text: str, found: str, language: str) -> None:
    """By their sound: most are no words."""
    assert digits(text, language_of(language)) == found


def test_digits_that_were_misheard_count() -> None:
    """No more of a number is shown than its bound, in whatever words; nor by a partial's end."""
    call = Call(STRICT)

    assert call.final("four one one ate") == "four one one ate"
    assert call.final("okay", key="out") == "okay"
    assert call.partial("won") == "[…]"
    assert call.partial("won for") == "[…]"
    assert call.final("won for two") == "[NUMBER]"
    assert call.partial("fourfive six") == "[…]"
    assert call.final("fourfive six") == "[NUMBER]"


def test_a_one_that_may_be_a_digit_waits_at_the_end_of_a_partial() -> None:
    """Where one digit more would be too much; the word that follows tells."""
    call = Call(STRICT)
    call.final("four one one one")

    assert call.partial("there is such a one") == "there is such a […]"
    assert call.partial("there is such a noise") == "there is such a noise"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one second four five six seven one dear", "one second [NUMBER] dear"),
        (
            "it ends 4 5 one second please one dear",
            "it ends [NUMBER] one second please [NUMBER] dear",
        ),
    ],
)
def test_a_one_behind_a_hold_phrase_is_a_digit(text: str, shown: str) -> None:
    """The digits before it go on: am I right, one."""
    call = Call(STRICT)
    call.final("nine nine nine nine")

    assert call.final(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write to john (at) example please", "write to [EMAIL] please"),
        ("write to john [at] example dot com", "write to [EMAIL]"),
        ("john(at)example(dot)co.uk", "[EMAIL]"),
        ("john dot smith [AT] example [DOT] com", "[EMAIL]"),
        ("write to john at example.com please", "write to [EMAIL] please"),
        ("my email is john at example.com", "my email is [EMAIL]"),
    ],
)
def test_an_address_is_one_however_its_signs_are_written(text: str, shown: str) -> None:
    """At and dot in brackets, and a domain that is written behind an at that is said."""
    assert Call().final(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "a dozen people came (at) the end", "meet me (at noon)", "we ate two for one",
        "the first to arrive won 1990", "we won three to one",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_stays(text: str) -> None:
    """By the words around it."""
    assert Call(STRICT).final(text) == text
