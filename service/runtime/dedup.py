"""The webhooks this process has committed lately, so that a repeat costs no transaction."""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

MAX_IDS = 100_000

_Id = TypeVar("_Id", bound=Hashable)


class Dedup(Generic[_Id]):
    """A bounded memory of ids; when full, the oldest is forgotten.

    The journal's inbox is the truth: a repeat that is not remembered here is found there.
    """

    def __init__(self, most: int = MAX_IDS) -> None:
        self._most = most
        self._ids: OrderedDict[_Id, None] = OrderedDict()

    def __contains__(self, one: object) -> bool:
        return one in self._ids

    def update(self, ids: Iterable[_Id]) -> None:
        """Remember these."""
        for one in ids:
            self._ids[one] = None
        while len(self._ids) > self._most:
            self._ids.popitem(last=False)
