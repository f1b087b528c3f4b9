"""Long answers that nobody takes do not fill the memory."""

from http import HTTPStatus

import aiohttp
import pytest
from aiohttp import web

from service.api.outgoing import LongAnswer, Outgoing
from service.api.problems import RefusalError
from service.web.listen import open_listener
from tests.waiting import until


def test_one_more_is_refused_until_those_before_are_taken() -> None:
    """With when to come again; what nobody holds any more does not count."""
    outgoing = Outgoing(max_bytes=10)
    answers = [web.Response(body=bytes(5)), web.Response(body=bytes(5))]
    for answer in answers:
        outgoing.check_room()
        outgoing.add(answer)

    with pytest.raises(RefusalError) as refused:
        outgoing.check_room()
    del answer
    answers.pop()
    outgoing.check_room()

    assert refused.value.status is HTTPStatus.SERVICE_UNAVAILABLE
    assert "Retry-After" in refused.value.headers


async def test_what_was_sent_takes_no_room() -> None:
    """Nor while the connection that it went over stays open."""
    outgoing, answer = Outgoing(max_bytes=5), LongAnswer(body=b"hello")

    async def handle(_: web.Request) -> web.Response:
        outgoing.add(answer)
        return answer

    app = web.Application()
    app.router.add_get("/", handle)
    async with open_listener(app, "127.0.0.1", 0) as listener, aiohttp.ClientSession() as client:
        async with client.get(listener.url) as got:
            body = await got.read()
        await until(lambda: answer.body is None)
        outgoing.check_room()

    assert body == b"hello"
