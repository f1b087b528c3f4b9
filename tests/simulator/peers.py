"""The simulator's other side: an application, and a recogniser. Real servers on port 0."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO

import aiohttp
from aiohttp import WSMsgType, web
from multidict import CIMultiDictProxy

from service.simulator.server import Simulator
from tests.serving import serve
from tests.simulator.builders import Tree

WAIT_S = 10.0


@dataclass
class Received:
    """One webhook as it came."""

    body: bytes
    headers: CIMultiDictProxy[str]
    data: Tree
    meta: Tree

    @property
    def type(self) -> str:
        """Its event type."""
        return str(self.data["event_type"])

    @property
    def payload(self) -> Tree:
        """Its payload."""
        payload: Tree = self.data["payload"]
        return payload


@dataclass
class MediaConnection:
    """One media WebSocket as it came."""

    headers: CIMultiDictProxy[str]
    messages: list[str] = field(default_factory=list)
    close_code: int | None = None

    def audio(self, track: str) -> list[Tree]:
        """Return the media bodies of one track, as they came."""
        found = [json.loads(text) for text in self.messages]
        return [m["media"] for m in found if m["event"] == "media" and m["media"]["track"] == track]


class Application:
    """Answers webhooks with `replies` (then 200) and does what `reactions` say, before it does.

    A reaction is a list of (action, parameters) for an event type.
    """

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http
        self.url = ""
        self.received: list[Received] = []
        self.media: list[MediaConnection] = []
        self.replies: list[web.Response | asyncio.Event] = []
        self.replies_to: dict[str, list[web.Response]] = {}
        """The same for webhooks of one event type."""
        self.reactions: dict[str, list[tuple[str, Tree]]] = {}
        self.outcomes: list[tuple[int, Tree]] = []
        self.simulator: Simulator | None = None
        self.on_media: Callable[[web.WebSocketResponse], Awaitable[None]] | None = None
        self._more = asyncio.Condition()

    @property
    def webhook_url(self) -> str:
        """Where webhooks go."""
        return f"{self.url}/hook"

    @property
    def media_url(self) -> str:
        """Where audio goes."""
        return f"ws{self.url.removeprefix('http')}/media"

    def types(self) -> list[str]:
        """Return the event types in the order they came."""
        return [hook.type for hook in self.received]

    def of(self, event_type: str) -> list[Received]:
        """Return the webhooks of one type."""
        return [hook for hook in self.received if hook.type == event_type]

    def transcripts(self) -> list[Tree]:
        """Return every `transcription_data`."""
        return [hook.payload["transcription_data"] for hook in self.of("call.transcription")]

    async def command(self, leg_id: str, action: str, **params: object) -> tuple[int, Tree]:
        """Send a command and return status and body."""
        return await self.post(f"/calls/{leg_id}/actions/{action}", params)

    async def post(
        self, path: str, body: object, *, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Tree]:
        """POST to the REST API; `body` is sent as it is if it is bytes."""
        assert self.simulator is not None
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        key = {"authorization": f"Bearer {self.simulator.api_key}"}
        url = self.simulator.url + path
        async with self._http.post(
            url, data=BytesIO(data), headers={**key, **(headers or {})}
        ) as reply:
            return reply.status, await reply.json()

    async def get(self, path: str) -> tuple[int, Tree]:
        """GET from the REST API."""
        assert self.simulator is not None
        key = {"authorization": f"Bearer {self.simulator.api_key}"}
        async with self._http.get(self.simulator.url + path, headers=key) as reply:
            return reply.status, await reply.json()

    async def delete(self, path: str) -> tuple[int, Tree]:
        """DELETE by the REST API."""
        assert self.simulator is not None
        key = {"authorization": f"Bearer {self.simulator.api_key}"}
        async with self._http.delete(self.simulator.url + path, headers=key) as reply:
            return reply.status, await reply.json()

    async def wait_for(self, event_type: str, count: int = 1) -> Received:
        """Wait for the `count`th webhook of a type."""
        async with asyncio.timeout(WAIT_S), self._more:
            await self._more.wait_for(lambda: len(self.of(event_type)) >= count)
        return self.of(event_type)[count - 1]

    async def answer_call(self) -> str:
        """Answer the call that comes, once; return its leg's id when it is answered."""
        leg_id = str((await self.wait_for("call.initiated")).payload["call_control_id"])
        await self.command(leg_id, "answer")
        await self.wait_for("call.answered")
        return leg_id

    async def hook(self, request: web.Request) -> web.Response:
        """Take a webhook."""
        body = await request.read()
        parsed = json.loads(body)
        hook = Received(body, request.headers, parsed["data"], parsed["meta"])
        replies = self.replies_to.get(hook.type) or self.replies
        reply = replies.pop(0) if replies else web.Response()
        async with self._more:
            self.received.append(hook)
            self._more.notify_all()
        if isinstance(reply, asyncio.Event):
            await reply.wait()
            reply = web.Response()
        for action, params in self.reactions.get(hook.type, []):
            outcome = await self.command(hook.payload["call_control_id"], action, **params)
            self.outcomes.append(outcome)
        return reply

    async def take_media(self, request: web.Request) -> web.WebSocketResponse:
        """Take a media WebSocket."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = MediaConnection(request.headers)
        self.media.append(connection)
        if self.on_media:
            await self.on_media(socket)
        async for message in socket:
            connection.messages.append(message.data)
        connection.close_code = socket.close_code
        return socket

    def answer_and(self, *actions: tuple[str, Tree]) -> None:
        """Answer every call, and do these once it is answered."""
        self.reactions = {"call.initiated": [("answer", {})], "call.answered": list(actions)}

    def stream(self, **params: object) -> tuple[str, Tree]:
        """Return the action that has both tracks streamed here."""
        wish = {"stream_url": self.media_url, "stream_track": "both_tracks"}
        return "streaming_start", {**wish, **params}


@asynccontextmanager
async def open_application() -> AsyncIterator[Application]:
    """Open an application."""
    async with aiohttp.ClientSession() as http:
        application = Application(http)
        app = web.Application()
        app.router.add_post("/hook", application.hook)
        app.router.add_get("/media", application.take_media)
        async with serve(app) as url:
            application.url = url
            yield application


class RecogniserPeer:
    """A recogniser that hears "hello" in 200 ms of audio, and "hello world" at the end."""

    def __init__(self) -> None:
        self.url = ""
        self.queries: list[dict[str, str]] = []
        self.heard_bytes = 0
        self.told: list[str] = []
        self.forms: list[dict[str, object]] = []

    async def session(self, request: web.Request) -> web.WebSocketResponse:
        """Take one session."""
        self.queries.append(dict(request.query))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        said = False
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                self.heard_bytes += len(message.data)
                if self.heard_bytes >= 3200 and not said:
                    said = True
                    partial = {"transcript": "hello", "is_final": False, "confidence": 0.0}
                    await socket.send_json(partial)
            else:
                self.told.append(message.data)
            if message.type is WSMsgType.TEXT and "CloseStream" in message.data:
                words = [{"word": "hello", "start": 0.1, "end": 0.5}]
                final = {"transcript": "hello world", "is_final": True, "confidence": 0.9}
                await socket.send_json({**final, "words": words})
                await socket.close()
        return socket

    async def file(self, request: web.Request) -> web.Response:
        """Take one file."""
        form = await request.post()
        self.forms.append(
            {k: v.file.read() if isinstance(v, web.FileField) else v for k, v in form.items()}
        )
        return web.json_response({"text": "hello file"})


@asynccontextmanager
async def open_recogniser() -> AsyncIterator[RecogniserPeer]:
    """Open a recogniser."""
    peer = RecogniserPeer()
    app = web.Application()
    app.router.add_get("/v2/speech-to-text/transcription", peer.session)
    app.router.add_post("/v2/ai/audio/transcriptions", peer.file)
    async with serve(app) as url:
        peer.url = url
        yield peer
