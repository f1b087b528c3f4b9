"""Following a stream: heard as it comes, stopped with the rest still said, joined again if lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from service.calls.routes import Route
from service.errors import RecognitionLostError, RecognitionRefusedError
from service.stt.follow import Follower, FollowLimits
from service.stt.formats import WireFormat
from service.wire.stt import CLOSE_STREAM, SttResult, encode_error, encode_transcript
from tests.stt.peers import Script, ScriptedPeer, open_scripted_peer
from tests.waiting import PATIENCE_S, until

QUICK = FollowLimits(
    backoff_s=(0.01, 0.01),
    jitter_s=0.0,
    linger_s=0.2,
    short_linger_s=0.05,
    bytes_per_s=1e9,
    wide_bytes_per_s=1e9,
)
MP3 = WireFormat("mp3", 16_000)
NOVA = Route(engine="Deepgram", model="nova-3", language="en-US", keyterms=("Callscribe",))


async def pieces(*sizes: int) -> AsyncIterator[bytes]:
    """Give audio in pieces of these sizes."""
    for size in sizes:
        yield bytes(size)


async def radio(started: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    """Give audio without end."""
    while True:
        yield bytes(1000)
        if started:
            await started.wait()
        await asyncio.sleep(0)


async def follow(
    peer: ScriptedPeer,
    audio: AsyncIterator[bytes],
    *,
    route: Route = NOVA,
    form: WireFormat = MP3,
    limits: FollowLimits = QUICK,
) -> list[SttResult]:
    """Follow to the end and return what was heard."""
    heard: list[SttResult] = []
    follower = Follower(peer.url, "KEY0123", route, form, emit=heard.append, limits=limits)
    async with asyncio.timeout(PATIENCE_S):
        await follower.run(audio)
    return heard


def partial(text: str) -> str:
    """Write a partial."""
    return encode_transcript(text, is_final=False)


def final(text: str) -> str:
    """Write a final."""
    return encode_transcript(text, is_final=True)


async def test_a_stream_is_heard_as_it_comes_and_to_its_end() -> None:
    """Partials, finals, and what the engine still says after the last audio."""
    script = Script(says={5000: [partial("hel"), final("hello")]}, last=[final("world")])
    async with open_scripted_peer(script) as peer:
        heard = await follow(peer, pieces(10_000, 1, 4000))

    assert [(one.transcript, one.is_final) for one in heard] == [
        ("hel", False),
        ("hello", True),
        ("world", True),
    ]
    session = peer.sessions[0]
    assert (len(session.audio), session.largest) == (14_001, 4096)
    assert session.controls == [CLOSE_STREAM]


async def test_a_session_asks_for_what_the_route_says() -> None:
    """As the quickstart does: no sample rate for a container, no origin, the key in a header."""
    async with open_scripted_peer() as peer:
        await follow(peer, pieces(10))
        await follow(peer, pieces(10), form=WireFormat("linear16", 44_100))

    first, second = peer.sessions
    assert {name: texts[0] for name, texts in first.query.items()} == {
        "transcription_engine": "Deepgram",
        "model": "deepgram/nova-3",
        "input_format": "mp3",
        "language": "en-US",
        "interim_results": "true",
        "keyterm": "Callscribe",
    }
    assert second.query["sample_rate"] == ["44100"]
    assert first.headers["authorization"] == "Bearer KEY0123"
    assert "origin" not in first.headers


async def test_stopping_an_endless_stream_closes_it_in_order() -> None:
    """No more audio is sent, the engine is asked for the rest, and the rest is heard."""
    script = Script(says={3000: [partial("on and")]}, last=[final("on and on")])
    heard: list[str] = []

    def hear(answer: SttResult) -> None:
        heard.append(answer.transcript or "")
        follower.stop()

    async with open_scripted_peer(script) as peer, asyncio.timeout(PATIENCE_S):
        follower = Follower(peer.url, None, NOVA, MP3, emit=hear, limits=QUICK)
        await follower.run(radio())

    assert heard == ["on and", "on and on"]
    assert peer.sessions[0].controls == [CLOSE_STREAM]


async def test_a_stream_that_went_silent_can_be_stopped() -> None:
    """Also while its source is being waited for."""
    never = asyncio.Event()
    async with open_scripted_peer() as peer, asyncio.timeout(PATIENCE_S):
        follower = Follower(peer.url, None, NOVA, MP3, emit=lambda _: None, limits=QUICK)
        async with asyncio.TaskGroup() as group:
            group.create_task(follower.run(radio(never)))
            await until(lambda: bool(peer.sessions and peer.sessions[0].audio))
            follower.stop()

    assert peer.sessions[0].controls == [CLOSE_STREAM]


async def test_an_engine_that_knows_no_close_is_listened_to_a_little() -> None:
    """It is sent no control frame; the connection is closed when it has been quiet."""
    script = Script(says={10: [final("late")]}, closes=False)
    async with open_scripted_peer(script) as peer:
        heard = await follow(peer, pieces(10), route=Route(engine="Telnyx"))

    assert [one.transcript for one in heard] == ["late"]
    assert peer.sessions[0].controls == []


async def test_an_engine_that_does_not_close_is_not_waited_for_for_ever() -> None:
    """The end comes when nothing more does."""
    async with open_scripted_peer(Script(closes=False)) as peer:
        assert await follow(peer, pieces(10)) == []


async def test_a_dropped_session_is_followed_by_another_one() -> None:
    """Where the audio can be joined in its middle; what came meanwhile is sent too."""
    dropped = Script(says={4000: [final("one")]}, drops_at=8000)
    async with open_scripted_peer(dropped, Script(last=[final("two")])) as peer:
        heard = await follow(peer, pieces(*[1000] * 100))

    assert [one.transcript for one in heard] == ["one", "two"]
    assert len(peer.sessions) == 2
    assert len(peer.sessions[1].audio) > 50_000


async def test_a_format_with_a_beginning_is_not_joined_again() -> None:
    """Without its header nobody could read the rest."""
    async with open_scripted_peer(Script(drops_at=1)) as peer:
        with pytest.raises(RecognitionLostError, match="connection_lost"):
            await follow(peer, pieces(1000, 1000), form=WireFormat("flac", 16_000))

    assert len(peer.sessions) == 1


async def test_a_session_that_is_never_had_is_given_up() -> None:
    """After as many attempts as there are delays."""
    async with open_scripted_peer(Script(status=503)) as peer:
        with pytest.raises(RecognitionLostError, match="connect_failed"):
            await follow(peer, radio())

    assert len(peer.sessions) == 3


@pytest.mark.parametrize(
    "script",
    [
        Script(status=401),
        Script(says={1: [encode_error("40002", "Unsupported format", "no mp3")]}),
        Script(closes_at=1, close_code=1008),
    ],
)
async def test_a_refusal_is_final(script: Script) -> None:
    """A bad key or format is not tried again."""
    async with open_scripted_peer(script) as peer:
        with pytest.raises(RecognitionRefusedError):
            await follow(peer, radio())

    assert len(peer.sessions) == 1


async def test_a_session_lost_while_it_said_the_rest_is_an_error() -> None:
    """What is missing at the end would not be noticed otherwise."""
    async with open_scripted_peer(Script(close_code=1011)) as peer:
        with pytest.raises(RecognitionLostError):
            await follow(peer, pieces(10))


async def test_garbage_ends_a_session() -> None:
    """A few unreadable results are passed over, and empty ones are not emitted."""
    good = [final("good"), encode_transcript("", is_final=True)]
    script = Script(says={1: ["?", "[]", *good, "{", "{", "{"]})
    async with open_scripted_peer(script) as peer:
        with pytest.raises(RecognitionLostError, match="garbage"):
            await follow(peer, radio(), form=WireFormat("wav", 16_000))


async def test_an_engine_that_floods_is_cut_off() -> None:
    """An answer larger than any there is ends the session."""
    script = Script(says={1: [final("word " * 100_000)]})
    async with open_scripted_peer(script) as peer:
        with pytest.raises(RecognitionLostError):
            await follow(peer, radio(), form=WireFormat("wav", 16_000))


async def test_a_source_that_breaks_is_an_error_after_what_was_heard() -> None:
    """The engine still says what it heard of it."""

    async def broken() -> AsyncIterator[bytes]:
        yield bytes(100)
        raise ConnectionResetError("gone")

    async with open_scripted_peer(Script(last=[final("heard")])) as peer:
        heard: list[SttResult] = []
        follower = Follower(peer.url, None, NOVA, MP3, emit=heard.append, limits=QUICK)
        with pytest.raises(ConnectionResetError):
            await follower.run(broken())

    assert [one.transcript for one in heard] == ["heard"]


async def test_a_file_is_not_poured_in_faster_than_the_limit() -> None:
    """An engine for live audio is not flooded."""
    limits = FollowLimits(bytes_per_s=40_000.0)
    loop = asyncio.get_running_loop()
    async with open_scripted_peer() as peer:
        began = loop.time()
        await follow(peer, pieces(8_000), limits=limits)

    assert loop.time() - began >= 0.2


async def test_an_address_that_is_none_is_refused() -> None:
    """Before anything is read."""
    follower = Follower("nonsense", None, NOVA, MP3, emit=lambda _: None, limits=QUICK)

    with pytest.raises(RecognitionRefusedError, match="bad_url"):
        await follower.run(pieces(1))
