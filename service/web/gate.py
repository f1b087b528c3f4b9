"""The gate of a listener: who gets in, who makes room when it is full, and who took too long."""

import asyncio
from collections import Counter, OrderedDict
from http import HTTPStatus
from typing import Final, Protocol

from service.web.answers import raw_problem
from service.web.limits import Limits

_SWEEPS_PER_DEADLINE: Final = 10
_MAX_SENDERS: Final = 1_024

FULL: Final = raw_problem(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections: come again soon.")
GREEDY: Final = raw_problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many connections from this address.")


class Guest(Protocol):
    """A connection, as the gate knows it."""

    deadline_at: float
    """When it is to be turned out; seconds on the loop's clock."""

    @property
    def is_at_work(self) -> bool:
        """Whether it is our turn: a whole request of it is being answered."""

    def expire(self, now: float) -> None:
        """Close it: its deadline has passed."""

    def make_room(self) -> None:
        """Close it at once: somebody else needs its place."""


class Gate:
    """All connections of one listener.

    A stranger is a connection that has shown no key, token or signature yet. When all places are
    taken, the stranger that has gone longest without a whole request makes room; who has shown
    something never has to. Some places are kept for addresses that a webhook came from, so that
    people who ask cannot take them all; nor can those who watch for long, who may come from the
    same address, through a proxy. Only with no stranger left is a newcomer refused: 503, or
    429 to one greedy address.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._loop = asyncio.get_running_loop()
        self._guests: set[Guest] = set()
        self._strangers: OrderedDict[Guest, None] = OrderedDict()
        self._senders: OrderedDict[str, None] = OrderedDict()
        """Addresses that a webhook came from, those heard of last at the end."""
        self._staying: set[Guest] = set()
        """Those whose answer goes on for long."""
        self._by_address: Counter[str] = Counter()
        self._tick_s = min(limits.head_s, limits.body_s, limits.idle_s) / _SWEEPS_PER_DEADLINE
        self._timer = self._loop.call_later(self._tick_s, self._sweep)

    def close(self) -> None:
        """Stop looking at deadlines."""
        self._timer.cancel()

    def let_in(self, guest: Guest, peer: str) -> bytes | None:
        """Count a new connection from this address in, or return the answer that turns it away.

        One from a proxy only counts among all, until a request says whom it is for.
        """
        if self.limits.is_proxy(peer):
            counted = False
        elif self.count(peer):
            counted = True
        else:
            return GREEDY
        kept = 0 if peer in self._senders else self.limits.kept_connections
        if len(self._guests) >= self.limits.max_connections - kept and not self._make_room():
            if counted:
                self.uncount(peer)
            return FULL
        self._guests.add(guest)
        self._strangers[guest] = None
        return None

    def let_out(self, guest: Guest) -> None:
        """Forget a connection; harmless for one that was turned away."""
        self._guests.discard(guest)
        self._staying.discard(guest)
        self._strangers.pop(guest, None)

    def asked(self, guest: Guest) -> None:
        """Note that a whole request came: other strangers make room first."""
        if guest in self._strangers:
            self._strangers.move_to_end(guest)

    def vouch(self, guest: Guest) -> None:
        """Let a connection keep its place: it has shown something."""
        self._strangers.pop(guest, None)

    @property
    def lets_stay(self) -> bool:
        """Whether one more may stay for long: kept places are for who comes and goes."""
        limits = self.limits
        return len(self._staying) < limits.max_connections - limits.kept_connections

    def stay(self, guest: Guest) -> None:
        """Let a connection keep its place for long."""
        self.vouch(guest)
        self._staying.add(guest)

    def remember_sender(self, peer: str) -> None:
        """Keep places for this address: a webhook came from it."""
        self._senders[peer] = None
        self._senders.move_to_end(peer)
        if len(self._senders) > _MAX_SENDERS:
            self._senders.popitem(last=False)

    def count(self, address: str) -> bool:
        """Count one more of this address; False if it has as many as it may."""
        if self._by_address[address] >= self.limits.max_connections_per_address:
            return False
        self._by_address[address] += 1
        return True

    def uncount(self, address: str) -> None:
        """Count one less of this address."""
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def _make_room(self) -> bool:
        for guest in self._strangers:
            if not guest.is_at_work:
                self.let_out(guest)
                guest.make_room()
                return True
        return False

    def _sweep(self) -> None:
        now = self._loop.time()
        for guest in [each for each in self._guests if each.deadline_at <= now]:
            guest.expire(now)
        self._timer = self._loop.call_later(self._tick_s, self._sweep)
