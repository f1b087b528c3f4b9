"""The webhooks this process has committed lately, so that a repeat costs no transaction."""

from collections import OrderedDict
from collections.abc import Iterable

from service.ids import InputId

MAX_INPUTS = 100_000


class Dedup:
    """A bounded memory of input ids; when full, the oldest is forgotten.

    The journal's inbox is the truth: a repeat that is not remembered here is found there.
    """

    def __init__(self, most: int = MAX_INPUTS) -> None:
        self._most = most
        self._ids: OrderedDict[InputId, None] = OrderedDict()

    def __contains__(self, input_id: InputId) -> bool:
        return input_id in self._ids

    def update(self, input_ids: Iterable[InputId]) -> None:
        """Remember these."""
        for input_id in input_ids:
            self._ids[input_id] = None
        while len(self._ids) > self._most:
            self._ids.popitem(last=False)
