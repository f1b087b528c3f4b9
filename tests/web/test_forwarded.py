"""What proxies may write."""

from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from service.web.forwarded import forwarded_client, site_of
from service.web.limits import Limits

HEADERS = st.sampled_from(["Forwarded", "X-Forwarded-For"])
TEXTS = st.text('for=;,"[]:.% 0123456789abcdef', max_size=60)


@given(st.lists(st.tuples(HEADERS, TEXTS), max_size=4))
def test_no_header_fails(headers: list[tuple[str, str]]) -> None:
    """An address, which is no proxy's, or none."""
    limits = Limits(max_connections=1)
    client = forwarded_client(CIMultiDict(headers), limits)

    assert client is None or not limits.is_proxy(client)
    assert client is None or site_of(client)


def test_an_ipv6_stranger_has_a_whole_network() -> None:
    """It may take any address of it; an IPv4 one in IPv6's clothes is one address."""
    assert site_of("2001:db8:1:2:3::4") == "2001:db8:1:2::/64"
    assert site_of("fe80::1%eth0") == "fe80::/64"
    assert site_of("198.51.100.7") == "198.51.100.7"
    assert site_of("") == ""
