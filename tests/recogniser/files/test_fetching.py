"""Files that are fetched from where their URL leads."""

import aiohttp
import pytest

from service.recogniser.files.route import PATHS
from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from tests.recogniser.builders import packed, recording, reference
from tests.recogniser.harness import word_error_rate
from tests.recogniser.peers import open_shelf, post

pytestmark = pytest.mark.speech
CLIP = "austen_0920"


async def test_a_file_is_fetched_from_where_it_is(networks: Networks) -> None:
    """`file_url` instead of a file, also after a redirect; the form needs no multipart then."""
    async with (
        open_recogniser(networks=networks, allow_private_urls=True) as recogniser,
        open_shelf({"a.mp3": packed(CLIP, "mp3")}, {"old": "/a.mp3"}) as shelf,
        aiohttp.ClientSession() as http,
    ):
        reply = await post(recogniser, fields=[("file_url", f"{shelf}/old")])
        pairs = {"model": "whisper-1", "file_url": f"{shelf}/a.mp3"}
        async with http.post(recogniser.base_url + PATHS[0], data=pairs) as plain:
            assert await plain.json() == reply.json

    assert word_error_rate(reference(CLIP), reply.json["text"]) <= 0.2


async def test_a_file_without_a_header_is_known_by_the_name_in_its_url(networks: Networks) -> None:
    """By that at the end of a redirect where the first one says nothing."""
    async with (
        open_recogniser(networks=networks, allow_private_urls=True) as recogniser,
        open_shelf({"a.ul": recording(CLIP)}, {"old": "/a.ul"}) as shelf,
    ):
        texts = [
            (await post(recogniser, fields=[("file_url", f"{shelf}/{name}")])).json["text"]
            for name in ("a.ul", "old")
        ]

    assert texts[0] == texts[1]
    assert word_error_rate(reference(CLIP), texts[0]) <= 0.2


@pytest.mark.parametrize(
    "url",
    ["{shelf}/a", "http://localhost:1/a", "http://169.254.169.254/", "http://[::ffff:10.0.0.1]/"],
)
async def test_private_addresses_are_not_for_strangers(networks: Networks, url: str) -> None:
    """Refused as they are dialled, and without a word on what is there."""
    async with (
        open_recogniser(networks=networks) as recogniser,
        open_shelf({"a": packed(CLIP, "mp3")}) as shelf,
    ):
        reply = await post(recogniser, fields=[("file_url", url.format(shelf=shelf))])

    assert reply.fault == (400, "10015", "file_url")
    assert reply.json["errors"][0]["detail"] == "file_url could not be downloaded."


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://a.example/b", "file:///etc/hostname", "http://", "http://u:p@a.example/", "//x"),
        *("http://xn--/", "http://[::1", "http://a:99999/"),
    ],
)
async def test_what_is_no_public_url_is_refused(networks: Networks, url: str) -> None:
    """Other schemes, no host, or somebody's password in it."""
    async with open_recogniser(networks=networks, allow_private_urls=True) as recogniser:
        reply = await post(recogniser, fields=[("file_url", url)])

    assert reply.fault == (400, "10015", "file_url")


async def test_a_url_without_a_file_is_the_client_s_fault(networks: Networks) -> None:
    """Not there, a redirect in circles, or to another scheme: 400 each time."""
    redirects = {
        "round": "/round",
        "file": "file:///etc/hostname",
        "meta": "http://169.254.169.254",
    }
    async with (
        open_recogniser(networks=networks, allow_private_urls=True) as recogniser,
        open_shelf({}, redirects) as shelf,
    ):
        for name in ("missing", *redirects):
            reply = await post(recogniser, fields=[("file_url", f"{shelf}/{name}")])
            assert reply.fault == (400, "10015", "file_url")
