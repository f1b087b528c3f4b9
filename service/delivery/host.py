"""What the endpoints of one host share: a breaker, and places for attempts. Pure but for `wake`."""

from collections.abc import Sequence
from typing import Final, Protocol

from yarl import URL

from service.delivery.breaker import Breaker
from service.delivery.endpoints import Endpoint
from service.ids import EndpointName

MAX_POSTS: Final = 64
"""Attempts at one host at once, of all its endpoints together."""
_LOOK_AGAIN_S: Final = 1.0
_EVENTS_SHARE: Final = 4
"""One place in so many is for events alone, at a host as at an endpoint."""


Rank = tuple[bool, bool, bool, int, bool]


class Member(Protocol):
    """What a host knows of an endpoint: its lanes."""

    busy: int
    """How many attempts at it are on their way."""

    @property
    def name(self) -> EndpointName:
        """The endpoint's name."""

    def probe_rank(self, now: float) -> Rank | None:
        """Return how good its best probe is, the lowest being best; None if it has none now."""

    def wake(self) -> None:
        """Begin what can begin now."""

    def host_is_back(self, now: float) -> None:
        """Try what waits, carefully: another endpoint found the host there."""


class Host:
    """A scheme, a host and a port, and who is reached there.

    An endpoint gets a place if there is one that is not kept for another: each has a few that are
    kept for it, however many the others would like. Beyond them, those that have fewer attempts on
    their way go first, and among equals who waits longest. A quarter of all, and one of what each
    endpoint may have, is for events alone: partials that hang keep none of them out.
    """

    def __init__(self, max_posts: int = MAX_POSTS) -> None:
        self.breaker = Breaker()
        self.members: list[Member] = []
        self.busy = 0
        self.partials = 0
        """How many of those on their way are attempts at partials."""
        self._max_posts = max_posts
        self._max_partials = events_apart(max_posts)
        self._waiting: dict[Member, None] = {}

    @property
    def names(self) -> list[EndpointName]:
        """The endpoints that are reached there."""
        return [one.name for one in self.members]

    def join(self, member: Member) -> None:
        """Have another endpoint share this host."""
        self.members.append(member)

    def has_room(self, member: Member) -> bool:
        """Say whether there is a place for another attempt of this endpoint."""
        return self._free_for(member) > 0

    def has_room_for_partial(self, member: Member) -> bool:
        """Say whether it may be an attempt at a partial: if that leaves one for an event."""
        if self.partials >= self._max_partials:
            return False
        return self._free_for(member) > bool(member.busy)

    def wait(self, member: Member) -> None:
        """Have an endpoint woken as soon as there is room for it, or the breaker has changed."""
        self._waiting[member] = None

    def begin(self, *, partial: bool) -> None:
        """Take a place."""
        self.busy += 1
        self.partials += partial

    def end(self, *, partial: bool) -> None:
        """Give a place back; whoever does calls `pass_on`."""
        self.busy -= 1
        self.partials -= partial

    def pass_on(self, before: Member | None = None) -> None:
        """Wake those who wait and have had less, or no more than `before`, while there is room."""
        for member in sorted(self._waiting, key=lambda one: one.busy):
            if self.busy >= self._max_posts or (before and member.busy > before.busy):
                return
            if member is not before:
                self._waiting.pop(member, None)
                member.wake()

    def may_probe(self, member: Member, now: float) -> bool:
        """Say whether this endpoint's lane is the one to try the host with; else wake whose is."""
        if not self.breaker.allows(now, busy=self.busy):
            return False
        ranked = ((one.probe_rank(now), one) for one in self.members)
        found = [(rank, one) for rank, one in ranked if rank is not None]
        if not found:
            self.breaker.postpone(now + _LOOK_AGAIN_S)
            return False
        _, best = min(found, key=lambda pair: pair[0])
        if best is not member:
            best.wake()
        return best is member

    def answered(self, member: Member, now: float) -> bool:
        """Record that the host is there; True if that closes the breaker, for all its endpoints."""
        closed = self.breaker.answered()
        if closed:
            for one in self.members:
                if one is not member:
                    one.host_is_back(now)
                    one.wake()
        return closed

    def _free_for(self, member: Member) -> int:
        free, kept = self._max_posts - self.busy, self._kept_for_each
        if free > kept * len(self.members):
            return free - kept * (len(self.members) - 1)
        needs = (max(0, kept - one.busy) for one in self.members if one is not member)
        return free - sum(needs)

    @property
    def _kept_for_each(self) -> int:
        if len(self.members) > self._max_posts:
            return 0
        return max(1, self._max_posts // (2 * len(self.members)))


def events_apart(places: int) -> int:
    """Return how many of so many places partials may have; one at least."""
    return max(1, places - max(1, places // _EVENTS_SHARE))


def origin_of(endpoint: Endpoint) -> str | None:
    """Return scheme, host and port of an endpoint; None if it has no host, but is here."""
    leads_away = endpoint.url and endpoint.type == "webhook"  # an archive shares its with nobody
    return str(URL(endpoint.url or "").origin()) if leads_away else None


def neighbours(endpoints: Sequence[Endpoint]) -> dict[EndpointName, list[EndpointName]]:
    """Return with which others each endpoint shares its host."""
    origins = {one.name: origin_of(one) for one in endpoints}
    return {
        name: [other for other, at in origins.items() if at and at == origin and other != name]
        for name, origin in origins.items()
    }
