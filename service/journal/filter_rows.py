"""Which events endpoints get, as rows, whatever the database. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from service.ids import EndpointName
from service.ports import EventFilter


def filter_rows(filters: Mapping[EndpointName, EventFilter]) -> list[tuple[str, str, int]]:
    """Return `endpoint, events, report` of each; the events are JSON."""
    return [
        (name, msgspec.json.encode(one.events).decode(), int(one.report))
        for name, one in sorted(filters.items())
    ]


def read_filters(rows: Iterable[Sequence[Any]]) -> dict[EndpointName, EventFilter]:
    """Return what rows like these say."""
    return {
        EndpointName(name): EventFilter(
            msgspec.json.decode(events, type=tuple[str, ...]), report=bool(report)
        )
        for name, events, report in rows
    }
