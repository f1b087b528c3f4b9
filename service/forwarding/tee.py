"""Keeps every webhook before Telnyx gets its answer, and has it passed on."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from service.forwarding.counters import ForwardCounters
from service.forwarding.envelope import identify, pack
from service.forwarding.forwarder import POLL_S, SHARED_POLL_S, Forwarder, Means
from service.forwarding.post import ForwardTarget, open_poster
from service.ports import Forwards, Tee
from service.tasks import open_tasks


class JournalTee:
    """The `Tee` of this process."""

    def __init__(
        self,
        store: Forwards,
        seal: Callable[[bytes], bytes],
        clock: Callable[[], float],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._seal = seal
        self._clock = clock
        self._wake = wake

    async def keep(self, body: bytes, headers: Mapping[str, str]) -> None:
        """See `Tee.keep`."""
        event_id, lane = identify(body)
        sealed = self._seal(pack(body, headers))
        await self._store.keep(event_id, lane, self._clock(), sealed)
        self._wake()


@asynccontextmanager
async def open_tee(
    store: Forwards,
    target: ForwardTarget,
    *,
    seal: Callable[[bytes], bytes],
    unseal: Callable[[bytes], bytes],
    clock: Callable[[], float],
    dice: Callable[[], float],
    counters: ForwardCounters,
    keeps_house: Callable[[], bool] = lambda: True,
    is_shared: bool = False,
    nameservers: Sequence[str] | None = None,
) -> AsyncIterator[Tee]:
    """Open the tee, and pass on what is kept until the end; what is left is for the next start.

    `seal` and `unseal` close and open what lies in the journal. `keeps_house` says whether this
    worker is the one that passes on, where the journal `is_shared`. `nameservers` are asked for the
    target's name, or the system's.
    """
    async with open_poster(target, nameservers) as poster, open_tasks() as tasks:
        forwarder = Forwarder(
            Means(
                store=store,
                post=poster.post,
                unseal=unseal,
                tasks=tasks,
                clock=clock,
                dice=dice,
                counters=counters,
                keeps_house=keeps_house,
                poll_s=SHARED_POLL_S if is_shared else POLL_S,
            )
        )
        tasks.keep(forwarder.run, "forwarder")
        yield JournalTee(store, seal, clock, forwarder.wake)
