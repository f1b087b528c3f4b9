"""Calls are erased when somebody asks or when their time is over, with their audio."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from structlog.testing import capture_logs

from service.archive.retention import delete_recording, open_retention
from service.calls.routes import Retention
from service.ids import CallId
from service.journal.sqlite.audit import open_audit
from service.runtime.offline_eraser import JournalEraser
from service.tasks import failures
from tests.archive.harness import ROUTE, SECRET, open_archive, words
from tests.archive.peers import StumblingJournal
from tests.calls.harness import CALL, answered, hung_up, initiated
from tests.waiting import PATIENCE_S, until

FROM = "+15550100"
"""Who calls in every call of the driver."""
DAY_S = 86_400.0


async def test_an_erased_call_leaves_no_byte_in_any_file(tmp_path: Path) -> None:
    """Words, numbers and audio; its lanes are told to forget, and get the tombstone."""
    async with open_archive(tmp_path) as archive:
        await archive.talk()
        file = await archive.record()
        assert await archive.keeper.erase(CALL)

        assert [archive.where_found(SECRET), archive.where_found(FROM)] == [[], []]
        assert archive.left_of_erased() == []
        assert not file.exists()
        assert archive.runtime.lanes.forgotten == [CALL]
        assert archive.runtime.lanes.events[-1].type == "transcript.erased"
        assert b'metadata":{}' in archive.runtime.lanes.events[-1].body


async def test_erasing_again_is_harmless_and_what_comes_late_is_dropped(tmp_path: Path) -> None:
    """Telnyx's late webhooks bring nothing back."""
    async with open_archive(tmp_path) as archive:
        await archive.talk(ended=False)
        assert await archive.keeper.erase(CALL)
        now = time.time()
        for late in (words(now, "late"), answered(now), initiated(now), hung_up(now)):
            await archive.runtime.calls.tell(late)
        assert await archive.keeper.erase(CALL)

        assert await archive.stored() == [archive.runtime.lanes.events[-1]]
        assert archive.where_found(SECRET) == []
        assert not await archive.keeper.erase(CallId("nobody"))


async def test_a_number_is_erased_with_all_its_calls(tmp_path: Path) -> None:
    """Whether it called or was called."""
    async with open_archive(tmp_path) as archive:
        await archive.talk()

        assert await archive.keeper.erase_number("+15559999") == 0
        assert await archive.keeper.erase_number(FROM) == 1
        assert await archive.keeper.erase_number(FROM) == 0
        assert archive.where_found(FROM) == []


async def test_text_and_audio_are_kept_as_long_as_the_route_says(tmp_path: Path) -> None:
    """The audio goes first; the text with a tombstone that says why; without a rule nothing."""
    route = replace(ROUTE, retention=Retention(text_days=30, audio_days=7, attempts_days=14))
    async with open_archive(tmp_path, route) as archive:
        await archive.talk()
        file = await archive.record(delete_at=time.time() + 7 * DAY_S)
        await archive.keeper.look()
        assert file.exists()
        archive.clock.ahead_s = 8 * DAY_S
        await archive.keeper.look()
        assert not file.exists()
        assert SECRET in await archive.runtime.texts(CALL)
        archive.clock.ahead_s = 31 * DAY_S
        await archive.keeper.look()

        (tombstone,) = await archive.stored()
        assert b'"reason":"retention"' in tombstone.body
        assert archive.where_found(SECRET) == []


async def test_a_call_of_a_route_without_a_rule_is_kept_for_ever(tmp_path: Path) -> None:
    """A hundred years later it is still there."""
    async with open_archive(tmp_path) as archive:
        await archive.talk()
        archive.clock.ahead_s = 36_500 * DAY_S
        await archive.keeper.look()

        assert await archive.runtime.texts(CALL) == [SECRET]


async def test_what_a_crash_left_unscrubbed_is_scrubbed_later(tmp_path: Path) -> None:
    """Killed between the commit and the rest: the audio and the bytes are still due."""
    async with open_archive(tmp_path) as archive:
        await archive.talk()
        file = await archive.record()
        assert await archive.runtime.calls.erase(CALL)
        assert file.exists()
    async with open_archive(tmp_path) as archive:
        await archive.keeper.look()

        assert not file.exists()
        assert not await archive.runtime.journal.unscrubbed()
        assert archive.where_found(SECRET) == []


async def test_a_call_is_erased_beside_the_service_that_has_it(tmp_path: Path) -> None:
    """The service's next change is refused; it looks again, and takes nothing more."""
    async with open_archive(tmp_path) as archive:
        await archive.talk(ended=False)
        beside = JournalEraser(archive.runtime.journal, clock=time.time)
        assert await beside.erase(CALL, reason="operator")
        assert not await beside.erase(CallId("nobody"), reason="operator")
        await archive.runtime.calls.tell(words(time.time(), "late"))
        await archive.runtime.calls.tell(hung_up(time.time()))

        (tombstone,) = await archive.stored()
        assert tombstone.type == "transcript.erased"


async def test_many_erasures_at_once_share_the_scrubbing(tmp_path: Path) -> None:
    """All are answered, and nothing is left."""
    async with open_archive(tmp_path) as archive:
        await archive.talk()
        async with asyncio.timeout(PATIENCE_S):
            done = await asyncio.gather(*(archive.keeper.erase(CALL) for _ in range(20)))

        assert all(done)
        assert archive.left_of_erased() == []


async def test_the_keeper_looks_by_itself(tmp_path: Path) -> None:
    """From the start on, and it ends with its block."""
    route = replace(ROUTE, retention=Retention(text_days=1))
    async with open_archive(tmp_path, route) as archive:
        await archive.talk()
        archive.clock.ahead_s = 2 * DAY_S
        runtime = archive.runtime
        async with open_retention(
            runtime.journal, runtime.calls, archive.recordings, clock=archive.clock
        ):
            await until(lambda: runtime.lanes.forgotten == [CALL])


async def test_a_keeper_that_fails_unforeseen_starts_again(tmp_path: Path) -> None:
    """It is logged once and counted; what is due is erased, and its block goes on."""
    route, failed = replace(ROUTE, retention=Retention(text_days=1)), failures["retention"]
    async with open_archive(tmp_path, route) as archive:
        await archive.talk()
        archive.clock.ahead_s = 2 * DAY_S
        runtime, journal = archive.runtime, StumblingJournal(archive.runtime.journal)
        with capture_logs() as logs:
            async with open_retention(
                journal,  # type: ignore[arg-type]  # what it does not do itself, the journal does
                runtime.calls,
                archive.recordings,
                clock=archive.clock,
            ):
                await until(lambda: runtime.lanes.forgotten == [CALL])

    assert [line["event"] for line in logs].count("keeper_failed") == 1
    assert failures["retention"] == failed + 1


def test_a_recording_is_deleted_in_its_folder_only(tmp_path: Path) -> None:
    """Whatever the name says; one that is gone already is no trouble."""
    folder, outside = tmp_path / "recordings", tmp_path / "outside.wav"
    folder.mkdir()
    for file in (folder / "one.wav", outside):
        file.touch()
    delete_recording(folder, "../outside.wav")
    delete_recording(folder, "one.wav")
    delete_recording(folder, "one.wav")

    assert outside.exists()
    assert list(folder.iterdir()) == []


async def test_a_recording_of_no_call_is_found(tmp_path: Path) -> None:
    """Somebody put it there, or a crash left it."""
    async with open_archive(tmp_path) as archive:
        with open_audit(tmp_path / "journal.db") as audit:
            assert audit.stray_recordings(archive.recordings) == []
            archive.recordings.mkdir()
            (archive.recordings / "stray.wav").touch()
            assert audit.stray_recordings(archive.recordings) == ["stray.wav"]
