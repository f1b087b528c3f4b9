"""The URL policy: where webhooks may go. `service.net` judges what host names resolve to."""

from yarl import URL

from service.net import is_address, may_dial


def url_problem(
    url: str, *, allow_private: bool = False, ports: tuple[int, ...] = (443, 8443)
) -> str | None:
    """Return why deliveries may not go to this URL, in words for its owner, or None.

    `allow_private` allows http and every port as well. What the host name resolves to is judged
    each time it is dialled.
    """
    try:
        parts = URL(url)
        host, port = parts.host, parts.port
    except ValueError:
        return "is not a URL"
    if not host or parts.scheme not in ("http", "https"):
        return "should be https:// and a host"
    if parts.user is not None or parts.password is not None:
        return "should have no credentials in it"
    if is_address(host) and not may_dial(host, allow_private=allow_private):
        remedy = " (allow_private = true allows it)" if may_dial(host, allow_private=True) else ""
        return f"leads to an address that is not public{remedy}"
    if not allow_private and parts.scheme != "https":
        return "should be https:// (allow_private = true also allows http://)"
    return None if allow_private or port in ports else f"should use one of the ports {ports}"
