"""A talk in step with the clock, or behind it."""

from service.simulator.legs.timeline import Pace


async def test_a_talk_knows_how_late_it_is() -> None:
    """In its own milliseconds; at no speed it is never late."""
    pace, unpaced = Pace(0.5), Pace(0.0)

    await pace.until(100)

    assert pace.late_ms(40) >= 60
    assert pace.late_ms(3_600_000) == 0
    assert unpaced.late_ms(0) == 0
