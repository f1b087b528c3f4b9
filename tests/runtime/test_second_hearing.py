"""Recordings are transcribed whole, and calls are told what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from service.calls.commands import HearRecording
from service.calls.inputs import Input
from service.calls.second_hearing_answers import HeardSegment, RecordingHeard, RecordingUnheard
from service.errors import (
    JournalUnavailableError,
    RecognitionLostError,
    RecognitionRefusedError,
)
from service.ids import CallId
from service.ports import AudioCopy, HeardStretch
from service.recording.wav import HEADER_BYTES, Layout
from service.runtime import second_hearing
from service.runtime.second_hearing import RecordingsHeard, SecondHearer
from service.tasks import open_tasks
from tests.waiting import until

COMMAND = HearRecording(generation=3, engine="Deepgram", model="nova-3", language="en")
LAYOUT = Layout("PCMU", 8000)


class Copy:
    """A recording in memory: what is on the left is not what is on the right."""

    size_bytes = 1000

    def read(self) -> Iterator[bytes]:
        """Yield it."""
        audio = b"".join(bytes([number % 99, 200 - number % 55]) for number in range(400))
        yield LAYOUT.header(len(audio)) + audio

    def close(self) -> None:
        """Have nothing to close."""


@dataclass
class Room:
    """Where recordings are from and who hears them, by a script."""

    copy: AudioCopy | None = field(default_factory=Copy)
    fails: Exception | None = None
    unread: Exception | None = None
    asked: list[tuple[bytes, str, str | None, str | None]] = field(default_factory=list)

    async def open(self, call_id: CallId) -> AudioCopy | None:
        """See `KeptAudio.open`."""
        del call_id
        if self.unread is not None:
            raise self.unread
        return self.copy

    async def hear(
        self, wav: bytes, *, engine: str, model: str | None, language: str | None
    ) -> tuple[list[HeardStretch], str | None]:
        """See `FileHearing.hear`."""
        self.asked.append((wav, engine, model, language))
        if self.fails is not None:
            raise self.fails
        number = len(self.asked)
        return [HeardStretch(f"words {number}", 900 - 300 * number, 2_000)], "en-US"


class Inbox:
    """A call that keeps what it is told."""

    call_id = CallId("c1")

    def __init__(self) -> None:
        self.told: list[Input] = []

    def post(self, item: Input) -> None:
        """Keep it."""
        self.told.append(item)

    async def tell(self, item: Input) -> None:
        """Keep it as well."""
        self.told.append(item)


async def answer(room: Room | None) -> Input:
    """Have a recording heard, and return what the call is told."""
    inbox = Inbox()
    async with open_tasks() as tasks:
        heard = RecordingsHeard(room, room) if room else None
        hearer = SecondHearer(heard, tasks, lambda: 7.0)
        hearer.start(inbox, COMMAND)
        await until(lambda: bool(inbox.told))
    (told,) = inbox.told
    return told


async def test_each_track_is_heard_by_itself() -> None:
    """What was said is told in the order of the call, with who said it."""
    room = Room()

    assert await answer(room) == RecordingHeard(
        at=7.0,
        generation=3,
        language="en-US",
        segments=(
            HeardSegment(track="outbound", text="words 2", start_ms=300, end_ms=2_000),
            HeardSegment(track="inbound", text="words 1", start_ms=600, end_ms=2_000),
        ),
    )
    assert [(engine, model, language) for _, engine, model, language in room.asked] == [
        ("Deepgram", "nova-3", "en")
    ] * 2
    assert [len(wav) for wav, *_ in room.asked] == [HEADER_BYTES + 400] * 2


@pytest.mark.parametrize(
    ("room", "reason", "code", "for_good"),
    [
        (None, "nobody_hears", "", True),
        (Room(copy=None), "no_recording", "", True),
        (Room(fails=RecognitionRefusedError("no", code="401")), "refused", "401", True),
        (Room(fails=RecognitionLostError("away")), "unreachable", "", False),
        (Room(unread=JournalUnavailableError("away")), "journal_unavailable", "", False),
        (Room(unread=OSError("the disk")), "recording_unreadable", "", False),
    ],
)
async def test_what_goes_wrong_is_told(
    room: Room | None,
    reason: str,
    code: str,
    for_good: bool,  # noqa: FBT001
) -> None:
    """And whether it can be otherwise later."""
    assert await answer(room) == RecordingUnheard(
        at=7.0, generation=3, reason=reason, code=code, for_good=for_good
    )


async def test_a_recording_that_no_engine_takes_is_not_read() -> None:
    """It is larger than any file may be."""
    large = Copy()
    large.size_bytes = second_hearing.MAX_AUDIO_BYTES + 1

    told = await answer(Room(copy=large))
    assert isinstance(told, RecordingUnheard)
    assert (told.reason, told.for_good) == ("too_large", True)
