"""Words that are digits, keywords of codes, and texts that only a machine writes."""

import time

import pytest

from tests.redaction.builders import ALL, Call

STRICT = ALL._replace(level="strict")


@pytest.mark.parametrize(
    ("language", "asks"),
    [
        (
            "en",
            (
                "the three on the back", "the code on the back", "by the signature strip",
                "your CSC", "and the CID", "the verification number", "your security number",
                "any security codes", "back of card", "the C.V.V. please", "your passcode",
                "the one-time code",
            ),
        ),
        ("es", ("su clave", "dígame el código", "los tres números de atrás", "su C.V.V.")),
    ],
)  # fmt: skip
def test_a_code_is_hidden_however_it_is_asked_for(language: str, asks: tuple[str, ...]) -> None:
    """Not one digit of it is shown."""
    for ask in asks:
        call = Call(language=language)
        call.final(ask, key="out")
        assert call.final("7 3") == "[NUMBER]", ask


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "four zed ought aught five"),
        ("en", "quintuple four"),
        ("es", "cuatro una veintiuna un"),
        ("es", "diecise\u0301is veintido\u0301s cinco"),
        ("es", "veintidós dieciséis cinco"),
    ],
)
def test_digits_are_counted_by_whatever_word(language: str, text: str) -> None:
    """Also with accents that are signs of their own."""
    assert Call(STRICT, language).final(text).count("[") >= 1


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "she ought to call me back"),
        ("es", "un momento por favor, tengo una pregunta"),
        ("es", "mi código postal es 2803"),
    ],
)
def test_the_same_words_are_none_in_a_sentence(language: str, text: str) -> None:
    """They stand with another word."""
    assert Call(STRICT, language).final(text) == text


@pytest.mark.parametrize(
    "text",
    ["a" * 30_000, "a.+-" * 10_000, "a@" * 10_000, "double " + "4" * 4_800, "a@" + "-" * 20_000],
)
def test_no_text_takes_long(text: str) -> None:
    """Each sign is looked at once, and no number is made of thousands of digits."""
    began = time.process_time()
    Call().final(text)

    assert time.process_time() - began < 1


def test_an_address_among_signs_is_hidden_whole() -> None:
    """Also one that is written like two."""
    assert Call().final("to a.b+c@d.example, x@y%z@w.example now") == "to [EMAIL], [EMAIL] now"
    assert Call().final("to maria @ or so") == "to [EMAIL] so"
    assert Call().final("a@b.example at zero dot zero") == "[EMAIL]"


def test_nothing_that_is_not_seen_parts_words() -> None:
    """Nor is a wide at sign another one."""
    shown = Call(STRICT).final("f\u200bour one o\u00adne one one to john\uff20example.com")
    assert shown == "[NUMBER] to [EMAIL]"
