"""Has the recordings of calls transcribed whole, and the calls told what came of it."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import structlog

from service.calls.commands import HearRecording
from service.calls.second_hearing_answers import HeardSegment, RecordingHeard, RecordingUnheard
from service.errors import (
    JournalUnavailableError,
    RecognitionError,
    RecognitionRefusedError,
)
from service.ids import CallId, Track
from service.ports import FileHearing, KeptAudio
from service.recording.tracks import split_tracks
from service.runtime.media_stream import CallInbox
from service.tasks import Tasks

_MAX_AT_ONCE: Final = 2
"""So many recordings are in memory at once."""
MAX_AUDIO_BYTES: Final = 200 * 1024 * 1024
"""Of both tracks together: Telnyx takes files of 100 MB."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RecordingsHeard:
    """Where recordings are from, and who hears them."""

    audio: KeptAudio
    hearing: FileHearing


class SecondHearer:
    """Runs the `HearRecording` of all calls. Without anybody to hear, it says so."""

    def __init__(
        self, heard: RecordingsHeard | None, tasks: Tasks, clock: Callable[[], float]
    ) -> None:
        self._heard = heard
        self._tasks = tasks
        self._clock = clock
        self._places = asyncio.Semaphore(_MAX_AT_ONCE)

    def start(self, call: CallInbox, command: HearRecording) -> None:
        """Begin and return at once; `call` gets what came of it."""
        self._tasks.start(self._run(call, command), "hear_recording", of=call.call_id)

    async def _run(self, call: CallInbox, command: HearRecording) -> None:
        async with self._places:
            answer = await self._answer(call.call_id, command)
        if isinstance(answer, RecordingUnheard):
            log.warning("recording_not_heard", call_id=call.call_id, reason=answer.reason)
        call.post(answer)

    async def _answer(
        self, call_id: CallId, command: HearRecording
    ) -> RecordingHeard | RecordingUnheard:
        if self._heard is None:
            return self._unheard(command, "nobody_hears", for_good=True)
        for_good, code = False, ""
        try:
            tracks = await self._tracks(self._heard.audio, call_id)
            if not isinstance(tracks, str):
                return await self._hear(self._heard.hearing, command, tracks)
            reason, for_good = tracks, True
        except RecognitionError as error:
            for_good, code = isinstance(error, RecognitionRefusedError), error.code
            reason = "refused" if for_good else "unreachable"
        except JournalUnavailableError:
            reason = "journal_unavailable"
        except OSError:
            reason = "recording_unreadable"
        return self._unheard(command, reason, code=code, for_good=for_good)

    async def _tracks(self, audio: KeptAudio, call_id: CallId) -> dict[Track, bytes] | str:
        """Return the tracks of a recording; or why there are none."""
        copy = await audio.open(call_id)
        if copy is None:
            return "no_recording"
        with closing(copy):
            if copy.size_bytes > MAX_AUDIO_BYTES:
                return "too_large"
            return await asyncio.to_thread(split_tracks, copy)

    async def _hear(
        self, hearing: FileHearing, command: HearRecording, tracks: dict[Track, bytes]
    ) -> RecordingHeard:
        segments: list[HeardSegment] = []
        languages: list[str] = []
        for track, wav in tracks.items():
            stretches, language = await hearing.hear(
                wav, engine=command.engine, model=command.model, language=command.language
            )
            languages += [language] if language else []
            segments += [HeardSegment(track=track, **one._asdict()) for one in stretches]
        return RecordingHeard(
            at=self._clock(),
            generation=command.generation,
            segments=tuple(sorted(segments, key=lambda one: one.start_ms or 0)),
            language=next(iter(languages), command.language),
        )

    def _unheard(
        self, command: HearRecording, reason: str, *, code: str = "", for_good: bool = False
    ) -> RecordingUnheard:
        return RecordingUnheard(
            at=self._clock(),
            generation=command.generation,
            reason=reason,
            code=code,
            for_good=for_good,
        )
