"""Calls are erased when somebody asks or when their time is over, with their audio."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from msgspec import structs

from service.archive.keeping import Keeper, delete_recording, open_keeper
from service.calls.inputs import WordsReported
from service.calls.routes import Retention, Route
from service.ids import CallId, EndpointName, InputId
from service.journal.sqlite.audit import open_audit
from service.runtime.beside import JournalEraser
from tests.calls.driver import CALL, IN_CALL, answered, hung_up, initiated, said
from tests.runtime.office import Office, open_office, until

SECRET = "rumpelstiltskin"
FROM = "+15550100"
"""Who calls in every call of the driver."""
ROUTE = replace(IN_CALL, endpoints=(EndpointName("crm"),))
DAY_S = 86_400.0


def where_found(path: Path, sought: str) -> list[str]:
    """Ask the audit where this is still to be found."""
    with open_audit(path) as audit:
        return audit.where_found(sought)


def left_of_erased(path: Path) -> list[str]:
    """Ask the audit what is left of erased calls."""
    with open_audit(path) as audit:
        return audit.left_of_erased()


def words(at: float, name: str = "words") -> WordsReported:
    """Return words that are to be forgotten; the webhook's id is none of them."""
    return structs.replace(said(SECRET, at), input_id=InputId(name))


@dataclass
class SetClock:
    """A clock that a test moves on."""

    ahead_s: float = 0.0
    at: float = field(default_factory=time.time)

    def __call__(self) -> float:
        """Return the time, ahead of the real one."""
        return time.time() + self.ahead_s


@dataclass
class House:
    """Calls, and who keeps them."""

    office: Office
    keeper: Keeper
    clock: SetClock
    recordings: Path

    async def talk(self, *, ended: bool = True) -> None:
        """Have a call in which somebody says something that is to be forgotten."""
        now = time.time()
        for webhook in (initiated(now), answered(now + 0.01), words(now + 0.02)):
            await self.office.calls.tell(webhook)
        if ended:
            await self.office.calls.tell(hung_up(now + 0.03))
        wanted = "call.ended" if ended else "transcript.final"
        await until(lambda: any(event.type == wanted for event in self.office.lanes.events))

    def record(self) -> Path:
        """Make a recording of the call, as if the fork had been kept."""
        self.recordings.mkdir(exist_ok=True)
        file = self.recordings / "call.wav"
        file.write_bytes(SECRET.encode())
        return file


@asynccontextmanager
async def open_house(path: Path, route: Route = ROUTE) -> AsyncIterator[House]:
    """Open calls on a journal in this folder, and a keeper who is asked, not on a timer."""
    clock, recordings = SetClock(), path / "recordings"
    async with open_office(path, route) as office:
        keeper = Keeper(office.journal, office.calls, recordings, clock=clock)
        yield House(office, keeper, clock, recordings)


async def test_an_erased_call_leaves_no_byte_in_any_file(tmp_path: Path) -> None:
    """Words, numbers and audio; its lanes are told to forget, and get the tombstone."""
    async with open_house(tmp_path) as house:
        await house.talk()
        file = house.record()
        await house.office.journal.keep_recording(
            CALL, file.name, started_at=time.time(), delete_at=None
        )
        assert await house.keeper.erase(CALL)

        path = tmp_path / "journal.db"
        assert [where_found(path, SECRET), where_found(path, FROM)] == [[], []]
        assert left_of_erased(path) == []
        assert not file.exists()
        assert house.office.lanes.forgotten == [CALL]
        assert house.office.lanes.events[-1].type == "transcript.erased"
        assert b'metadata":{}' in house.office.lanes.events[-1].body


async def test_erasing_again_is_harmless_and_what_comes_late_is_dropped(tmp_path: Path) -> None:
    """Telnyx's late webhooks bring nothing back."""
    async with open_house(tmp_path) as house:
        await house.talk(ended=False)
        assert await house.keeper.erase(CALL)
        now = time.time()
        for late in (words(now, "late"), answered(now), initiated(now), hung_up(now)):
            await house.office.calls.tell(late)
        assert await house.keeper.erase(CALL)

        assert await house.office.journal.read(CALL, after_seq=0, limit=9) == [
            house.office.lanes.events[-1]
        ]
        assert where_found(tmp_path / "journal.db", SECRET) == []
        assert not await house.keeper.erase(CallId("nobody"))


async def test_a_number_is_erased_with_all_its_calls(tmp_path: Path) -> None:
    """Whether it called or was called."""
    async with open_house(tmp_path) as house:
        await house.talk()

        assert await house.keeper.erase_number("+15559999") == 0
        assert await house.keeper.erase_number(FROM) == 1
        assert await house.keeper.erase_number(FROM) == 0
        assert where_found(tmp_path / "journal.db", FROM) == []


async def test_text_and_audio_are_kept_as_long_as_the_route_says(tmp_path: Path) -> None:
    """The audio goes first; the text with a tombstone that says why; without a rule nothing."""
    route = replace(ROUTE, retention=Retention(text_days=30, audio_days=7, attempts_days=14))
    async with open_house(tmp_path, route) as house:
        await house.talk()
        file, now = house.record(), time.time()
        await house.office.journal.keep_recording(
            CALL, file.name, started_at=now, delete_at=now + 7 * DAY_S
        )
        await house.keeper.look()
        assert file.exists()
        house.clock.ahead_s = 8 * DAY_S
        await house.keeper.look()
        assert not file.exists()
        assert SECRET in await house.office.texts(CALL)
        house.clock.ahead_s = 31 * DAY_S
        await house.keeper.look()

        (tombstone,) = await house.office.journal.read(CALL, after_seq=0, limit=9)
        assert b'"reason":"retention"' in tombstone.body
        assert where_found(tmp_path / "journal.db", SECRET) == []


async def test_a_call_of_a_route_without_a_rule_is_kept_for_ever(tmp_path: Path) -> None:
    """A hundred years later it is still there."""
    async with open_house(tmp_path) as house:
        await house.talk()
        house.clock.ahead_s = 36_500 * DAY_S
        await house.keeper.look()

        assert await house.office.texts(CALL) == [SECRET]


async def test_what_a_crash_left_unscrubbed_is_scrubbed_later(tmp_path: Path) -> None:
    """Killed between the commit and the rest: the audio and the bytes are still due."""
    async with open_house(tmp_path) as house:
        await house.talk()
        file = house.record()
        await house.office.journal.keep_recording(
            CALL, file.name, started_at=time.time(), delete_at=None
        )
        assert await house.office.calls.erase(CALL)
        assert file.exists()
    async with open_house(tmp_path) as house:
        await house.keeper.look()

        assert not file.exists()
        assert not await house.office.journal.unscrubbed()
        assert where_found(tmp_path / "journal.db", SECRET) == []


async def test_a_call_is_erased_beside_the_service_that_has_it(tmp_path: Path) -> None:
    """The service's next change is refused; it looks again, and takes nothing more."""
    async with open_house(tmp_path) as house:
        await house.talk(ended=False)
        beside = JournalEraser(house.office.journal, clock=time.time)
        assert await beside.erase(CALL, reason="operator")
        assert not await beside.erase(CallId("nobody"), reason="operator")
        await house.office.calls.tell(words(time.time(), "late"))
        await house.office.calls.tell(hung_up(time.time()))

        (tombstone,) = await house.office.journal.read(CALL, after_seq=0, limit=9)
        assert tombstone.type == "transcript.erased"


async def test_many_erasures_at_once_share_the_scrubbing(tmp_path: Path) -> None:
    """All are answered, and nothing is left."""
    async with open_house(tmp_path) as house:
        await house.talk()
        async with asyncio.timeout(10):
            done = await asyncio.gather(*(house.keeper.erase(CALL) for _ in range(20)))

        assert all(done)
        assert left_of_erased(tmp_path / "journal.db") == []


async def test_the_keeper_looks_by_itself(tmp_path: Path) -> None:
    """From the start on, and it ends with its block."""
    route = replace(ROUTE, retention=Retention(text_days=1))
    async with open_house(tmp_path, route) as house:
        await house.talk()
        house.clock.ahead_s = 2 * DAY_S
        office = house.office
        async with open_keeper(office.journal, office.calls, house.recordings, clock=house.clock):
            await until(lambda: office.lanes.forgotten == [CALL])


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
    async with open_house(tmp_path) as house:
        with open_audit(tmp_path / "journal.db") as audit:
            assert audit.stray_recordings(house.recordings) == []
            house.record()
            assert audit.stray_recordings(house.recordings) == ["call.wav"]
