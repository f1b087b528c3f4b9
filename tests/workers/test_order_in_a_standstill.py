"""The database stands still for one worker, in the midst of a call whose words come to two."""

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from service.workers.lease import Pace
from tests.waiting import until
from tests.workers.fleet import open_fleet
from tests.workers.harness import database_of
from tests.workers.proxy import open_proxy

STANDSTILL_S = Pace().lease_s - 2.0
"""Longer than anything may take that has a limit, but for the lease."""


async def test_words_stay_in_order_when_the_database_stands_still(tmp_path: Path) -> None:
    """What another worker took meanwhile was said before what waits here."""
    database = await database_of(tmp_path)
    parts = urlsplit(database)
    assert parts.hostname is not None
    assert parts.port is not None
    async with open_proxy(parts.hostname, parts.port) as proxy:
        place = parts.netloc.replace(f":{parts.port}", f":{proxy.port}")
        slow = urlunsplit(parts._replace(netloc=place))
        async with open_fleet(tmp_path, 2, databases=[slow, database]) as fleet:
            telnyx, receiver = fleet.telnyx, fleet.receiver
            ann, bob = (f"{one.url}/webhooks/telnyx" for one in fleet.workers)
            telnyx.webhook_url = ann
            call = await telnyx.begin()
            await fleet.say([call])
            proxy.cut()
            over_at = time.monotonic() + STANDSTILL_S
            telnyx.webhook_url = bob
            await fleet.say([call])
            telnyx.webhook_url = ann
            saying = asyncio.create_task(fleet.say([call]))
            await until(lambda: time.monotonic() > over_at, timeout_s=2 * STANDSTILL_S)
            proxy.mend()
            await saying
            await telnyx.hang_up(call)
            await until(lambda: telnyx.completed <= receiver.whole, timeout_s=30)
            verdict = fleet.verdict("standstill")
    assert verdict.acknowledged == 3
    assert not verdict.failed, verdict
