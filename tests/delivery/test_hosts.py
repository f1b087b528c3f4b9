"""Endpoints that share a host: one breaker, one probe, and places that are divided fairly."""

from functools import partial
from pathlib import Path

from service.delivery.host import Host, events_apart, neighbours, origin_of
from service.delivery.schedule import EndpointLanes
from service.errors import HostUnavailableError
from tests.delivery.builders import GONE, endpoint, event, webhook
from tests.delivery.harness import Harness, open_harness
from tests.waiting import until

AWAY = HostUnavailableError("no answer: ConnectionRefusedError")
ONE = webhook("https://hooks.example.com/one?token=secret", "one")
TWO = webhook("https://HOOKS.example.com:443/two", "two")
ELSEWHERE = webhook("https://hooks.example.com:8443/one", "elsewhere")


def tried(harness: Harness) -> dict[str, int]:
    """Return how many attempts each endpoint saw."""
    return {name: len(sink.tried) for name, sink in harness.sinks.items()}


async def die(harness: Harness, calls: int = 10) -> None:
    """Have ten lanes of the first endpoint find nobody there, and so open the breaker."""
    for name in ("one", "two"):
        harness.sinks[name].rule = lambda _: AWAY
    for number in range(calls):
        await harness.commit(f"a{number}", "call.started", to=("one",))
        await harness.flush()


def test_a_host_is_scheme_name_and_port() -> None:
    """Neither path nor query, and however it is written; what is here has none."""
    assert origin_of(ONE) == origin_of(TWO) == "https://hooks.example.com"
    assert origin_of(ELSEWHERE) == "https://hooks.example.com:8443"
    assert origin_of(webhook("http://hooks.example.com/")) == "http://hooks.example.com"
    assert origin_of(endpoint()) is None


def test_endpoints_that_share_a_host_are_known() -> None:
    """Those that are here share nothing."""
    here = [endpoint("log"), endpoint("log2")]

    assert neighbours([ONE, ELSEWHERE, TWO, *here]) == {
        "one": ["two"],
        "elsewhere": [],
        "two": ["one"],
        "log": [],
        "log2": [],
    }


async def test_two_endpoints_on_a_dead_host_share_a_breaker_and_its_probes(tmp_path: Path) -> None:
    """Once ten lanes found nobody, whosever they are, there is one attempt each pause for both."""
    async with open_harness(tmp_path, ONE, TWO) as harness:
        for name in ("one", "two"):
            harness.sinks[name].rule = lambda _: AWAY
        for number in range(5):
            await harness.commit(f"c{number}", "call.started", to=("one", "two"))
            await harness.flush()
        assert tried(harness) == {"one": 5, "two": 5}
        assert harness.lanes.failing == {"one", "two"}

        await harness.commit("more", "call.started", to=("one", "two"))
        await harness.advance(4.9)
        assert tried(harness) == {"one": 5, "two": 5}
        for pause_s in (0.1, 10, 20, 30, 30):
            before = sum(tried(harness).values())
            await harness.advance(pause_s)
            assert sum(tried(harness).values()) == before + 1


async def test_what_one_finds_out_is_good_for_all(tmp_path: Path) -> None:
    """The probe of one ends the pause of both; what waits of the other goes out in turn."""
    async with open_harness(tmp_path, ONE, TWO) as harness:
        await die(harness)
        for number in range(20):
            await harness.commit(f"b{number}", "call.started", "call.ended", to=("two",))
        for sink in harness.sinks.values():
            sink.rule = lambda _: None
        await harness.advance(5)

        assert len(harness.sinks["one"].taken) == 10
        assert len(harness.sinks["two"].taken) == 40
        assert harness.lanes.failing == frozenset()


async def test_another_host_is_another_matter(tmp_path: Path) -> None:
    """The same name at another port gets everything."""
    async with open_harness(tmp_path, ONE, TWO, ELSEWHERE) as harness:
        await die(harness)
        await harness.commit("c1", "call.started", to=("elsewhere", "two"))
        await harness.flush()

        assert tried(harness) == {"one": 10, "two": 0, "elsewhere": 1}
        assert harness.lanes.failing == {"one", "two"}


async def test_an_endpoint_that_took_the_last_attempt_finds_out_for_itself(tmp_path: Path) -> None:
    """A service beside it that answers 503 to everything does not keep its events back."""
    async with open_harness(tmp_path, ONE, TWO) as harness:
        await harness.commit("c0", "call.started", to=("two",))
        await harness.flush()
        await die(harness)
        harness.sinks["two"].rule = lambda _: None
        await harness.commit("c0", "call.answered", to=("two",))
        await harness.flush()

        assert harness.sinks["two"].ids == ["c0_1", "c0_2"]


async def test_an_endpoint_finds_out_for_itself_only_once(tmp_path: Path) -> None:
    """On a host that is away it is one attempt, and from then on the probes of all."""
    async with open_harness(tmp_path, ONE, TWO) as harness:
        await harness.commit("c0", "call.started", to=("two",))
        await harness.flush()
        await die(harness)
        for number in range(20):
            await harness.commit(f"b{number}", "call.started", to=("two",))
        await harness.flush()

        assert tried(harness) == {"one": 10, "two": 2}


async def test_disabling_is_of_one_endpoint(tmp_path: Path) -> None:
    """410 says nothing of the endpoints beside it."""
    async with open_harness(tmp_path, ONE, TWO) as harness:
        harness.sinks["one"].script.append(GONE)
        await harness.commit("c1", "call.started", to=("one", "two"))
        await harness.commit("c2", "call.started", to=("one", "two"))
        await harness.flush()

        assert await harness.journal.disabled() == {"one": "gone"}
        assert {"c1_1", "c2_1"} <= set(harness.sinks["two"].ids)


async def test_a_host_whose_other_endpoint_was_disabled_is_still_probed(tmp_path: Path) -> None:
    """The best probe may not be one that gets nothing more."""
    async with open_harness(tmp_path, ONE, TWO) as harness:
        await die(harness)
        await harness.commit("b1", "call.started", to=("two",))
        harness.sinks["one"].rule = lambda _: GONE
        harness.sinks["two"].rule = lambda _: None
        await harness.advance(5)
        await harness.advance(30)

        assert harness.sinks["two"].ids[-1] == "b1_1"


async def test_endpoints_of_a_host_have_no_more_than_its_places(tmp_path: Path) -> None:
    """Ten endpoints that hang open sixteen connections, not 320."""
    ten = [webhook("https://hooks.example.com/", f"e{number}") for number in range(10)]
    async with open_harness(tmp_path, *ten, max_posts_per_host=16) as harness:
        for one in ten:
            harness.sinks[one.name].gate.clear()
        for number in range(40):
            await harness.commit(f"c{number}", "call.started", to=[one.name for one in ten])
        await until(lambda: sum(tried(harness).values()) == 16)
        await harness.journal.check()
        assert sum(tried(harness).values()) == 16
        assert min(tried(harness).values()) >= 1

        for one in ten:
            harness.sinks[one.name].gate.set()
        await harness.flush()
        assert [len(harness.sinks[one.name].taken) for one in ten] == [40] * 10


async def test_an_endpoint_that_hangs_leaves_places_to_those_beside_it(tmp_path: Path) -> None:
    """It has fewer than all, and the other gets everything meanwhile."""
    async with open_harness(tmp_path, ONE, TWO, max_posts_per_host=32) as harness:
        harness.sinks["one"].gate.clear()
        for number in range(40):
            await harness.commit(f"a{number}", "call.started", to=("one",))
        await until(lambda: tried(harness)["one"] == 24)
        for number in range(40):
            await harness.commit(f"b{number}", "call.started", to=("two",))
        await until(lambda: len(harness.sinks["two"].taken) == 40)

        assert tried(harness)["one"] == 24


async def test_a_long_backlog_shares_its_host_with_little(tmp_path: Path) -> None:
    """With one place for two, they take turns as long as both have something."""
    async with open_harness(tmp_path, ONE, TWO, max_posts_per_host=1) as harness:
        order: list[str] = []
        for name in ("one", "two"):
            harness.sinks[name].gate.clear()
            harness.sinks[name].rule = lambda one: order.append(one.id.split("_")[1])
        await harness.commit("a", *["call.answered"] * 20, to=("one",))
        await harness.commit("b", *["call.answered"] * 3, to=("two",))
        for name in ("one", "two"):
            harness.sinks[name].gate.set()
        await harness.flush()

        assert "".join(order[:7]) == "abababa"
        assert len(order) == 23


def full(host: Host, *names: str) -> list[EndpointLanes]:
    """Return the lanes of endpoints of one host, each with a hundred calls ready."""
    all_lanes = [EndpointLanes(endpoint(name), host) for name in names]
    for lanes in all_lanes:
        for call in range(100):
            lanes.commit([event(f"c{call}", 1)], 0.0)
    return all_lanes


def take_all(lanes: EndpointLanes) -> int:
    """Take whatever may be taken; return how many."""
    taken = 0
    while lanes.take(0.0) is not None:
        taken += 1
    return taken


def test_a_few_places_are_kept_for_each() -> None:
    """An endpoint alone has all of them; of two, the first leaves a quarter."""
    assert take_all(*full(Host(32), "one")) == 32
    one, two = full(Host(32), "one", "two")
    assert (take_all(one), take_all(two)) == (24, 8)


def test_more_endpoints_than_places_have_none_kept() -> None:
    """Then whoever waits longest is next."""
    host = Host(2)
    one, two, three = full(host, "one", "two", "three")
    woken: list[str] = []
    for lanes in (one, two, three):
        lanes.on_wake = partial(woken.append, lanes.name)
    first = one.take(0.0)
    assert first is not None
    assert one.take(0.0) is not None
    assert (two.take(0.0), three.take(0.0)) == (None, None)

    one.put_back(first, 0.0)
    host.pass_on(before=one)
    assert woken[0] == "two"


def test_partials_never_have_all_places() -> None:
    """One place in four is for events, but one is for whatever comes."""
    assert [events_apart(places) for places in (1, 2, 4, 32, 64)] == [1, 1, 3, 24, 48]


def test_an_answer_of_one_is_no_proof_for_another() -> None:
    """What waits of an endpoint is tried once then, not all of it, however much that is."""
    host = Host()
    one, two = full(host, "one", "two")
    while (lane := one.take(0.0)) is not None:
        lane.retry(0.0, 3600.0, 0.0)
        lane.live = False
        lane.due_at = 3600.0
        one.put_back(lane, 0.0)
    for call in range(10):
        host.breaker.failed(0.0, call)
    host.answered(two, 1.0)

    assert take_all(one) == 1
