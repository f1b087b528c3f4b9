"""A TeXML application beside the service, with the document that the README shows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from service.journal.sqlite.keys import open_sqlite_keys
from service.wire.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER
from tests.api.builders import new_key
from tests.service.harness import durable, finals, open_house
from tests.service.test_attaching import BESIDE
from tests.service.test_connecting import scenario
from tests.serving import serve

README = Path(__file__).parents[2] / "README.md"
MEDIA_DOCUMENT = (
    README.read_text(encoding="utf-8")
    .split("```xml\n")[1]
    .split("```")[0]
    .replace("wss://calls.example.com/media/…", "{stream}")
)
IN_CALL_DOCUMENT = """<Response>
  <Start>
    <Transcription transcriptionEngine="Telnyx" transcriptionTracks="both"
      transcriptionCallback="{told}" />
  </Start>
  <Dial>+13125550177</Dial>
</Response>"""


@dataclass
class TexmlApplication:
    """Asks the service for an address to stream to, and passes callbacks on to it."""

    document: str
    url: str = ""
    service_url: str = ""
    key: str = ""
    http: aiohttp.ClientSession | None = None

    async def give(self, request: web.Request) -> web.Response:
        """Answer with the document."""
        assert self.http is not None
        stream = ""
        if "{stream}" in self.document:
            wish = {"call_control_id": (await request.post())["CallSid"], "route": "beside"}
            headers = {"Authorization": f"Bearer {self.key}"}
            url = self.service_url + "/v1/streams"
            async with self.http.post(url, json=wish, headers=headers) as answer:
                stream = (await answer.json())["url"]
        said = self.document.format(stream=stream, told=self.url + "/told")
        return web.Response(text=said, content_type="application/xml")

    async def take(self, request: web.Request) -> web.Response:
        """Pass a callback on, as it came."""
        assert self.http is not None
        names = (SIGNATURE_HEADER, TIMESTAMP_HEADER, "Content-Type")
        headers = {name: request.headers[name] for name in names}
        url = self.service_url + "/webhooks/telnyx"
        async with self.http.post(url, data=await request.read(), headers=headers) as answer:
            return web.Response(status=answer.status)


@asynccontextmanager
async def open_texml(document: str) -> AsyncIterator[TexmlApplication]:
    """Serve the application."""
    application = TexmlApplication(document)
    app = web.Application()
    app.router.add_post("/document", application.give)
    app.router.add_post("/told", application.take)
    async with aiohttp.ClientSession() as application.http, serve(app) as application.url:
        yield application


async def play(folder: Path, document: str, route: dict[str, Any]) -> list[Any]:
    """Play a call by the document; return the one call's events."""
    path = folder / "j.db"
    async with open_texml(document) as application:
        what = scenario("texml")
        what["call"][0]["texml"] = application.url + "/document"
        what["call"][0]["status_callback"] = application.url + "/told"
        async with open_house(path, what, **route) as house:
            async with open_sqlite_keys(path) as keys:
                application.key = await new_key(keys, "calls:write")
            application.service_url = house.service.url
            await house.service.carrier.ready()
            await house.telnyx.run()
            await house.watch.until(
                lambda: any(one.type == "transcript.completed" for one in house.receiver.receipts)
            )
    (receipts,) = durable(house.receiver.receipts).values()
    return receipts


async def test_the_audio_of_a_document_is_transcribed(tmp_path: Path) -> None:
    """Every word once, by the right voice, in one call that ends as it should."""
    receipts = await play(tmp_path, MEDIA_DOCUMENT, {**BESIDE, "source": "media"})

    said = {track: finals(receipts, track) for track in ("inbound", "outbound")}
    assert said == {
        "inbound": ["I would like a receipt."],
        "outbound": ["What can I do for you?", "It is on its way."],
    }
    roles = {one.data["role"] for one in receipts if one.type == "transcript.final"}
    assert roles == {"customer", "agent"}
    assert receipts[-1].type == "transcript.completed"


async def test_the_words_of_a_document_s_own_transcription_are_taken(tmp_path: Path) -> None:
    """By its callbacks, signed as they are: no command is sent, and nothing is answered."""
    route = {"source": "in_call", "engine": "Telnyx", "answer": False}
    receipts = await play(tmp_path, IN_CALL_DOCUMENT, route)

    said = [one.data["text"] for one in receipts if one.type == "transcript.final"]
    assert said == [
        "What can I do for you?",
        "I would like a receipt.",
        "It is on its way.",
    ]
    assert receipts[-1].type == "transcript.completed"
