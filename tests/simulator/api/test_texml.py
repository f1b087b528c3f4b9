"""TeXML: the document is asked for, played, and told of by callbacks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from service.simulator.report import Report
from service.simulator.server import open_simulator
from service.wire.signature import parse_public_key, verify
from tests.serving import serve
from tests.simulator.builders import scenario
from tests.simulator.harness import run_to_end

Form = dict[str, str]
SAY = [
    {"speaker": "customer", "at_ms": 400, "text": "good morning"},
    {"speaker": "agent", "at_ms": 1800, "text": "hello"},
]


@dataclass
class TexmlApplication:
    """Gives its documents in turn, and keeps what it was asked and told."""

    documents: list[str]
    asked: list[Form] = field(default_factory=list)
    told: list[Form] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    key: str = ""
    url: str = ""

    async def give(self, request: web.Request) -> web.Response:
        """Answer with the next document, in which `{url}` is this application's address."""
        self.asked.append(await self._form(request))
        document = self.documents.pop(0).replace("{url}", self.url)
        document = document.replace("{media}", self.url.replace("http", "ws", 1) + "/media")
        return web.Response(text=document, content_type="application/xml")

    async def take(self, request: web.Request) -> web.Response:
        """Take a callback."""
        self.told.append(await self._form(request))
        return web.Response()

    async def listen(self, request: web.Request) -> web.WebSocketResponse:
        """Take a stream; the first one is cut."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        first = not self.media
        self.media.append(request.path)
        async for message in socket:
            if first and '"media"' in message.data and request.transport is not None:
                request.transport.abort()
        return socket

    async def _form(self, request: web.Request) -> Form:
        keys = (parse_public_key(self.key),)
        now = int(request.headers["telnyx-timestamp"])
        verify(keys, request.headers, await request.read(), now=now)
        return {name: str(value) for name, value in (await request.post()).items()}


@asynccontextmanager
async def played(
    *documents: str, speed: float = 0, **call: object
) -> AsyncIterator[tuple[TexmlApplication, Report]]:
    """Play a call by these documents to its end."""
    application = TexmlApplication([f"<Response>{one}</Response>" for one in documents])
    app = web.Application()
    app.router.add_post("/document", application.give)
    app.router.add_post("/told", application.take)
    app.router.add_get("/media", application.listen)
    async with serve(app) as application.url:
        texml = {"texml": application.url + "/document", "say": SAY, "patience_s": 0.1}
        plan = {**texml, "status_callback": application.url + "/told", **call}
        async with open_simulator(scenario(plan, speed=speed)) as simulator:
            application.key = simulator.public_key
            yield application, await run_to_end(simulator)


DIAL = '<Dial timeout="20">+13125550177</Dial>'
START = (
    '<Start><Transcription transcriptionEngine="Telnyx" transcriptionTracks="both"'
    ' transcriptionCallback="{url}/told" /></Start>'
)


async def test_a_document_connects_two_and_has_them_transcribed() -> None:
    """All of it is signed, in forms; who is dialled says whose leg that is."""
    callee = {"picks_up_after_s": 0.05}
    async with played(START + DIAL, callee=callee, waits_s=20) as (application, report):
        caller, agent = report.calls

    (asked,) = application.asked
    assert (asked["CallSid"], asked["CallStatus"]) == (caller.leg_id, "ringing")
    told = [
        (form["CallSid"] == caller.leg_id, form["CallStatus"])
        for form in application.told
        if "CallStatus" in form
    ]
    assert told[:2] == [(True, "initiated"), (True, "in-progress")]
    assert sorted(told) == sorted(
        (whose, status)
        for whose in (True, False)
        for status in ("initiated", "in-progress", "completed")
    )
    children = {form["ParentCallSid"] for form in application.told if "ParentCallSid" in form}
    assert children == {caller.leg_id}
    words = [form for form in application.told if "Transcript" in form]
    assert [form["Transcript"] for form in words] == ["good morning", "hello"]
    assert {form["IsFinal"] for form in words} == {"true"}
    assert [form["TranscriptionTrack"] for form in words] == ["inbound", "outbound"]
    assert (caller.outcome, agent.outcome) == ("normal_clearing", "normal_clearing")


async def test_a_stream_is_told_of_and_dialled_again() -> None:
    """As TeXML does unless it is told not to."""
    document = (
        '<Start><Stream url="{media}" track="both_tracks" statusCallback="{url}/told" /></Start>'
    )
    async with played(document + '<Pause length="600" />', speed=4) as (application, report):
        streams = report.calls[0].streams

    assert len(application.media) == 2
    assert len(streams) == 2
    events = [form["StreamEvent"] for form in application.told if "StreamEvent" in form]
    assert events == ["stream-started", "stream-stopped"]


async def test_a_document_may_lead_on_to_another_and_hang_up() -> None:
    """The end of a document is a hang-up, too; verbs that are not known are passed over."""
    first = "<Say>one moment</Say><Sing /><Redirect>{url}/document</Redirect><Say>unheard</Say>"
    async with played(first, "<Hangup />") as (application, report):
        (call,) = report.calls

    assert [form["CallStatus"] for form in application.asked] == ["ringing", "in-progress"]
    assert call.answered
    assert call.outcome == "normal_clearing"


@pytest.mark.parametrize(
    "document",
    ["<Reject reason='busy' />", "</Response><x>", "<!DOCTYPE x><Hangup />"],
    ids=["reject", "no XML", "a document type"],
)
async def test_a_call_that_is_not_answered_is_told_so(document: str) -> None:
    """By a verb, or because there is no document that could be played."""
    async with played(document) as (application, report):
        (call,) = report.calls

    assert not call.answered
    assert application.told[-1]["CallStatus"] in {"busy", "completed"}


async def test_a_dial_that_nobody_answers_goes_on_in_the_document() -> None:
    """The child says why; then the caller is hung up, as the document ends."""
    callee = {"picks_up": "busy", "picks_up_after_s": 0.05}
    dial = "<Dial><Number>+13125550177</Number></Dial><Say>nobody is there</Say>"
    async with played(dial, callee=callee, waits_s=20) as (application, report):
        caller, agent = report.calls

    assert (caller.outcome, agent.outcome) == ("normal_clearing", "user_busy")
    said = {form["CallSid"]: form["CallStatus"] for form in application.told}
    assert said[agent.leg_id] == "busy"
