"""A call that waits for commands, and what a refusal says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.simulator.server import Simulator
from tests.simulator.peers import Application, finish, open_practice, scenario

NOBODY = "v3:bm9ib2R5"
LONG = {"hangs_up": "service", "patience_s": 60}


@asynccontextmanager
async def answered_call(
    *, answer: bool = True, **tables: object
) -> AsyncIterator[tuple[Simulator, Application, str]]:
    """Open a practice with one call that waits for commands."""
    async with open_practice(scenario(LONG, **tables)) as (simulator, application):
        run = asyncio.create_task(finish(simulator))
        leg_id = (await application.wait_for("call.initiated")).payload["call_control_id"]
        if answer:
            await application.command(leg_id, "answer")
            await application.wait_for("call.answered")
        yield simulator, application, leg_id
        await application.command(leg_id, "hangup")
        await run


def code(outcome: tuple[int, dict[str, object]]) -> tuple[int, str]:
    """Return status and error code."""
    status, body = outcome
    return status, body["errors"][0]["code"]  # type: ignore[index] # that is its shape
