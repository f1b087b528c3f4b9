"""The steps of the call: dial, speak, have engines listen, cut the stream, try codecs, hang up."""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
from nacl.signing import VerifyKey

from service.calls.engines import flat_config, in_call_config
from service.calls.routes import Route
from service.errors import CarrierUnavailableError
from service.ingress.webhook_route import PATH
from service.tasks import open_tasks
from service.trial.api import Answer, Api
from service.trial.engines import Listener, count_words, feed, subject_of
from service.trial.facts import Facts, name_of
from service.trial.frames import Frame
from service.trial.line import QUERY, open_line
from service.trial.media import Connection, MediaLog, say_codec
from service.trial.watch import Watch
from service.trial.webhooks import Arrival, WebhookLog
from service.wire.media import media_url

SENTENCE = "this call tells how well a plain sentence is heard"
CODECS = ("L16", "PCMA", "G722", "OPUS", "AMR-WB", "default")
"""What streams are asked for in, besides PCMU, which the first one is asked for in."""
_VOICE = "AWS.Polly.Joanna"
_TIME_LIMIT_S = 300
"""After which Telnyx itself ends the call, whatever becomes of us."""
_RING_S = 40
_TAIL_S = 1.0
"""So much of the call is heard after the sentence, which may be on its way still."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each step may take, in seconds."""

    answer_s: float = 45.0
    stream_s: float = 10.0
    speech_s: float = 20.0
    words_s: float = 10.0
    redial_s: float = 10.0
    codec_s: float = 5.0
    refused_s: float = 15.0
    """Until what was refused has come again."""
    end_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A call to place, and where it is placed. Its key and its numbers are shown nowhere."""

    base_url: str
    stt_url: str
    api_key: str = field(repr=False)
    public_keys: Sequence[VerifyKey]
    public_url: str | None
    """How Telnyx reaches us; without it, by the address that we listen on."""
    listen: tuple[str, int]
    connection_id: str
    from_number: str = field(repr=False)
    to_number: str = field(repr=False)
    streamed: Sequence[Route] = ()
    """Whose engines listen to the stream."""
    in_call: Sequence[Route] = ()
    """Whose engines Telnyx has listen in the call."""


async def place_call(trial: Trial, patience: Patience) -> Facts:
    """Place the call, go through all steps, hang up, and return what was seen.

    Raises:
        CarrierUnavailableError: Telnyx's API gave no answer.
        OSError: Somebody listens already where webhooks are to come in.
    """
    watch, token = Watch(), secrets.token_urlsafe(24)
    webhooks, media = WebhookLog(trial.public_keys, watch), MediaLog(token, watch)
    host, port = trial.listen
    async with (
        open_line(webhooks, media, token, host, port) as bound,
        aiohttp.ClientSession() as http,
    ):
        url = trial.public_url or f"http://{host}:{bound}"
        call = _Call(trial, patience, Api(http, trial.base_url, trial.api_key), http, url)
        call.hear(watch, webhooks, media, token)
        try:
            await call.run()
        finally:
            await call.leave()
        webhooks.tell(call.facts)
        media.tell(call.facts)
        return call.facts


class _Call:
    _watch: Watch
    _webhooks: WebhookLog
    _media: MediaLog
    _stream: dict[str, object]
    _webhook_url: str

    def __init__(
        self, trial: Trial, patience: Patience, api: Api, http: aiohttp.ClientSession, url: str
    ) -> None:
        self.facts = Facts()
        self._trial = trial
        self._patience = patience
        self._api = api
        self._http = http
        self._url = url
        self._leg_id = ""

    def hear(self, watch: Watch, webhooks: WebhookLog, media: MediaLog, token: str) -> None:
        """Learn where what comes in is kept."""
        self._watch, self._webhooks, self._media = watch, webhooks, media
        self._webhook_url = f"{self._url}{PATH}?{QUERY}={token}"
        self._stream = {
            "stream_url": media_url(self._url) + token,
            "stream_track": "both_tracks",
            "stream_auth_token": token,
        }

    async def run(self) -> None:
        """Go through the steps for as long as there is a call."""
        if not await self._dial():
            return
        playing = await self._watch.until(self._media.playing, self._patience.stream_s)
        self.facts.note("codec.PCMU", say_codec(playing) if playing else "no stream came")
        if playing is not None:
            await self._listen(playing)
        for route in self._trial.in_call:
            await self._transcribe(route)
        if playing is not None:
            await self._cut(playing)
            await self._try_codecs()
        await self._watch.until(self._webhooks.again, self._refusal_s())
        await self._hang_up()

    async def leave(self) -> None:
        """End the call if it is not over, whatever happened."""
        if self._leg_id and self._webhooks.first("call.hangup") is None:
            with suppress(CarrierUnavailableError):
                await asyncio.shield(self._act("hangup"))

    async def _dial(self) -> bool:
        trial = self._trial
        answer = await self._api.dial(
            {
                "connection_id": trial.connection_id,
                "from": trial.from_number,
                "to": trial.to_number,
                "timeout_secs": _RING_S,
                "time_limit_secs": _TIME_LIMIT_S,
                "webhook_url": self._webhook_url,
                "stream_codec": "PCMU",
                **self._stream,
            }
        )
        before = bool(self._webhooks.arrived)
        self.facts.note("dial", answer)
        self._leg_id = str(answer.data.get("call_control_id", ""))
        if not answer.ok or not self._leg_id:
            return False
        self.facts.note_names("dial.fields", answer.data)
        self.facts.note("dial.webhook", "before the answer" if before else "after the answer")
        await self._watch.until(self._answered_or_over, self._patience.answer_s)
        answered = self._webhooks.first("call.answered")
        self.facts.note("answered", "yes" if answered else f"no {self._cause()}")
        return answered is not None

    def _answered_or_over(self) -> Arrival | None:
        return self._webhooks.first("call.answered") or self._webhooks.first("call.hangup")

    def _cause(self) -> str:
        over = self._webhooks.first("call.hangup")
        return name_of(over.payload.get("hangup_cause", "")) if over else "webhook came"

    async def _listen(self, playing: Connection) -> None:
        """Have each engine hear the sentence that is spoken."""
        listeners = self._listeners(playing)
        self._media.heard = lambda connection, frame: _pass(connection, frame, playing, listeners)
        async with open_tasks() as tasks:
            sessions = [tasks.start(one.run(self._http), "trial_session") for one in listeners]
            await self._speak("speak")
            await asyncio.sleep(_TAIL_S)
            self._media.heard = None
            for one in listeners:
                one.end()
            if sessions:
                await asyncio.wait(sessions, timeout=self._patience.words_s)
        for one in listeners:
            one.tell(self.facts, SENTENCE)

    def _listeners(self, playing: Connection) -> list[Listener]:
        trial, shape = self._trial, playing.shape
        if shape is None:
            return []
        try:
            return [
                Listener(route, trial.stt_url, trial.api_key, shape) for route in trial.streamed
            ]
        except ValueError:  # asked for in PCMU, it came in something that has to be decoded whole
            return []

    async def _speak(self, fact: str) -> None:
        """Have the sentence spoken on the leg, and wait until it was."""
        before = len(self._webhooks.arrived)
        said = {"payload": SENTENCE, "voice": _VOICE, "language": "en-US"}
        answer = await self._act("speak", said)
        self.facts.note(fact, answer)
        if answer.ok:
            await self._watch.until(
                lambda: self._webhooks.first("call.speak.ended", since=before),
                self._patience.speech_s,
            )

    async def _transcribe(self, route: Route) -> None:
        """Have Telnyx transcribe the sentence in the call, in either shape that it takes."""
        subject, before = subject_of("in_call", route), len(self._webhooks.arrived)
        engine, config = in_call_config(route)
        asked: dict[str, object] = {
            "transcription_engine": engine,
            "transcription_tracks": "both",
            "transcription_engine_config": config,
        }
        answer = await self._act("transcription_start", asked)
        self.facts.note(subject, answer)
        if answer.status == 422:  # noqa: PLR2004 - HTTP's
            model, rest = flat_config(config)
            asked |= {"transcription_model": model, "transcription_engine_config": rest}
            answer = await self._act("transcription_start", asked)
            self.facts.note(f"{subject}.flat", answer)
        if not answer.ok:
            return
        again = await self._act("transcription_start", asked)
        self.facts.note(f"{subject}.twice", again)
        await self._speak(f"{subject}.speak")
        await self._watch.until(lambda: self._final_since(before), self._patience.words_s)
        await self._act("transcription_stop")
        self._tell_words(subject, self._words_since(before))

    def _words_since(self, before: int) -> list[Arrival]:
        return [
            one for one in self._webhooks.arrived[before:] if one.event_type == "call.transcription"
        ]

    def _final_since(self, before: int) -> bool | None:
        return any(_said(one).get("is_final") for one in self._words_since(before)) or None

    def _tell_words(self, subject: str, words: Sequence[Arrival]) -> None:
        if not words:
            self.facts.note(f"{subject}.first", "nothing")
            return
        said = [_said(one) for one in words]
        self.facts.note(f"{subject}.first", "final" if said[0].get("is_final") else "partial")
        self.facts.note_names(f"{subject}.fields", {key for one in said for key in one})
        tracks = {one.get("transcription_track", "unnamed") for one in said}
        self.facts.note_names(f"{subject}.tracks", tracks)
        text = " ".join(str(one.get("transcript", "")) for one in said if one.get("is_final"))
        right, all_ = count_words(SENTENCE, text), len(SENTENCE.split())
        self.facts.note(f"{subject}.words", "all" if right == all_ else f"{right} of {all_}")

    async def _cut(self, playing: Connection) -> None:
        """End the media connection as a network would, and see whether Telnyx dials again."""
        there, before = len(self._media.connections), len(self._webhooks.arrived)
        cut_at = asyncio.get_running_loop().time()
        playing.cut()
        await self._watch.until(lambda: self._media.playing(there), self._patience.redial_s)
        came = self._media.connections[there:]
        told = [one.event_type for one in self._webhooks.arrived[before:]]
        streaming = [name_of(one) for one in told if one.startswith("streaming.")]
        self.facts.note("cut.webhooks", " ".join(streaming) or "none")
        if not came:
            self.facts.note("cut", "not dialled again")
            return
        same = came[0].stream_id == playing.stream_id
        events = " ".join(name_of(one) for one in came[0].events)
        self.facts.note("cut", f"dialled again {events}")
        self.facts.note("cut.stream", "same id" if same else "another id")
        self.facts.time("cut", came[0].at - cut_at)

    async def _try_codecs(self) -> None:
        """Ask for a stream in each codec, and see in which it comes."""
        said = {"payload": SENTENCE, "voice": _VOICE, "language": "en-US"}
        await self._act("speak", said)  # so that there is sound to tell the byte order by
        for number, codec in enumerate(CODECS):
            stopped = await self._act("streaming_stop")
            if number == 0:
                self.facts.note("cut.stop", stopped)
            if stopped.ok and self._media.connections:
                await self._closed(self._media.connections[-1])
            there = len(self._media.connections)
            answer = await self._act("streaming_start", {"stream_codec": codec, **self._stream})
            if not answer.ok:
                self.facts.note(f"codec.{codec}", answer)
                continue
            if number == 0:
                twice = await self._act("streaming_start", {"stream_codec": codec, **self._stream})
                self.facts.note("stream.twice", twice)
            find = self._media.playing
            playing = await self._watch.until(lambda: find(there), self._patience.codec_s)  # noqa: B023 - it is awaited here
            self.facts.note(f"codec.{codec}", say_codec(playing) if playing else "no stream came")

    async def _closed(self, connection: Connection) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience.codec_s):
                await connection.closed.wait()

    async def _hang_up(self) -> None:
        self.facts.note("hangup", await self._act("hangup"))
        over = await self._watch.until(
            lambda: self._webhooks.first("call.hangup"), self._patience.end_s
        )
        if over is None:
            self.facts.note("hangup.cause", "no webhook came")
            return
        for key in ("hangup_cause", "hangup_source", "sip_hangup_cause"):
            self.facts.note(f"hangup.{key}", name_of(over.payload.get(key, "missing")))
        self.facts.note("hangup.again", await self._act("hangup"))

    async def _act(self, action: str, body: Mapping[str, object] | None = None) -> Answer:
        return await self._api.act(self._leg_id, action, body or {})

    def _refusal_s(self) -> float:
        return self._patience.refused_s if self._webhooks.was_refused else 0.0


def _said(words: Arrival) -> dict[str, object]:
    data = words.payload.get("transcription_data")
    return dict(data) if isinstance(data, dict) else {}


def _pass(
    connection: Connection, frame: Frame, playing: Connection, listeners: Sequence[Listener]
) -> None:
    """Give engines the side that the sentence is spoken to."""
    if connection is playing and frame.track.startswith("outbound"):
        feed(listeners, frame.payload)
