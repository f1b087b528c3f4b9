"""How long an HTTP connection may take, and how many there may be."""

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias

from service.descriptors import most_descriptors

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address

KNOWN_ADDRESSES = 1_024
"""How many are not read anew with each request of theirs."""

LOCAL: tuple[Network, ...] = tuple(
    ip_network(block)
    for block in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
)
_MIN_CONNECTIONS = 16
_MANY_CONNECTIONS = 32_768


@lru_cache(maxsize=KNOWN_ADDRESSES)
def parse_address(address: str) -> Address | None:
    """Return an address without its zone; None of what is none, as a Unix socket's."""
    try:
        return ip_address(address.partition("%")[0])
    except ValueError:
        return None


def _half_of_the_descriptors() -> int:
    """Leave the other half of what this process may open to journals and recognitions."""
    return max(_MIN_CONNECTIONS, min(most_descriptors() // 2, _MANY_CONNECTIONS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a listener. aiohttp itself has no deadline for heads and bodies."""

    head_s: float = 5.0
    """From the connection, or the first byte of a later request, to the end of its headers."""
    body_s: float = 10.0
    """From there to the end of the body."""
    idle_s: float = 15.0
    """Between two requests."""
    answer_s: float = 60.0
    """For the client to take an answer that is ready."""
    shutdown_s: float = 1.0
    """For requests that still run when the listener closes."""
    max_connections: int = field(default_factory=_half_of_the_descriptors)
    """At one time; for one more, a stranger makes room, or it is answered 503."""
    kept_share: float = 1 / 8
    """How many of them are kept for addresses that a webhook came from."""
    max_connections_per_address: int = 256
    """Of one client, WebSockets apart: those have shown a token or key. One more: 429."""
    proxies: tuple[Network, ...] = LOCAL
    """Clients that stand for many others: those are counted, where a proxy says who they are."""
    max_line_bytes: int = 8190
    """Of the request line, and of one header."""
    max_headers: int = 64

    @property
    def kept_connections(self) -> int:
        """How many places nobody takes but who webhooks came from."""
        return int(self.max_connections * self.kept_share)

    def is_proxy(self, address: str) -> bool:
        """Tell whether a client's address is in one of `proxies`."""
        client = parse_address(address)
        if client is None:
            return True
        mapped = getattr(client, "ipv4_mapped", None)
        return any((mapped or client) in block for block in self.proxies)
