"""The outbox: what waits to be told, each thing once, and how it is packed into payloads. Pure."""

from collections import deque
from collections.abc import Iterator

from service.bus.counters import BusCounters
from service.bus.messages import Envelope, Message, encode_partial, in_lots
from service.ids import WorkerId
from service.ports import LivePartial

MAX_PARTIALS = 4_000
MAX_NUDGED = 50
"""Workers that one payload names."""


class Outbox:
    """What one worker has to tell. It holds the newest partial of each utterance.

    One partial more than `max_partials` drops the one that was replaced longest ago.
    """

    def __init__(
        self, worker: WorkerId, counters: BusCounters, *, max_partials: int = MAX_PARTIALS
    ) -> None:
        self._worker = worker
        self._counters = counters
        self._max_partials = max_partials
        self._partials: dict[str, LivePartial] = {}
        self._commits = 0
        self._offered = False
        self._watching: tuple[str, ...] | None = None
        self._nudged: dict[WorkerId, None] = {}
        self._number = 0
        self._packed = (0, False, tuple[WorkerId, ...]())
        """Of the last payloads: how many partials, whether they offer calls, whom they nudge."""

    def partial(self, partial: LivePartial) -> None:
        """Put a partial in, in place of the one before it of the same utterance."""
        self._partials.pop(partial.utterance_id, None)
        self._partials[partial.utterance_id] = partial
        if len(self._partials) > self._max_partials:
            del self._partials[next(iter(self._partials))]
            self._counters.dropped["full"] += 1
        self._counters.waiting = len(self._partials)

    def committed(self) -> None:
        """Count a commit."""
        self._commits += 1

    def nudge(self, worker: WorkerId) -> None:
        """Put a nudge of a worker in."""
        self._nudged[worker] = None

    def offer(self) -> None:
        """Put an offer of calls in."""
        self._offered = True

    def watch(self, watching: tuple[str, ...]) -> None:
        """Put in what is watched here, as it is written."""
        self._watching = watching

    def drop_partials(self) -> None:
        """Drop the partials that wait: they are old news by now."""
        self._counters.dropped["away"] += len(self._partials)
        self._partials.clear()
        self._counters.waiting = 0

    def pack(self, max_bytes: int) -> list[bytes]:
        """Take out all that waits, as payloads of up to `max_bytes`, in order.

        A partial that fits into none is dropped, and so is one that cannot be written.
        """
        rows, payloads = deque(self._rows()), list[bytes]()
        lots = deque(in_lots(self._nudged, MAX_NUDGED))
        self._packed = (len(rows), self._offered, tuple(self._nudged))
        self._partials.clear()
        self._nudged.clear()
        while rows or lots:
            nudged = lots.popleft() if lots else ()
            envelope = Envelope(self._message(nudged), max_bytes)
            self._fill(envelope, rows, alone=not nudged)
            payloads.append(envelope.seal())
        self._counters.waiting = 0
        return payloads

    def take_back(self) -> None:
        """Take back what was packed last, for it was not sent; its partials are dropped."""
        partials, offered, nudged = self._packed
        self._counters.dropped["away"] += partials
        self._offered |= offered
        self._nudged |= dict.fromkeys(nudged)

    def _fill(self, envelope: Envelope, rows: deque[bytes], *, alone: bool) -> None:
        """Put in what there is room for; what has none `alone` in an envelope is dropped."""
        while rows:
            if envelope.add(rows[0]):
                rows.popleft()
            elif alone and envelope.empty:
                rows.popleft()
                self._counters.dropped["too_large"] += 1
            else:
                return

    def _rows(self) -> Iterator[bytes]:
        for partial in self._partials.values():
            try:
                yield encode_partial(partial)
            except ValueError:
                self._counters.dropped["unreadable"] += 1

    def _message(self, nudged: tuple[WorkerId, ...]) -> Message:
        self._number += 1
        offered, self._offered = self._offered, False
        watching, self._watching = self._watching, None
        return Message(
            worker=self._worker,
            number=self._number,
            commits=self._commits,
            offered=offered,
            watching=watching,
            nudged=nudged,
        )
