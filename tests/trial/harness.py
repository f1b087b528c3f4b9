"""A call placed at a simulator that stands for the real Telnyx."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from service.calls.routes import Route
from service.simulator.scenario import Scenario
from service.simulator.server import Simulator, open_simulator
from service.trial import Facts, Patience, Trial, place_call
from service.wire.signature import parse_public_key

FROM, TO = "+13125550188", "+442079460123"
PATIENCE = Patience(answer_s=15, redial_s=2)
STREAMED = (Route(engine="Deepgram", model="nova-3"),)
IN_CALL = (Route(engine="Telnyx", source="in_call"),)


@asynccontextmanager
async def open_trial(scenario: Scenario) -> AsyncIterator[tuple[Simulator, Trial]]:
    """Open a simulator, and describe a call that is placed there."""
    async with open_simulator(scenario) as simulator:
        yield (
            simulator,
            Trial(
                base_url=simulator.url,
                stt_url=simulator.stt_url,
                api_key=simulator.api_key,
                public_keys=(parse_public_key(simulator.public_key),),
                public_url=None,
                listen=("127.0.0.1", 0),
                connection_id=simulator.connection_id,
                from_number=FROM,
                to_number=TO,
            ),
        )


async def place(scenario: Scenario, **changes: object) -> Facts:
    """Place a call there, after some changes of the plan; return what was seen."""
    async with open_trial(scenario) as (_, trial):
        return await place_call(replace(trial, **changes), PATIENCE)  # type: ignore[arg-type] # as they are
