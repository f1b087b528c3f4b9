"""Simulated speech-to-text services, each with a fault of its own, and the speech they know.

Run by `python -m tests.proof.beside.stands FOLDER '[{}, {"late_s": [2, 4]}]'` in the service's own
environment. Each entry is the `[stt]` table of a simulator. The speech is put into the folder; the
first line printed says where all of it is. It runs until it is stopped.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from service.ids import Track
from service.simulator.calls.plan import plan_calls
from service.simulator.scenario import parse_scenario
from service.simulator.server import open_simulator
from service.simulator.speech.audio import PCMU
from service.wire.audio import Decoder

SEED = 11
DURATION_S = 30
TRACK: Track = "inbound"


async def serve(folder: Path, tables: Sequence[Mapping[str, Any]]) -> None:
    """Serve until the process is stopped."""
    async with AsyncExitStack() as stack:
        stands = []
        for stt in tables:
            scenario = parse_scenario(
                {"seed": SEED, "call": [{"numbered": {"duration_s": DURATION_S}}], "stt": stt}
            )
            simulator = await stack.enter_async_context(open_simulator(scenario))
            stands.append({"url": simulator.stt_url, "key": simulator.api_key})
        (call,) = plan_calls(scenario)
        speech = folder / "speech.pcm"
        speech.write_bytes(Decoder("PCMU", 8_000).decode(call.audio.encoded(TRACK, PCMU)))
        said = [word.text for one in call.audio.utterances(TRACK) for word in one.words]
        sys.stdout.write(json.dumps({"stands": stands, "speech": str(speech), "said": said}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), json.loads(sys.argv[2])))
