"""How many forged webhooks a stranger may send before nobody looks at them any more."""

from collections import OrderedDict
from ipaddress import ip_address, ip_network
from typing import Final

from service.ingress.rate_limiter import RateLimiter

PER_S: Final = 1.0
BURST: Final = 20.0
"""How many forgeries of one stranger are looked at at once; then `PER_S`."""
MAX_STRANGERS: Final = 10_000
MAX_SENDERS: Final = 1_000
TELNYX: Final = tuple(
    ip_network(block)
    for block in (
        "192.76.120.128/29",
        "192.76.120.136/29",
        "192.76.120.144/29",
        "185.246.41.0/29",
        "185.246.41.8/29",
        "185.246.41.16/29",
        "103.115.244.0/29",
        "103.115.244.8/29",
    )
)
"""Where Telnyx says its webhooks come from."""


class ForgeryLimiter:
    """Remembers who sent forgeries, and who sent webhooks. Times are in steady seconds.

    A stranger is an IPv4 address or an IPv6 network. Whoever sent a genuine webhook is always
    listened to, and so is Telnyx: it may be a proxy that others hide behind.
    """

    def __init__(self) -> None:
        self._strangers: OrderedDict[str, RateLimiter] = OrderedDict()
        self._senders: OrderedDict[str, None] = OrderedDict()

    def allows(self, stranger: str, now: float) -> bool:
        """Say whether a webhook from there is to be looked at."""
        if stranger in self._senders or _is_telnyx(stranger):
            return True
        limiter = self._strangers.get(stranger)
        return limiter is None or limiter.has_room(now)

    def forged(self, stranger: str, now: float) -> None:
        """Count a forgery."""
        limiter = self._strangers.pop(stranger, None) or RateLimiter(per_s=PER_S, burst_s=BURST)
        self._strangers[stranger] = limiter
        limiter.take(now)
        if len(self._strangers) > MAX_STRANGERS:
            self._strangers.popitem(last=False)

    def genuine(self, stranger: str) -> None:
        """Listen to this one from now on."""
        self._senders[stranger] = None
        self._senders.move_to_end(stranger)
        if len(self._senders) > MAX_SENDERS:
            self._senders.popitem(last=False)


def _is_telnyx(stranger: str) -> bool:
    try:
        address = ip_address(stranger)
    except ValueError:  # a network, or a Unix socket
        return False
    return any(address in block for block in TELNYX)
