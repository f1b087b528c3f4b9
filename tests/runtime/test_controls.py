"""People pause, resume, stop and start a live call: what is heard, and by whom."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest

from service.calls.commands import StartStreaming, StartTranscription, StopTranscription
from service.calls.inputs import Input
from service.calls.routes import Route
from service.calls.state import Phase
from service.errors import ControlRefusedError, JournalUnavailableError
from service.ids import CallId
from service.ports import RecognitionPlan
from service.runtime.media_stream import MediaStream
from tests.calls.harness import CALL, IN_CALL, INBOUND, MEDIA, hung_up, initiated, said
from tests.runtime.harness import Runtime, open_runtime
from tests.runtime.peers import ScriptedRecognition
from tests.runtime.test_media import START, asked_for, hearing
from tests.runtime.test_registry import begin
from tests.waiting import until

FRAME = bytes(160)
"""20 ms of PCMU."""


class Nobody:
    """A live call that nothing comes of."""

    call_id = CALL

    def post(self, item: Input) -> None:
        """Take nothing."""

    async def tell(self, item: Input) -> None:
        """Take nothing."""


class SetClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return what it was set to."""
        return self.now


async def transcribing(runtime: Runtime) -> None:
    """Begin a call that Telnyx transcribes."""
    await begin(runtime, time.time())
    await until(lambda: any(e.type == "transcription.started" for e in runtime.lanes.events))


async def test_in_a_pause_no_frame_reaches_a_recognition(tmp_path: Path) -> None:
    """On the same socket others hear what is said after it."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        feed = await hearing(runtime)
        feed.push("inbound", b"before")
        paused = await runtime.calls.ask(CALL, "pause", reason="card_payment")
        feed.push("inbound", b"secret")
        for track in MEDIA.heard_tracks:
            feed.skip(track, 60_000)  # all of the pause has come
        resumed = await runtime.calls.ask(CALL, "resume")
        feed.push("inbound", b"after!")

        assert paused is not None
        assert resumed is not None
        assert (paused.transcription, resumed.transcription) == ("paused", "on")
        assert [one.audio for one in runtime.recognitions.opened] == [
            b"before",
            b"",
            b"after!",
            b"",
        ]
        assert [one.skipped_ms for one in runtime.recognitions.opened] == [0] * 4
        assert (await runtime.types(CALL))[-2:] == ["transcription.paused", "transcription.resumed"]


async def test_words_are_held_back_before_the_pause_is_committed(tmp_path: Path) -> None:
    """Between asking and the commit nothing is heard; if nothing comes of it, it goes on."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        feed = await hearing(runtime)
        runtime.disk.full = True
        asking = asyncio.ensure_future(runtime.calls.ask(CALL, "pause"))
        await asyncio.sleep(0)
        feed.push("inbound", FRAME)
        feed.skip("inbound", 5)
        with pytest.raises(JournalUnavailableError):
            await asking
        runtime.disk.full = False
        feed.push("inbound", b"heard")

        assert (
            runtime.recognitions.opened[0].audio,
            runtime.recognitions.opened[0].skipped_ms,
        ) == (b"heard", 25)
        assert runtime.recognitions.opened[0].skipped_for == ["", "frames_lost"]
        assert await runtime.transcription(CALL) == "on"


async def test_a_socket_that_comes_in_a_pause_is_kept_and_not_heard(tmp_path: Path) -> None:
    """It was on its way; its words are wanted later."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        target = await asked_for(runtime)
        await runtime.calls.ask(CALL, "pause")
        token = target.url.removeprefix("ws://here/media/")
        ticket = await runtime.calls.admit(token, target.auth_token)
        assert ticket is not None
        feed = await ticket.started(START)
        assert feed is not None
        feed.push("inbound", b"secret")
        assert runtime.recognitions.opened == []
        await runtime.calls.ask(CALL, "resume")

        assert [one.plan.ref.track for one in runtime.recognitions.opened] == [
            "inbound",
            "outbound",
        ]


async def test_telnyx_is_told_to_stop_and_start_in_order_and_anew(tmp_path: Path) -> None:
    """The second start is no repeat of the first, which Telnyx would ignore."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await transcribing(runtime)
        await runtime.calls.ask(CALL, "pause")
        await runtime.calls.ask(CALL, "resume")
        await until(lambda: len(runtime.carrier.commands) == 4)

        kinds = [type(command) for command in runtime.carrier.commands[1:]]
        assert kinds == [StartTranscription, StopTranscription, StartTranscription]
        assert len(set(runtime.carrier.ids)) == 4


async def test_a_start_waits_for_the_stop_before_it(tmp_path: Path) -> None:
    """Overtaken, the stop would end what was just begun."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await transcribing(runtime)
        runtime.carrier.silent = True
        await runtime.calls.ask(CALL, "stop")
        await runtime.calls.ask(CALL, "start")
        await until(lambda: len(runtime.carrier.commands) == 3)
        await runtime.calls.settle(0.2)

        assert isinstance(runtime.carrier.commands[-1], StopTranscription)


async def test_words_that_occurred_in_the_pause_are_nowhere(tmp_path: Path) -> None:
    """Not in the journal, not in a lane, and not in what is remembered of the call."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await transcribing(runtime)
        await runtime.calls.ask(CALL, "pause")
        now = time.time()
        await runtime.calls.tell(said("secret", now + 0.1))
        await runtime.calls.tell(said("sec", now + 0.2, final=False))
        await runtime.calls.tell(hung_up(now + 0.3))
        await until(lambda: any(e.type == "call.ended" for e in runtime.lanes.events))
        kept = await runtime.journal.load(CALL)

        assert kept is not None
        assert b"sec" not in kept.state.replace(b"seconds", b"")
        assert runtime.lanes.partials == []
        assert await runtime.texts(CALL) == []


@pytest.mark.parametrize("route", [MEDIA, IN_CALL], ids=["media", "in_call"])
async def test_a_pause_holds_in_the_next_process(tmp_path: Path, route: Route) -> None:
    """It is in the journal; the new process forks nothing before it is resumed."""
    async with open_runtime(tmp_path, route) as runtime:
        await begin(runtime, time.time())
        await until(lambda: runtime.calls.call(CALL).phase is Phase.TALKING)
        await runtime.calls.ask(CALL, "pause")
    async with open_runtime(tmp_path, route) as runtime:
        await runtime.calls.resume()
        await runtime.calls.settle(5)
        assert await runtime.transcription(CALL) == "paused"
        started = (StartStreaming, StartTranscription)
        assert not any(isinstance(one, started) for one in runtime.carrier.commands)
        reply = await runtime.calls.ask(CALL, "resume")

        assert reply is not None
        assert reply.transcription == "on"
        await until(lambda: any(isinstance(one, started) for one in runtime.carrier.commands))


async def test_what_cannot_be_done_is_said_clearly(tmp_path: Path) -> None:
    """Nobody's call, one that rings, one that is over."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        assert await runtime.calls.ask(CallId("nobody"), "pause") is None
        assert runtime.calls.live == 0
        assert await runtime.transcription(CallId("nobody")) is None
        await runtime.calls.tell(initiated(time.time()))
        with pytest.raises(ControlRefusedError, match="not_answered"):
            await runtime.calls.ask(CALL, "pause")
        await runtime.calls.tell(hung_up(time.time()))
        await until(lambda: any(e.type == "call.ended" for e in runtime.lanes.events))
        with pytest.raises(ControlRefusedError) as refused:
            await runtime.calls.ask(CALL, "start")

        assert refused.value.reason == "call_over"


async def test_a_call_of_a_route_that_nobody_has_is_unknown(tmp_path: Path) -> None:
    """It was left alone."""
    async with open_runtime(tmp_path) as runtime:
        await runtime.calls.tell(initiated(time.time()))

        assert await runtime.calls.ask(CALL, "pause") is None


def open_stream() -> tuple[MediaStream, SetClock, ScriptedRecognition]:
    """Return a stream of PCMU, its clock, and a recognition for its inbound track."""
    clock = SetClock()
    listener = Nobody()
    stream = MediaStream(START, listener, clock, clock())
    plan = RecognitionPlan(
        call_id=CALL, ref=INBOUND, route=MEDIA, encoding="PCMU", sample_rate_hz=8000,
    )  # fmt: skip
    return stream, clock, ScriptedRecognition(plan, listener.post)


def test_what_was_said_in_the_pause_and_comes_after_it_is_not_heard() -> None:
    """A network that stalled delivers the pause in a burst: the audio's own clock tells."""
    stream, clock, heard = open_stream()
    stream.pause()
    clock.now += 1.0  # only half of it arrived
    for _ in range(25):
        stream.push("inbound", FRAME)
    stream.resume()
    stream.recognitions["inbound"] = heard
    for _ in range(20):
        stream.push("inbound", FRAME)
    stream.skip("inbound", 120)
    stream.push("inbound", FRAME)

    assert (len(heard.audio), heard.skipped_ms) == (160, 20)


def test_what_was_said_before_a_pause_and_comes_after_it_does_not_let_the_pause_be_heard() -> None:
    """It comes first. Who was to hear it is gone; and what is missing of it moves nothing on."""
    streams = [open_stream() for _ in range(2)]
    for stream, clock, heard in streams:
        clock.now += 0.5  # nothing comes any more
        stream.pause()
        clock.now += 1.0
        stream.resume()
        stream.recognitions["inbound"] = heard
    (burst, clock, heard), (missing, _, moved) = streams
    for _ in range(76):
        burst.push("inbound", FRAME)
    missing.skip("inbound", 1520)

    assert (len(heard.audio), heard.skipped_ms) == (160, 0)
    assert moved.skipped_ms == 20


def test_a_stream_that_keeps_up_is_heard_at_once_after_a_pause() -> None:
    """Nothing of what is said afterwards is lost."""
    stream, clock, heard = open_stream()
    stream.pause()
    clock.now += 1.0
    for _ in range(50):
        stream.push("inbound", FRAME)
        stream.push("outbound", FRAME)
    stream.resume()
    stream.recognitions["inbound"] = heard
    stream.push("inbound", FRAME)

    assert len(heard.audio) == 160


def test_what_was_said_well_before_a_pause_was_asked_for_and_comes_after_it_is_lost() -> None:
    """Nobody hears it, and whoever reads the transcript is told so: it is no silence."""
    stream, clock, heard = open_stream()
    stream.recognitions["inbound"] = heard
    clock.now += 3.0  # we stood still: all of it is still in the socket
    stream.ask_pause(on=True)
    stream.skip("inbound", 1000)
    for _ in range(100):
        stream.push("inbound", FRAME)

    assert heard.skipped_ms == 3000
    assert Counter(heard.skipped_for) == {"frames_lost": 1 + 83, "": 17}  # a word and more
    assert not heard.audio


def test_audio_that_is_on_its_way_as_usual_is_not_lost_for_a_pause() -> None:
    """It takes a moment to be put in order."""
    stream, clock, heard = open_stream()
    stream.recognitions["inbound"] = heard
    clock.now += 0.34
    stream.ask_pause(on=True)
    for _ in range(25):
        stream.push("inbound", FRAME)

    assert set(heard.skipped_for) == {""}
