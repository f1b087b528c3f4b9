"""A run that never ends."""

import asyncio

import pytest

from tests.proof.runs import TooLongError, time_limit


async def forever() -> None:
    """Take whatever is raised for an error of one's own."""
    while True:
        try:
            while True:
                pass
        except Exception:  # noqa: BLE001, S110 - so does the simulator, of some errors
            pass


def test_a_run_that_takes_too_long_is_broken_off_wherever_it_is() -> None:
    """Nobody in it may think that it was meant for him."""
    with pytest.raises(TooLongError), time_limit(cpu_s=0.05):
        asyncio.run(forever())
