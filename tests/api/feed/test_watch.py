"""The keeper that watches over connections survives what nobody foresaw."""

from pathlib import Path

from structlog.testing import capture_logs

from service import tasks
from service.api.feed.connections import FeedLimits
from tests.api.feed.harness import open_feed, talk, watch
from tests.feed.builders import A, started
from tests.waiting import until

QUICK = FeedLimits(check_every_s=0.05, grace_s=0.2)


async def test_connections_are_checked_again_after_an_error(tmp_path: Path) -> None:
    """Nobody is disconnected by it; a key that is revoked later still ends its connections."""
    tasks.failures.clear()
    with capture_logs() as logs:
        async with open_feed(tmp_path, limits=QUICK) as harness, talk(harness) as socket:
            await socket.subscribe("all")
            harness.keys.failures.append(RuntimeError("nobody foresaw this"))
            await until(lambda: tasks.failures == {"watch_feed": 1})
            await harness.calls.commit(A, started())
            event = await socket.next()
            async with watch(harness, "/v1/feed?after=0") as client:
                assert (await client.next()).id == 1
            await harness.keys.revoke_key(harness.key[4:16], 1.0)
            code, _ = await socket.closed()

    assert (event["cursor"], code) == (1, 4003)
    kept = [(line["event"], line["kind"]) for line in logs if "kind" in line]
    assert kept == [("keeper_failed", "watch_feed")]
