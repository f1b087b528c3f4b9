"""The newest events, in bounded memory."""

from service.feed.items import FeedEvent
from service.feed.ring import Ring
from service.ids import CallId
from service.ports import StoredEvent

A, B = CallId("a"), CallId("b")


def entry(position: int, call_id: CallId = A, body: bytes = b"{}") -> FeedEvent:
    """Make an event."""
    return FeedEvent(position, StoredEvent(call_id, position, "transcript.final", body))


def positions(ring: Ring, after: int, call_id: CallId | None = None) -> list[int] | None:
    """Return where the events after a position are."""
    found = ring.since(after, call_id, 100)
    return None if found is None else [one.position for one in found]


def filled(*entries: FeedEvent, max_events: int = 100, max_bytes: int = 10_000) -> Ring:
    """Make a ring that took these."""
    ring = Ring(0, max_events=max_events, max_bytes=max_bytes)
    for one in entries:
        ring.append(one)
    return ring


def test_what_came_after_a_position_is_found_for_all_calls_or_one() -> None:
    """Positions need not be gapless."""
    ring = filled(entry(2), entry(3, B), entry(7), entry(9, B))

    assert positions(ring, 0) == [2, 3, 7, 9]
    assert positions(ring, 3) == [7, 9]
    assert positions(ring, 9) == []
    assert positions(ring, 2, B) == [3, 9]
    assert positions(ring, 0, CallId("nobody")) == []
    assert [one.position for one in ring.since(0, None, 2) or ()] == [2, 3]


def test_a_full_ring_drops_the_oldest_and_says_so() -> None:
    """Who is behind its floor has to ask the journal."""
    ring = filled(*(entry(n) for n in range(1, 20)), max_events=16)

    assert len(ring) <= 16
    assert positions(ring, ring.floor) == list(range(ring.floor + 1, 20))
    assert positions(ring, ring.floor - 1) is None
    assert positions(ring, ring.floor - 1, A) is None


def test_it_is_bounded_in_bytes_too_even_by_one_huge_event() -> None:
    """What does not fit at all is in the journal only."""
    ring = filled(*(entry(n, body=bytes(600)) for n in range(1, 40)), max_bytes=3_000)
    assert len(ring) <= 5

    ring.append(entry(40, body=bytes(9_000)))
    assert len(ring) == 0
    assert (ring.floor, ring.head) == (40, 40)


def test_an_erased_call_is_gone_from_it() -> None:
    """All but its tombstone."""
    ring = filled(entry(1), entry(2, B), entry(3), entry(4))
    ring.erase(A, before=4)

    assert positions(ring, 0) == [2, 4]
    assert positions(ring, 0, A) == [4]


def test_what_was_redacted_late_is_given_out_so() -> None:
    """In its place, to whoever comes from before it; others keep what they have."""
    final = (
        b'{"type":"transcript.final","data":{"seq":1,"text":"4111","words":null,"role":"agent"}}'
    )
    redacted = b'{"data":{"supersedes":3,"text":"[CARD]","words":[],"redactions":[]}}'
    ring = filled(entry(2, B, final), entry(3, A, final), entry(4, A, final))
    ring.amend(A, redacted)
    ring.amend(CallId("nobody"), redacted)

    bodies = [one.body for one in ring.since(0, None, 9) or ()]
    assert [b"4111" in body for body in bodies] == [True, False, True]
    assert bodies[1] == (
        b'{"type":"transcript.final",'
        b'"data":{"seq":1,"text":"[CARD]","words":[],"role":"agent","redactions":[]}}'
    )
    assert [b"4111" in one.body for one in ring.since(0, A, 9) or ()] == [False, True]
