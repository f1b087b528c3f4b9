"""The feed over a WebSocket, with a client nobody here wrote."""

from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from service.api.feed.connections import FeedLimits
from tests.api.feed.harness import V1, live_token, open_feed, talk
from tests.api.feed.peers import SocketClient
from tests.feed.builders import PARTIAL, A, B, completed, final, started
from tests.waiting import until

QUICK = FeedLimits(check_every_s=0.05, keep_alive_s=0.1, stall_s=0.5, grace_s=0.2)


async def test_subscriptions_have_names_and_cursors_of_their_own(tmp_path: Path) -> None:
    """One of all calls counts places, one of a call counts seqs."""
    async with open_feed(tmp_path) as harness, talk(harness) as talker:
        await harness.calls.commit(B, started())
        await harness.calls.commit(A, started())
        acks = [
            await talker.subscribe("all", types=["transcript.*"], role="customer"),
            await talker.subscribe("one", call_id=A, after=1),
        ]
        await harness.calls.commit(A, final("a1"))
        found = sorted(await talker.many(2), key=lambda message: str(message["id"]))

    assert [ack["cursor"] for ack in acks] == [2, 1]
    assert [(m["kind"], m["id"], m["cursor"]) for m in found] == [
        ("event", "all", 3),
        ("event", "one", 2),
    ]
    assert found[0]["event"] == found[1]["event"]
    assert found[0]["event"]["data"]["seq"] == 2
    assert talker.socket.subprotocol == "callscribe.v1"


async def test_partials_are_their_own_kind_and_unsubscribing_ends_a_subscription(
    tmp_path: Path,
) -> None:
    """The answer says where it stopped."""
    async with open_feed(tmp_path) as harness, talk(harness) as talker:
        await harness.calls.commit(A, started())
        await talker.subscribe("s1", call_id=A)
        event = await talker.next()
        harness.calls.publish(A, "a1")
        partial = await talker.next()
        await talker.say(unsubscribe="s1")
        ack = await talker.next()
        await harness.calls.commit(A, completed())
        await talker.say(unsubscribe="s1")
        error = await talker.next()

    assert event["cursor"] == 1
    assert (partial["kind"], partial["event"]["type"]) == ("partial", PARTIAL)
    assert (ack["kind"], ack["id"], ack["cursor"]) == ("ack", "s1", 1)
    assert error == {"kind": "error", "id": None, "detail": "there is no subscription of this id"}


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[]",
        "{}",
        '{"subscribe": {}}',
        '{"subscribe": {"id": "s 1"}}',
        '{"subscribe": {"id": "s1", "after": -1}}',
        '{"subscribe": {"id": "s1", "types": ["DROP"]}}',
        '{"subscribe": {"id": "s1", "colour": "red"}}',
        '{"subscribe": {"id": "s1", "call_id": "nobody"}}',
        '{"subscribe": {"id": "s1"}, "unsubscribe": "s1"}',
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
)
async def test_a_message_that_cannot_be_heeded_is_answered_with_an_error(
    tmp_path: Path, message: str | bytes
) -> None:
    """And the conversation goes on."""
    async with open_feed(tmp_path) as harness, talk(harness) as talker:
        await talker.socket.send(message)
        error = await talker.next()
        ack = await talker.subscribe("s1")

    assert error["kind"] == "error"
    assert ack["kind"] == "ack"


async def test_what_a_client_may_say_is_bounded(tmp_path: Path) -> None:
    """In subscriptions, in length, and in number a second."""
    limits = FeedLimits(max_subscriptions=2, max_message_bytes=1000, message_burst=10)
    async with open_feed(tmp_path, limits=limits) as harness:
        async with talk(harness) as talker:
            kinds = [(await talker.subscribe(name))["kind"] for name in ("a", "b", "b", "c")]
            await talker.socket.send("x" * 2000)
            too_long, _ = await talker.closed()
        async with talk(harness) as talker:
            for _ in range(20):
                await talker.say(unsubscribe="x")
            too_many, messages = await talker.closed()

    assert kinds == ["ack", "ack", "error", "error"]
    assert (too_long, too_many) == (1009, 1008)
    assert [m["kind"] for m in messages] == ["error"] * 10 + ["closed"]


async def test_pages_of_other_origins_are_refused(tmp_path: Path) -> None:
    """Only those of this host, and those that are listed, may connect."""
    async with open_feed(tmp_path, origins=["https://desk.example"]) as harness:
        for origin in (harness.url, "https://desk.example"):
            async with talk(harness, origin=origin) as talker:
                assert (await talker.subscribe("s1"))["kind"] == "ack"
        host = harness.url.removeprefix("http://")
        none = ("null", "", "http://[", f"javascript://{host}", f"http://x@{host}")
        for origin in ("https://evil.example", harness.url.replace("127.0.0.1", "x"), *none):
            with pytest.raises(InvalidStatus) as refused:
                async with talk(harness, origin=origin):
                    pass
            assert refused.value.response.status_code == 403


async def test_a_token_may_come_as_a_subprotocol_and_holds_for_its_call(tmp_path: Path) -> None:
    """A browser cannot set headers; the token is not repeated in the answer."""
    async with open_feed(tmp_path) as harness:
        await harness.calls.commit(A, started())
        await harness.calls.commit(B, started())
        url = harness.url.replace("http", "ws", 1) + f"/v1/calls/{A}/feed"
        offered: Any = [*V1, f"callscribe.token.{await live_token(harness, A)}"]
        async with connect(url, subprotocols=offered, proxy=None) as socket:
            talker = SocketClient(socket)
            other = await talker.subscribe("s1", call_id=B)
            own = await talker.subscribe("s1")
            event = await talker.next()
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url.replace(A, B), subprotocols=offered, proxy=None):
                pass

    assert socket.subprotocol == "callscribe.v1"
    assert (other["kind"], own["kind"], event["cursor"]) == ("error", "ack", 1)
    assert refused.value.response.status_code == 404


async def test_a_stop_closes_with_cursors_to_resume_after(tmp_path: Path) -> None:
    """1001, after everything that was committed."""
    async with open_feed(tmp_path) as harness, talk(harness) as talker:
        await talker.subscribe("all")
        await harness.calls.commit(A, started())
        left = await harness.calls.hub.drain(5)
        code, messages = await talker.closed()

    assert (left, code) == (0, 1001)
    assert [message["kind"] for message in messages] == ["event", "closed"]
    assert messages[-1]["resume_after"] == {"all": 1}


async def test_an_expired_token_and_a_revoked_key_end_the_socket(tmp_path: Path) -> None:
    """With a code of their own."""
    async with open_feed(tmp_path, limits=QUICK) as harness:
        await harness.calls.commit(A, started())
        bearer = {"Authorization": f"Bearer {await live_token(harness, A, for_s=0.4)}"}
        path = f"/v1/calls/{A}/feed"
        async with talk(harness) as other:
            async with talk(harness, path, additional_headers=bearer) as talker:
                expired, _ = await talker.closed()
            await harness.keys.revoke_key(harness.key[4:16], 1.0)
            revoked, _ = await other.closed()

    assert (expired, revoked) == (4001, 4003)


async def test_a_client_that_leaves_is_forgotten_at_once(tmp_path: Path) -> None:
    """With its subscriptions."""
    async with open_feed(tmp_path) as harness:
        async with talk(harness) as talker:
            await talker.subscribe("s1")
            assert (len(harness.connections), harness.calls.hub.subscriptions) == (1, 1)
        await until(lambda: len(harness.connections) == 0)

    assert harness.calls.hub.subscriptions == 0
