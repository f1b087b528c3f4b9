"""Lanes as rows, whatever the database. Pure."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from service.ports import LaneRow


def lanes_with_parked(rows: Iterable[Sequence[Any]]) -> list[LaneRow]:
    """Return lanes of rows that end with something that was parked, or None; a lane's together."""
    return [
        LaneRow(*(*lane, tuple(seq for *_, seq in group if seq is not None)))
        for lane, group in groupby(rows, key=lambda row: tuple(row[:-1]))
    ]
