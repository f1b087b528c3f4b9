"""Calls, and everybody, are told what became of copies in archives."""

import asyncio
import time
from pathlib import Path

from service.calls.archive_answers import ArchiveWritten
from service.delivery.notices import SERVICE
from service.ids import EndpointName
from service.runtime.archive_news import CallNews
from tests.calls.harness import CALL, IN_CALL, initiated
from tests.runtime.harness import Runtime, open_runtime

COLD = EndpointName("cold")


def told(runtime: Runtime) -> list[str]:
    """Return the types of what the lanes got."""
    return [event.type for event in runtime.lanes.events]


async def test_a_call_is_told_once_there_are_calls(tmp_path: Path) -> None:
    """Lanes are there before: who has something to tell then, waits."""
    now = time.time()
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        news = CallNews(runtime.journal, [COLD], time.time)
        await runtime.calls.tell(initiated(now))
        answer = ArchiveWritten(endpoint=COLD, at=now, revision=1, files=2, size_bytes=3)
        telling = asyncio.create_task(news.tell(CALL, answer))
        await asyncio.sleep(0)
        assert not telling.done()

        news.open(runtime.calls)
        await telling
        assert told(runtime)[-1] == "archive.stored"


async def test_a_copy_that_outlives_its_call_is_an_event_of_no_call(tmp_path: Path) -> None:
    """The call itself has nothing but its tombstone."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        news = CallNews(runtime.journal, [COLD], time.time)
        await news.not_erased(CALL, COLD, "unreachable")

        (event,) = await runtime.journal.read(SERVICE, after_seq=0, limit=9)
    assert event.type == "archive.failed"
    assert b'"erased":"session-1"' in event.body
