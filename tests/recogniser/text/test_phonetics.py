import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.recogniser.text.phonetics import phonetic_code, phonetic_weight, similarity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Callscribe", "call scribe"),
        ("Acmetron", "Akmetron"),
        ("Xarelto", "Zairelto"),
        ("FreeSwitch", "free switch"),
        ("Müller", "Muller"),
        ("Phillips", "Filips"),
    ],
)
def test_what_sounds_the_same_has_the_same_sounds(one: str, other: str) -> None:
    """However it is spelt, and wherever the spaces are."""
    assert phonetic_code(one) == phonetic_code(other) != ""


@pytest.mark.parametrize("text", ["", "...", "日本", "Ω"])
def test_what_cannot_be_said_has_no_sounds(text: str) -> None:
    """Signs, and letters that are not of this alphabet."""
    assert phonetic_code(text) == ""


def test_what_was_misheard_is_more_alike_than_what_was_not_said() -> None:
    """Of the words a speaker was heard to say, the one that stands for the name is nearest."""
    heard = [phonetic_code(text) for text in ("we moved", "to", "Tellmix", "last spring")]

    alike = similarity(heard, [phonetic_code("Telnyx")])[:, 0]

    assert alike.argmax() == 2
    assert alike[2] > 0.8
    assert max(alike[[0, 1, 3]]) < 0.5


@given(st.lists(st.text(max_size=12), max_size=5), st.lists(st.text(max_size=12), max_size=5))
def test_nothing_is_more_alike_than_the_same(some: list[str], others: list[str]) -> None:
    """The same sounds are 1, others less, none of them 0; in a table of all by all."""
    heard, wanted = [phonetic_code(one) for one in some], [phonetic_code(one) for one in others]

    alike = similarity(heard, wanted)

    assert alike.shape == (len(heard), len(wanted))
    for row, one in enumerate(heard):
        for column, other in enumerate(wanted):
            assert (alike[row, column] > 0.999) == (one == other != "")


def test_a_vowel_weighs_half() -> None:
    """Over a telephone they all sound alike."""
    assert phonetic_weight(phonetic_code("Kyoto")) == 3
