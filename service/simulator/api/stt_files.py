"""File transcription: `POST /v2/ai/audio/transcriptions`, scripted or handed to a recogniser.

Source: Telnyx's REST speech-to-text pages and the SDK's `audio_transcribe_params`. The body of a
400 is not documented; a missing field is a 422 in FastAPI's form.
"""

import asyncio

import aiohttp
import structlog
from aiohttp import web

from service.errors import SettingsError
from service.simulator.api.form import MAX_FILE_BYTES, Form, check_form, read_form
from service.simulator.api.gate import Gate, answer
from service.simulator.calls.exchange import Exchange
from service.simulator.rules.problems import Problem
from service.simulator.speech import audio
from service.simulator.speech.riff import Wav, parse_wav
from service.simulator.stt.reference_audio import AudioMatcher, ReferenceAudio, TimedResult
from service.simulator.stt.upstream import FILES_PATH, UpstreamRecogniser

log = structlog.get_logger()

OPENAI_PATH = "/v2/audio/transcriptions"
READ_TIMEOUT_S = 120.0
FETCH_TIMEOUT_S = 15.0
RELAY_TIMEOUT_S = 300.0
_ENDPOINTING_MS = 300
_TEXT_ONLY = ("openai/", "nvidia/", "omi-health/")


class SttFilesRoute:
    """The route of file transcription."""

    def __init__(
        self,
        exchange: Exchange,
        gate: Gate,
        reference: ReferenceAudio,
        http: aiohttp.ClientSession,
    ) -> None:
        self._exchange = exchange
        self._gate = gate
        self._http = http
        self._settings = exchange.scenario.rest
        self._reference = reference

    def add_to(self, app: web.Application) -> None:
        """Put the route into the application, and its OpenAI alias if that is set."""
        app.router.add_post(FILES_PATH, self._transcribe)
        if self._settings.openai_path:
            app.router.add_post(OPENAI_PATH, self._transcribe)

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "multipart/form-data":
            return _missing("model")
        async with asyncio.timeout(READ_TIMEOUT_S):
            form = await read_form(request)
        if isinstance(form, Problem):
            return self._gate.refuse(form)
        if not form.fields.get("model"):
            return _missing("model")
        problem = check_form(form, self._settings.options_form) or await self._fetch(form)
        if problem:
            return self._gate.refuse(problem)
        if self._exchange.recogniser is None:
            return self._script(form)
        return await self._relay(form, self._exchange.recogniser)

    async def _fetch(self, form: Form) -> Problem | None:
        """Get the file from where it is, if it was not posted."""
        if form.file is not None:
            return None
        try:
            async with (
                asyncio.timeout(FETCH_TIMEOUT_S),
                self._http.get(form.fields["file_url"], max_redirects=3) as reply,
            ):
                data = await _read_at_most(reply.content, MAX_FILE_BYTES)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return Problem("10015", "file_url cannot be fetched", "file_url")
        if data is None or not reply.ok:
            return Problem("10015", "file_url has no file that can be taken", "file_url")
        form.file = data
        return None

    async def _relay(self, form: Form, recogniser: UpstreamRecogniser) -> web.StreamResponse:
        data = aiohttp.FormData()
        for name, value in form.fields.items():
            if name != "file_url":
                data.add_field(name, value)
        data.add_field("file", form.file or b"", filename=form.filename or "audio.wav")
        try:
            async with (
                asyncio.timeout(RELAY_TIMEOUT_S),
                self._http.post(
                    recogniser.files_url(), data=data, headers=recogniser.headers
                ) as reply,
            ):
                return web.Response(
                    body=await reply.read(), status=reply.status, content_type=reply.content_type
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("recogniser_lost", error=type(error).__name__)
            return self._gate.refuse(Problem("10007", "the recogniser cannot be reached"))

    def _script(self, form: Form) -> web.StreamResponse:
        try:
            wav = parse_wav(form.file or b"")
        except SettingsError:
            detail = "a scripted simulator reads WAV only; give it a recogniser for the rest"
            return self._gate.refuse(Problem("10015", detail, "file"))
        found = recognise_file(wav, self._reference)
        text = " ".join(timed.result.text for _, timed in found)
        if form.fields.get("response_format") != "verbose_json":
            return answer({"text": text})
        if form.fields["model"].startswith(_TEXT_ONLY):
            return answer({"text": text})
        duration = len(wav.pcm) / (2 * wav.channels * wav.rate_hz)
        segments = [_segment(number, *one) for number, one in enumerate(found)]
        return answer({"text": text, "duration": round(duration, 3), "segments": segments})


def recognise_file(wav: Wav, reference: ReferenceAudio) -> list[tuple[int, TimedResult]]:
    """Return the utterances of a file, each with its channel, in the order they begin."""
    sides = audio.split_channels(wav.pcm) if wav.channels > 1 else (wav.pcm,)
    tracks = reference.tracks("linear16", wav.rate_hz, [audio.PCMU])
    found: list[tuple[int, TimedResult]] = []
    for channel, pcm in enumerate(sides):
        asr = AudioMatcher(tracks, "linear16", wav.rate_hz, endpointing_ms=_ENDPOINTING_MS)
        results = [*asr.push(pcm), *asr.finalize()]
        found += [(channel, timed) for timed in results if timed.result.is_final]
    return sorted(found, key=lambda one: one[1].words[0].start_ms)


def _segment(number: int, channel: int, timed: TimedResult) -> dict[str, object]:
    words = timed.words
    return {
        "id": number,
        "text": timed.result.text,
        "start": words[0].start_ms / 1000,
        "end": words[-1].end_ms / 1000,
        "channel": channel,
    }


async def _read_at_most(stream: aiohttp.StreamReader, limit: int) -> bytes | None:
    """Read all of it; None if there is more than `limit` bytes."""
    data = bytearray()
    async for chunk in stream.iter_chunked(64 * 1024):
        data += chunk
        if len(data) > limit:
            return None
    return bytes(data)


def _missing(name: str) -> web.Response:
    detail = [{"loc": ["body", name], "msg": "Field required", "type": "missing"}]
    return answer({"detail": detail}, status=422)
