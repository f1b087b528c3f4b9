"""What a client must do, whatever language it is written in: checks of a command that runs it."""

import random
from collections.abc import Sequence
from itertools import pairwise

import aiohttp
import msgspec

from service.delivery.certification import certify
from service.delivery.certification.receiver import Message, Receiver
from tests.clients.builders import Frame, conversation, durable
from tests.clients.harness import Client, Command, running
from tests.clients.peers import CODA, FAULTS, Fault, FaultyFeed, silent, some, status
from tests.delivery.builders import SECRET

FIRST_WAIT_S = 0.25
"""The least that a client waits before its second try."""


async def check_fault(command: Command, name: str) -> None:
    """One fault in the middle of a feed: every event once, in order, and no stale partial."""
    await _follow(command, conversation(), [some, *FAULTS[name]])


async def check_all_faults(command: Command) -> None:
    """All faults, one after the other, in any order."""
    faults = [one for each in FAULTS.values() for one in each]
    random.Random(11).shuffle(faults)  # noqa: S311 - the same each time
    await _follow(command, conversation(40), faults)


async def check_waits(command: Command) -> None:
    """`Retry-After` is waited for; without it, each wait is longer than the one before."""
    feed = await _follow(
        command, conversation(), [some, status(503, Retry_After="1"), *[status(502)] * 3]
    )
    tries = [one.at for one in feed.attempts]
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert waits[1] >= 1.0, waits
    assert all(wait >= FIRST_WAIT_S * 2**n for n, wait in enumerate(waits[2:5], 1)), waits


async def check_renewal(command: Command) -> None:
    """A new token is taken when the old one is over, and it goes on after the cursor."""
    feed = await _follow(command, conversation(), [some, *FAULTS["expired"], *FAULTS["revoked"]])
    shown = [one.token for one in feed.attempts]
    assert shown == ["token-0", "token-0", "token-1", "token-1", "token-2"]
    cursors = [one.after or 0 for one in feed.attempts]
    assert cursors == sorted(cursors)
    assert cursors[-1] > 0


async def check_silence(impatient: Command) -> None:
    """A connection on which nothing comes, not even a keep-alive, is given up."""
    await _follow(impatient, conversation(), [some, silent])


async def check_refusal(command: Command) -> None:
    """What would be refused again is not tried again: the program ends and says why."""
    feed = FaultyFeed(conversation(), [status(404)])
    async with feed.serve(), running(command, "follow", feed.url, feed.token_url) as client:
        code, complaint = await client.ended()
    assert code == 1
    assert "404" in complaint
    assert len(feed.attempts) == 1


async def check_wrong_token_url(command: Command) -> None:
    """Where nobody gives out tokens, the program ends and says so; it does not wait in silence."""
    feed = FaultyFeed(conversation(), [])
    async with feed.serve(), running(command, "follow", feed.url, f"{feed.url}/none") as client:
        code, complaint = await client.ended()
    assert code == 1
    assert "404 where tokens are had" in complaint
    assert feed.attempts == []


async def check_what_keeps_failing_is_told(command: Command) -> None:
    """A key that is none is refused again and again: whoever waits for events is told."""
    feed = FaultyFeed(conversation(), [])
    key = {"CALLSCRIBE_KEY": "csk_none"}
    async with feed.serve(), running(command, "follow", feed.url, **key) as client:
        assert "the feed answers 401; trying again in " in await client.complaint()


async def check_certificate(command: Command) -> None:
    """The receiver of webhooks passes `callscribe certify`."""
    async with running(command, "receive", "0", CALLSCRIBE_SECRET=SECRET) as client:
        findings = await certify(f"http://127.0.0.1:{await client.port()}/hooks/calls", SECRET)
        await client.read_until("transcript.erased")
    assert {one.check: one.problem for one in findings if one.problem} == {}
    assert len(set(client.durable)) == len(client.durable)


async def check_report(command: Command) -> None:
    """A report has the `seq` of the event that it follows, and is no repeat of it."""
    data = {"call_id": "c1", "seq": 5}
    async with running(command, "receive", "0", CALLSCRIBE_SECRET=SECRET) as client:
        url = f"http://127.0.0.1:{await client.port()}/hooks/calls"
        for name, kind in (("evt_c1_5", "transcript.completed"), ("rpt_c1_5", "call.report")):
            body = msgspec.json.encode({"type": kind, "data": data})
            for _ in range(2):
                assert await _post(url, Message(name, body)) == 204
        await client.read_until("call.report")
    assert [line["type"] for line in client.lines] == ["transcript.completed", "call.report"]


async def _post(url: str, message: Message) -> int | None:
    async with aiohttp.ClientSession() as session:
        return (await Receiver(url, SECRET, session).send(message)).status


async def _follow(command: Command, frames: Sequence[Frame], faults: Sequence[Fault]) -> FaultyFeed:
    """Follow a feed with these faults to its end, and see that all of it came."""
    feed = FaultyFeed(frames, faults)
    async with feed.serve(), running(command, "follow", feed.url, feed.token_url) as client:
        await client.read_until(CODA.type)
    assert client.durable == [*durable(frames), ("coda", 1)]
    _check_partials(client)
    return feed


def _check_partials(client: Client) -> None:
    """Revisions only grow, and none comes after its final."""
    highest: dict[str, float] = {}
    for line in client.lines:
        data = line["data"]
        if "utterance_id" in data:
            final = "seq" in data
            assert data["revision"] > highest.get(data["utterance_id"], -1)
            assert (line["cursor"] is not None) == final
            highest[data["utterance_id"]] = float("inf") if final else data["revision"]
