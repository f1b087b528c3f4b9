"""Whose connections are counted, and how many may be."""

from ipaddress import ip_network

import pytest

from service.web.limits import Limits


@pytest.mark.parametrize(
    ("address", "is_proxy"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("::1", True),
        ("::ffff:192.168.0.7", True),
        ("fe80::1%eth0", False),
        ("192.76.120.129", False),
        ("::ffff:192.76.120.129", False),
        ("2001:db8::1", False),
        ("", True),
    ],
)
def test_local_clients_may_be_proxies(address: str, *, is_proxy: bool) -> None:
    """Private and loopback addresses, in IPv6 clothes as well; the public ones are clients."""
    assert Limits().is_proxy(address) is is_proxy


def test_proxies_can_be_named() -> None:
    """An address that is not in the list counts by itself, a private one as well."""
    limits = Limits(proxies=(ip_network("203.0.113.0/24"),))

    assert limits.is_proxy("203.0.113.9")
    assert not limits.is_proxy("127.0.0.1")


def test_connections_leave_file_descriptors_for_the_calls() -> None:
    """The cap comes from what this process may open, and is never none."""
    assert 16 <= Limits().max_connections <= 32_768
