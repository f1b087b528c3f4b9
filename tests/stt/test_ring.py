"""The ring: what it keeps, what it gives a new session, what it says is lost."""

from hypothesis import given
from hypothesis import strategies as st

from service.stt.ring import Chunk, Ring, Span


def filled(until_ms: int, *, keep_ms: int = 1000, loud: bool = True) -> Ring:
    """Return a ring that was given 100 ms pieces up to a time."""
    ring = Ring(keep_ms=keep_ms)
    fill(ring, 0, until_ms, loud=loud)
    return ring


def fill(ring: Ring, from_ms: int, until_ms: int, *, loud: bool = True) -> None:
    """Give a ring 100 ms pieces."""
    for start_ms in range(from_ms, until_ms, 100):
        ring.append(Chunk(start_ms, start_ms + 100, b"x", loud))


def starts(ring: Ring) -> list[int]:
    """Send all there is; return where each piece began."""
    sent = []
    while chunk := ring.next():
        sent.append(chunk.start_ms)
    return sent


def test_audio_is_sent_in_order_and_once() -> None:
    """A session gets each piece one time."""
    ring = filled(300)

    assert ring.next_ms == 0
    assert starts(ring) == [0, 100, 200]
    assert ring.next() is None
    assert ring.next_ms is None


def test_a_new_session_gets_what_came_after_a_point() -> None:
    """From the piece that the point lies in."""
    ring = filled(500)
    starts(ring)

    assert ring.rewind(250, transcribed_ms=250) == 200
    assert starts(ring) == [200, 300, 400]


def test_a_point_past_all_audio_gives_nothing_again() -> None:
    """All was transcribed: the session begins with what comes next."""
    ring = filled(300)

    assert ring.rewind(300, transcribed_ms=300) == 300
    assert starts(ring) == []


def test_transcribed_audio_is_released_once_it_was_sent() -> None:
    """What the session was not sent is kept, transcribed or not."""
    ring = filled(500)
    for _ in range(3):
        ring.next()

    ring.release(400)

    assert ring.rewind(0, transcribed_ms=0) == 300


def test_audio_that_was_never_sent_is_lost_when_the_ring_is_full() -> None:
    """Nobody will ever transcribe it, so it is said at once, in one piece."""
    ring = filled(1500)

    assert ring.take_lost() == [Span(0, 500)]
    assert ring.take_lost() == []


def test_audio_that_was_sent_is_lost_only_if_its_session_drops() -> None:
    """A result may yet come; when it cannot any more, what no final covers is lost."""
    ring = filled(900)
    starts(ring)
    fill(ring, 900, 1500)
    assert ring.take_lost() == []

    ring.rewind(200, transcribed_ms=200)

    assert ring.take_lost() == [Span(200, 500)]


def test_silence_that_was_sent_is_never_lost() -> None:
    """An engine that says nothing about silence has heard it all the same."""
    ring = filled(900, loud=False)
    starts(ring)
    fill(ring, 900, 1500, loud=False)

    ring.rewind(0, transcribed_ms=0)

    assert ring.take_lost() == []


def test_what_a_final_covered_is_not_lost_with_the_rest() -> None:
    """Audio that a session was sent, and that went out of the ring before it was forgotten."""
    ring = filled(900)
    starts(ring)
    fill(ring, 900, 1500)

    ring.release(300)
    ring.rewind(300, transcribed_ms=300)

    assert ring.take_lost() == [Span(300, 500)]


def test_a_replay_that_overflows_loses_only_what_was_not_transcribed() -> None:
    """A replay begins before the point up to which all was transcribed."""
    ring = filled(1000)
    starts(ring)
    ring.rewind(400, transcribed_ms=700)

    fill(ring, 1000, 2000)

    assert ring.take_lost() == [Span(700, 1000)]


def test_giving_up_loses_all_that_nobody_heard() -> None:
    """From the point up to which all was transcribed, to the end."""
    ring = filled(800)

    ring.clear(transcribed_ms=250)

    assert ring.take_lost() == [Span(250, 800)]
    assert ring.next() is None


def test_losses_are_listed_within_bounds() -> None:
    """A stream full of holes that overflows cannot fill the memory with spans."""
    ring = Ring(keep_ms=100)
    for number in range(1000):
        ring.append(Chunk(number * 500, number * 500 + 100, b"x", loud=True))

    lost = ring.take_lost()

    assert len(lost) <= 64
    assert (lost[0].start_ms, lost[-1].end_ms) == (0, 998 * 500 + 100)


@given(st.lists(st.sampled_from(["append", "next", "rewind"]), max_size=60))
def test_every_piece_is_sent_or_lost(steps: list[str]) -> None:
    """Whatever happens in whatever order, no piece goes missing without a word."""
    ring, sent, lost, until_ms = Ring(keep_ms=500), set[int](), set[int](), 0
    for step in steps:
        if step == "append":
            ring.append(Chunk(until_ms, until_ms + 100, b"x", loud=True))
            until_ms += 100
        elif step == "next" and (chunk := ring.next()):
            sent.add(chunk.start_ms)
        elif step == "rewind":
            ring.rewind(0, transcribed_ms=0)
        for span in ring.take_lost():
            lost.update(range(span.start_ms, span.end_ms, 100))
    sent.update(starts(ring))

    assert sent | lost == set(range(0, until_ms, 100))
