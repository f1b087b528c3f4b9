"""The same call with the simulator in Telnyx's place."""

from dataclasses import replace

from service.simulator.scenario import Scenario, parse_scenario
from service.simulator.server import open_simulator
from service.trial.call import SENTENCE, Patience, Trial, place_call
from service.trial.facts import Facts
from service.wire.signature import parse_public_key

_EVERY_MS = 4_500
_TIMES = 40
_FROM, _TO = "+13125550199", "+13125550142"


def scenario(**tables: object) -> Scenario:
    """Return the call that the simulator plays: somebody picks up, and hears the sentence.

    What is spoken by command is not heard in the simulator's audio: it says the sentence by
    itself, again and again. `tables` are what else the scenario has.
    """
    say = [
        {"speaker": "agent", "text": SENTENCE, "at_ms": 300 + number * _EVERY_MS}
        for number in range(_TIMES)
    ]
    call = {"direction": "outgoing", "picks_up_after_s": 0.3, "hangs_up": "service", "say": say}
    return parse_scenario({"call": [call], **tables})


async def place_simulated(trial: Trial, patience: Patience) -> Facts:
    """Place the call that a trial describes at a simulator of our own; numbers are nobody's."""
    async with open_simulator(scenario()) as simulator:
        instead = replace(
            trial,
            base_url=simulator.url,
            stt_url=simulator.stt_url,
            api_key=simulator.api_key,
            public_keys=(parse_public_key(simulator.public_key),),
            public_url=None,
            listen=("127.0.0.1", 0),
            connection_id=simulator.connection_id,
            from_number=_FROM,
            to_number=_TO,
        )
        return await place_call(instead, patience)
