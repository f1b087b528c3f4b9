"""The inbox: reads what other workers tell, and has the listener act on it."""

from collections.abc import Callable

import structlog

from service.bus.counters import BusCounters
from service.bus.interests import Interests
from service.bus.messages import Message, parse_message
from service.errors import BadInputError
from service.ids import WorkerId
from service.ports import BusListener

MAX_WORKERS = 1_000
"""Workers that are remembered; one more forgets the one that was heard of first."""

log = structlog.get_logger()


class Inbox:
    """What one worker hears. What it told itself is passed over.

    On the bus it is `worker` for as long as it lives, on the roster whatever it is `known_as`.
    """

    def __init__(
        self,
        worker: WorkerId,
        listener: BusListener,
        counters: BusCounters,
        interests: Interests,
        known_as: Callable[[], WorkerId | None] | None = None,
    ) -> None:
        self._known_as = known_as or (lambda: worker)
        self._worker = worker
        self._listener = listener
        self._counters = counters
        self._interests = interests
        self._last: dict[str, tuple[int, int]] = {}
        """Number and commits of the last message, by worker."""

    def receive(self, payload: bytes | str) -> None:
        """Act on one payload. Never raises: nobody is there to hear of it."""
        try:
            message = parse_message(payload)
        except BadInputError:
            self._counters.dropped["unreadable"] += 1
            return
        if message.worker == self._worker:
            return
        self._counters.received += 1
        try:
            self._act(message)
        except Exception:
            log.exception("bus_message_failed")

    def catch_up(self) -> None:
        """Act as if everything had been told: some of it may have been, to nobody."""
        self._last.clear()
        self._interests.begin()
        self._listener.committed()
        self._listener.nudged()
        self._listener.offered()

    def _act(self, message: Message) -> None:
        if message.watching is not None:
            self._interests.hear(message.worker, message.watching)
        if self._has_committed(message):
            self._listener.committed()
        if self._known_as() in message.nudged:
            self._listener.nudged()
        if message.offered:
            self._listener.offered()
        for row in message.partials:
            self._listener.partial(row.restore())

    def _has_committed(self, message: Message) -> bool:
        """Return whether that worker committed since it was last heard, told or not."""
        number, commits = self._last.pop(message.worker, (message.number - 1, 0))
        self._last[message.worker] = (message.number, message.commits)
        if len(self._last) > MAX_WORKERS:
            del self._last[next(iter(self._last))]
        self._counters.dropped["missed"] += max(0, message.number - number - 1)
        return message.commits != commits
