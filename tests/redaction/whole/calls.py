"""Dialogues as calls: every partial and final as a webhook of Telnyx's."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from tests.chaos.telnyx import Telnyx
from tests.redaction.dialogues import Dialogue, Heard

AT_ONCE = 16
"""Calls at a time."""


@dataclass(frozen=True, slots=True)
class Call:
    """One dialogue, and the id of the call in which it is said."""

    call_id: str
    dialogue: Dialogue

    def heard(self, track: str, number: int) -> Heard:
        """Return the `number`-th final of a track, from 0; the last text where that was lost."""
        heard = [one for one in self.dialogue.heard if one.key.endswith(track)]
        finals = [one for one in heard if one.is_final]
        return finals[number] if number < len(finals) else heard[-1]


async def talk(telnyx: Telnyx, dialogues: Sequence[Dialogue], *, speed: float) -> list[Call]:
    """Have all of them said, some at the same time, `speed` times as fast as people."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(dialogue: Dialogue) -> Call:
        async with places:
            return await _say(telnyx, dialogue, speed)

    async with asyncio.TaskGroup() as tasks:
        saying = [tasks.create_task(one(dialogue)) for dialogue in dialogues]
    return [task.result() for task in saying]


async def _say(telnyx: Telnyx, dialogue: Dialogue, speed: float) -> Call:
    call = Call(await telnyx.begin(), dialogue)
    loop = asyncio.get_running_loop()
    began, first_at = loop.time(), dialogue.heard[0].at
    first_said_at = datetime.now(UTC)
    for heard in dialogue.heard:
        await asyncio.sleep(began + (heard.at - first_at) / speed - loop.time())
        said = {"transcript": " ".join(heard.words), "is_final": heard.is_final, "confidence": 0.9}
        said["transcription_track"] = heard.key.partition("/")[2]
        body = telnyx.webhook(call.call_id, "call.transcription", transcription_data=said)
        said_at = first_said_at + timedelta(seconds=(heard.at - first_at) / speed)
        await telnyx.post(_occurred(body, said_at))
    await telnyx.hang_up(call.call_id)
    return call


def _occurred(body: bytes, at: datetime) -> bytes:
    """Return a webhook of what was said at some time, also if it is posted later than others."""
    webhook = msgspec.json.decode(body)
    webhook["data"]["occurred_at"] = at.isoformat()
    return msgspec.json.encode(webhook)
