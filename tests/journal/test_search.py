"""What people type to search, taken apart without a database."""

import pytest

from service.errors import BadInputError
from service.journal.search import (
    MAX_LETTERS,
    MAX_TERMS,
    SearchTerms,
    Term,
    parse_search_terms,
)


@pytest.mark.parametrize(
    ("typed", "wanted", "unwanted"),
    [
        ("hello wörld", ["hello", "wörld"], []),
        ('"hello world" again', ["hello world", "again"], []),
        ("ref* -refuse", ["ref*"], ["refuse"]),
        ('"call me"* -"not now"', ["call me*"], ["not now"]),
        ("don't well-known", ["don t", "well known"], []),
        ('" hello', ["hello"], []),
    ],
)
def test_terms_are_words_phrases_and_beginnings(
    typed: str, wanted: list[str], unwanted: list[str]
) -> None:
    """What follows a minus must not be there; all that is no letter only parts words."""

    def term(text: str) -> Term:
        return Term(text.removesuffix("*"), text.endswith("*"))

    assert parse_search_terms(typed) == SearchTerms(
        tuple(map(term, wanted)), tuple(map(term, unwanted))
    )


def test_so_much_may_be_searched_for() -> None:
    """As many terms and letters as that, and no more."""
    assert len(parse_search_terms("w " * MAX_TERMS).wanted) == MAX_TERMS
    assert parse_search_terms("w" * MAX_LETTERS)
    for typed in ("w " * (MAX_TERMS + 1), "w" * (MAX_LETTERS + 1), "-w", "w*"):
        with pytest.raises(BadInputError, match="give at "):
            parse_search_terms(typed)
