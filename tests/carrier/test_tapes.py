"""Telnyx's recordings: from where they may be fetched, within what bounds; how they are listed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from yarl import URL

from service.calls.tape_webhooks import TapeSaved
from service.carrier import open_carrier
from service.carrier.tapes import KnownHosts, TapeLimits, open_tapes
from service.errors import TapeError
from service.ids import InputId, LegId
from tests.carrier.peers import open_telnyx_api
from tests.serving import serve

LEG = LegId("v3:leg")
API = "https://api.telnyx.com/v2"
BODY = bytes(range(256)) * 1_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.mark.parametrize(
    ("link", "is_known"),
    [
        ("https://s3.amazonaws.com/telephony-recorder-prod/a/b.wav?X-Amz-Signature=1", True),
        ("https://s3.eu-central-1.amazonaws.com/telephony-recorder-prod-fr5/a.wav", True),
        ("https://telephony-recorder-prod.s3.amazonaws.com/a.wav", True),
        ("https://telephony-recorder-prod.s3.eu-west-1.amazonaws.com/a.wav", True),
        ("https://api.telnyx.com/v2/a.wav", True),
        ("https://us-central-1.telnyxcloudstorage.com/bucket/a.wav", True),
        ("https://my-bucket.s3.eu-west-1.amazonaws.com/a.wav", True),
        ("http://127.0.0.1:9000/a.wav", True),
        ("https://s3.amazonaws.com/somebody-elses/telephony-recorder-prod/a.wav", False),
        ("https://somebody-elses.s3.amazonaws.com/telephony-recorder-prod/a.wav", False),
        ("https://telephony-recorder-prod.example.com/a.wav", False),
        ("https://telnyx.com.example.com/a.wav", False),
        ("https://nottelnyx.com/a.wav", False),
        ("http://api.telnyx.com/v2/a.wav", False),
        ("https://api.telnyx.com:8443/a.wav", False),
        ("https://key:secret@api.telnyx.com/a.wav", False),
        ("http://127.0.0.1:9001/a.wav", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("s3://telephony-recorder-prod/a.wav", False),
        ("gs://bucket/a.wav", False),
        ("a.wav", False),
    ],
)
def test_recordings_are_fetched_from_known_hosts_only(link: str, *, is_known: bool) -> None:
    """Telnyx's, by its API and its buckets; a bucket of one's own if it is named."""
    hosts = KnownHosts(API, ["my-bucket.s3.*.amazonaws.com", "http://127.0.0.1:9000"])

    assert hosts.has(URL(link, encoded=True)) is is_known


@asynccontextmanager
async def storage(handle: Handler) -> AsyncIterator[str]:
    """Serve a recording; yield a link to it."""
    app = web.Application()
    app.router.add_get("/a.wav", handle)
    async with serve(app) as url:
        yield f"{url}/a.wav?X-Amz-Signature=%2Babc%3D&b=%7E"


async def fetched(link: str, limits: TapeLimits | None = None) -> bytes:
    """Fetch a recording from where Telnyx's API is."""
    async with open_tapes(str(URL(link).origin()), [], limits=limits) as source:
        return b"".join([piece async for piece in source.download(link)])


async def refusal(handle: Handler, limits: TapeLimits | None = None) -> tuple[str, bool, bool]:
    """Return how a recording is not to be had: why, whether for ever, and whether by this link."""
    async with storage(handle) as link:
        with pytest.raises(TapeError) as caught:
            await fetched(link, limits)
    assert "Signature" not in str(caught.value)
    return caught.value.reason, caught.value.for_good, caught.value.has_expired


async def test_a_recording_is_fetched_as_it_was_signed() -> None:
    """Without our key, and with the link's own spelling."""
    asked: list[web.Request] = []

    async def give(request: web.Request) -> web.Response:
        asked.append(request)
        return web.Response(body=BODY)

    async with storage(give) as link:
        assert await fetched(link) == BODY

    assert "Authorization" not in asked[0].headers
    assert asked[0].raw_path == "/a.wav?X-Amz-Signature=%2Babc%3D&b=%7E"


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        (403, ("link_refused", False, True)),
        (404, ("link_refused", False, True)),
        (302, ("redirected", False, True)),
        (204, ("redirected", False, True)),
        (503, ("unreachable", False, False)),
        (429, ("unreachable", False, False)),
    ],
)
async def test_a_link_that_brings_no_file(status: int, refused: tuple[str, bool, bool]) -> None:
    """It died, or the storage is away; nobody is followed anywhere else."""

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "/elsewhere.wav"})

    assert await refusal(refuse) == refused


@pytest.mark.parametrize("says", [True, False])
async def test_a_file_that_is_too_large_is_not_fetched(says: bool) -> None:  # noqa: FBT001
    """Nor is more of it read than that, where it does not say how large it is."""

    async def give(request: web.Request) -> web.StreamResponse:
        if says:
            return web.Response(body=BODY)
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(BODY)
        return response

    assert await refusal(give, TapeLimits(max_bytes=9_000)) == ("too_large", True, False)


@pytest.mark.parametrize("limits", [TapeLimits(timeout_s=0.2), TapeLimits(stall_s=0.2)])
async def test_a_file_that_does_not_come_is_given_up(limits: TapeLimits) -> None:
    """After all of its time, or when nothing comes any more."""

    async def stall(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"RIFF")
        await asyncio.Event().wait()
        return response

    assert await refusal(stall, limits) == ("timed_out", False, False)


async def test_a_host_that_is_not_there_is_tried_again() -> None:
    """And one that nobody knows never is."""
    with pytest.raises(TapeError) as gone:
        await fetched("http://127.0.0.1:1/a.wav")
    async with open_tapes(API, []) as source:
        for link in ("http://127.0.0.1:1/a.wav", "http://[", "https:///a"):
            with pytest.raises(TapeError) as unknown:
                await anext(source.download(link))
            assert (unknown.value.reason, unknown.value.for_good) == ("unknown_host", True)

    assert (gone.value.reason, gone.value.for_good) == ("unreachable", False)


async def test_what_was_recorded_of_a_leg_is_listed() -> None:
    """As Telnyx's webhook would tell of it now, with links that are good again."""
    recording = {
        "id": "tape-1",
        "call_control_id": LEG,
        "status": "completed",
        "download_urls": {"wav": "https://s3.amazonaws.com/telephony-recorder-prod/a.wav"},
        "recording_started_at": "2026-11-22T10:00:01.5Z",
        "recording_ended_at": "2026-11-22T10:00:41Z",
    }
    listed = [recording, {"id": None}, {"id": "tape-2", "status": "processing"}, {"id": "tape-3"}]
    async with open_telnyx_api() as api, open_carrier("KEY", api.url) as carrier:
        api.replies = [(200, {"data": listed}, {}), (200, {"data": 7}, {})]
        found = await carrier.tapes(LEG, 99.0)
        assert await carrier.tapes(LEG, 99.0) == []

    assert api.received[0].query["filter[call_control_id]"] == LEG
    assert found == [
        TapeSaved(
            input_id=InputId("listed tape-1 99.0"),
            call_id=None,
            leg_id=LEG,
            occurred_at=99.0,
            tape_id="tape-1",
            link="https://s3.amazonaws.com/telephony-recorder-prod/a.wav",
            started_at=1795341601.5,
            ended_at=1795341641.0,
        ),
        TapeSaved(
            input_id=InputId("listed tape-3 99.0"),
            call_id=None,
            leg_id=LEG,
            occurred_at=99.0,
            tape_id="tape-3",
        ),
    ]
