"""What is said between the digits of a number: hold phrases, units, and what looks like a time."""

import pytest

from service.redaction.memory import MAX_SHOWN, Level
from tests.redaction.builders import ALL, Call
from tests.redaction.oracle import digits_in

LEVELS: tuple[Level, ...] = ("strict", "balanced")
GROUPS = ("4539", "5787", "6362", "1486")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("ask", "held", "language"),
    [
        ("your card number please", "{}, one second", "en"),
        ("which card is it", "{} one minute please", "en"),
        ("your card number please", "{} second group", "en"),
        ("su tarjeta por favor", "{}, dos segundos", "es"),
        ("your card number please", "{}, un segundo", "multi"),
    ],
)
def test_a_hold_phrase_makes_no_amount_of_the_digits_before_it(
    level: Level, ask: str, held: str, language: str
) -> None:
    """Whoever asks for a second: it is one second, and not 45,391 of them."""
    for speakers in (("in", "in"), ("in", "out")):
        call = Call(ALL._replace(level=level), language)
        call.final(ask, key="out")
        shown = ""
        for number, group in enumerate(GROUPS):
            text = call.final(held.format(group), key=speakers[number % 2])
            shown += "".join(sign for sign in text if sign.isdigit())
            assert not number or held[2:].strip(" ,").split()[-1] in text
        assert shown == "4539"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "text",
    [
        "737 am I right", "737, one second", "7 3 7 one second please", "12:34", "7:37", "1/2/34",
        "it reads 7 there then comes 3 there finishing 7 there", "737 o'clock", "737 people",
        "at 12 30 then", "in 1984", "27 may I go on",
    ],
)  # fmt: skip
def test_after_a_keyword_for_a_code_no_form_makes_it_another_number(
    level: Level, text: str
) -> None:
    """No time, no date in figures, no small number in a sentence; nor do its partials show it."""
    call, live = Call(ALL._replace(level=level)), Call(ALL._replace(level=level))
    for one in (call, live):
        one.final("and the security code?", key="out")

    words = text.split()
    shown = [live.partial(" ".join(words[:end])) for end in range(1, len(words) + 1)]
    shown += [live.final(text), call.final(text)]
    held = ("one second", "one")
    assert all(len(digits_in(_without(one, held))) == 0 for one in shown if "27 may" not in text)
    assert "[" in shown[-1] or "27 may" in text


def _without(text: str, phrases: tuple[str, ...]) -> str:
    for phrase in phrases:
        text = text.replace(phrase, "")
    return text


@pytest.mark.parametrize("level", LEVELS)
def test_money_and_months_stay_after_a_card(level: Level) -> None:
    """They are told by a sign or word directly beside them."""
    call = Call(ALL._replace(level=level))
    call.final("it is 4539 5787 6362 1486")

    for text in ("it was $25.50", "that is twenty dollars", "on May 5", "in December 2027"):
        assert call.final(text) == text


@pytest.mark.parametrize("level", LEVELS)
def test_small_numbers_after_a_card_number_was_asked_for_are_its_digits(level: Level) -> None:
    """A sentence around each pair is no reason to show them."""
    call = Call(ALL._replace(level=level))
    call.final("your card number please", key="out")

    shown = call.final("first comes 45 which precedes 39 which precedes 57 which precedes 87 now")
    assert digits_in(shown) == "4539"


def test_a_sort_code_is_no_date() -> None:
    """Its form is that of one."""
    assert Call().final("my sort code is 20-32-06") == "my sort code is [NUMBER]"


@pytest.mark.parametrize(
    "text",
    [
        "it takes twenty one minutes and twenty-five seconds", "at 12 30 pm or 7 45 am",
        "it is 1,250 euros or 1.5 million dollars or one hundred and two dollars",
        "wait one second", "two hundred and fifty people in 14 days", "nine 30 am and I am there",
    ],
)  # fmt: skip
def test_amounts_and_times_stay_where_nothing_is_read_out(text: str) -> None:
    """They are the number that stands before the unit, however it is made."""
    assert Call(ALL._replace(level="strict")).final(text) == text


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("said", "between", "language"),
    [
        ("it is {}", "one second please", "en"),
        ("it is {}", "in that order?", "en"),
        ("it is {}", "which model", "en"),
        ("it is {} and one second", "one minute", "en"),
        ("es {}", "dos segundos", "es"),
        ("es {}", "qué código", "es"),
    ],
)
def test_what_is_said_between_the_groups_ends_no_number(
    level: Level, said: str, between: str, language: str
) -> None:
    """By the other side, or by who reads it: no unit, and no word that begins another number."""
    call, shown = Call(ALL._replace(level=level), language), ""
    for group in GROUPS:
        text = call.final(said.format(group))
        shown += "".join(sign for sign in text if sign.isdigit())
        call.final(between, key="out")
    assert shown == "4539"


def test_digits_beside_a_hold_phrase_are_no_small_number_in_a_sentence() -> None:
    """What is before and after them is none of one."""
    call = Call()
    call.final("could you read me your account number", key="out")

    shown = call.final("8849 one second 3 5 one minute 08 one second")
    assert shown == "8849 one second [NUMBER] one minute [NUMBER] one second"


@pytest.mark.parametrize("other", ["flight 45 is late", "the trip would cost me 50 dollars"])
def test_a_sentence_about_another_number_ends_one(other: str) -> None:
    """Also by the other side."""
    call = Call()
    call.final("it is 48213")
    assert call.final(other, key="out") == other

    assert call.final("and 4821") == "and 4821"


def test_a_card_whose_beginning_was_shown_does_not_show_its_end() -> None:
    """Its partials did."""
    call = Call(ALL._replace(mask="last4", level="strict"))
    assert call.partial("4539 madam") == "4539 madam"

    assert call.final("4539 5787 6362 1486") == "[CARD]"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "text",
    [
        "it is four x one bravo one x one two alpha three four five",
        "7 november 4 tango 3 november 9 november 5",
        "november 7 x 4 november [NUM_5] november 3 apple 9 november",
        "nine hundred and thirty one minute seven hundred and eighty one second",
        "take 45 apple 39 apple 57 apple 87 apple 63",
        "zero and fifty-nine double two am I right and fifty-nine double two am I right",
        "[FOUR FIVE THREE NINE] [NUM_45] [NUM_39] [A …4539] [A …5787]",
    ],
)
def test_nothing_between_digits_makes_them_others(level: Level, text: str) -> None:
    """Letters, words, a unit behind a doubled digit, and labels that an engine puts them in."""
    shown = Call(ALL._replace(level=level)).final(text)

    assert len(digits_in(shown)) <= MAX_SHOWN[level]
    assert "FOUR" not in shown


def test_a_word_that_may_be_a_digit_is_counted_as_one() -> None:
    """The *one* that ends a text which the next goes on with; an oh with a word behind it."""
    call = Call(ALL._replace(level="strict"))
    assert call.final("that is the one") == "that is the one"
    assert call.final("2") == "2"
    assert call.final("01 november 7 x") == "[NUMBER] x"

    shown = Call(ALL._replace(level="strict")).partial("it's oh apple zero november 793 x")
    assert len(digits_in(shown)) <= MAX_SHOWN["strict"]


def test_what_may_be_a_digit_hides_nothing_of_a_sentence() -> None:
    """Nor is it hidden in one."""
    call = Call()
    for text in ("oh sorry two of them please", "no the other one", "I see oh well that one"):
        assert call.final(text) == text


def test_a_text_has_no_end_of_times_and_years() -> None:
    """From the fifth on they are a number that is read out."""
    shown = Call().final("at 4 at 5 at 3 at 9 at 57 at 8 at 7 at 6 at 3 at 6 at 21 at 4")
    assert shown.startswith("at 4 at 5 at 3 at 9 at 57")
    assert "[" in shown


def test_sentences_about_other_numbers_end_one_that_was_hidden() -> None:
    """Unless it was named: then nothing does for a minute."""
    call, named = Call(), Call()
    named.final("your card number please", key="out")
    for one in (call, named):
        one.final("it is 4539 5787 6362")

    for text in ("that trip would cost me 50 dollars", "and order 48213 please"):
        assert call.final(text) == text
        assert Call().final("it is 4539 5787 6362") == "it is [PHONE]"
    named.final("that trip would cost me 50 dollars")
    assert "48213" not in named.final("and order 48213 please")


def test_a_number_that_begins_like_a_date_is_none_if_it_goes_on() -> None:
    """November is a letter then; of a day, what follows is a time of it."""
    read_out = Call(ALL).final("november 7 apple 27 x seven ten x four B nine")
    strict = Call(ALL._replace(level="strict"))

    assert "[NUMBER]" in read_out
    assert strict.final("november 27 at 10 30") == "november 27 at 10 30"


def test_the_end_of_a_text_may_be_the_next_digit_by_its_sound() -> None:
    """Behind digits, as long as nothing follows that says what it is."""
    call = Call(ALL._replace(level="strict"))

    assert call.partial("so that's 1211 for") == "so that's […]"
    assert call.final("so that's 1211 for me") == "so that's 1211 for me"
