"""The guard against server-side request forgery."""

import socket

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from service.net import AddressRefusedError, guarded_connector, may_dial, url_as_written
from tests.delivery.peers import open_receiver

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "100.63.255.255",  # one below the shared block
    "172.32.0.1",  # one above 172.16/12
    "192.0.1.1",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001:81b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",  # what DNS64 answers on an IPv6-only network
]
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "198.18.0.1",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a00:1",
]
NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "169.254.0.1",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "2002:808:808::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "::127.0.0.1",
    "::169.254.169.254",
    "::ffff:0:127.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "100::1",
    "fd00:ec2::254",
    "not-an-address",
    "",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_dialled(address: str) -> None:
    """What the internet routes is fine, wrapped by the network or not."""
    assert may_dial(address, allow_private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_needs_permission(address: str) -> None:
    """Intranet and loopback addresses pass only with `allow_private`."""
    assert not may_dial(address, allow_private=False)
    assert may_dial(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_dialled(address: str) -> None:
    """Metadata, link-local, multicast and tunnel addresses are refused even with permission."""
    assert not may_dial(address, allow_private=False)
    assert not may_dial(address, allow_private=True)


class Answers(AbstractResolver):
    """A resolver whose owner decides each answer anew, as a rebinding name server does."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = iter(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Give the next answer."""
        del family
        return [
            ResolveResult(
                hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0
            )
            for one in next(self._answers)
        ]

    async def close(self) -> None:
        """Nothing to close."""


async def refused(url: str, resolver: AbstractResolver | None = None) -> BaseException | None:
    """Try to post there without permission; return what the connector objected with."""
    connector = guarded_connector(allow_private=False, limit=1, keepalive_s=1, resolver=resolver)
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as failure:
            await session.post(url, data=b"{}", allow_redirects=False)
    return failure.value.os_error


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost"])
async def test_no_spelling_of_this_machine_is_dialled(host: str) -> None:
    """Literals never meet a resolver, and are refused all the same; nothing arrives."""
    async with open_receiver() as receiver:
        error = await refused(f"http://{host}:{receiver.port}/")

    assert isinstance(error, AddressRefusedError)
    assert receiver.connections == 0


async def test_a_name_that_changes_its_answer_is_caught() -> None:
    """DNS rebinding: a public answer for whoever checks first, loopback for whoever dials."""
    resolver = Answers(["8.8.8.8"], ["127.0.0.1"])
    checked = await resolver.resolve("rebind.example.com")

    async with open_receiver() as receiver:
        error = await refused(f"http://rebind.example.com:{receiver.port}/", resolver)

    assert may_dial(checked[0]["host"], allow_private=False)
    assert isinstance(error, AddressRefusedError)
    assert receiver.connections == 0


async def test_one_private_answer_spoils_them_all() -> None:
    """A name that has public and private addresses is dialled at none of them."""
    error = await refused("http://mixed.example.com/", Answers(["8.8.8.8", "10.0.0.1"]))

    assert isinstance(error, AddressRefusedError)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://a.example", "/"),
        ("https://a.example/", "/"),
        ("https://a.example/hooks/", "/hooks/"),
        ("https://a.example/hooks/?next=/", "/hooks/?next=/"),
        ("https://A.example?sig=AbC%2F%3d", "/?sig=AbC%2F%3d"),
        (
            "https://a.example:8443/%7Eu/a//b/./c/../d;v=1?a+b=%20#e",
            "/%7Eu/a//b/./c/../d;v=1?a+b=%20",
        ),
        ("https://[2606:4700::1111]/x/", "/x/"),
        ('https://a.example/é/{"x"}/50%', "/%C3%A9/%7B%22x%22%7D/50%25"),
    ],
)
def test_an_address_of_somebody_elses_is_asked_for_as_it_was_written(url: str, target: str) -> None:
    """Only what cannot be sent so is quoted. Who is dialled does not change."""
    made = url_as_written(url)
    assert made.raw_path_qs == target
    assert made.origin() == URL(url).origin()


@pytest.mark.parametrize("url", ["", "x", "https:///x", "https://me:pass@a.example/x/"])
def test_what_is_no_address_to_ask_stays_what_it_is(url: str) -> None:
    """Whoever checks a URL sees all that is wrong with it."""
    assert url_as_written(url) == URL(url)
