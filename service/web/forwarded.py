"""Whom a reverse proxy speaks for: `Forwarded` (RFC 7239), or else `X-Forwarded-For`."""

import re
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Protocol

from service.web.limits import KNOWN_ADDRESSES, Limits, parse_address

_FOR = re.compile(r'(?:^|[;,])\s*for\s*=\s*("[^"]*"|[^\s;,"]+)', re.IGNORECASE)
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")


_IPV6_SITE = 64


class Headers(Protocol):
    """The headers of a request, each of which may be there several times."""

    def getall(self, key: str, default: list[str]) -> list[str]:
        """Return all values of one header, in order."""


def forwarded_client(headers: Headers, limits: Limits) -> str | None:
    """Return the address that a trusted proxy says a request came from; None if it says none.

    That is the last one that is no trusted proxy itself: what stands before it, anybody may have
    written.
    """
    for told in _hops_from_the_last(headers):
        address = _address(told)
        if address is None:
            return None
        if not limits.is_proxy(address):
            return address
    return None


@lru_cache(maxsize=KNOWN_ADDRESSES)
def site_of(address: str) -> str:
    """Return what one stranger has: an IPv4 address, or a whole IPv6 network."""
    ip = parse_address(address)
    if ip is None:
        return ""
    if ip.version == 6 and ip.ipv4_mapped is None:  # noqa: PLR2004 - IPv6
        return str(ip_network((ip, _IPV6_SITE), strict=False))
    return str(ip)


def _hops_from_the_last(headers: Headers) -> list[str]:
    forwarded = ",".join(headers.getall("Forwarded", []))
    if forwarded:
        return [found[1] for found in _FOR.finditer(forwarded)][::-1]
    forwarded = ",".join(headers.getall("X-Forwarded-For", []))
    return forwarded.split(",")[::-1] if forwarded else []


def _address(told: str) -> str | None:
    told = told.strip().strip('"')
    if found := _WITH_PORT.fullmatch(told):
        told = found[1] or found[2]
    try:
        return str(ip_address(told))
    except ValueError:  # "unknown", a made up name, or nothing
        return None
