"""The bus of a worker that has a database for itself."""

from typing import Final

from service.ids import WorkerId
from service.ports import Bus, LivePartial


class _Alone:
    """A `Bus` that tells nobody."""

    def partial(self, partial: LivePartial) -> None:
        """See `Bus.partial`."""

    def committed(self) -> None:
        """See `Bus.committed`."""

    def nudge(self, worker: WorkerId) -> None:
        """See `Bus.nudge`."""

    def offer(self) -> None:
        """See `Bus.offer`."""


ALONE: Final[Bus] = _Alone()
