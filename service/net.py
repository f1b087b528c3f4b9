"""Keeps a stranger's URL from reaching what only this machine can (server-side request forgery).

The check sits where the socket for one resolved address is made, so it sees what is dialled:
host names, address literals, and a name that answers differently the second time. `is_global`
of `ipaddress` is not used: up to Python 3.11.7 it calls NAT64, 6to4 and v4-compatible wrappers
of private addresses global, and multicast on every version.
"""

import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from service.client_connections import ClientConnector

_WRITTEN_OUT = re.compile(r"([A-Za-z0-9\-._~:/?@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")
"""The path and query of a URL in which nothing is left to be quoted."""
_NEVER_V4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # on Linux this reaches the machine itself
        "100.100.100.200/32",  # a cloud's metadata service
        "168.63.129.16/32",  # a cloud's metadata service, in public space
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved and broadcast
    )
]
_PRIVATE_V4 = [
    IPv4Network(network)
    for network in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "198.18.0.0/15",
    )
]
_METADATA_V6 = IPv6Address("fd00:ec2::254")
_PRIVATE_V6 = [IPv6Network("::1/128"), IPv6Network("fc00::/7")]
_PUBLIC_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = [
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefusedError(OSError):
    """The address may not be dialled. An `OSError`, so that aiohttp treats it as no connection."""

    def __init__(self) -> None:
        super().__init__("the address is not a public one")


def is_address(host: str) -> bool:
    """Say whether a host is an IP address, and no name that has to be looked up."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def may_dial(address: str, *, allow_private: bool) -> bool:
    """Say whether a connection may go to this IP address.

    `allow_private` admits private, loopback, shared (CGNAT), benchmark and unique local
    addresses. Link-local, metadata, multicast, documentation and tunnel addresses never pass.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = _inner_v4(ip)
        if inner is None:
            return _v6_may(ip, allow_private=allow_private)
        ip = inner
    if any(ip in network for network in _NEVER_V4):
        return False
    return allow_private or not any(ip in network for network in _PRIVATE_V4)


def url_as_written(text: str) -> URL:
    """Return an address of somebody else's, whose path and query are sent as they were written.

    What looks like the same (`%7E` and `~`, a slash at the end, `./`) may lead elsewhere, and a
    signature in the query is made of the letters. Only what is no URL yet is quoted.

    Raises:
        ValueError: It is no URL.
    """
    url = URL(text)
    _, _, rest = text.partition("#")[0].partition("//")
    place = re.search(r"[/?].*", rest, re.DOTALL)
    path = place[0] if place else ""
    if not url.host or url.user or url.password or not _WRITTEN_OUT.fullmatch(path):
        return url
    return URL(f"{url.origin()}{path}", encoded=True)


def guarded_connector(
    *, allow_private: bool, limit: int, keepalive_s: float, resolver: AbstractResolver | None = None
) -> aiohttp.TCPConnector:
    """Return a connector that dials nothing `may_dial` refuses. Made in a running loop.

    If one answer of a name is refused, all are: a name that mixes both is up to something.
    """

    def make_socket(info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, target = info
        if not may_dial(str(target[0]), allow_private=allow_private):
            raise AddressRefusedError
        return socket.socket(family, kind, protocol)

    return ClientConnector(
        limit=limit,
        keepalive_timeout=keepalive_s,
        resolver=_GuardedResolver(resolver or aiohttp.ThreadedResolver(), allow_private),
        socket_factory=make_socket,
    )


class _GuardedResolver(AbstractResolver):
    def __init__(self, inner: AbstractResolver, allow_private: bool) -> None:  # noqa: FBT001
        self._inner = inner
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        answers = await self._inner.resolve(host, port, family)
        if not all(may_dial(one["host"], allow_private=self._allow_private) for one in answers):
            raise AddressRefusedError
        return answers

    async def close(self) -> None:
        await self._inner.close()


def _inner_v4(ip: IPv6Address) -> IPv4Address | None:
    """Unwrap what the network itself unwraps. 6to4 and Teredo are refused, not unwrapped."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else None


def _v6_may(ip: IPv6Address, *, allow_private: bool) -> bool:
    if any(ip in network for network in _PRIVATE_V6):
        return allow_private and ip != _METADATA_V6
    return ip in _PUBLIC_V6 and not any(ip in network for network in _SPECIAL_V6)
