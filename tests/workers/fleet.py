"""A crew whose calls are transcribed in the call, by a Telnyx whose finals are numbered."""

import itertools
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.oracle import Verdict, judge
from tests.chaos.receiver import Receiver, open_receiver
from tests.chaos.service import endpoint, settings_of
from tests.chaos.telnyx import API_KEY, Telnyx, open_telnyx
from tests.workers.crew import Crew, open_crew, program_of
from tests.workers.harness import database_of
from tests.workers.peers import open_balancer


@dataclass(slots=True)
class Fleet(Crew):
    """Workers behind a balancer, a Telnyx whose finals are numbered, and who is told of them."""

    telnyx: Telnyx
    receiver: Receiver
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def say(self, calls: Sequence[str], times: int = 1) -> None:
        """Have a final be heard in each call, and return once all were acknowledged."""
        for _ in range(times):
            for call in calls:
                await self.telnyx.say(call, next(self.numbers))

    def verdict(self, fault: str) -> Verdict:
        """Judge what came."""
        verdict = Verdict(fault, 1)
        taken = self.telnyx.acknowledged, self.telnyx.completed
        judge(verdict, *taken, self.receiver.arrivals)
        return verdict


@asynccontextmanager
async def open_fleet(
    folder: Path,
    count: int,
    *,
    pace: float = 1.0,
    fenced: bool = True,
    databases: Sequence[str] = (),
    older: Path | None = None,
) -> AsyncIterator[Fleet]:
    """Start that many workers of a database; unless `fenced`, nothing stops one that is out.

    `databases` are the ways to it, one for each. Leases take that part of their time (`pace`). If
    there is an `older` version, all but the first are of that.
    """
    dice = random.Random("fleet")  # noqa: S311 - to be played again
    urls = databases or [await database_of(folder)] * count
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        telnyx = await enter(open_telnyx(dice))
        receiver = await enter(open_receiver(dice))
        secrets = {
            "TELNYX_API_KEY": API_KEY,
            "TELNYX_PUBLIC_KEY": telnyx.public_key,
            "TELNYX_BASE_URL": telnyx.api_url,
        }
        settings = settings_of(folder, [endpoint("crm", receiver.url, receiver.secret, {})])
        program = program_of(pace=pace, fenced=fenced)
        workers = await enter(
            open_crew(folder, urls, settings, secrets, program=program, older=older)
        )
        balancer = await enter(open_balancer([one.url for one in workers]))
        telnyx.webhook_url = f"{balancer}/webhooks/telnyx"
        yield Fleet(workers, urls[-1], telnyx, receiver)
