"""The books of a track: every millisecond told once, in order of time."""

from hypothesis import given
from hypothesis import strategies as st

from service.stt.accounts import Accounts, Lost
from service.stt.ring import Span


def test_what_is_lost_waits_for_all_before_it() -> None:
    """And is then told once."""
    accounts = Accounts()
    accounts.lose(Span(1000, 1020), "frames_lost")

    assert accounts.settle(900) == []
    assert accounts.settle(1500) == [Lost(Span(1000, 1020), "frames_lost")]
    assert accounts.settle(2000) == []
    assert (accounts.settled_ms, accounts.told_ms) == (2000, 1020)


def test_a_hole_is_told_in_one_piece() -> None:
    """What is settled in the middle of it waits with it."""
    accounts = Accounts()
    accounts.lose(Span(100, 200), "frames_lost")
    accounts.lose(Span(500, 5000), "frames_lost")

    assert accounts.settle(3000) == [Lost(Span(100, 200), "frames_lost")]
    assert accounts.settled_ms == 500
    assert accounts.settle(5000) == [Lost(Span(500, 5000), "frames_lost")]


def test_a_loss_before_a_final_is_told_before_it() -> None:
    """Of a loss that goes on, the part before it."""
    accounts = Accounts()
    accounts.lose(Span(100, 300), "buffer_full")
    accounts.lose(Span(500, 900), "frames_lost")

    assert accounts.emit(Span(600, 800)) == [
        Lost(Span(100, 300), "buffer_full"),
        Lost(Span(500, 600), "frames_lost"),
    ]
    assert accounts.settle(2000) == [Lost(Span(600, 900), "frames_lost")]


def test_speech_lost_for_one_reason_is_one_loss_with_the_pauses_in_it() -> None:
    """Not with a long one, and not with what is lost for another reason."""
    accounts = Accounts()
    accounts.lose_all([Span(0, 500), Span(900, 1500), Span(4000, 4500)], "not_answered")
    accounts.lose_all([Span(4600, 5000)], "buffer_full")

    assert accounts.settle(9000) == [
        Lost(Span(0, 1500), "not_answered"),
        Lost(Span(4000, 4500), "not_answered"),
        Lost(Span(4600, 5000), "buffer_full"),
    ]


def test_nothing_is_lost_twice() -> None:
    """Where two losses overlap, the one that begins first counts."""
    accounts = Accounts()
    accounts.lose(Span(0, 1000), "frames_lost")
    accounts.lose(Span(500, 1500), "buffer_full")
    accounts.lose(Span(700, 700), "buffer_full")

    assert accounts.settle(2000) == [
        Lost(Span(0, 1000), "frames_lost"),
        Lost(Span(1000, 1500), "buffer_full"),
    ]


def test_losses_wait_within_bounds() -> None:
    """A stream full of holes cannot fill the memory; the last ones become one."""
    accounts = Accounts()
    for number in range(1000):
        accounts.lose(Span(number * 100, number * 100 + 20), "frames_lost")

    lost = accounts.settle(10**6)

    assert len(lost) == 256
    assert lost[-1].span.end_ms == 999 * 100 + 20


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["lose", "settle", "emit"]),
            st.integers(0, 3000),
            st.integers(0, 800),
        ),
        max_size=40,
    )
)
def test_whatever_happens_losses_are_told_in_order_and_never_twice(
    steps: list[tuple[str, int, int]],
) -> None:
    """Nor after more than their end was settled."""
    accounts, told = Accounts(), list[Lost]()
    for step, start_ms, length_ms in steps:
        span = Span(start_ms, start_ms + length_ms)
        if step == "lose":
            accounts.lose(span, "frames_lost", join=bool(length_ms % 2))
            continue
        lost = accounts.emit(span) if step == "emit" else accounts.settle(span.end_ms)
        ends = [0, *(one.span.end_ms for one in lost)]
        assert all(one.span.start_ms >= end for one, end in zip(lost, ends, strict=False))
        told += lost

    assert all(one.span.start_ms < one.span.end_ms for one in told)
