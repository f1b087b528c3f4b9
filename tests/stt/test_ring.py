"""The ring: what it keeps, what it gives to whoever reads on, what had to go."""

from hypothesis import given
from hypothesis import strategies as st

from service.stt.ring import Chunk, Ring


def filled(until_ms: int, *, keep_ms: int = 1000) -> Ring:
    """Return a ring that was given 100 ms pieces up to a time."""
    ring = Ring(keep_ms=keep_ms)
    for start_ms in range(0, until_ms, 100):
        ring.append(piece(start_ms))
    return ring


def surplus(ring: Ring, chunk: Chunk) -> list[Chunk]:
    """Keep a piece more; return what had to go for it."""
    ring.append(chunk)
    return list(iter(ring.drop_surplus, None))


def piece(start_ms: int) -> Chunk:
    """Return 100 ms that say when they began."""
    return Chunk(start_ms, start_ms + 100, str(start_ms).encode())


def starts(ring: Ring, number: int) -> list[int]:
    """Read on from a number; return where each piece began."""
    found: list[int] = []
    while chunk := ring.at(number + len(found)):
        found.append(chunk.start_ms)
    return found


def test_each_reader_reads_on_from_where_it_is() -> None:
    """Pieces have numbers; what has not come yet is None."""
    ring = filled(300)

    assert starts(ring, 0) == [0, 100, 200]
    assert starts(ring, 2) == [200]
    assert ring.at(ring.end) is None


def test_a_time_is_found_in_the_piece_that_it_lies_in() -> None:
    """Or in the next one, where it lies in a hole; past all audio it is what comes next."""
    ring = filled(300)
    ring.append(piece(5000))

    assert [ring.find(at_ms) for at_ms in (0, 99, 100, 250, 300, 4000, 5050)] == [
        0, 0, 1, 2, 3, 3, 3,
    ]  # fmt: skip
    assert ring.find(5100) == ring.end


def test_the_oldest_goes_when_it_is_full_and_is_returned() -> None:
    """Once each; the numbers of the others stay."""
    ring = filled(1000)

    assert surplus(ring, piece(1000)) == [piece(0)]
    assert (ring.first, ring.at(0)) == (1, None)
    assert starts(ring, 1)[0] == 100


def test_one_piece_is_kept_however_long() -> None:
    """A hole's second of silence may be longer than the ring."""
    ring = Ring(keep_ms=100)
    ring.append(piece(0))

    assert surplus(ring, Chunk(100, 1100, b"")) == [piece(0)]
    assert ring.find(100) == 1


def test_what_nobody_wants_is_released_but_not_what_somebody_has_yet_to_read() -> None:
    """By time and by number."""
    ring = filled(500)

    ring.release(400, before=3)
    assert ring.first == 3

    ring.release(400, before=ring.end)
    assert (ring.first, ring.find(0)) == (4, 4)


@given(st.lists(st.sampled_from(["append", "release"]), max_size=60))
def test_every_piece_is_kept_or_was_let_go(steps: list[str]) -> None:
    """Whatever happens in whatever order, no piece goes missing without a word."""
    ring, gone, until_ms = Ring(keep_ms=500), set[int](), 0
    for step in steps:
        if step == "append":
            gone.update(chunk.start_ms for chunk in surplus(ring, piece(until_ms)))
            until_ms += 100
        else:
            first = ring.at(ring.first)
            ring.release(until_ms - 200, before=ring.end)
            start_ms = first.start_ms if first else until_ms
            kept_ms = (starts(ring, ring.first) or [until_ms])[0]
            gone.update(range(start_ms, kept_ms, 100))

    assert sorted(gone) + starts(ring, ring.first) == list(range(0, until_ms, 100))
