"""Tokens, streams and recognitions: who may send audio, and where it goes."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.calls.commands import StartTranscription
from service.calls.inputs import WordsHeard
from service.errors import JournalUnavailableError
from service.ports import StreamStart, StreamTarget
from service.runtime.media_stream import CallInbox, MediaStream
from service.runtime.media_streams import FINISH_S, LIVE_FINISH_S, Ticket
from tests.calls.harness import CALL, INBOUND, MEDIA, STREAM, A, hung_up
from tests.runtime.harness import Runtime, open_runtime
from tests.runtime.test_registry import begin
from tests.waiting import until

START = StreamStart(leg_id=A, stream_id=STREAM, encoding="PCMU", sample_rate_hz=8000)


async def asked_for(runtime: Runtime) -> StreamTarget:
    """Begin a call and return where Telnyx was told to send its audio."""
    await begin(runtime, time.time())
    await until(lambda: len(runtime.carrier.targets) == 1)
    return runtime.carrier.targets[0]


async def hearing(runtime: Runtime) -> MediaStream:
    """Begin a call and return the feed of its stream."""
    target = await asked_for(runtime)
    ticket = await runtime.calls.admit(token_of(target), target.auth_token)
    assert ticket is not None
    feed = await ticket.started(START)
    assert feed is not None
    return feed


def token_of(target: StreamTarget) -> str:
    """Return the token that Telnyx was told to show."""
    return target.url.removeprefix("ws://here/media/")


async def test_a_token_is_good_while_the_call_goes_on_and_never_with_a_wrong_header(
    tmp_path: Path,
) -> None:
    """Telnyx may dial again, with the header or without; whoever guesses either gets nothing."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        target = await asked_for(runtime)
        calls, token = runtime.calls, token_of(target)

        assert await calls.admit(token, "guess") is None
        assert await calls.admit("guess", target.auth_token) is None
        for header in (target.auth_token, None, target.auth_token):
            ticket = await calls.admit(token, header)
            assert ticket is not None
            assert ticket.leg_id == A
        await calls.tell(hung_up(time.time()))
        await until(lambda: any(e.type == "transcript.completed" for e in runtime.lanes.events))
        assert await calls.admit(token, target.auth_token) is None


async def test_the_newest_socket_of_a_leg_wins(tmp_path: Path) -> None:
    """Although it names the same stream; the other is to be closed, and its words still come."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        first = await hearing(runtime)
        runtime.recognitions.opened[0].last_words = [_words("before")]
        ticket = await runtime.calls.admit(token_of(runtime.carrier.targets[0]), None)
        assert ticket is not None
        second = await ticket.started(START)
        assert second is not None
        assert (first.is_wanted, second.is_wanted) == (False, True)
        first.push("inbound", b"old")
        second.push("inbound", b"new")
        old, _, new, _ = runtime.recognitions.opened
        new.tell(replace(_words("after"), ref=new.plan.ref))
        await until(lambda: [e.type for e in runtime.lanes.events].count("transcript.final") == 2)

        assert (old.audio, new.audio) == (b"", b"new")
        assert old.plan.ref.stream_id != new.plan.ref.stream_id
        assert await runtime.texts(CALL) == ["before", "after"]
        assert len(runtime.carrier.targets) == 1


async def test_a_leg_that_is_dialled_again_is_known_by_its_last_start(tmp_path: Path) -> None:
    """As Telnyx told it: what was made of it, and its own id, are ours."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        target = await asked_for(runtime)
        ticket = await runtime.calls.admit(token_of(target), target.auth_token)
        assert ticket is not None
        assert ticket.last_start is None
        await ticket.started(START)
        again = await runtime.calls.admit(token_of(target), target.auth_token)

        assert again is not None
        assert again.last_start == START


async def test_a_stream_begins_when_its_socket_says_so_and_not_when_its_call_was_taken(
    tmp_path: Path,
) -> None:
    """Another worker may have it, and let it go late: the audio of that time is heard."""
    late_s = 0.0
    async with open_runtime(tmp_path, MEDIA, clock=lambda: time.time() + late_s) as runtime:
        target = await asked_for(runtime)
        ticket = await runtime.calls.admit(token_of(target), target.auth_token)
        assert isinstance(ticket, Ticket)

        async def taken_late() -> CallInbox:
            nonlocal late_s
            late_s = 60.0
            return await ticket.own()

        assert await replace(ticket, own=taken_late).started(START)
        (started,) = [e for e in runtime.lanes.events if e.type == "transcription.started"]

        assert msgspec.json.decode(started.body)["data"]["start_ms"] < 60_000


async def test_a_stream_that_begins_while_the_journal_is_away_waits_for_it(tmp_path: Path) -> None:
    """Its audio waits in the socket, and its place is where it began."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        target = await asked_for(runtime)
        ticket = await runtime.calls.admit(token_of(target), target.auth_token)
        assert ticket is not None
        runtime.disk.full = True
        async with asyncio.TaskGroup() as tasks:
            starting = tasks.create_task(ticket.started(START))
            await until(lambda: runtime.disk.refused > 1)
            runtime.disk.full = False
        feed = starting.result()

        assert feed is not None
        assert len(runtime.recognitions.opened) == 2


async def test_a_stream_whose_socket_gave_up_waiting_is_asked_for_anew(tmp_path: Path) -> None:
    """What was committed by then is told that no audio comes of it."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        target = await asked_for(runtime)
        ticket = await runtime.calls.admit(token_of(target), target.auth_token)
        assert ticket is not None
        runtime.disk.slow_s = 0.3
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ticket.started(START)
        await until(lambda: len(runtime.carrier.targets) == 2)

        assert (await runtime.types(CALL))[2:] == [
            "transcript.gap",
            "transcript.gap",
            "transcription.started",
            "transcription.degraded",
        ][2:]
        assert runtime.recognitions.opened == []


@pytest.mark.parametrize("encoding", ["PCMU", "G729"])
async def test_a_stream_that_we_turned_away_is_asked_for_as_soon_as_can_be(
    tmp_path: Path, encoding: str
) -> None:
    """The journal was away for longer than audio waits: nobody else knows that we closed it."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        target = await asked_for(runtime)
        ticket = await runtime.calls.admit(token_of(target), target.auth_token)
        assert ticket is not None
        runtime.disk.full = True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ticket.started(replace(START, encoding=encoding))
        runtime.disk.full = False
        await until(lambda: len(runtime.carrier.targets) == 2)

        assert (await runtime.types(CALL))[2:] == ["transcription.degraded"]


async def test_a_token_is_good_although_the_journal_went_away_after_it_was_issued(
    tmp_path: Path,
) -> None:
    """With its own header only, and unless its time is over."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        target = await asked_for(runtime)
        token = token_of(target)
        away = JournalUnavailableError("away")
        for header, good in (("guess", False), (target.auth_token, True), (None, True)):
            runtime.disk.faults["use_token"] = away
            assert (await runtime.calls.admit(token, header) is not None) is good
        runtime.disk.faults["use_token"] = away
        with pytest.raises(JournalUnavailableError):
            await runtime.calls.admit("guess", None)


async def test_frames_go_to_the_recognition_of_their_track(tmp_path: Path) -> None:
    """Inbound and outbound are two recognitions, opened before the first frame."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        feed = await hearing(runtime)
        feed.push("inbound", b"in")
        feed.push("outbound", b"out")
        feed.skip("inbound", 40)

        heard = {
            ear.plan.ref.track: (ear.audio, ear.skipped_ms) for ear in runtime.recognitions.opened
        }
        assert heard == {"inbound": (b"in", 40), "outbound": (b"out", 0)}


async def test_what_is_heard_is_committed_and_delivered(tmp_path: Path) -> None:
    """A partial is published, a final is in the journal, with the customer's role."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        await hearing(runtime)
        runtime.recognitions.opened[0].tell(_words("hello", is_final=False))
        await until(lambda: bool(runtime.lanes.partials))
        runtime.recognitions.opened[0].tell(_words("hello"))
        await until(lambda: any(e.type == "transcript.final" for e in runtime.lanes.events))

        assert len(runtime.lanes.partials) == 1
        assert await runtime.texts(CALL) == ["hello"]


async def test_words_heard_while_the_disk_is_full_are_kept_for_later(tmp_path: Path) -> None:
    """A recognition cannot come again as Telnyx can, so its words wait."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        await hearing(runtime)
        runtime.disk.full = True
        runtime.recognitions.opened[0].tell(_words("do not lose me"))
        await until(lambda: runtime.disk.refused > 0)
        runtime.disk.full = False
        await until(lambda: any(e.type == "transcript.final" for e in runtime.lanes.events))

        assert await runtime.texts(CALL) == ["do not lose me"]


async def test_after_the_stop_no_frame_is_heard_and_the_call_completes(tmp_path: Path) -> None:
    """The tail is settled first; a straggler's frame goes nowhere."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        feed = await hearing(runtime)
        feed.stopped(orderly=True)
        await until(lambda: any(e.type == "transcription.stopped" for e in runtime.lanes.events))
        feed.push("inbound", b"late")
        feed.skip("inbound", 20)
        await runtime.calls.tell(hung_up(time.time()))
        await until(lambda: any(e.type == "transcript.completed" for e in runtime.lanes.events))

        assert runtime.recognitions.opened[0].audio == b""


@pytest.mark.parametrize(
    "undecodable", [{"encoding": "G729"}, {"sample_rate_hz": 11_025}, {"channels": 2}]
)
async def test_audio_nobody_can_decode_is_told_and_words_come_in_the_call(
    tmp_path: Path, undecodable: dict[str, Any]
) -> None:
    """The journal says which codec it was."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        target = await asked_for(runtime)
        ticket = await runtime.calls.admit(token_of(target), target.auth_token)
        assert ticket is not None

        assert await ticket.started(replace(START, **undecodable)) is None
        assert "transcription.degraded" in await runtime.types(CALL)
        await until(
            lambda: any(isinstance(c, StartTranscription) for c in runtime.carrier.commands)
        )


async def test_last_words_have_more_time_while_the_call_goes_on(tmp_path: Path) -> None:
    """An engine that is away may come back; once the call is over nobody waits for it."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        feed = await hearing(runtime)
        inbound, outbound = runtime.recognitions.opened
        inbound.answers.clear()
        feed.stopped(orderly=False)
        await until(lambda: bool(inbound.timeouts_s and outbound.timeouts_s))
        assert inbound.timeouts_s == outbound.timeouts_s == [LIVE_FINISH_S]

        await runtime.calls.tell(hung_up(time.time()))
        await until(lambda: len(inbound.timeouts_s) == 2)
        inbound.answers.set()
        await until(lambda: runtime.calls.finishing == 0)

        assert inbound.timeouts_s == [LIVE_FINISH_S, FINISH_S]
        assert outbound.timeouts_s == [LIVE_FINISH_S]


async def test_an_end_that_comes_while_the_disk_is_full_is_kept_for_later(tmp_path: Path) -> None:
    """A socket that dropped is gone; what it left behind waits for the journal."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        feed = await hearing(runtime)
        runtime.disk.full = True
        feed.stopped(orderly=False)
        await until(lambda: runtime.disk.refused > 0)
        assert "transcription.degraded" not in await runtime.types(CALL)
        runtime.disk.full = False
        await until(lambda: any(e.type == "transcription.degraded" for e in runtime.lanes.events))

        assert "transcription.degraded" in await runtime.types(CALL)


async def test_audio_for_a_call_that_is_over_is_not_wanted(tmp_path: Path) -> None:
    """The socket came after the hang-up."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        target = await asked_for(runtime)
        ticket = await runtime.calls.admit(token_of(target), target.auth_token)
        assert ticket is not None
        await runtime.calls.tell(hung_up(time.time()))
        await until(lambda: any(e.type == "call.ended" for e in runtime.lanes.events))

        assert await ticket.started(START) is None
        assert await runtime.calls.admit(token_of(target), target.auth_token) is None


def _words(text: str, *, is_final: bool = True) -> WordsHeard:
    return WordsHeard(
        ref=INBOUND,
        text=text,
        is_final=is_final,
        start_ms=0,
        end_ms=500,
    )


async def test_a_partial_worked_off_with_its_final_is_not_shown_after_it(tmp_path: Path) -> None:
    """A busy machine takes both at once; what is settled does not change any more."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        await hearing(runtime)
        ear = runtime.recognitions.opened[0]
        ear.tell(_words("hel", is_final=False))
        ear.tell(_words("hello"))
        ear.tell(_words("and", is_final=False))
        await until(lambda: bool(runtime.lanes.partials))

        texts = [msgspec.json.decode(one.body)["data"]["text"] for one in runtime.lanes.partials]
        assert texts == ["and"]
        assert runtime.audience.partials == runtime.lanes.partials
        assert await runtime.texts(CALL) == ["hello"]


async def test_what_the_route_wants_recorded_goes_on_a_tape(tmp_path: Path) -> None:
    """Frames and open_gaps of both tracks, from the stream's place on the call clock to its end."""
    async with open_runtime(tmp_path, replace(MEDIA, record="audio")) as runtime:
        feed = await hearing(runtime)
        feed.push("inbound", b"\x01" * 160)
        feed.skip("outbound", 20)
        (recording,) = runtime.recorder.opened
        assert recording.taken == [("inbound", b"\x01" * 160), ("outbound", 20)]
        assert recording.offset_ms >= 0

        feed.stopped(orderly=True)
        await runtime.calls.tell(hung_up(time.time()))
        await until(lambda: "recording.saved" in [e.type for e in runtime.lanes.events])

        assert recording.closed


async def test_a_route_that_wants_no_recording_gets_none(tmp_path: Path) -> None:
    """Nothing of it is kept."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        await hearing(runtime)

        assert runtime.recorder.opened == []
