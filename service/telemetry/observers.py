"""Several observers as one."""

from collections.abc import Sequence

from service.calls.turn import Fact
from service.ids import EndpointName
from service.ports import AttemptResult, Delivery, Observer


class Observers:
    """An `Observer` that passes everything on to several others."""

    def __init__(self, all_of_them: Sequence[Observer]) -> None:
        self._all = tuple(all_of_them)

    def happened(self, fact: Fact) -> None:
        """See `Observer.happened`."""
        for one in self._all:
            one.happened(fact)

    def commit_took(self, duration_s: float) -> None:
        """See `Observer.commit_took`."""
        for one in self._all:
            one.commit_took(duration_s)

    def attempted(
        self, endpoint: EndpointName, delivery: Delivery, outcome: AttemptResult, duration_s: float
    ) -> None:
        """See `Observer.attempted`."""
        for one in self._all:
            one.attempted(endpoint, delivery, outcome, duration_s)
