"""Our recognitions of one track, each by another speech-to-text service, in real time.

Run by `python -m tests.proof.beside.ours SPEECH '[[URL, KEY, ENGINE], …]'` in the service's own
environment. Prints what each heard: its finals, and how many milliseconds it told as lost.
"""

import asyncio
import json
import sys
from pathlib import Path

from service.calls.inputs import AudioLost, Input, TrackRef, WordsHeard
from service.calls.routes import Route
from service.ids import CallId, LegId, StreamId
from service.ports import RecognitionPlan
from service.stt.recognitions import open_recognitions
from tests.proof.beside.pace import frames_in_time

PATIENCE_S = 20.0


async def hear(speech: bytes, url: str, key: str, engine: str) -> dict[str, object]:
    """Return what one recognition made of the speech."""
    came: list[Input] = []
    plan = RecognitionPlan(
        call_id=CallId("call"),
        ref=TrackRef(LegId("leg"), StreamId("stream"), "inbound"),
        route=Route(engine=engine, source="media"),
        encoding="L16",
        sample_rate_hz=8_000,
    )
    async with open_recognitions(stt_url=url, api_key=key) as recognitions:
        recognition = recognitions.open(plan, came.append)
        async for frame in frames_in_time(speech):
            recognition.send(_network_order(frame))
        await recognition.finish(timeout_s=PATIENCE_S)
    return {
        "heard": [item.text for item in came if isinstance(item, WordsHeard) and item.is_final],
        "lost_ms": sum(i.end_ms - i.start_ms for i in came if isinstance(i, AudioLost)),
    }


def _network_order(frame: bytes) -> bytes:
    """Return samples as L16 has them."""
    swapped = bytearray(frame)
    swapped[0::2], swapped[1::2] = frame[1::2], frame[0::2]
    return bytes(swapped)


async def main(speech: bytes, services: list[tuple[str, str, str]]) -> None:
    """Hear the same speech by all services at once."""
    heard = await asyncio.gather(*(hear(speech, *service) for service in services))
    sys.stdout.write(json.dumps(heard) + "\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_bytes(), json.loads(sys.argv[2])))
