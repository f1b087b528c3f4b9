"""Search as PostgreSQL is asked for it: `tsvector` and `tsquery` of our own words. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from service.journal.search import SearchTerms, Term
from service.journal.words import Word, fold, words_of

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


def found_in(text: str, terms: SearchTerms) -> list[tuple[int, int]]:
    """Return the spans of words that are wanted, as places among `words_of`."""
    words = list(words_of(text))
    return [span for term in terms.wanted for span in _spans(words, term)]


def _spans(words: Sequence[Word], term: Term) -> Iterator[tuple[int, int]]:
    sought = _folded(term)
    for start in range(len(words) - len(sought) + 1):
        here = [word.folded for word in words[start : start + len(sought)]]
        last_fits = here[-1].startswith(sought[-1]) if term.is_prefix else here[-1] == sought[-1]
        if last_fits and here[:-1] == sought[:-1]:
            yield start, start + len(sought) - 1


def _folded(term: Term) -> list[str]:
    return [word.folded for word in words_of(term.words)] or [fold(term.words)]


def _phrase(term: Term) -> str:
    words = [_quoted(word[:_MAX_LEXEME]) for word in _folded(term)]
    words[-1] += ":*" * term.is_prefix
    return f"({' <-> '.join(words)})"


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
