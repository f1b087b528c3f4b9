"""A live call is erased: by this process, or beside it."""

import asyncio
import time
from pathlib import Path

from msgspec import structs

from service.calls.commands import StopStreaming
from service.ids import CallId, InputId
from service.runtime.offline_eraser import JournalEraser
from tests.calls.harness import CALL, IN_CALL, MEDIA, answered, hung_up, initiated, said
from tests.runtime.harness import Runtime, open_runtime
from tests.runtime.test_media import hearing
from tests.runtime.test_registry import begin
from tests.waiting import PATIENCE_S, until


async def types(runtime: Runtime) -> list[str]:
    """Return the types of what the journal has of the call."""
    return [event.type for event in await runtime.journal.read(CALL, after_seq=0, limit=99)]


async def test_an_erased_call_is_heard_and_recorded_no_more(tmp_path: Path) -> None:
    """The fork is ended, the lanes are told to forget before they get the tombstone."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        feed = await hearing(runtime)
        assert await runtime.calls.erase(CALL)
        feed.push("inbound", b"secret")
        await until(lambda: any(isinstance(c, StopStreaming) for c in runtime.carrier.commands))
        await until(lambda: runtime.calls.finishing == 0)

        assert [ear.audio for ear in runtime.recognitions.opened] == [b"", b""]
        assert runtime.lanes.forgotten == runtime.recorder.forgotten == [CALL]
        assert await types(runtime) == ["transcript.erased"]
        assert await runtime.transcription(CALL) is None


async def test_a_call_erased_beside_this_process_is_noticed(tmp_path: Path) -> None:
    """Without a word being said: nobody hears it from then on; its lanes see for themselves."""
    async with open_runtime(tmp_path, MEDIA) as runtime:
        feed = await hearing(runtime)
        position = await runtime.calls.notice_erased(None)
        assert await JournalEraser(runtime.journal, clock=time.time).erase(CALL, reason="operator")
        await until(lambda: not runtime.calls.call(CALL).busy)
        await runtime.calls.notice_erased(position)
        await until(lambda: runtime.recorder.forgotten == [CALL])
        feed.push("inbound", b"secret")
        await runtime.calls.notice_erased(position)

        assert runtime.recognitions.opened[0].audio == b""
        assert runtime.lanes.forgotten == []
        assert await types(runtime) == ["transcript.erased"]


async def test_what_comes_in_one_breath_with_the_erasure_goes_with_it(tmp_path: Path) -> None:
    """Words that were received with it are handed to nobody."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        now = time.time()
        await begin(runtime, now)
        words = structs.replace(said("secret", now + 0.02, final=None), input_id=InputId("w"))
        call = runtime.calls.call(CALL)
        call.post(words)
        call.post(structs.replace(words, input_id=InputId("x"), is_final=False))
        call.post(hung_up(now + 0.03))
        assert await runtime.calls.erase(CALL)

        assert b"secret" not in b"".join(event.body for event in runtime.lanes.events)
        assert runtime.lanes.partials == []
        assert await types(runtime) == ["transcript.erased"]


async def test_many_who_erase_at_once_all_hear_that_it_is_done(tmp_path: Path) -> None:
    """It is done once; a call that nobody knows is not there."""
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await begin(runtime, time.time())
        async with asyncio.timeout(PATIENCE_S):
            done = await asyncio.gather(*(runtime.calls.erase(CALL) for _ in range(20)))

        assert all(done)
        assert not await runtime.calls.erase(CallId("nobody"))
        assert await types(runtime) == ["transcript.erased"]


async def test_late_webhooks_of_an_erased_call_leave_nothing(tmp_path: Path) -> None:
    """Not in this process, and not in the next."""
    now = time.time()
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        await begin(runtime, now)
        assert await runtime.calls.erase(CALL)
    async with open_runtime(tmp_path, IN_CALL) as runtime:
        for webhook in (initiated(now), answered(now + 1), said("secret", now), hung_up(now + 2)):
            await runtime.calls.tell(webhook)
        kept = await runtime.journal.load(CALL)

        assert kept is not None
        assert b"secret" not in kept.state
        assert await types(runtime) == ["transcript.erased"]
        assert runtime.carrier.commands == []
