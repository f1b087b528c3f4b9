"""The way out of results: what is to come behind the next one, and when there is none."""

import asyncio

from service.simulator.rng import Rng
from service.simulator.scenario.stt_settings import SttSettings
from service.simulator.stt.faults import Outgoing, ResultFaults
from service.simulator.stt.outbox import Outbox
from service.tasks import open_tasks
from tests.proof.virtual.loop import VirtualLoop


async def _put(texts: dict[str, float]) -> list[tuple[str, float]]:
    """Put results, each after so many seconds; return what was sent, and after how many."""
    sent: list[tuple[str, float]] = []
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def send(text: str) -> None:
        sent.append((text, round(loop.time() - began, 1)))

    outbox = Outbox(send, ResultFaults(SttSettings(wrong_order=1.0), Rng("x")))
    async with open_tasks() as tasks:
        tasks.start(outbox.run(), "outbox")
        for text, after_s in texts.items():
            await asyncio.sleep(began + after_s - loop.time())
            await outbox.put([Outgoing(text, is_final=True)])
        await asyncio.sleep(10)
    return sent


def test_a_result_that_nothing_comes_behind_is_late_and_not_lost() -> None:
    """It waits two seconds for the next one, which then comes first."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(_put({"one": 0.0, "two": 1.0})) == [("two", 1.0), ("one", 1.0)]
        assert runner.run(_put({"one": 0.0, "two": 5.0})) == [("one", 2.0), ("two", 7.0)]
