"""A service that starts with a clock that is ahead, and is put right by the first that comes."""

import time
from pathlib import Path

from tests.calls.harness import CALL, IN_CALL, answered, initiated, said
from tests.runtime.harness import open_runtime
from tests.waiting import until

AHEAD_S = 250.0


class Clock:
    """A clock that stands still, ahead or not, until it is put right."""

    def __init__(self, stands_at: float) -> None:
        self.stands_at: float | None = stands_at

    def __call__(self) -> float:
        """Tell the time."""
        return time.time() if self.stands_at is None else self.stands_at


async def test_words_that_waited_go_out_when_the_clock_is_put_back(tmp_path: Path) -> None:
    """Also if nothing more comes of the call: not as many minutes later as the clock was ahead."""
    began_at = time.time()
    async with open_runtime(tmp_path, IN_CALL, clock=Clock(began_at)) as runtime:
        for webhook in (initiated(), answered(), said("hello", began_at)):
            await runtime.calls.tell(webhook)

    clock = Clock(began_at + AHEAD_S)
    async with open_runtime(tmp_path, IN_CALL, clock=clock) as runtime:
        await runtime.calls.resume()
        await until(lambda: bool(runtime.carrier.fetched))
        assert await runtime.texts(CALL) == []
        clock.stands_at = None
        await until(lambda: "transcript.final" in {one.type for one in runtime.lanes.events})

        assert await runtime.texts(CALL) == ["hello"]
