"""A call that is about to be another worker's goes on until it is, and shows no partial."""

import time
from pathlib import Path

from tests.calls.harness import CALL, IN_CALL, answered, initiated, said
from tests.runtime.harness import open_runtime
from tests.waiting import until


async def test_a_call_that_is_about_to_leave_takes_words_and_shows_no_partial(
    tmp_path: Path,
) -> None:
    """Nobody would know what was shown of it; what is told is acknowledged, and delivered."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        began_at = time.time()
        for webhook in (initiated(began_at), answered(began_at + 0.01)):
            await runtime.calls.tell(webhook)
        await runtime.calls.tell(said("hel", began_at + 0.02, final=False))
        await until(lambda: len(runtime.audience.partials) == 1)
        await runtime.calls.call(CALL).prepare_hand_over()
        await runtime.calls.tell(said("hello", began_at + 0.03, final=False))
        await runtime.calls.tell(said("hello there", began_at + 0.04))
        await until(lambda: "transcript.final" in {one.type for one in runtime.lanes.events})
        assert await runtime.texts(CALL) == ["hello there"]
    assert len(runtime.audience.partials) == 1
