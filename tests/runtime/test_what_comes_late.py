"""What other workers took for a call comes before what came here after it, also if it is late."""

import asyncio
import math
import time
from pathlib import Path

from service.calls.ordering import REORDER_S
from service.ids import CallId
from service.journal.sqlite.journal import open_sqlite_journal
from service.workers.alone import Alone
from tests.calls.harness import CALL, IN_CALL, T0, answered, initiated, said
from tests.runtime.harness import Runtime, open_runtime
from tests.waiting import until


class Shared(Alone):
    """Who may have others beside it, whose mail is late or not."""

    is_late = False

    def lag_s(self, call_id: CallId) -> float:
        """Return that nobody knows how long it takes, if it is."""
        del call_id
        return math.inf if self.is_late else 0.0


def finals(runtime: Runtime) -> int:
    """Return how many finals are on their way to receivers."""
    return [one.type for one in runtime.lanes.events].count("transcript.final")


async def test_words_wait_for_those_that_were_said_before_them(tmp_path: Path) -> None:
    """As long as the mail has not been looked through since they came."""
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
            await until(lambda: finals(runtime) == 2)
            assert await runtime.texts(CALL) == ["first", "second"]


async def test_words_wait_however_long_it_takes(tmp_path: Path) -> None:
    """Nor does what comes meanwhile, and has its own turn, let them out."""
    now = T0
    async with open_sqlite_journal(tmp_path / "shared.db") as journal:
        ownership = Shared(journal)
        opening = open_runtime(tmp_path, IN_CALL, ownership=ownership, clock=lambda: now)
        async with opening as runtime:
            for webhook in (initiated(T0), answered(T0 + 0.01)):
                await runtime.calls.tell(webhook)
            ownership.is_late = True
            await runtime.calls.tell(said("second", T0 + 0.03))
            now = T0 + 60
            await runtime.calls.tell(said("third", T0 + 59.9))
            assert await runtime.texts(CALL) == []
            await runtime.calls.told(CALL, said("first", T0 + 0.02))
            ownership.is_late = False
            now = T0 + 61
            await until(lambda: finals(runtime) == 3)
            assert await runtime.texts(CALL) == ["first", "second", "third"]
