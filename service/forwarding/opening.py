"""Opens the tee on the journal of a service, if there is somewhere to pass webhooks on to."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from service.forwarding.counters import ForwardCounters
from service.forwarding.post import ForwardTarget
from service.forwarding.tee import open_tee
from service.journal.database import open_forwards
from service.ports import Ownership, Tee
from service.workers.sealing import Seal


@asynccontextmanager
async def open_forwarding(
    target: ForwardTarget | None,
    database_url: str,
    *,
    key: bytes | None,
    threaded: bool,
    api_key: str,
    ownership: Ownership,
    clock: Callable[[], float],
    dice: Callable[[], float],
    counters: ForwardCounters,
    nameservers: Sequence[str] | None = None,
) -> AsyncIterator[Tee | None]:
    """Open it; None without a target. What is kept is sealed with a key made of the API key.

    Raises:
        JournalUnavailableError: The journal is not there.
    """
    if target is None:
        yield None
        return
    seal = Seal(api_key)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            open_forwards(database_url, key=key, threaded=threaded)
        )
        yield await stack.enter_async_context(
            open_tee(
                store,
                target,
                seal=seal.close,
                unseal=seal.open,
                clock=clock,
                dice=dice,
                counters=counters,
                keeps_house=lambda: ownership.keeps_house,
                is_shared=ownership.is_shared,
                nameservers=nameservers,
            )
        )
