"""What is said and written as digits, and which digits these are, by language."""

import pytest

from service.redaction.languages import ENGLISH, SPANISH, Language, knows, language_of
from service.redaction.numbers import runs_of
from service.redaction.tokens import tokens_of


def digits(text: str, language: Language = ENGLISH) -> list[str]:
    """Return the runs of digits of a text."""
    return [run.digits for run in runs_of(tokens_of(text), language)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("four one one one", ["4111"]),
        ("double four treble five oh", ["445550"]),
        ("double-oh seven", ["007"]),
        ("forty-one eleven", ["4111"]),
        ("forty one hundred", ["4100"]),
        ("one hundred and twenty three", ["123"]),
        ("four thousand one hundred eleven", ["4111"]),
        ("nineteen eighty four", ["1984"]),
        ("two million", ["2000000"]),
        ("5 thousand", ["5000"]),
        ("4111-1111 uh 1111 1111", ["4111111111111111"]),
        ("zero nine, oh one", ["0901"]),
        ("one oh one", ["101"]),
        ("four and then one", ["4", "1"]),
        ("BA1234 on the 5th", ["1234"]),
        ("twenty uh one", ["201"]),
        ("double, four", ["44"]),
        ("4 double", ["4"]),
        ("double", [""]),
        ("oh", ["0"]),
        ("four ones, three zeros", ["1111000"]),
        ("thirty four ones", ["301111"]),
        ("4 1s 3 0's", ["1111000"]),
        ("four times one", ["1111"]),
        ("one four times zero three times", ["1111000"]),
        ("double double four", ["4444"]),
        ("ones", ["11"]),
        ("④¹ ₁ 1", ["4111"]),
        ("four first first", ["411"]),
        ("4th 1st 1st", ["411"]),
        ("one fourth", ["14"]),
        ("four apple one apple", ["4", "1"]),
        ("oh no sorry oh", ["0", "0"]),
    ],
)
def test_digits_are_found_however_they_are_said(text: str, found: list[str]) -> None:
    """Words, digits, and both; groups that other words part are apart."""
    assert digits(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "one moment please",
        "no that one.",
        "which one is it",
        "double check it",
        "oh no, oh well",
        "the ones on the back",
        "those twos",
        "the first of May",
        "third floor",
        "oh I see, oh well",
    ],
)
def test_words_that_are_no_numbers_there_are_none(text: str) -> None:
    """One stands for a thing, double for twice, and oh for surprise."""
    assert digits(text) == []


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("four one one one", "cuatro uno uno uno"),
        ("double four oh", "doble cuatro cero"),
        ("thirty-one forty-two", "treinta y uno cuarenta y dos"),
        ("one hundred and twenty three", "ciento veintitrés"),
        ("five hundred and sixteen", "quinientos dieciséis"),
        ("four ones three times six", "cuatro unos tres veces seis"),
    ],
)
def test_a_number_is_the_same_in_each_language(english: str, spanish: str) -> None:
    """The words are a table of each language."""
    assert digits(english) == digits(spanish, SPANISH)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cinco ciento diecinueve siete", "51197"),
        ("uno seis ciento veintidós", "16122"),
        ("dos mil ciento uno", "2101"),
        ("mil novecientos ochenta y cuatro", "1984"),
        ("mil", "1000"),
        ("dos veces cuatro quinientos treinta cuarto", "445304"),
        ("seiscientos veinte tres", "6203"),
        ("treinta y tres treinta mil cuarenta dos", "33300402"),
    ],
)
@pytest.mark.parametrize("language", ["es", "multi"])
def test_in_spanish_numbers_are_composed_otherwise(text: str, found: str, language: str) -> None:
    """Digits that were taken for fewer would be shown."""
    assert digits(text, language_of(language)) == [found]


def test_an_unknown_language_is_taken_for_any_of_those_that_are_known() -> None:
    """What an engine found out is not what the route has."""
    assert knows("en-GB")
    assert not knows("fr")
    assert language_of("es-MX") is SPANISH
    assert digits("four uno doble tres", language_of("multi")) == ["4133"]
