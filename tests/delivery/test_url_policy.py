"""The URLs that webhooks may go to."""

import pytest

from service.delivery.url_policy import url_problem


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://crm.example.com/hook", "https"),
        ("https://crm.example.com:22/hook", "ports"),
        ("https://user:pass@crm.example.com/", "credentials"),
        ("https://user@crm.example.com/", "credentials"),
        ("https://127.0.0.1/hook", "not public (allow_private = true allows it)"),
        ("https://[::ffff:127.0.0.1]/hook", "not public"),
        ("https://[fe80::1%25eth0]/hook", "not public"),
        ("ftp://crm.example.com/", "https"),
        ("file:///etc/passwd", "https"),
        ("https:///hook", "https"),
        ("crm.example.com", "https"),
        ("https://crm.example.com:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
    ],
)
def test_a_bad_url_is_explained(url: str, word: str) -> None:
    """Each rule has a sentence of its own that says what is wrong."""
    assert word in (url_problem(url) or "")


@pytest.mark.parametrize(
    "url", ["https://crm.example.com/hook?a=b", "https://crm.example.com:8443", "https://8.8.8.8/"]
)
def test_a_good_url_has_no_problem(url: str) -> None:
    """Encrypted, to a public host on a usual port."""
    assert url_problem(url) is None


def test_a_permission_that_would_not_help_is_not_advised() -> None:
    """The metadata service stays closed."""
    problem = url_problem("https://169.254.169.254/")

    assert problem == "leads to an address that is not public"


def test_permission_opens_http_and_every_port_but_not_everything() -> None:
    """`allow_private` is for the intranet, not for the metadata service."""
    assert url_problem("http://10.0.0.1:9000/", allow_private=True) is None
    assert url_problem("http://169.254.169.254/", allow_private=True) is not None
    assert url_problem("http://a:b@10.0.0.1/", allow_private=True) is not None
