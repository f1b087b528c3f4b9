"""Search as PostgreSQL is asked for it: `tsvector` and `tsquery` of our own words. Pure."""

from typing import Final

from service.journal.finding import folded_words
from service.journal.search import SearchTerms, Term
from service.journal.words import words_of

_MAX_PLACE: Final = 16_383
_MAX_LEXEME: Final = 500
"""Letters; PostgreSQL takes 2,046 bytes."""


def vector_of(text: str) -> str:
    """Return the `tsvector` literal of a text: each word with its places."""
    places: dict[str, list[int]] = {}
    for n, word in enumerate(words_of(text), 1):
        places.setdefault(word.folded[:_MAX_LEXEME], []).append(min(n, _MAX_PLACE))
    return " ".join(f"{_quoted(word)}:{','.join(map(str, at))}" for word, at in places.items())


def query_of(terms: SearchTerms) -> str:
    """Return the `tsquery` literal: all that is wanted, and nothing that is not."""
    wanted = " & ".join(map(_phrase, terms.wanted))
    if not terms.unwanted:
        return wanted
    return f"({wanted}) & !({' | '.join(map(_phrase, terms.unwanted))})"


def _phrase(term: Term) -> str:
    words = [_quoted(word[:_MAX_LEXEME]) for word in folded_words(term)]
    words[-1] += ":*" * term.is_prefix
    return f"({' <-> '.join(words)})"


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
