"""A simulator and an application that know each other, and a call that waits for commands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.simulator.report import Report
from service.simulator.scenario import Scenario
from service.simulator.server import Simulator, open_simulator
from service.tasks import open_tasks
from tests.simulator.builders import scenario
from tests.simulator.peers import WAIT_S, Application, open_application

NOBODY = "v3:bm9ib2R5"
LONG = {"hangs_up": "service", "patience_s": 60}


@asynccontextmanager
async def open_simulation(
    what: Scenario, **settings: object
) -> AsyncIterator[tuple[Simulator, Application]]:
    """Open a simulator and an application that know each other."""
    async with (
        open_application() as application,
        open_simulator(what, **settings) as simulator,  # type: ignore[arg-type] # as they are
    ):
        application.simulator = simulator
        simulator.webhook_url = application.webhook_url
        yield simulator, application


async def run_to_end(simulator: Simulator) -> Report:
    """Run the scenario to its end, under a deadline."""
    async with asyncio.timeout(WAIT_S * 3):
        return await simulator.run()


@asynccontextmanager
async def open_call(
    *, answer: bool = True, **tables: object
) -> AsyncIterator[tuple[Simulator, Application, str]]:
    """Open a simulation of one call that waits for commands."""
    async with (
        open_simulation(scenario(LONG, **tables)) as (
            simulator,
            application,
        ),
        open_tasks() as tasks,
    ):
        run = tasks.start(run_to_end(simulator), "scenario")
        if answer:
            leg_id = await application.answer_call()
        else:
            leg_id = (await application.wait_for("call.initiated")).payload["call_control_id"]
        yield simulator, application, leg_id
        await application.command(leg_id, "hangup")
        await run


def refusal(outcome: tuple[int, dict[str, object]]) -> tuple[int, str]:
    """Return the status and the error code of a refused command."""
    status, body = outcome
    return status, body["errors"][0]["code"]  # type: ignore[index] # that is its shape
