"""The clock of a session: engine time onto stream time, over every hole."""

from hypothesis import given
from hypothesis import strategies as st

from service.stt.clock import SessionClock


def test_time_is_counted_from_where_the_session_began() -> None:
    """Half a second into a session that began at ten seconds."""
    clock = SessionClock(10_000)
    clock.sent(10_000, 11_000)

    assert clock.stream_ms(0.5) == 10_500


def test_a_hole_in_the_stream_is_jumped() -> None:
    """The engine heard one piece after the other; between them the stream had a hole."""
    clock = SessionClock(0)
    clock.sent(0, 1000)
    clock.sent(5000, 6000)

    assert [clock.stream_ms(seconds) for seconds in (0.999, 1.0, 1.5)] == [999, 5000, 5500]
    assert [clock.stream_end_ms(seconds) for seconds in (0.999, 1.0, 1.5)] == [999, 1000, 5500]
    assert clock.position_ms == 6000
    assert clock.sent_ms == 2000


@given(st.floats(allow_nan=False))
def test_no_time_of_an_engine_leaves_the_audio(seconds: float) -> None:
    """Negative, absurd or infinite: it is held between the first and the last byte sent."""
    clock = SessionClock(1000)
    clock.sent(1000, 2000)
    clock.sent(4000, 4500)

    assert 1000 <= clock.stream_ms(seconds) <= 4500
    assert 1000 <= clock.stream_end_ms(seconds) <= 4500


def test_a_stream_full_of_holes_is_remembered_within_bounds() -> None:
    """Past the bound the oldest holes are forgotten; the newest stay exact."""
    clock = SessionClock(0)
    for number in range(6000):
        clock.sent(number * 1000, number * 1000 + 10)

    assert clock.stream_ms(59.995) == 5_999_005
    assert clock.stream_ms(0.0) >= 0
