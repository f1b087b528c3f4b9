import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from service.cli.check.findings import Finding
from service.cli.check.local_checks import check_codecs, check_endpoint, check_public_url
from service.delivery.endpoints import ArchiveTarget, Endpoint
from service.ids import EndpointName
from service.settings import Settings, load_settings
from tests.cli.harness import free_port
from tests.cli.peers import open_healthz
from tests.settings.builders import KEYS


@pytest.fixture
def port() -> Iterator[int]:
    """Give a port that nobody else gets meanwhile and that can be listened on."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def settings(port: int, public_port: int, **more: str) -> Settings:
    """Make settings that listen on one port and are told to be reached on another."""
    return load_settings(
        None,
        KEYS
        | {
            "CALLSCRIBE_LISTEN": f"127.0.0.1:{port}",
            "CALLSCRIBE_PUBLIC_URL": f"http://127.0.0.1:{public_port}",
        }
        | more,
    )


async def public(told: Settings) -> Finding:
    """Examine the public address."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        (finding,) = await check_public_url(session, told)
        return finding


def endpoint(url: str, *, allow_private: bool = True) -> Endpoint:
    """Make a webhook endpoint."""
    return Endpoint(name=EndpointName("crm"), type="webhook", url=url, allow_private=allow_private)


async def test_a_public_address_is_followed_before_the_service_runs() -> None:
    """The check answers on `listen` itself and recognises its own answer."""
    free = free_port()

    finding = await public(settings(free, free))

    assert (finding.level, finding.text) == ("ok", "leads here")


async def test_a_running_service_is_asked_itself() -> None:
    """Where `listen` is taken, the service there answers."""
    async with open_healthz(200) as taken:
        finding = await public(settings(taken, taken))

    assert (finding.level, finding.text) == ("ok", "leads to a running service")


async def test_an_address_that_leads_elsewhere_fails() -> None:
    """Something answers, but it is not what listens here."""
    async with open_healthz(200) as elsewhere:
        finding = await public(settings(0, elsewhere))

    assert finding.level == "FAIL"
    assert "something else answers" in finding.text


async def test_a_proxy_without_us_behind_it_fails() -> None:
    """Its status is told, and where it should lead."""
    async with open_healthz(502) as proxy:
        finding = await public(settings(0, proxy))

    assert finding.level == "FAIL"
    assert "HTTP 502" in finding.text


async def test_an_address_nobody_answers_fails(port: int) -> None:
    """With the reason in words."""
    finding = await public(settings(0, port))

    assert finding.level == "FAIL"
    assert "nothing listens there" in finding.text


async def test_what_is_not_set_is_not_tried() -> None:
    """No public address, and an endpoint that has no address at all."""
    log = Endpoint(name=EndpointName("log"), type="log")
    async with aiohttp.ClientSession() as session:
        assert await check_public_url(session, load_settings(None, KEYS)) == []
    assert await check_endpoint(log) == []


async def test_an_endpoint_is_dialled_and_sent_nothing() -> None:
    """A connection is enough."""
    async with open_healthz(200) as receiver:
        (finding,) = await check_endpoint(endpoint(f"http://127.0.0.1:{receiver}/hook"))

    assert (finding.level, finding.text) == ("ok", "can be reached")


@pytest.mark.parametrize(
    ("url", "allow_private", "text"),
    [
        ("https://127.0.0.1/", False, "allow_private = true"),
        ("https://localhost/", False, "allow_private = true"),
        ("https://169.254.169.254/", True, "not a public one"),
        ("http://127.0.0.1:1/", True, "nothing listens there"),
        ("https://nowhere.invalid/", True, "does not resolve"),
        ("https://a..b/", True, "cannot be reached"),
    ],
)
async def test_an_endpoint_that_cannot_work_is_explained(
    url: str, text: str, *, allow_private: bool
) -> None:
    """Private addresses are judged by what the name resolves to."""
    (finding,) = await check_endpoint(endpoint(url, allow_private=allow_private))

    assert finding.level == "FAIL"
    assert text in finding.text


async def test_an_endpoint_without_tls_behind_its_https_fails() -> None:
    """The handshake is part of the check."""
    async with open_healthz(200) as receiver:
        (finding,) = await check_endpoint(endpoint(f"https://127.0.0.1:{receiver}/"))

    assert finding.level == "FAIL"
    assert "TLS failed" in finding.text


@pytest.mark.parametrize(("source", "levels"), [("media", ["ok"]), ("in_call", [])])
def test_codecs_matter_where_audio_is_forked(port: int, source: str, levels: list[str]) -> None:
    """In-call transcription has none of ours."""
    told = settings(port, port, CALLSCRIBE_ROUTE__0__SOURCE=source)

    assert [finding.level for finding in check_codecs(told)] == levels


def test_a_codec_that_cannot_be_decoded_is_told(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls in it are not heard, so whoever has such calls should know what to install."""
    monkeypatch.setitem(sys.modules, "service.wire.ffmpeg", None)

    (finding,) = check_codecs(settings(port, port, CALLSCRIBE_ROUTE__0__SOURCE="media"))

    assert finding.level == "warn"
    assert "OPUS and AMR-WB cannot be decoded; pip install '.[codecs]'" in str(finding)


async def test_an_archive_is_written_to_and_deleted_from(tmp_path: Path) -> None:
    """A folder that can be made; a host where nobody is."""
    good = ArchiveTarget(url=f"file://{tmp_path}/cold")
    bad = ArchiveTarget(
        url="s3://calls", s3_endpoint="http://127.0.0.1:1", access_key_id="a", secret_access_key="b"
    )
    found = [
        finding
        for target in (good, bad)
        for finding in await check_endpoint(
            Endpoint(name=EndpointName("cold"), type="archive", archive=target)
        )
    ]

    assert [(one.level, one.text) for one in found] == [
        ("ok", "can be written to and deleted from"),
        ("FAIL", "nothing can be kept there: unreachable; check its url and keys"),
    ]
