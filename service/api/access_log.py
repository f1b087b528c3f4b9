"""The access log: notes who looked at which call, in memory first, and writes it soon after.

No answer waits for it. What a crash may lose is what was noted within `WRITE_EVERY_S`; while the
database does not answer, as much waits as `MAX_WAITING`.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final, Literal

import structlog
from aiohttp import web

from service.api.access import Caller
from service.errors import JournalUnavailableError
from service.ids import AccessAction, CallId
from service.ports import Access, AccessStore
from service.tasks import open_tasks
from service.web.connections import client_of

WRITE_EVERY_S: Final = 0.5
_AGAIN_AFTER_S: Final = 5.0
"""How long a database that did not take it is left alone."""
AGAIN_S: Final = 60.0
"""The same key doing the same with the same call from the same address is one access for so long:
a player asks for many ranges, and a page that is open asks every few seconds."""
MAX_WAITING: Final = 10_000
MAX_RECENT: Final = 10_000
_PRUNE_EVERY_S: Final = 600.0
_PRUNED_AT_ONCE: Final = 5_000
_DAY_S: Final = 86_400.0
_NETWORK_BITS: Final = {4: 24, 6: 48}

Addresses = Literal["full", "network", "none"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLogLimits:
    """How long accesses are kept, how many at most, and how much of an address."""

    days: float = 365.0
    max_entries: int = 1_000_000
    addresses: Addresses = "full"


class AccessLog:
    """Notes accesses and keeps them. Made by `open_access_log`; use from the event loop only."""

    def __init__(
        self, store: AccessStore, limits: AccessLogLimits, clock: Callable[[], float]
    ) -> None:
        self.lost = 0
        """How many were not kept because too many waited."""
        self._store = store
        self._limits = limits
        self._clock = clock
        self._waiting: list[Access] = []
        self._recent: OrderedDict[tuple[str, AccessAction, CallId | None, str], float] = (
            OrderedDict()
        )
        self._noted = asyncio.Event()
        self._writing = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """How many accesses are noted and not written yet."""
        return len(self._waiting)

    def note(
        self, request: web.Request, caller: Caller, action: AccessAction, call_id: CallId | None
    ) -> None:
        """Note that a caller did this with a call, or (None) with whichever there are."""
        address = shown_address(client_of(request), self._limits.addresses)
        what = (caller.key_id, action, call_id, address)
        now = self._clock()
        if now < self._recent.get(what, -AGAIN_S) + AGAIN_S:
            return
        if len(self._waiting) >= MAX_WAITING:
            self.lost += 1
            return
        self._remember(what, now)
        self._waiting.append(
            Access(at=now, key_id=caller.key_id, action=action, call_id=call_id, address=address)
        )
        self._noted.set()

    async def run(self) -> None:
        """Write what was noted, soon after, forever. An outage is waited for."""
        while True:
            await self._noted.wait()
            await asyncio.sleep(WRITE_EVERY_S)
            try:
                await self.write()
            except JournalUnavailableError:
                log.warning("accesses_not_written", waiting=self.waiting, lost=self.lost)
                await asyncio.sleep(_AGAIN_AFTER_S)

    async def write(self) -> None:
        """Write what was noted so far.

        Raises:
            JournalUnavailableError: None of it was written: it still waits.
        """
        async with self._writing:
            batch = self._waiting.copy()
            if batch:
                await self._store.keep_accesses(batch)
                del self._waiting[: len(batch)]
            if not self._waiting:
                self._noted.clear()

    async def prune(self) -> None:
        """Forget what is not to be kept any longer, now and every ten minutes."""
        while True:
            try:
                await self.look()
            except JournalUnavailableError:
                log.warning("accesses_not_pruned")
            await asyncio.sleep(_PRUNE_EVERY_S)

    async def look(self) -> None:
        """Forget what is not to be kept any longer, in small steps.

        Raises:
            JournalUnavailableError: Not all was done.
        """
        before, most = self._clock() - self._limits.days * _DAY_S, self._limits.max_entries
        pruned = 1
        while pruned:
            pruned = await self._store.prune_accesses(before, most=most, limit=_PRUNED_AT_ONCE)

    def _remember(self, what: tuple[str, AccessAction, CallId | None, str], now: float) -> None:
        self._recent[what] = now
        self._recent.move_to_end(what)
        if len(self._recent) > MAX_RECENT:
            self._recent.popitem(last=False)


def shown_address(address: str, how: Addresses) -> str:
    """Return as much of an address as is to be kept: all, its network (/24 or /48), or nothing."""
    if how == "none":
        return ""
    if how == "full":
        return address
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:  # a Unix socket
        return ""
    return str(ip_network((ip, _NETWORK_BITS[ip.version]), strict=False))


@asynccontextmanager
async def open_access_log(
    store: AccessStore,
    limits: AccessLogLimits | None = None,
    *,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[AccessLog]:
    """Open the access log; on leaving, what was noted is written. `clock` is in Unix seconds."""
    access_log = AccessLog(store, limits or AccessLogLimits(), clock)
    async with open_tasks() as tasks:
        tasks.keep(access_log.run, "write_accesses")
        tasks.keep(access_log.prune, "prune_accesses")
        try:
            yield access_log
        finally:
            try:
                await access_log.write()
            except JournalUnavailableError:
                log.warning(
                    "accesses_not_written", waiting=access_log.waiting, lost=access_log.lost
                )
