"""Which call each leg is of, as far as this process has met it."""

from collections.abc import Container

from service.ids import CallId, LegId


class Legs:
    """Legs and their calls. A leg never has two: whoever is told first what call it is of is right.

    Those of calls that are not in memory here (another worker's, or over) are forgotten after a
    while, however many of them come by: the journal knows them by then.
    """

    def __init__(self) -> None:
        self._calls: dict[LegId, CallId] = {}
        self._elsewhere: set[LegId] = set()
        """Those whose call was not here when it was last looked."""

    def __len__(self) -> int:
        return len(self._calls)

    def call_of(self, leg_id: LegId) -> CallId | None:
        """Return the call of a leg; None if that is not known here."""
        return self._calls.get(leg_id)

    def learn(self, leg_id: LegId, call_id: CallId) -> CallId:
        """Return the call of a leg: this one, unless it was told of another."""
        return self._calls.setdefault(leg_id, call_id)

    def sweep(self, here: Container[CallId]) -> None:
        """Forget the legs whose calls were not here the last time either."""
        elsewhere = {leg_id for leg_id, call_id in self._calls.items() if call_id not in here}
        for leg_id in elsewhere & self._elsewhere:
            del self._calls[leg_id]
        self._elsewhere = elsewhere - self._elsewhere
