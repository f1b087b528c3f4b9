"""`GET /v1/calls/{id}/audio`: a call's recording, also while it grows."""

import asyncio
from http import HTTPStatus
from pathlib import Path

import structlog
from aiohttp import web

from service.api.operations import Answer, AnyRoute, Ask, NoBody, NoQuery, Operation, Route
from service.api.problems import not_found
from service.ports import RecordingIndex
from service.recording.encrypted import EncryptedReader, UnreadableError, is_encrypted
from service.web.files import FileAnswer
from service.web.ranges import RangeAnswer

CONTENT_TYPE = "audio/wav"

log = structlog.get_logger()

GET_AUDIO: Operation[NoQuery, NoBody] = Operation(
    id="get_audio",
    method="GET",
    path="/v1/calls/{call_id}/audio",
    tag="calls",
    summary="The call's recording: inbound on the left channel, outbound on the right",
    description="Byte ranges are served, so that a player can seek. While the call goes on, it is"
    " what there is of it so far; times in it are those of the call clock.",
    access="calls:read",
    noted="listened",
    browser=True,
    answers=(
        Answer(description="All of it.", content={CONTENT_TYPE: {}}),
        Answer(
            status=HTTPStatus.PARTIAL_CONTENT,
            description="The range that was asked for.",
            content={CONTENT_TYPE: {}},
        ),
    ),
    errors={
        HTTPStatus.NOT_FOUND: "The call has no recording.",
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: "The range lies outside of it.",
    },
)


class AudioRoutes:
    """Serves the files of one folder, by what the index says."""

    def __init__(self, index: RecordingIndex, folder: Path, *, key: bytes | None = None) -> None:
        self._index = index
        self._folder = folder
        self._key = key

    def routes(self) -> list[AnyRoute]:
        """Return the route."""
        return [Route(GET_AUDIO, self.get)]

    async def get(self, ask: Ask[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer with the file, or a range of it."""
        recording = await self._index.recording(ask.call_id)
        if recording is None:
            raise not_found("recording")
        try:
            return await asyncio.to_thread(_answer, self._folder / recording.file, self._key)
        except UnreadableError as error:
            log.warning("recording_unreadable", call_id=ask.call_id, reason=str(error))
        except OSError:  # between its erasure and the next look
            pass
        raise not_found("recording") from None


def _answer(path: Path, key: bytes | None) -> web.StreamResponse:
    if not is_encrypted(path):
        return FileAnswer(path, size_bytes=path.stat().st_size, content_type=CONTENT_TYPE)
    if key is None:
        raise UnreadableError("the recording is sealed, and there is no database_key")
    return RangeAnswer(EncryptedReader(path, key), content_type=CONTENT_TYPE)
