"""Key terms as clients ask for them: `keyterm`, and `keywords` with weights.

Source: TELNYX.md §5.2 (a list with commas in Telnyx's pages, repeated in its SDK) and
§6.2 (`model_config` hands Deepgram's own names on). A hundred is Telnyx's limit, the length ours.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Final

from service.errors import BadInputError
from service.recogniser.text.phonetics import phonetic_code

PLAIN, WEIGHTED = "keyterm", "keywords"
KEY_TERM_PARAMETERS: Final = (PLAIN, WEIGHTED)
MAX_TERMS: Final = 100
MAX_TERM_CHARACTERS: Final = 60
MAX_TERM_WORDS: Final = 6
_MAX_WEIGHT: Final = 1000.0


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """A word or a few. `weight` 1 is the usual, more asks for more; 0 or less is not boosted."""

    text: str
    weight: float = 1.0


class BadKeyTermError(BadInputError):
    """Key terms that cannot be honoured. `parameter` holds them; the text quotes none of them."""

    def __init__(self, parameter: str, reason: str) -> None:
        self.parameter = parameter
        super().__init__(f"{parameter} {reason}.")


def parse_key_terms(given: Iterable[tuple[str, str]]) -> tuple[KeyTerm, ...]:
    """Parse parameters by name and value; those of other names are left alone.

    Of a term that is given twice, the last weight holds.

    Raises:
        BadKeyTermError: More than 100 terms, one of more than 60 characters or 6 words, one that
            cannot be said in English, or a weight that is no number.
    """
    terms: dict[str, KeyTerm] = {}
    for name, value in given:
        if name in KEY_TERM_PARAMETERS:
            for term in _listed(name, value):
                terms[term.text] = term
                if len(terms) > MAX_TERMS:
                    raise BadKeyTermError(name, f"may hold {MAX_TERMS} terms")
    return tuple(terms.values())


def _listed(name: str, value: str) -> Iterator[KeyTerm]:
    for one in value.split(","):
        text, weight = one, 1.0
        if name == WEIGHTED and ":" in one:
            text, _, number = one.rpartition(":")
            weight = _weight(name, number.strip())
        text = " ".join(text.split())
        if len(text) > MAX_TERM_CHARACTERS:
            raise BadKeyTermError(name, f"may hold terms of {MAX_TERM_CHARACTERS} characters")
        if len(text.split()) > MAX_TERM_WORDS:
            raise BadKeyTermError(name, f"may hold terms of {MAX_TERM_WORDS} words")
        if text and not phonetic_code(text):
            raise BadKeyTermError(name, "holds a term that nobody can say in English")
        if text:
            yield KeyTerm(text, weight)


def _weight(name: str, number: str) -> float:
    try:
        weight = float(number)
    except ValueError:
        raise BadKeyTermError(name, "must be like word:2") from None
    if not (isfinite(weight) and abs(weight) <= _MAX_WEIGHT):
        raise BadKeyTermError(name, "must be like word:2")
    return weight
