"""Who listens to the bus."""

from service.ports import LivePartial
from tests.waiting import until


class KeptListener:
    """A listener that keeps what it was told."""

    def __init__(self) -> None:
        self.partials: list[LivePartial] = []
        self.commits = self.nudges = self.offers = 0
        self.order: list[str] = []
        """What it was, in order: `committed`, and partials by their ids."""
        self.fault: Exception | None = None
        """What the next partial has it raise."""

    def partial(self, partial: LivePartial) -> None:
        """Keep it, or fail."""
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        self.partials.append(partial)
        self.order.append(partial.delivery.id)

    def committed(self) -> None:
        """Count it."""
        self.commits += 1
        self.order.append("committed")

    def nudged(self) -> None:
        """Count it."""
        self.nudges += 1

    def offered(self) -> None:
        """Count it."""
        self.offers += 1

    async def heard(self, count: int) -> None:
        """Wait until it has heard so many partials."""
        await until(lambda: len(self.partials) >= count)

    @property
    def ids(self) -> list[str]:
        """The partials' ids, in order."""
        return [one.delivery.id for one in self.partials]
