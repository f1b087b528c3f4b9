"""What waits to be told, and the payloads that it goes out in."""

import msgspec

from service.bus.counters import BusCounters
from service.bus.messages import parse_message
from service.bus.outbox import Outbox
from service.ids import WorkerId
from tests.bus.builders import HERE, THERE, partial

MAX_BYTES = 7_999


def ids(payloads: list[bytes]) -> list[str]:
    """Return the partials of payloads, in order."""
    return [row.id for one in payloads for row in parse_message(one).partials]


def test_payloads_are_filled_but_never_beyond_their_bound() -> None:
    """A batch takes as few as it can."""
    counters = BusCounters()
    outbox = Outbox(HERE, counters)
    for number in range(100):
        outbox.partial(partial(f"p{number}", "é" * 200))
    payloads = outbox.pack(MAX_BYTES)

    assert max(map(len, payloads)) <= MAX_BYTES
    assert min(map(len, payloads[:-1])) > MAX_BYTES * 0.9
    assert ids(payloads) == [f"p{number}" for number in range(100)]
    assert not counters.dropped


def test_a_partial_that_just_fits_goes_alone_and_a_larger_one_is_dropped() -> None:
    """To the byte. Those around it go."""
    counters = BusCounters()
    outbox = Outbox(HERE, counters)
    outbox.partial(partial("p", ""))
    room = MAX_BYTES - len(outbox.pack(MAX_BYTES)[0])
    outbox.partial(partial("a"))
    outbox.partial(partial("p", "x" * room))
    outbox.partial(partial("q", "x" * (room + 1)))
    outbox.partial(partial("b"))
    payloads = outbox.pack(MAX_BYTES)

    assert ids(payloads) == ["a", "p", "b"]
    assert len(payloads[1]) == MAX_BYTES
    assert counters.dropped == {"too_large": 1}


def test_no_two_payloads_are_alike() -> None:
    """Whatever they say."""
    outbox = Outbox(HERE, BusCounters())
    payloads = []
    for _ in range(50):
        outbox.offer()
        payloads += outbox.pack(MAX_BYTES)

    assert len(set(payloads)) == 50
    assert [parse_message(one).number for one in payloads] == list(range(1, 51))


def test_one_partial_too_many_drops_the_oldest() -> None:
    """And it is counted."""
    counters = BusCounters()
    outbox = Outbox(HERE, counters, max_partials=3)
    for name in ("a", "b", "c"):
        outbox.partial(partial(name))
    outbox.partial(partial("a again", utterance="utterance of a"))
    outbox.partial(partial("d"))

    assert counters.waiting == 3
    assert ids(outbox.pack(MAX_BYTES)) == ["c", "a again", "d"]
    assert counters.dropped == {"full": 1}
    assert counters.waiting == 0


def test_many_nudges_take_more_payloads() -> None:
    """Each names some; what else there is goes along."""
    outbox = Outbox(HERE, BusCounters())
    names = [WorkerId(f"worker-{number:030}") for number in range(120)]
    for name in names:
        outbox.nudge(name)
    outbox.partial(partial("p"))
    payloads = outbox.pack(MAX_BYTES)

    assert [name for one in payloads for name in parse_message(one).nudged] == names
    assert max(map(len, payloads)) <= MAX_BYTES
    assert ids(payloads) == ["p"]


def test_what_was_not_sent_is_told_again_but_for_partials() -> None:
    """These are old by then."""
    counters = BusCounters()
    outbox = Outbox(HERE, counters)
    outbox.committed()
    outbox.nudge(THERE)
    outbox.offer()
    outbox.partial(partial("p"))
    outbox.pack(MAX_BYTES)
    outbox.take_back()
    outbox.partial(partial("q"))
    outbox.drop_partials()
    (again,) = map(parse_message, outbox.pack(MAX_BYTES))

    assert (again.commits, again.nudged, again.offered, again.partials) == (1, (THERE,), True, ())
    assert counters.dropped == {"away": 2}


def test_a_partial_that_is_no_text_is_dropped() -> None:
    """And the others go."""
    counters = BusCounters()
    outbox = Outbox(HERE, counters)
    outbox.partial(partial("half \ud800"))
    outbox.partial(partial("whole"))
    payloads = outbox.pack(MAX_BYTES)

    assert ids(payloads) == ["whole"]
    assert counters.dropped == {"unreadable": 1}
    assert msgspec.json.decode(payloads[0])["worker"] == HERE
