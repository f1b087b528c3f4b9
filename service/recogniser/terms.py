"""Key terms as they are asked for: `keyterm`, and `keywords` with weights.

Source: TELNYX.md §5.2 (a list with commas in Telnyx's pages, repeated in its SDK) and
§6.2 (`model_config` hands Deepgram's own names on). A hundred is Telnyx's limit, the length ours.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Final

from service.errors import BadInputError
from service.recogniser.sounds import sounds_of

PLAIN, WEIGHTED = "keyterm", "keywords"
TERM_PARAMETERS: Final = (PLAIN, WEIGHTED)
MOST_TERMS: Final = 100
LONGEST_TERM: Final = 60
MOST_WORDS: Final = 6
_MOST_WEIGHT: Final = 1000.0


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """A word or a few. `weight` 1 is the usual, more asks for more; 0 or less is not boosted."""

    text: str
    weight: float = 1.0


class BadTermError(BadInputError):
    """Key terms that cannot be honoured. `parameter` holds them; the text quotes none of them."""

    def __init__(self, parameter: str, reason: str) -> None:
        self.parameter = parameter
        super().__init__(f"{parameter} {reason}.")


def read_terms(given: Iterable[tuple[str, str]]) -> tuple[KeyTerm, ...]:
    """Read parameters by name and value; those of other names are left alone.

    Of a term that is given twice, the last weight holds.

    Raises:
        BadTermError: More than 100 terms, one of more than 60 characters or 6 words, one that
            cannot be said in English, or a weight that is no number.
    """
    terms: dict[str, KeyTerm] = {}
    for name, value in given:
        if name in TERM_PARAMETERS:
            for term in _listed(name, value):
                terms[term.text] = term
                if len(terms) > MOST_TERMS:
                    raise BadTermError(name, f"may hold {MOST_TERMS} terms")
    return tuple(terms.values())


def _listed(name: str, value: str) -> Iterator[KeyTerm]:
    for one in value.split(","):
        text, weight = one, 1.0
        if name == WEIGHTED and ":" in one:
            text, _, number = one.rpartition(":")
            weight = _weight(name, number.strip())
        text = " ".join(text.split())
        if len(text) > LONGEST_TERM:
            raise BadTermError(name, f"may hold terms of {LONGEST_TERM} characters")
        if len(text.split()) > MOST_WORDS:
            raise BadTermError(name, f"may hold terms of {MOST_WORDS} words")
        if text and not sounds_of(text):
            raise BadTermError(name, "holds a term that nobody can say in English")
        if text:
            yield KeyTerm(text, weight)


def _weight(name: str, number: str) -> float:
    try:
        weight = float(number)
    except ValueError:
        raise BadTermError(name, "must be like word:2") from None
    if not (isfinite(weight) and abs(weight) <= _MOST_WEIGHT):
        raise BadTermError(name, "must be like word:2")
    return weight
