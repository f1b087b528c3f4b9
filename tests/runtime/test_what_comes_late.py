"""What other workers took for a call comes before what came here after it, also if it is late."""

import asyncio
import time
from pathlib import Path

from service.calls.ordering import REORDER_S
from service.journal.sqlite.journal import open_sqlite_journal
from service.workers.alone import Alone
from tests.calls.harness import CALL, IN_CALL, answered, initiated, said
from tests.runtime.harness import open_runtime
from tests.waiting import until


class Shared(Alone):
    """Who may have others beside it, whose mail is late or not."""

    is_late = False


async def test_words_wait_for_those_that_were_said_before_them(tmp_path: Path) -> None:
    """Not for ever: but as long as the mail has not been looked through since they came."""
    async with open_sqlite_journal(tmp_path / "shared.db") as journal:
        ownership = Shared(journal)
        async with open_runtime(tmp_path, IN_CALL, ownership=ownership) as runtime:
            began_at = time.time()
            for webhook in (initiated(began_at), answered(began_at + 0.01)):
                await runtime.calls.tell(webhook)
            ownership.is_late = True
            await runtime.calls.tell(said("second", began_at + 0.03))
            looked = asyncio.get_running_loop().time() + 2 * REORDER_S
            await until(lambda: asyncio.get_running_loop().time() > looked)
            assert await runtime.texts(CALL) == []
            await runtime.calls.told(CALL, said("first", began_at + 0.02))
            ownership.is_late = False
            await until(
                lambda: [one.type for one in runtime.lanes.events].count("transcript.final") == 2
            )
            assert await runtime.texts(CALL) == ["first", "second"]


async def test_words_wait_two_seconds_at_most(tmp_path: Path) -> None:
    """A database that is away keeps nobody's words back for good."""
    async with open_sqlite_journal(tmp_path / "shared.db") as journal:
        ownership = Shared(journal)
        ownership.is_late = True
        async with open_runtime(tmp_path, IN_CALL, ownership=ownership) as runtime:
            began_at = time.time()
            for webhook in (
                initiated(began_at),
                answered(began_at + 0.01),
                said("hello", began_at + 0.02),
            ):
                await runtime.calls.tell(webhook)
            await until(
                lambda: "transcript.final" in {one.type for one in runtime.lanes.events}, 10
            )
            assert time.time() - began_at > REORDER_S
