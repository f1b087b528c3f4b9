"""A worker that is killed with the audio of a call: another one asks for it, and tells the gap."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg

from service.demo.receiver import open_receiver
from service.simulator.scenario import parse_scenario
from service.simulator.server import open_simulator
from tests.chaos.service import Service, open_service
from tests.service.harness import Watch, durable, finals, settings_for
from tests.service.test_whole_service import ROUTES
from tests.workers.crew import SHORT_PACE, program_of, start
from tests.workers.harness import database_of
from tests.workers.peers import open_balancer
from tests.workers.test_calls_across_workers import UNTOLD_MS, WORD_MS

TEXT = " ".join(f"word{number}" for number in range(40))
SCENARIO = {
    "speed": 1.0,
    "recogniser": "script",
    "call": [{"say": [{"speaker": "customer", "text": TEXT, "at_ms": 400}]}],
}


async def owner_of(database: str, workers: list[Service]) -> Service:
    """Return the worker that has the call."""
    db = await asyncpg.connect(database)
    try:
        url = await db.fetchval("SELECT url FROM call JOIN worker ON worker.id = call.owner")
    finally:
        await db.close()
    return next(worker for worker in workers if worker.url == url)


async def test_the_audio_goes_on_elsewhere_and_the_gap_is_told(tmp_path: Path) -> None:
    """From the last word that was settled until Telnyx dialled the next worker."""
    watch, database = Watch(), await database_of(tmp_path)
    async with AsyncExitStack() as stack:
        telnyx = await stack.enter_async_context(open_simulator(parse_scenario(SCENARIO)))
        receiver = await stack.enter_async_context(open_receiver(watch.told))
        settings = {**settings_for(telnyx, receiver, tmp_path / "none", **ROUTES["media"])}
        settings["database_url"] = database
        secrets = {
            key.upper(): value for key, value in settings.items() if key.startswith("telnyx_")
        }
        workers = []
        for name in ("ann", "bob"):
            (tmp_path / name).mkdir()
            opening = open_service(tmp_path / name, settings, secrets)
            workers.append(await stack.enter_async_context(opening))
            workers[-1].program = program_of(pace=SHORT_PACE)
            await start(workers[-1])
        balancer = await stack.enter_async_context(open_balancer([one.url for one in workers]))
        playing = asyncio.create_task(telnyx.run(webhook_url=f"{balancer}/webhooks/telnyx"))
        await watch.until(
            lambda: any(one.type == "transcript.partial" for one in receiver.receipts)
        )
        await (await owner_of(database, workers)).kill()
        await watch.until(lambda: any(one.type == "transcript.gap" for one in receiver.receipts))
        await playing
        await watch.until(lambda: receiver.receipts[-1].type == "transcript.completed")
    (receipts,) = durable(receiver.receipts).values()
    seqs = list(dict.fromkeys(receipt.data["seq"] for receipt in receipts))
    assert seqs == list(range(1, len(seqs) + 1))
    gaps = [one.data for one in receipts if one.type == "transcript.gap"]
    assert {gap["track"] for gap in gaps} == {"inbound", "outbound"}
    assert {gap["reason"] for gap in gaps} == {"service_restarted"}
    heard = " ".join(finals(receipts, "inbound")).split()
    assert heard[-1] == "word39"
    told_ms = sum(gap["end_ms"] - gap["start_ms"] for gap in gaps if gap["track"] == "inbound")
    assert len(TEXT.split()) - len(heard) <= (told_ms + UNTOLD_MS) / WORD_MS
