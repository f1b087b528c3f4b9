"""Whoever watches is told of every routed call."""

import time
from dataclasses import replace
from pathlib import Path

from tests.calls.harness import CALL, IN_CALL, answered, initiated, said
from tests.runtime.harness import open_runtime
from tests.waiting import until


async def test_the_audience_is_told_of_a_call_that_has_no_endpoints(tmp_path: Path) -> None:
    """Of each event as it is in the journal, and of partials."""
    async with open_runtime(tmp_path, replace(IN_CALL, endpoints=())) as runtime:
        now = time.time()
        await runtime.calls.tell(initiated(now))
        await runtime.calls.tell(answered(now + 0.01))
        await runtime.calls.tell(said("hel", now + 0.02, final=False))
        await until(lambda: bool(runtime.audience.partials))
        await runtime.calls.tell(said("hello", now + 0.03))
        await until(lambda: runtime.audience.events[-1].type == "transcript.final")

        stored = await runtime.journal.read(CALL, after_seq=0, limit=10)
        assert runtime.audience.events == stored
        assert runtime.lanes.events == stored
