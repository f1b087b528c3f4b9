"""What the endpoints of one host share, in figures: places, turns, and who probes. Pure."""

from dataclasses import dataclass, field

from service.delivery.host import Host, Rank
from service.ids import EndpointName

NOW = 1000.0
GOOD: Rank = (False, False, False, 0, False)
BAD: Rank = (False, True, False, 0, False)


@dataclass(eq=False)
class Neighbour:
    """An endpoint of a host, as the host knows it."""

    name: EndpointName
    woken: list[str]
    busy: int = 0
    rank: Rank | None = None
    told_at: list[float] = field(default_factory=list)

    def probe_rank(self, now: float) -> Rank | None:
        """Return the rank that it was given."""
        assert now == NOW
        return self.rank

    def wake(self) -> None:
        """Take note of it."""
        self.woken.append(self.name)

    def host_is_back(self, now: float) -> None:
        """Take note of it."""
        self.told_at.append(now)


def joined(host: Host, count: int) -> list[Neighbour]:
    """Return neighbours that share a list of who was woken."""
    woken: list[str] = []
    made = [Neighbour(EndpointName(f"e{number}"), woken) for number in range(count)]
    for one in made:
        host.join(one)
    return made


def begin(host: Host, member: Neighbour, times: int = 1, *, partial: bool = False) -> None:
    """Have attempts at an endpoint begin."""
    for _ in range(times):
        host.begin(partial=partial)
        member.busy += 1


def opened(host: Host) -> None:
    """Open its breaker, five seconds from now on."""
    for number in range(10):
        host.breaker.failed(NOW - 5, number)


def test_a_host_has_sixty_four_places() -> None:
    """An endpoint alone there may have all of them, for events."""
    host = Host()
    (one,) = joined(host, 1)
    assert (host.names, host.busy, host.partials) == (["e0"], 0, 0)
    begin(host, one, 63)
    assert host.has_room(one)
    begin(host, one)
    assert not host.has_room(one)
    host.end(partial=False)
    assert host.has_room(one)


def test_half_the_places_are_kept_in_equal_parts() -> None:
    """Of 32 for two endpoints each has eight that the other does not get."""
    host = Host(32)
    one, two = joined(host, 2)
    begin(host, one, 23)
    assert host.has_room(one)
    begin(host, one)
    assert not host.has_room(one)
    begin(host, two, 7)
    assert host.has_room(two)
    assert not host.has_room(one)
    begin(host, two)
    assert not host.has_room(two)
    host.end(partial=False)
    two.busy -= 1
    assert not host.has_room(one)
    assert host.has_room(two)


def test_of_four_places_a_partial_gets_one_and_leaves_one() -> None:
    """Of two that are free nothing is kept for who has its own."""
    host = Host(4)
    one, two = joined(host, 2)
    begin(host, one)
    begin(host, two)
    assert host.has_room_for_partial(one)
    begin(host, one, partial=True)
    assert not host.has_room_for_partial(one)
    assert host.has_room(one)


def test_whoever_has_what_is_kept_for_it_leaves_the_rest_to_all() -> None:
    """What the others do not need of theirs, they have."""
    host = Host(8)
    one, two = joined(host, 2)
    begin(host, two, 2)
    begin(host, one, 5)
    assert host.has_room(one)
    begin(host, one)
    assert not host.has_room(one)


def test_there_is_one_place_for_each_if_there_are_as_many() -> None:
    """With more endpoints than places none is kept."""
    host = Host(3)
    one, *_ = joined(host, 3)
    assert host.has_room(one)
    begin(host, one)
    assert not host.has_room(one)

    crowded = Host(2)
    one, *_ = joined(crowded, 3)
    begin(crowded, one)
    assert crowded.has_room(one)


def test_partials_leave_a_quarter_to_events() -> None:
    """And an endpoint that is busy leaves its last place to one of its own."""
    host = Host(8)
    (one,) = joined(host, 1)
    begin(host, one, 5, partial=True)
    assert host.has_room_for_partial(one)
    begin(host, one, partial=True)
    assert not host.has_room_for_partial(one)
    assert host.has_room(one)
    host.end(partial=True)
    one.busy -= 1
    begin(host, one, 2)
    assert not host.has_room_for_partial(one)
    assert host.has_room(one)


def test_the_only_place_may_be_a_partials() -> None:
    """For want of another."""
    host = Host(1)
    (one,) = joined(host, 1)
    assert host.has_room_for_partial(one)


def test_those_who_wait_are_woken_in_turn() -> None:
    """Who has fewest on their way first, then who waits longest; each once."""
    host = Host(4)
    one, two, three = joined(host, 3)
    begin(host, two)
    for member in (two, one, three):
        host.wait(member)
    host.pass_on()
    host.pass_on()

    assert one.woken == ["e0", "e2", "e1"]


def test_whoever_gives_a_place_back_wakes_those_who_had_no_more() -> None:
    """Not itself, and nobody who has more; they wait on."""
    host = Host(9)
    one, two, three = joined(host, 3)
    begin(host, one)
    begin(host, two)
    begin(host, three, 2)
    for member in (one, two, three):
        host.wait(member)
    host.pass_on(before=one)
    assert one.woken == ["e1"]
    host.pass_on()
    assert one.woken == ["e1", "e0", "e2"]


def test_nobody_is_woken_without_a_place() -> None:
    """They wait until there is one."""
    host = Host(2)
    one, two = joined(host, 2)
    begin(host, one, 2)
    host.wait(two)
    host.pass_on()
    assert two.woken == []
    host.end(partial=False)
    host.pass_on()
    assert two.woken == ["e1"]


def test_the_best_probe_of_all_endpoints_is_made() -> None:
    """Whoever asks and has not got it wakes who has."""
    host = Host()
    one, two, three = joined(host, 3)
    one.rank, two.rank = BAD, GOOD
    opened(host)

    assert not host.may_probe(one, NOW)
    assert one.woken == ["e1"]
    assert host.may_probe(two, NOW)
    assert not host.may_probe(three, NOW)
    assert one.woken == ["e1", "e1"]
    host.begin(partial=False)
    assert not host.may_probe(two, NOW)


def test_without_a_probe_it_is_looked_for_in_a_second() -> None:
    """Nobody is woken for nothing."""
    host = Host()
    (one,) = joined(host, 1)
    opened(host)

    assert not host.may_probe(one, NOW)
    assert host.breaker.open_until == NOW + 1
    assert one.woken == []


def test_what_one_finds_out_the_others_are_told() -> None:
    """Once, when it closes the breaker; whoever found out knows."""
    host = Host()
    one, two, three = joined(host, 3)
    assert not host.answered(one, NOW)
    opened(host)

    assert host.answered(one, NOW)
    assert (one.told_at, two.told_at, three.told_at) == ([], [NOW], [NOW])
    assert one.woken == ["e1", "e2"]
    assert not host.answered(one, NOW)
    assert len(two.told_at) == 1
