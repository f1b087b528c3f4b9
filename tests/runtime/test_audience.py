"""Whoever watches is told of every routed call."""

import time
from dataclasses import replace
from pathlib import Path

from tests.calls.driver import CALL, IN_CALL, answered, initiated, said
from tests.runtime.office import open_office, until


async def test_the_audience_is_told_of_a_call_that_has_no_endpoints(tmp_path: Path) -> None:
    """Of each event as it is in the journal, and of partials."""
    async with open_office(tmp_path, replace(IN_CALL, endpoints=())) as office:
        now = time.time()
        await office.calls.tell(initiated(now))
        await office.calls.tell(answered(now + 0.01))
        await office.calls.tell(said("hel", now + 0.02, final=False))
        await until(lambda: bool(office.audience.partials))
        await office.calls.tell(said("hello", now + 0.03))
        await until(lambda: office.audience.events[-1].type == "transcript.final")

        stored = await office.journal.read(CALL, after_seq=0, limit=10)
        assert office.audience.events == stored
        assert office.lanes.events == stored
