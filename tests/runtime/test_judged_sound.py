"""What the call says of its sound reaches the right recording, at the right place of it."""

import time
from dataclasses import replace
from pathlib import Path

from service.calls.commands import CloseSound, JudgeSound
from service.calls.inputs import AudioSettled, WordsHeard
from service.ids import Track
from service.ports import Verdict
from service.runtime.judged_sound import JudgedSound
from tests.calls.harness import CALL, INBOUND, MEDIA, STREAM, hung_up
from tests.runtime.harness import Runtime, open_runtime
from tests.runtime.peers import KeptRecording, ScriptedRecognition
from tests.runtime.test_media import hearing
from tests.waiting import until

KEEPING = replace(MEDIA, record="audio", redact=("pci", "numbers"))
FRAME = b"\x01" * 160


def recognition(runtime: Runtime, track: Track) -> ScriptedRecognition:
    """Return what hears a track now."""
    return next(one for one in reversed(runtime.recognitions.opened) if one.plan.ref.track == track)


def heard(one: ScriptedRecognition, text: str, start_ms: int, end_ms: int) -> None:
    """Have it say a final."""
    words = WordsHeard(ref=one.plan.ref, text=text, is_final=True, start_ms=start_ms, end_ms=end_ms)
    one.tell(words)


async def verdict(recording: KeptRecording, number: int) -> Verdict:
    """Return what is said of a recording, by its number."""
    await until(lambda: len(recording.verdicts) > number)
    return recording.verdicts[number]


async def test_verdicts_come_at_the_place_where_their_audio_is(tmp_path: Path) -> None:
    """Also of a recognition that began in the middle of a stream, after a pause."""
    async with open_runtime(tmp_path, KEEPING) as runtime:
        feed = await hearing(runtime)
        (recording,) = runtime.recorder.opened
        assert recording.is_judged
        for _ in range(100):
            feed.push("inbound", FRAME)
        heard(recognition(runtime, "inbound"), "it is 4111 1111 1111 1111", 500, 1500)
        first = await verdict(recording, 0)
        assert (first.track, first.until_ms, first.hidden) == ("inbound", 500, ((0, 2000),))

        feed.skip("outbound", 3000)
        settled = AudioSettled(ref=recognition(runtime, "outbound").plan.ref, until_ms=2000)
        recognition(runtime, "outbound").tell(settled)
        assert (await verdict(recording, 1)).until_ms == 1000


async def test_a_track_that_nobody_hears_is_not_kept(tmp_path: Path) -> None:
    """Nobody could say what is said on it."""
    async with open_runtime(tmp_path, replace(KEEPING, tracks="inbound")) as runtime:
        feed = await hearing(runtime)
        feed.push("outbound", FRAME)
        feed.push("inbound", FRAME)

        assert runtime.recorder.opened[0].taken == [("outbound", 20), ("inbound", FRAME)]


async def test_what_is_listened_to_in_a_pause_is_not_kept(tmp_path: Path) -> None:
    """From the phrase on, although its end was understood later; the engine goes on hearing."""
    route = replace(MEDIA, record="audio", pause_on=("card number",), resume_on=("thank you",))
    async with open_runtime(tmp_path, route) as runtime:
        feed = await hearing(runtime)
        (recording,) = runtime.recorder.opened
        for _ in range(100):
            feed.push("inbound", FRAME)
        heard(recognition(runtime, "inbound"), "my card number is 42", 500, 1500)
        await until(lambda: len(runtime.recognitions.opened) == 4)
        assert [one.hidden for one in recording.verdicts if one.hidden] == [((1500, 2150),)]
        feed.push("inbound", FRAME)
        assert recording.taken[100:] == [("inbound", 20)]
        assert recognition(runtime, "inbound").audio == FRAME

        heard(recognition(runtime, "inbound"), "thank you", 500, 1500)
        await until(lambda: len(runtime.recognitions.opened) == 6)
        feed.push("inbound", FRAME)
        assert recording.taken[101:] == [("inbound", FRAME)]


async def test_a_recording_is_open_until_the_last_word(tmp_path: Path) -> None:
    """The last of it is known then."""
    async with open_runtime(tmp_path, KEEPING) as runtime:
        feed = await hearing(runtime)
        (recording,) = runtime.recorder.opened
        feed.push("inbound", FRAME)
        recognition(runtime, "inbound").last_words = [
            WordsHeard(
                ref=recognition(runtime, "inbound").plan.ref,
                text="bye",
                is_final=True,
                start_ms=0,
                end_ms=20,
            )
        ]
        await runtime.calls.tell(hung_up(time.time()))
        await until(lambda: "recording.saved" in [e.type for e in runtime.lanes.events])

        assert recording.closed
        assert recording.verdicts[0].until_ms == 20 - 1000
        assert recording.verdicts[-1].earlier == "release"


async def test_a_call_that_is_let_go_of_closes_its_recording(tmp_path: Path) -> None:
    """At once: another worker has the call, and nobody here learns more."""
    async with open_runtime(tmp_path, KEEPING) as runtime:
        feed = await hearing(runtime)
        feed.push("inbound", FRAME)
        runtime.calls.let_go(CALL)

        assert runtime.recorder.opened[0].closed


async def test_a_recording_that_nobody_speaks_of_is_closed(tmp_path: Path) -> None:
    """The call may have lost its journal; what is not known becomes silence then."""
    async with open_runtime(tmp_path, KEEPING) as runtime:
        feed = await hearing(runtime)
        sound = JudgedSound(guard_s=0.01)
        sound.keep(feed)
        sound.heard(STREAM, feed)
        sound.end(feed)
        await until(lambda: runtime.recorder.opened[0].closed)

        sound.judge(JudgeSound(ref=INBOUND, until_ms=0))
        sound.close(CloseSound(stream_id=STREAM, earlier="hide"))
        assert runtime.recorder.opened[0].verdicts == []
