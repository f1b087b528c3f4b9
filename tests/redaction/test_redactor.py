"""What of a number is shown, over pieces, utterances and both tracks."""

import pytest

from service.redaction.memory import Policy
from tests.redaction.builders import ALL, KINDS, Call

CARD = "4111 1111 1111 1111"
STRICT = ALL._replace(level="strict")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"it is {CARD}", "it is [CARD]"),
        ("it is 4111 1111 1111 1112", "it is [NUMBER]"),
        ("my card is 4111 1111 1111 1112", "my card is [CARD]"),
        ("my social security number is 078 05 1120", "my social security number is [SSN]"),
        ("call me at 555 123 4567", "call me at [PHONE]"),
        ("my IBAN is DE89 3704 0044 0532 0130 00", "my IBAN is [IBAN]"),
        ("it is GB29 NWBK 6016 1331 9268 19", "it is [IBAN]"),
        ("send it to john.smith@example.com today", "send it to [EMAIL] today"),
        ("it's alpha bravo at example dot com", "it's [EMAIL]"),
        ("john dot smith at example dot co dot uk", "[EMAIL]"),
        ("the security code is one two three", "the security code is [CODE]"),
        (f"{CARD} expires oh five twenty seven", "[CARD] expires [EXPIRY]"),
        (f"{CARD} dollars", "[CARD] dollars"),
    ],
)
def test_a_secret_is_hidden_under_its_name(text: str, shown: str) -> None:
    """A checksum and a keyword choose the name, and nothing else."""
    assert Call().final(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "twelve o'clock", "two hundred and fifty people", "it is $1,250.00 in 2019",
        "open from 9 30 to 18 30 and from 10 15 to 12 15 then", "on May 5 2024 and 2024-05-06",
        "my order 48213 and flight BA 1234 from gate 22", "I moved in 2019 and in 2021 again",
        "meet me at the station at 10:30", "we sold 5 thousand of them for 3 million", "look at me",
    ],
)  # fmt: skip
def test_what_is_no_secret_stays(text: str) -> None:
    """Amounts, dates, times, years, and numbers below the bound."""
    assert Call().final(text) == text


def test_a_number_goes_on_over_pauses_and_tracks() -> None:
    """Up to the bound it is shown; then nothing more of it, whoever says it."""
    call = Call()

    assert call.final("four one one one") == "four one one one"
    assert call.final("okay", key="out") == "okay"
    assert call.final("one one") == "one one"
    assert call.final("two two two two") == "[NUMBER]"
    assert call.final("no sorry six not five") == "no sorry [NUMBER]"
    assert call.final("so that's four one one one", key="out") == "so that's [NUMBER]"


def test_strict_shows_four_digits() -> None:
    """Of a route, or after a keyword, whoever said it."""
    strict, named = Call(STRICT), Call()
    named.final("your card number please", key="out")

    for call in (strict, named):
        assert call.final("four one one one") == "four one one one"
        assert call.final("one") in ("[NUMBER]", "[CARD]")


def test_words_end_a_number() -> None:
    """Four of its speaker, or a word that begins another; the other side's do not."""
    call = Call()
    assert call.final("four one one one two") == "four one one one two"
    assert call.final("let me look what else we may want", key="out")
    assert call.final("flight four one one one two") == "flight four one one one two"
    assert call.final("we would rather travel tomorrow morning")
    assert call.final("four one one one two") == "four one one one two"


def test_time_ends_a_number() -> None:
    """Half a minute after its last digit."""
    call = Call()
    call.final(CARD)
    call.now += 70

    assert call.final("it is 48213") == "it is 48213"


def test_words_of_a_keyword_end_no_number() -> None:
    """People look for their glasses in the middle of it."""
    call = Call()
    call.final("my card number is 4111")
    call.final("hang on my glasses are somewhere else I cannot read this")

    assert call.final("1111") == "[CARD]"


def test_after_a_card_comes_its_code() -> None:
    """Not one digit of that is shown, even alone."""
    call = Call()
    call.final(f"it is {CARD}")

    assert call.final("and the three digits on the back?", key="out").startswith("and the three")
    assert call.final("one two") == "[NUMBER]"
    assert call.final("three") == "[NUMBER]"


def test_a_partial_holds_its_end_back() -> None:
    """Until a word follows; after three seconds without a change it is shown."""
    call = Call()

    assert call.partial("room one") == "room […]"
    assert call.partial("room one two") == "room […]"
    assert call.partial("room one two upstairs") == "room one two upstairs"
    assert call.partial("room one two upstairs or three") == "room one two upstairs or […]"
    call.now += 3
    assert call.partial("room one two upstairs or three") == "room one two upstairs or three"


def test_a_final_shows_nothing_that_its_partials_hid() -> None:
    """Even if the engine makes an amount of it, or splits it."""
    call = Call()
    assert call.partial("I owe 41 11 12 34") == "I owe [NUMBER]"

    assert call.final("I owe $41,111.00") == "I owe $[NUMBER]"


def test_open_partials_of_both_tracks_are_one_number() -> None:
    """What one shows, the other does not go on with."""
    call = Call()

    assert call.partial("four one one one perhaps") == "four one one one perhaps"
    assert call.partial("two two two two maybe", key="out") == "[NUMBER] maybe"


def test_an_utterance_that_begins_anew_is_the_same_number() -> None:
    """After a seam an engine has only what came since."""
    call = Call()
    assert call.partial("four one one one perhaps") == "four one one one perhaps"
    call.partial("two")
    call.partial("two two two two")

    assert call.final("two two two two perhaps") == "[NUMBER] perhaps"


def test_words_are_hidden_as_the_text_is() -> None:
    """Also where they are written otherwise, or say more."""
    words = ("my", "card", "four", "one", "one", "one", "1111", "11111111", "thanks")
    shown = Call().hear("My card: 4111111111111111, thanks", words=words, is_final=True)

    assert shown.text == "My card: [CARD], thanks"
    assert shown.words == (None, None, *["[CARD]"] * 6, None)
    assert [(one.entity, one.words) for one in shown.hidden] == [("card", (2, 3, 4, 5, 6, 7))]

    more = Call().hear("well", words=("4111", "1111"), is_final=True)
    assert more.words == ("[NUMBER]",) * 2


def test_the_last_four_digits_of_a_card_may_be_shown() -> None:
    """Of one that adds up and was said at once; they count as shown."""
    call = Call(ALL._replace(mask="last4"))

    assert call.final(f"it is {CARD}") == "it is [CARD …1111]"
    assert call.final("1111") == "[NUMBER]"
    assert Call(ALL._replace(mask="last4")).final("it is 078051120") == "it is [SSN]"


def test_only_kinds_that_are_asked_for_have_names() -> None:
    """Digits are hidden by their number for any kind; addresses only where they are asked for."""
    assert Call(Policy(frozenset({"ssn"}))).final(CARD) == "[NUMBER]"
    assert Call(Policy(frozenset({"email"}))).final(CARD) == CARD
    assert Call(Policy(KINDS - {"email"})).final("a@b.example") == "a@b.example"


def test_what_an_engine_hid_is_part_of_the_number() -> None:
    """It goes through as it is, and what follows is hidden, too."""
    call = Call()

    shown = call.hear("it is [PCI_1] and 12", is_final=True)
    assert shown.text == "it is [PCI_1] and [NUMBER]"
    assert [one.entity for one in shown.hidden] == ["number", "number"]


def test_a_number_in_brackets_is_none_that_was_hidden() -> None:
    """A label has no room for one."""
    assert Call().final("it is [A 4111111111111111]") == "it is [A [CARD]]"


def test_an_address_goes_on_over_utterances_after_its_keyword() -> None:
    """Letters are hidden where an address is expected."""
    call = Call()
    call.final("what is your e-mail", key="out")

    assert call.final("alpha bravo charlie") == "[EMAIL]"
    assert call.final("at example dot com") == "[EMAIL]"


def test_partials_of_an_address_wait_for_its_domain() -> None:
    """And are shown where there is none."""
    call = Call()

    assert call.partial("write john dot smith at") == "write […]"
    assert (
        call.partial("write john dot smith at my company") == "write john dot smith at my company"
    )
    assert call.partial("look at") == "[…]"
    assert call.partial("look at me") == "look at me"


def test_what_an_engine_writes_before_the_at_sign_waits_for_it() -> None:
    """Where it is written as no word is; after a keyword whatever stands last."""
    call = Call()
    assert call.partial("write to john.smith") == "write to […]"
    assert call.partial("write to john.smith tomorrow") == "write to john.smith tomorrow"
    assert call.final("write to john") == "write to john"

    call.final("what is your e-mail", key="out")
    assert call.partial("it is maria") == "it is […]"
    assert call.partial("it is maria@example.com") == "it is [EMAIL]"
    assert call.final("it is maria.smith") == "it is [EMAIL]"


def test_a_final_that_comes_late_is_of_the_number_that_was_over_since() -> None:
    """Whether words or time ended it; after words that it goes on is possible again."""
    for ending, seconds, after in (
        ("let me look what else we may want", 2.0, "it is [NUMBER]"),
        ("okay", 40.0, "it is 4539 578"),
    ):
        call = Call()
        assert call.final("it is 4539 578") == "it is 4539 578"
        said_at = call.now
        call.now += seconds
        call.final(ending)
        now, call.now = call.now, said_at - 1.0
        assert call.final("7 6362") == "[NUMBER]"
        call.now = now
        assert call.final("it is 4539 578") == after


def test_it_is_spanish_as_well() -> None:
    """Words, units and keywords are those of the language."""
    call = Call(language="es-ES")

    assert call.final("son doscientos cincuenta euros") == "son doscientos cincuenta euros"
    assert call.final("mi tarjeta es cuatro uno uno uno doble uno") == "mi tarjeta es [CARD]"
    assert call.final("el código de seguridad es uno dos tres").endswith(" es [CODE]")


def test_an_amount_may_have_a_word_before_its_unit() -> None:
    """In Spanish, behind a word that multiplies; nowhere else."""
    spanish = Call(language="es")

    assert spanish.final("dos millones de euros para 2018") == "dos millones de euros para 2018"
    assert "[" in spanish.final("el 41112222 de euros")
