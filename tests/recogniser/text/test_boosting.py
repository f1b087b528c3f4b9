import pytest

from service.recogniser.text.boosting import Boost
from service.recogniser.text.key_terms import KeyTerm
from service.recogniser.text.vocabulary import SPACE, Vocabulary

LETTERS = Vocabulary([b"", b"", b"", *(bytes([n]) for n in range(256)), SPACE.encode()])
"""Each letter is a token: enough to say where a term would go."""


def tried(heard: str, *terms: KeyTerm) -> list[str]:
    """Return the texts that the model would be asked about."""
    tokens = [n for word in heard.split() for n in LETTERS.tokenize(f" {word}")]
    return [
        LETTERS.text([*tokens[: one.start], *one.tokens, *tokens[one.end :]]).replace("  ", " ")
        for one in Boost(terms, LETTERS).replacements(tokens)
    ]


@pytest.mark.parametrize(
    ("heard", "first"),
    [
        ("call call scribe now", " call Callscribe now"),
        ("ask Cawlscribe's man", " ask Callscribe's man"),
        ("is that Calscribe?", " is that Callscribe?"),
        ("callscribe it is", " Callscribe it is"),
    ],
)
def test_a_term_is_tried_where_it_sounds_alike(heard: str, first: str) -> None:
    """For one word or for several, and what belongs to the sentence stays."""
    assert tried(heard, KeyTerm("Callscribe"))[0] == first


@pytest.mark.parametrize("heard", ["", "the Callscribe man", "a nice day", "... - !"])
def test_where_there_is_nothing_to_mend_nothing_is_tried(heard: str) -> None:
    """A term that is there already, other words, and no words."""
    assert tried(heard, KeyTerm("Callscribe")) == []


def test_a_term_does_not_reach_over_what_is_written_between_words() -> None:
    """The end of a sentence and the beginning of the next are no name."""
    assert all(text.startswith(" call. ") for text in tried("call. Scribe", KeyTerm("Callscribe")))


def test_a_term_may_begin_a_sentence() -> None:
    """With a capital then, which is no mistake."""
    assert tried("Warfarin helps", KeyTerm("warfarin")) == []


def test_more_weight_lets_a_term_lack_more() -> None:
    """And the more there is of it to be heard, the surer the likeness."""

    def lacks(text: str, weight: float) -> float:
        boost = Boost([KeyTerm(text, weight)], LETTERS)
        return boost.replacements(LETTERS.tokenize(f" {text.lower()}"))[0].max_loss

    assert lacks("Callscribe", 0.1) < lacks("Callscribe", 1) < lacks("Callscribe", 3)
    assert lacks("Kyoto", 1) < lacks("Callscribe", 1)
