"""Saved searches and bindings: who is bound has those of its own binding, over its own calls."""

from dataclasses import replace

from service.api.problems import not_found
from service.ports import Binding, SavedSearch, SavedSearches, WordQuery


def bound_query(query: WordQuery, binding: Binding) -> WordQuery:
    """Return the query over no more than the calls that a binding covers."""
    both = query.calls.binding.narrowed(binding)
    return replace(query, calls=replace(query.calls, binding=both))


async def kept_for(searches: SavedSearches, binding: Binding) -> list[SavedSearch]:
    """Return the searches that were saved with this binding or a narrower one, oldest first.

    Raises:
        JournalUnavailableError: They cannot be read.
    """
    kept = await searches.searches()
    return [one for one in kept if binding.includes(one.query.calls.binding)]


async def find_search(searches: SavedSearches, search_id: str, binding: Binding) -> WordQuery:
    """Return what one of these searches looks for.

    Raises:
        RefusalError: 404, whether there is none or it is another's: the same.
        JournalUnavailableError: They cannot be read.
    """
    for one in await kept_for(searches, binding):
        if one.id == search_id:
            return one.query
    raise not_found("search")
