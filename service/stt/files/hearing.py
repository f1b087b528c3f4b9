"""The `FileHearing` of the service: by Telnyx's engines for files, or by our own recogniser."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from service.calls.engines import rest_request
from service.ports import HeardStretch
from service.stt.files.client import FilesClient, open_files
from service.stt.files.transcript import FileTranscript

_STREAM_PATH = "/speech-to-text/transcription"


class EngineHearing:
    """Has files transcribed by the engine that is named; `local` is our own."""

    def __init__(self, telnyx: FilesClient, local: FilesClient) -> None:
        self._telnyx = telnyx
        self._local = local

    async def hear(
        self, wav: bytes, *, engine: str, model: str | None, language: str | None
    ) -> tuple[list[HeardStretch], str | None]:
        """See `FileHearing.hear`."""
        client = self._local if engine == "local" else self._telnyx
        request = rest_request(engine, model, language)
        transcript = await client.transcribe_file(wav, request, name="recording.wav")
        return _stretches(transcript), transcript.language


def rest_url_of(stream_url: str) -> str:
    """Return the address for files of the recogniser that hears streams at this one."""
    scheme, _, rest = stream_url.partition("://")
    return f"http{'s' if scheme == 'wss' else ''}://{rest.removesuffix(_STREAM_PATH)}"


@asynccontextmanager
async def open_hearing(
    *,
    base_url: str,
    api_key: str,
    local_url: str,
    local_api_key: str | None,
    dice: Callable[[], float],
) -> AsyncIterator[EngineHearing]:
    """Open clients for Telnyx's REST API at `base_url`, and for our recogniser.

    `local_url` is where that one hears streams; it never gets Telnyx's key.
    """
    async with AsyncExitStack() as stack:
        telnyx = await stack.enter_async_context(open_files(base_url, api_key, dice=dice))
        opening = open_files(rest_url_of(local_url), local_api_key, local=True, dice=dice)
        yield EngineHearing(telnyx, await stack.enter_async_context(opening))


def _stretches(transcript: FileTranscript) -> list[HeardStretch]:
    if transcript.segments:
        return [
            HeardStretch(one.text.strip(), round(one.start_s * 1000), round(one.end_s * 1000))
            for one in transcript.segments
            if one.text.strip()
        ]
    text = transcript.text.strip()
    return [HeardStretch(text, None, None)] if text else []
