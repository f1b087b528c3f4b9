"""The way to a handler: who gets there, with what, and what everybody else is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from service.api.operations import (
    Answer,
    AnyRoute,
    Ask,
    Body,
    NoBody,
    NoQuery,
    Operation,
    Query,
    Reply,
    Route,
)
from service.api.parameters import Flag, Limit, Metadata, Moment, Number, Sealed
from service.api.problems import RefusalError
from service.api.router import nothing, reply
from service.errors import DrainingError, JournalUnavailableError
from tests.api.builders import new_key, new_token
from tests.api.harness import Harness, open_harness


class Wishes(Query):
    """What may be asked for."""

    live: Flag | None = None
    limit: Limit = 50
    started_from: Moment | None = None
    number: Number | None = None
    cursor: Sealed | None = None
    metadata: Metadata = {}  # noqa: RUF012 - pydantic copies it


class Note(Body):
    """What may be sent."""

    text: str
    times: int = 1


class Echo(Reply):
    """What is answered."""

    said: Any


FIND: Operation[Wishes, NoBody] = Operation(
    id="find",
    method="GET",
    path="/v1/things",
    tag="about",
    summary="Find things",
    access="calls:read",
    query=Wishes,
    answers=(Answer(description="Them.", model=Echo),),
)
SAY: Operation[NoQuery, Note] = Operation(
    id="say",
    method="POST",
    path="/v1/calls/{call_id}/notes",
    tag="about",
    summary="Say something",
    access="calls:write",
    body=Note,
    answers=(Answer(description="It.", model=Echo),),
)
FAIL: Operation[NoQuery, NoBody] = Operation(
    id="fail",
    method="DELETE",
    path="/v1/things",
    tag="about",
    summary="Fail",
    access="admin",
    answers=(Answer(status=HTTPStatus.NO_CONTENT, description="Never."),),
)
ERRORS: list[Exception] = []


async def _find(ask: Ask[Wishes, NoBody]) -> web.Response:
    return reply(ask, Echo(said=ask.query.model_dump(exclude_defaults=True)))


async def _say(ask: Ask[NoQuery, Note]) -> web.Response:
    return reply(ask, Echo(said=[ask.call_id, ask.body.text * ask.body.times]))


async def _fail(_: Ask[NoQuery, NoBody]) -> web.Response:
    if ERRORS:
        raise ERRORS.pop()
    return nothing()


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    """A served API of three routes."""
    routes: list[AnyRoute] = [Route(FIND, _find), Route(SAY, _say), Route(FAIL, _fail)]
    async with open_harness(tmp_path, routes, cors_origins=["https://desk.example"]) as harness:
        harness.key = await new_key(harness.keys)
        yield harness


async def test_a_query_is_read_as_it_is_declared(harness: Harness) -> None:
    """Numbers, flags, times and metadata; a plus sign is what everybody means by it."""
    query = "live=false&limit=7&started_from=2027-01-15T08:00:00.5Z&number=+1555&metadata.a.b=x"

    answer = await harness.get(f"/v1/things?{query}", key=harness.key)

    assert answer.json["said"] == {
        "live": False,
        "limit": 7,
        "started_from": 1_800_000_000.5,
        "number": "+1555",
        "metadata": {"a.b": "x"},
    }


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limt=5", "limt is unknown; did you mean limit?"),
        ("metadat.a=5", "did you mean metadata.<key>?"),
        ("zzzz=5", "zzzz is unknown; there is cursor, limit, live"),
        ("%3Cb%3E=5", "a parameter is unknown"),
        ("limit=0", "limit: input should be greater than or equal to 1"),
        ("limit=201", "limit: input should be less than or equal to 200"),
        ("limit=1_0", "limit: should be a whole number"),
        ("limit=٣", "limit: should be a whole number"),
        ("limit=1&limit=2", "limit: is given more than once"),
        ("live=yes", "live: should be true or false"),
        ("number=%00", "number: has control characters in it"),
        ("number=", "number: string should have at least 1 character"),
        ("started_from=yesterday", "started_from: should be RFC 3339"),
        ("started_from=2027-02-30T00:00:00Z", "started_from: is no date and time that there is"),
        ("metadata.a=1&metadata.a=2", "metadata.a: is given more than once"),
        ("&".join(f"a{number}=1" for number in range(40)), "more than 32 parameters"),
    ],
)
async def test_a_query_that_cannot_be_used_is_400_and_says_why(
    harness: Harness, query: str, said: str
) -> None:
    """For people in the detail, and for programs with its place."""
    answer = await harness.get(f"/v1/things?{query}", key=harness.key)

    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert said in answer.json["detail"]
    assert answer.json["errors"][0]["loc"][0] == "query"


async def test_a_body_is_read_as_it_is_declared(harness: Harness) -> None:
    """With the call of the path, whatever its id is made of."""
    note = {"text": "oh ", "times": 2}

    answer = await harness.ask("POST", "/v1/calls/v3:a%20ü/notes", key=harness.key, json=note)

    assert answer.json == {"said": ["v3:a ü", "oh oh "]}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"[1", "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b'{"text": 5}', "application/json", 400),
        (b'{"text": "a", "size": 5}', "application/json", 400),
        (b'{"text": "\\ud800"}', "application/json", 400),
        (b'{"text": "\xff"}', "application/json", 400),
        (b'{"text": "a"}', "text/plain", 415),
        (b'{"text": "' + b"a" * 70_000 + b'"}', "application/json", 413),
    ],
)
async def test_a_body_that_cannot_be_used_is_refused(
    harness: Harness, body: bytes, kind: str, status: int
) -> None:
    """Whatever is wrong with it."""
    sent = {"data": body, "headers": {"Content-Type": kind}}

    answer = await harness.ask("POST", "/v1/calls/c/notes", key=harness.key, **sent)

    assert answer.status == status


async def test_a_body_in_chunks_is_held_to_the_same_size(harness: Harness) -> None:
    """Its length is not known before."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b" " * 1024

    headers = {"Content-Type": "application/json"}
    answer = await harness.ask(
        "POST", "/v1/calls/c/notes", key=harness.key, data=pieces(), headers=headers
    )

    assert answer.status == 413


async def test_nothing_is_read_for_a_stranger(harness: Harness) -> None:
    """Who asks is looked at before what is asked."""
    assert (await harness.get("/v1/things?limit=none")).status == 401
    weak = await new_key(harness.keys, "live")
    refused = await harness.ask("POST", "/v1/calls/c/notes", key=weak, data=b"[")

    assert refused.status == 403
    assert 'scope="calls:write"' in refused.headers["WWW-Authenticate"]


@pytest.mark.parametrize("call_id", ["%00", "a%0Ab", "a%2Fb", "x" * 513])
async def test_an_id_that_can_be_none_is_404(harness: Harness, call_id: str) -> None:
    """It is not looked up."""
    answer = await harness.ask("POST", f"/v1/calls/{call_id}/notes", key=harness.key, json={})

    assert (answer.status, answer.json["detail"]) == (404, "There is no such call.")


async def test_other_methods_are_405_and_told_which_there_are(harness: Harness) -> None:
    """OPTIONS answers the same without a problem; HEAD is GET without a body."""
    put = await harness.ask("PUT", "/v1/things", key=harness.key)
    options = await harness.ask("OPTIONS", "/v1/things")
    head = await harness.ask("HEAD", "/v1/things", key=harness.key)

    assert (put.status, put.headers["Allow"]) == (405, "DELETE, GET, HEAD, OPTIONS")
    assert (options.status, options.headers["Allow"]) == (204, put.headers["Allow"])
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) > 0
    assert (await harness.get("/v1/nothing")).json["title"] == "Not Found"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/*;q=0.1", 200),
        ("text/html, application/json", 200),
        (";;;,q=", 200),
        ("text/html", 406),
        ("application/json;q=0, */*", 406),
    ],
)
async def test_what_is_not_accepted_is_406(harness: Harness, accept: str, status: int) -> None:
    """The range that says most about a type decides."""
    answer = await harness.get("/v1/things", key=harness.key, headers={"Accept": accept})

    assert answer.status == status


async def test_an_answer_that_is_known_is_304(harness: Harness) -> None:
    """By its tag, which changes with the answer."""
    first = await harness.get("/v1/things", key=harness.key)
    other = await harness.get("/v1/things?limit=1", key=harness.key)
    known = {"If-None-Match": f'W/"x", {first.headers["ETag"]}'}
    again = await harness.get("/v1/things", key=harness.key, headers=known)

    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"] != other.headers["ETag"]
    assert (await harness.get("/v1/things?limit=1", key=harness.key, headers=known)).status == 200


async def test_nothing_personal_is_stored_or_sniffed(harness: Harness) -> None:
    """Refusals included."""
    for answer in (
        await harness.get("/v1/things", key=harness.key),
        await harness.get("/v1/things"),
    ):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_only_pages_of_known_origins_may_read_answers(harness: Harness) -> None:
    """A browser asks first, and is told what it may send."""
    asking = {"Access-Control-Request-Method": "GET"}
    ours = {"Origin": "https://desk.example"}
    for origin in ("https://evil.example", "https://desk.example.evil", "null"):
        refused = await harness.ask("OPTIONS", "/v1/things", headers={"Origin": origin, **asking})
        assert "Access-Control-Allow-Origin" not in refused.headers

    allowed = await harness.ask("OPTIONS", "/v1/things", headers=ours | asking)
    read = await harness.get("/v1/things", key=harness.key, headers=ours)

    assert allowed.headers["Access-Control-Allow-Headers"].startswith("Authorization")
    assert "GET" in allowed.headers["Access-Control-Allow-Methods"]
    assert read.headers["Access-Control-Allow-Origin"] == ours["Origin"]
    assert (read.headers["Vary"], "Access-Control-Allow-Credentials" in read.headers) == (
        "Origin",
        False,
    )


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RefusalError(HTTPStatus.CONFLICT, "No."), 409),
        (JournalUnavailableError("the disk of +1555 is full"), 503),
        (DrainingError("stopping"), 503),
        (RuntimeError("a secret"), 500),
    ],
)
async def test_whatever_a_handler_raises_is_a_problem(
    harness: Harness, error: Exception, status: int
) -> None:
    """And tells nothing of the inside."""
    ERRORS.append(error)

    answer = await harness.ask("DELETE", "/v1/things", key=harness.key)

    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert "555" not in answer.body.decode()
    assert "secret" not in answer.body.decode()


async def test_a_token_is_made_of_a_key(harness: Harness) -> None:
    """Within its scopes, and for one call if so wished; it makes no further ones."""
    wish = {"scopes": ["calls:read"], "call_id": "mine", "expires_in_s": 60}
    made = await harness.ask("POST", "/v1/tokens", key=harness.key, json=wish)
    token = made.json["token"]

    assert (made.status, made.json["expires_at"]) == (201, "2027-01-15T08:01:00.000Z")
    assert (await harness.ask("POST", "/v1/tokens", key=token, json=wish)).status == 403
    assert (await harness.get("/v1/things", key=token)).status == 403
    harness.now += 60
    assert (await harness.get("/v1/things", key=token)).status == 401


async def test_a_token_is_no_more_than_its_key(harness: Harness) -> None:
    """Scopes that the key lacks, and none at all, are refused."""
    weak = await new_key(harness.keys, "live")

    async def wish(**wished: object) -> int:
        return (await harness.ask("POST", "/v1/tokens", key=weak, json=wished)).status

    assert await wish(scopes=["live", "calls:read"]) == 403
    assert await wish(scopes=[]) == 400
    assert await wish(scopes=["live", "live"]) == 400
    assert await wish(scopes=["live"], expires_in_s=12 * 3600 + 1) == 400
    assert await wish(scopes=["live"], expires_in_s=60.0) == 201


async def test_two_keys_at_once_are_none(harness: Harness) -> None:
    """A proxy may have looked at the other one."""
    asked = "GET /v1/things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    shown = f"Authorization: Bearer {harness.key}\r\n" * 2
    reader, writer = await asyncio.open_connection("127.0.0.1", int(harness.url.rpartition(":")[2]))
    writer.write(f"{asked}{shown}\r\n".encode())
    answered = await reader.read()
    writer.close()

    assert answered.startswith(b"HTTP/1.1 401 ")
    assert json.loads(answered.partition(b"\r\n\r\n")[2])["detail"].startswith("Show one")


async def test_a_token_of_one_call_reaches_its_call_only(harness: Harness) -> None:
    """On routes of a call, by the path."""
    token = await new_token(harness.keys, harness.key, "calls:write", call_id="mine")

    async def say(call_id: str) -> int:
        path = f"/v1/calls/{call_id}/notes"
        return (await harness.ask("POST", path, key=token, json={"text": "a"})).status

    assert (await say("mine"), await say("other")) == (200, 404)
