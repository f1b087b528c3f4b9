"""Where in a text what was searched for is, and the hits that are told of it. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from service.journal.search import SearchTerms, Term
from service.journal.words import Word, fold, snippet, words_of
from service.ports import Hit

_HIT: Final = tuple(Hit.__dataclass_fields__)


def hit_of(row: Sequence[Any], terms: SearchTerms, shown: str | None = None) -> Hit:
    """Return the hit of a row: its columns are the hit's fields, with the text for the snippet.

    `shown` is the snippet where the database made it, which is quicker.
    """
    *facts, text = row
    if shown is None:
        shown = snippet(text, _found_in(text, terms))
    return Hit(**dict(zip(_HIT, (*facts, shown), strict=True)))


def folded_words(term: Term) -> list[str]:
    """Return the words of a term as they are compared: at least one."""
    return [word.folded for word in words_of(term.words)] or [fold(term.words)]


def _found_in(text: str, terms: SearchTerms) -> list[tuple[int, int]]:
    """Return the spans of words that are wanted, as places among `words_of`."""
    words = list(words_of(text))
    return [span for term in terms.wanted for span in _spans(words, term)]


def _spans(words: Sequence[Word], term: Term) -> Iterator[tuple[int, int]]:
    sought = folded_words(term)
    for start in range(len(words) - len(sought) + 1):
        here = [word.folded for word in words[start : start + len(sought)]]
        last_fits = here[-1].startswith(sought[-1]) if term.is_prefix else here[-1] == sought[-1]
        if last_fits and here[:-1] == sought[:-1]:
            yield start, start + len(sought) - 1
