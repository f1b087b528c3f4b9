"""A stream whose call takes its time to take it, as a commit may: in virtual time."""

import asyncio
import json
from base64 import b64encode

import pytest

from service.ports import StreamStart
from tests.ingress.builders import CLEAN, LEG, TRACKS, message
from tests.ingress.harness import TOKEN, MediaHarness
from tests.ingress.peers import RecordingFeed, RecordingTicket
from tests.proof.virtual.loop import VirtualLoop

FRAME_S, FRAMES = 0.02, 400
AUTH = {"x-telnyx-streaming-auth-token": "any"}


class SlowTicket(RecordingTicket):
    """A ticket whose call takes so long."""

    takes_s = 0.0

    async def started(self, start: StreamStart) -> RecordingFeed | None:
        """Take it in the end."""
        await asyncio.sleep(self.takes_s)
        return await super().started(start)


async def play(takes_s: float) -> RecordingFeed:
    """Send eight seconds of audio as it is spoken; return who got it."""
    media, stream_id = MediaHarness(), json.loads(CLEAN[1])["stream_id"]
    slow = SlowTicket(LEG)
    slow.takes_s = takes_s
    media.ticket = media.door.tickets[TOKEN] = slow
    async with media.serving() as (url, client), client.ws_connect(url, headers=AUTH) as socket:
        for line in CLEAN[:2]:
            await socket.send_str(line)
        for number in range(FRAMES):
            for track in TRACKS:
                body = {"track": track, "payload": said(number), "chunk": str(number + 1)}
                await socket.send_str(message("media", media=body, stream_id=stream_id))
            await asyncio.sleep(FRAME_S)
        await socket.close()
        (feed,) = slow.feeds
        await feed.ended.wait()
    return feed


def said(number: int) -> str:
    """Return the payload of a frame: every one is another."""
    return b64encode(number.to_bytes(2) * 80).decode()


@pytest.mark.parametrize("takes_s", [0.0, 0.15, 0.3, 0.7, 1.5, 5.0])
def test_a_commit_at_the_start_of_a_stream_costs_no_audio(takes_s: float) -> None:
    """What came meanwhile is heard, in a burst; nothing of it seems lost."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        feed = runner.run(play(takes_s))

    for track in TRACKS:
        assert feed.skipped_ms(track) == []
        assert len(feed.audio(track)) == FRAMES * 160
