"""Stopped or killed in the middle of calls: what was acknowledged is delivered in the end."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import pytest

from service.demo.receiver import Receiver, open_receiver
from service.exits import Exit
from service.simulator.report import Report
from service.simulator.scenario import parse_scenario
from service.simulator.server import Simulator, open_simulator
from tests.service.harness import SCRIPT, Watch, durable, journal_of, settings_for, texts
from tests.service.process import free_port, serving

Peers: TypeAlias = tuple[Simulator, Receiver, Watch]
CALLS = 6
HEARD_ON_S = 4.0
"""How long after a SIGTERM words are heard at least: half of what a drain of 12 s has for it."""
BUSY = {
    "speed": 3.0,
    "recogniser": "script",
    "call": [{"say": SCRIPT, "count": CALLS, "every_s": 0.2}],
    "webhooks": {"retries_s": [0.5, 1.0, 2.0, 4.0, 15.0]},
}
IN_CALL = {"source": "in_call", "engine": "Telnyx"}
MEDIA = {"source": "media", "engine": "Deepgram"}


def count(receiver: Receiver, kind: str) -> int:
    """Count what was received of a type."""
    return sum(receipt.type == kind for receipt in receiver.receipts)


@asynccontextmanager
async def open_peers(scenario: Mapping[str, object]) -> AsyncIterator[Peers]:
    """Open a simulated Telnyx and a receiver."""
    watch = Watch()
    async with (
        open_simulator(parse_scenario(scenario)) as telnyx,
        open_receiver(watch.told) as receiver,
    ):
        yield telnyx, receiver, watch


async def interrupted(
    folder: Path,
    peers: Peers,
    route: dict[str, str],
    how: signal.Signals,
) -> tuple[Report, int]:
    """Play calls, stop the service in the middle of them, start it again; return what it said."""
    telnyx, receiver, watch = peers
    settings = settings_for(telnyx, receiver, folder / "j.db", **route)
    port = free_port()
    async with asyncio.TaskGroup() as tasks:
        async with serving(folder, settings, port) as service:
            playing = tasks.create_task(telnyx.run(webhook_url=f"{service.url}/webhooks/telnyx"))
            await watch.until(lambda: count(receiver, "transcript.final") >= 4)
            code = await service.stop(how)
        async with serving(folder, settings, port) as service:
            report = await playing
            await watch.until(lambda: count(receiver, "transcript.completed") >= CALLS, 60)
            assert await service.stop(signal.SIGTERM) == Exit.OK
    return report, code


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_calls_of_an_interrupted_service_lose_no_acknowledged_word(
    tmp_path: Path, how: signal.Signals
) -> None:
    """In-call words come by webhook: acknowledged means delivered, in order, once counted."""
    async with open_peers(BUSY) as (telnyx, receiver, watch):
        peers = (telnyx, receiver, watch)
        report, code = await interrupted(tmp_path, peers, IN_CALL, how)
        secrets = [telnyx.api_key, receiver.secret, "+1312", "booking", "goodbye", "/media/v"]

    assert code in ((Exit.OK, Exit.WORK_LEFT) if how is signal.SIGTERM else (-signal.SIGKILL,))
    calls = durable(receiver.receipts)
    stored = await journal_of(tmp_path / "j.db", calls)
    assert len(calls) == CALLS
    for call in report.calls:
        acknowledged = {
            fate.event_id
            for fate in call.webhooks
            if fate.event_type == "call.transcription" and fate.acknowledged
        }
        assert len(texts(stored[call.call_id])) == len(acknowledged)
        numbers = [receipt.data["seq"] for receipt in calls[call.call_id]]
        assert numbers == [event.seq for event in stored[call.call_id]]
    log = (tmp_path / "log.jsonl").read_text()
    assert [secret for secret in secrets if secret in log] == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_calls_whose_audio_was_interrupted_are_resumed_and_the_loss_is_told(
    tmp_path: Path, how: signal.Signals
) -> None:
    """The fork is asked for again; what nobody heard in between is a gap; all is delivered."""
    async with open_peers(BUSY | {"speed": 1.0}) as peers:
        await interrupted(tmp_path, peers, MEDIA, how)
    receiver = peers[1]

    calls = durable(receiver.receipts)
    stored = await journal_of(tmp_path / "j.db", calls)
    for call, receipts in calls.items():
        assert [r.data["seq"] for r in receipts] == [event.seq for event in stored[call]]
    told = [r.data["reason"] for r in receiver.receipts if r.type == "transcript.gap"]
    assert set(told) >= {"service_stopped" if how is signal.SIGTERM else "service_restarted"}


async def test_an_idle_service_stops_at_once(tmp_path: Path) -> None:
    """With nothing to drain, SIGTERM is answered within moments, with exit code 0."""
    async with open_peers({}) as (telnyx, receiver, _):
        settings = settings_for(telnyx, receiver, tmp_path / "j.db", **MEDIA)
        async with serving(tmp_path, settings, free_port()) as service:
            assert await service.stop(signal.SIGTERM) == Exit.OK


async def test_people_are_heard_while_lanes_drain(tmp_path: Path) -> None:
    """An endpoint that does not answer keeps the service from stopping, not from hearing."""
    scenario = {"recogniser": "script", "call": [{"numbered": {"duration_s": 30}}]}
    async with open_peers(scenario) as (telnyx, receiver, watch), serving_nothing() as silent_url:
        settings = dict(settings_for(telnyx, receiver, tmp_path / "j.db", **MEDIA))
        crm = settings["endpoint"]["0"]
        settings["endpoint"] = {"0": crm, "1": crm | {"name": "silent", "url": silent_url}}
        settings["route"]["0"]["endpoints"] = ["crm", "silent"]
        settings["drain_timeout_s"] = 12
        async with asyncio.TaskGroup() as tasks:
            async with serving(tmp_path, settings, free_port()) as service:
                playing = tasks.create_task(
                    telnyx.run(webhook_url=f"{service.url}/webhooks/telnyx")
                )
                await watch.until(lambda: count(receiver, "transcript.final") >= 1)
                asked_at = time.time()
                assert await service.stop(signal.SIGTERM) == Exit.WORK_LEFT
            playing.cancel()

    said = [r.data for r in receiver.receipts if r.type == "transcript.final"]
    answered_at = next(r.data for r in receiver.receipts if r.type == "call.answered")
    began = datetime.fromisoformat(answered_at["occurred_at"]).timestamp()
    assert max(one["end_ms"] for one in said) / 1000 > asked_at - began + HEARD_ON_S


@asynccontextmanager
async def serving_nothing() -> AsyncIterator[str]:
    """Serve an endpoint that takes everything and never answers."""
    held: set[asyncio.StreamWriter] = set()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.add(writer)
        while await reader.read(1 << 16):
            pass

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        for writer in held:
            writer.close()
