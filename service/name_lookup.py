"""Look-ups of the names of endpoints and engines, each apart from those of everybody else.

The system's own look-ups run in a few threads that the whole process shares, and a name server that
does not answer keeps a thread for half a minute: some endpoints, or an engine, whose names do not
resolve would stop Telnyx from being reached. So these ask the name servers themselves, by c-ares,
as they stand in `/etc/resolv.conf`, after `/etc/hosts`.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from service.patience import Patience
from service.tasks import Tasks, open_tasks

DEADLINE_S: Final = 3.0
"""How long a look-up may take in all."""
KEEP_S: Final = 30.0
"""How long an answer is good."""
KEEP_FAILURE_S: Final = 5.0
"""How long a name that was not found is not looked up again."""
MAX_LOOKUPS: Final = 256
"""At once; one more fails, or has the answer from before.

More than there are endpoints: names that a name server swallows are not to keep out one that it
would answer.
"""
MAX_DOUBTFUL: Final = MAX_LOOKUPS * 3 // 4
"""With so many under way, a name that was not found the last time has to wait."""
_MAX_NAMES = 1024
_TRIES = 3
"""So many times a name server is asked, as long each time, before the look-up's time is over."""

_Outcome = list[ResolveResult] | OSError


@dataclass(frozen=True, slots=True)
class _Known:
    outcome: _Outcome
    until: float


class NameLookup(AbstractResolver):
    """Resolves names; each host's is looked up once at a time, however many wait for it.

    An answer is kept for 30 s, a failure for 5 s. Names that are not found, however many, leave
    places to those that are. Made by `open_name_lookup`.
    """

    def __init__(
        self,
        tasks: Tasks,
        nameservers: Sequence[str] | None,
        deadline_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._tasks = tasks
        self._nameservers = nameservers
        self._deadline_s = deadline_s
        self._clock = clock
        self._resolver: aiohttp.AsyncResolver | None = None
        self._known: dict[str, _Known] = {}
        self._running: dict[str, asyncio.Task[_Outcome]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host.

        Raises:
            OSError: There is no such name, no name server answers in time, or too many look-ups
                are under way.
        """
        outcome = self._kept(host)
        if outcome is None:
            outcome = await asyncio.shield(self._look_up(host))
        if isinstance(outcome, OSError):
            raise OSError(*outcome.args)
        fitting = [one for one in outcome if family in (socket.AF_UNSPEC, one["family"])]
        if not fitting:
            raise OSError(None, "the name has no address of this family")
        return [ResolveResult({**one, "port": port}) for one in fitting]

    async def close(self) -> None:
        """End the resolver; whoever opened this calls it."""
        if self._resolver is not None:
            await self._resolver.close()

    def _kept(self, host: str) -> _Outcome | None:
        """Return what is known of a host; also what was so, where nobody can be asked now."""
        known = self._known.get(host)
        if known is None:
            return None
        if known.until > self._clock():
            return known.outcome
        was_found = not isinstance(known.outcome, OSError)
        has_to_do = was_found and len(self._running) >= MAX_LOOKUPS and host not in self._running
        return known.outcome if has_to_do else None

    def _look_up(self, host: str) -> "asyncio.Task[_Outcome]":
        task = self._running.get(host)
        if task is None:
            known = self._known.get(host)
            is_doubtful = known is not None and isinstance(known.outcome, OSError)
            if len(self._running) >= (MAX_DOUBTFUL if is_doubtful else MAX_LOOKUPS):
                raise OSError(None, "too many look-ups at once")
            task = self._tasks.start(self._ask(host), "look_up_name")
            self._running[host] = task
            task.add_done_callback(lambda _: self._running.pop(host))
        return task

    async def _ask(self, host: str) -> _Outcome:
        if self._resolver is None:  # not before it is needed: it starts a thread
            self._resolver = aiohttp.AsyncResolver(
                nameservers=self._nameservers, timeout=self._deadline_s / _TRIES, tries=_TRIES
            )
        outcome: _Outcome
        try:
            async with Patience(self._deadline_s):
                outcome = await self._resolver.resolve(host, 0, socket.AF_UNSPEC)
        except TimeoutError:
            outcome = OSError(None, "no name server answered in time")
        except OSError as error:
            outcome = error
        self._keep(host, outcome)
        return outcome

    def _keep(self, host: str, outcome: _Outcome) -> None:
        keep_s = KEEP_FAILURE_S if isinstance(outcome, OSError) else KEEP_S
        self._known.pop(host, None)
        self._known[host] = _Known(outcome, self._clock() + keep_s)
        if len(self._known) > _MAX_NAMES:
            del self._known[next(iter(self._known))]


@asynccontextmanager
async def open_name_lookup(
    nameservers: Sequence[str] | None = None,
    *,
    deadline_s: float = DEADLINE_S,
    clock: Callable[[], float] | None = None,
) -> AsyncIterator[NameLookup]:
    """Open look-ups at these name servers (`address:port`), by default the system's.

    `clock` counts seconds steadily, by default as the event loop does.
    """
    async with open_tasks() as tasks:
        steady = clock or asyncio.get_running_loop().time
        lookup = NameLookup(tasks, nameservers, deadline_s, steady)
        try:
            yield lookup
        finally:
            await lookup.close()
