"""Calls: listed, one by one, their events and their transcripts."""

import asyncio
from http import HTTPStatus

import msgspec
from aiohttp import web

from service.api.calls.models import (
    CallPage,
    CallsQuery,
    CallTranscript,
    EventsQuery,
    TranscriptQuery,
    WholeCall,
    filter_of,
)
from service.api.cursors import Cursors
from service.api.operations import (
    JSON,
    Answer,
    AnyRoute,
    Ask,
    NoBody,
    NoQuery,
    Operation,
    Route,
)
from service.api.outgoing import LongAnswer, Outgoing
from service.api.problems import not_found
from service.api.reading import check_accept
from service.api.router import tagged
from service.archive.calls import describe_call
from service.archive.exports import CONTENT_TYPES, export_call
from service.archive.participants import find_participants
from service.ids import CallId
from service.ports import CallSummary, Journal, Library

_WRITTEN_AT_ONCE = 4

NO_CALL = {HTTPStatus.NOT_FOUND: "There is no such call, or the token is for another one."}

LIST_CALLS: Operation[CallsQuery, NoBody] = Operation(
    id="list_calls",
    method="GET",
    path="/v1/calls",
    tag="calls",
    summary="List calls, newest first",
    access="calls:read",
    noted="listed",
    shows="filtered",
    query=CallsQuery,
    answers=(Answer(description="A page of calls.", model=CallPage),),
)
GET_CALL: Operation[NoQuery, NoBody] = Operation(
    id="get_call",
    method="GET",
    path="/v1/calls/{call_id}",
    tag="calls",
    summary="Get one call",
    access="calls:read",
    noted="read",
    answers=(Answer(description="The call.", model=WholeCall),),
    errors=NO_CALL,
)
LIST_EVENTS: Operation[EventsQuery, NoBody] = Operation(
    id="list_events",
    method="GET",
    path="/v1/calls/{call_id}/events",
    tag="calls",
    summary="Get the events of a call, in order, as every endpoint gets them",
    description="Go on with `after_seq` set to `next_after_seq`, until that is null.",
    access="calls:read",
    noted="read",
    query=EventsQuery,
    answers=(
        Answer(
            description="Events as they are stored, byte for byte.",
            content={JSON: {"$ref": "#/components/schemas/EventPage"}},
        ),
    ),
    errors=NO_CALL,
)

GET_TRANSCRIPT: Operation[TranscriptQuery, NoBody] = Operation(
    id="get_transcript",
    method="GET",
    path="/v1/calls/{call_id}/transcript",
    tag="calls",
    summary="Get the transcript of a call, in the format of the program it is for",
    description="`jsonl` is the call's events, one in a line; the others are a view over them.",
    access="calls:read",
    noted="exported",
    query=TranscriptQuery,
    answers=(
        Answer(
            description="The transcript, as a file.",
            model=CallTranscript,
            content={
                kind.partition(";")[0]: {"type": "string"}
                for kind in CONTENT_TYPES.values()
                if kind != JSON
            },
            headers={"Content-Disposition": "A name for the file, safe anywhere."},
        ),
    ),
    errors={
        **NO_CALL,
        HTTPStatus.SERVICE_UNAVAILABLE: "Too much is being fetched: come again soon.",
    },
)


class CallRoutes:
    """Answers from the library and the journal."""

    def __init__(self, library: Library, journal: Journal, cursors: Cursors) -> None:
        self._library = library
        self._journal = journal
        self._cursors = cursors
        self._writing = asyncio.Semaphore(_WRITTEN_AT_ONCE)
        self._outgoing = Outgoing()

    def routes(self) -> list[AnyRoute]:
        """Return the routes."""
        return [
            Route(LIST_CALLS, self.list),
            Route(GET_CALL, self.get),
            Route(LIST_EVENTS, self.events),
            Route(GET_TRANSCRIPT, self.transcript),
        ]

    async def list(self, ask: Ask[CallsQuery, NoBody]) -> web.Response:
        """Answer with a page of calls."""
        query = ask.query
        before = None
        if query.cursor is not None:
            at, call_id = self._cursors.open(query, query.cursor, tuple[float, str])
            before = float(at), CallId(str(call_id))
        wanted = filter_of(query, live=query.live, binding=ask.who.binding)
        found = await self._library.calls(wanted, before=before, limit=query.limit + 1)
        page = self._cursors.page(
            query, found, lambda one: (one.started_at, one.call_id), limit=query.limit
        )
        shown = {"data": [describe_call(one) for one in page.items], "next": page.next}
        return tagged(ask, msgspec.json.encode(shown))

    async def get(self, ask: Ask[NoQuery, NoBody]) -> web.Response:
        """Answer with one call."""
        call = await find_call(self._library, ask.call_id)
        present = await find_participants(self._journal, call)
        shown = {**describe_call(call), "participants": present}
        return tagged(ask, msgspec.json.encode(shown))

    async def events(self, ask: Ask[EventsQuery, NoBody]) -> web.Response:
        """Answer with events as they are stored."""
        await find_call(self._library, ask.call_id)
        after_seq, limit = ask.query.after_seq, ask.query.limit
        found = await self._journal.read(ask.call_id, after_seq=after_seq, limit=limit + 1)
        shown = found[:limit]
        following = b"%d" % shown[-1].seq if len(found) > len(shown) else b"null"
        bodies = b",".join(event.body for event in shown)
        return tagged(ask, b'{"data":[%b],"next_after_seq":%b}' % (bodies, following))

    async def transcript(self, ask: Ask[TranscriptQuery, NoBody]) -> web.Response:
        """Answer with the transcript as a file; few are written at the same time."""
        form = ask.query.format
        check_accept(ask.request, [CONTENT_TYPES[form]])
        async with self._writing:
            self._outgoing.check_room()
            export = await export_call(self._library, self._journal, ask.call_id, form)
        if export is None:
            raise not_found("call")
        named = {"Content-Disposition": f'attachment; filename="{export.file_name}"'}
        kind = LongAnswer
        answer = tagged(ask, export.body, export.content_type, headers=named, kind=kind)
        self._outgoing.add(answer)
        return answer


async def find_call(library: Library, call_id: CallId) -> CallSummary:
    """Return a call that people may see.

    Raises:
        RefusalError: 404: no route ever wanted it, or nobody knows it.
    """
    summary = await library.call(call_id)
    if summary is None:
        raise not_found("call")
    return summary
