"""Forms that are none, or too long."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from service.recogniser.files.route import PATHS
from service.recogniser.files.uploads import MAX_FILE_BYTES
from service.recogniser.models.networks import Networks
from service.recogniser.server import open_recogniser
from tests.recogniser.peers import post

pytestmark = pytest.mark.speech


async def zeros(count: int) -> AsyncIterator[bytes]:
    """Give so many bytes, a little at a time."""
    chunk = bytes(256 * 1024)
    while count > 0:
        yield chunk[:count]
        count -= len(chunk)


async def test_more_than_a_hundred_megabytes_are_refused(networks: Networks) -> None:
    """413, and whatever else is sent is not kept."""
    async with open_recogniser(networks=networks) as recogniser:
        try:
            reply = await post(recogniser, zeros(MAX_FILE_BYTES + 1))
        except aiohttp.ClientConnectionError:
            return  # hung up on while it was still sending
        assert reply.status == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x\r\n",
        b"--x\r\nContent-Disposition: form-data; name=model\r\n\r\nwhisper",
        b"garbage" * 1000,
        b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\n'
        + b"m" * 20_000
        + b"\r\n--x--",
        b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 101 + b"--x--\r\n",
        b"--x\r\nA: " + b"a" * 20_000 + b"\r\n\r\nb\r\n--x--\r\n",
        b"--x\r\n" + b"A: b\r\n" * 2_000 + b"\r\nb\r\n--x--\r\n",
        b"--x\r\nno header\r\n\r\nb\r\n--x--\r\n",
    ],
)
async def test_forms_that_are_none_are_refused(networks: Networks, body: bytes) -> None:
    """Cut off, garbled, nested, or of too many or too long parts or headers: 4xx, never more."""
    headers = {"content-type": "multipart/form-data; boundary=x"}
    async with (
        open_recogniser(networks=networks) as recogniser,
        aiohttp.ClientSession() as http,
        http.post(recogniser.base_url + PATHS[0], data=body, headers=headers) as reply,
    ):
        assert reply.status in {400, 422}


async def test_a_form_in_letters_that_nobody_knows_is_refused(networks: Networks) -> None:
    """A form without a file may name its charset."""
    headers = {"content-type": "application/x-www-form-urlencoded; charset=nope"}
    async with (
        open_recogniser(networks=networks) as recogniser,
        aiohttp.ClientSession() as http,
        http.post(recogniser.base_url + PATHS[0], data=b"model=x", headers=headers) as reply,
    ):
        assert reply.status == 400
