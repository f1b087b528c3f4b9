"""Filters of the library, whatever the database: conditions by their names in its SQL. Pure."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from service.ids import CallId
from service.ports import CallFilter, CallSummary, WordQuery

MAX_POSITION: Final = 2**63 - 1
TOO_LONG: Final = "this takes too long to find: ask for rarer words, or fewer calls"
_LAST_LETTER: Final = chr(0x10FFFF)
_SUMMARY: Final = tuple(CallSummary.__dataclass_fields__)

Filters = dict[str, dict[str, object]]
"""Conditions by their names in the SQL, and what they compare with."""


def filters_of_calls(
    wanted: CallFilter,
    *,
    before: tuple[float, CallId] | None = None,
    spelt: Callable[[str], str] | None = None,
) -> Filters:
    """Return what a list of calls is filtered by; it goes on `before` a place.

    `spelt` returns text as the database has it in metadata.
    """
    spelt = spelt or whole
    filters: Filters = {}
    if wanted.live is not None:
        filters["where_live" if wanted.live else "where_over"] = {}
    if wanted.started_from is not None:
        filters["where_started_from"] = {"started_from": wanted.started_from}
    if wanted.started_before is not None:
        filters["where_started_before"] = {"started_before": wanted.started_before}
    if wanted.number is not None:
        start = wanted.number.removesuffix("*")
        end = start if start == wanted.number else start + _LAST_LETTER
        filters["where_number"] = {"number": start, "number_end": end}
    if wanted.metadata:
        facts = {spelt(key): spelt(one) for key, one in wanted.metadata.items()}
        filters["where_metadata"] = {"metadata": msgspec.json.encode(facts).decode()}
    if before:
        filters["where_before"] = {"before_at": before[0], "before_id": before[1]}
    return filters


def filters_of_words(wanted: WordQuery, *, spelt: Callable[[str], str] | None = None) -> Filters:
    """Return what a search is filtered by, besides its words."""
    filters = filters_of_calls(wanted.calls, spelt=spelt)
    if wanted.role is not None:
        filters["where_role"] = {"role": wanted.role}
    if wanted.call_id is not None:
        filters["where_words_of_call"] = {"call_id": wanted.call_id}
    return filters


def whole(text: str) -> str:
    """Return text that a database can hold: nothing there has half of a surrogate pair."""
    return text.encode(errors="replace").decode()


def summary_of(row: Sequence[Any]) -> dict[str, Any]:
    """Return the columns of a call's row by the names of its summary's fields."""
    return dict(zip(_SUMMARY, row, strict=True))
