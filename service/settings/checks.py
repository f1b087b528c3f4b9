"""What a single value must look like. Each check returns the value or raises `ValueError`.

The text of an error goes to the operator as it is, so it never repeats a value that may be
a secret.
"""

import base64
import binascii
import re
from collections.abc import Callable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import get_args
from urllib.parse import SplitResult, urlsplit

from service.calls.events import Event, TranscriptPartial
from service.calls.phrases import words_of
from service.journal.address import parse_database_url
from service.ports import REPORT_TYPE
from service.wire.signature import parse_public_key

EVENT_TYPES: tuple[str, ...] = tuple(event.type for event in (*get_args(Event), TranscriptPartial))
"""All that an endpoint can be sent."""
MATCH_KEYS = ("direction", "from", "to", "connection_id", "client_state.<key>", "header.<Name>")
_SIGNING_KEY_BYTES = 32
_STORAGE_KEY_BYTES = 32
_RESERVED_NAMES = ("archive", "feed")
_OWN_HEADERS = ("host", "content-type", "content-length", "transfer-encoding", "connection")
_DIRECTIONS = ("incoming", "outgoing")
_MAX_PORT = 65535
_MAX_PHRASE_WORDS = 10
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
_MAX_DIGITS = 4
_CARRIED = ("client_state", "header", "parameter")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w!.*'() /-]*)?", re.ASCII)
_MAX_ENDPOINTING_MS = 10_000
_HOST = re.compile(r"[a-z0-9*]([a-z0-9*-]*[a-z0-9*])?(\.[a-z0-9*]([a-z0-9*-]*[a-z0-9*])?)+")


def did_you_mean(word: str, known: list[str]) -> str:
    """Return `, did you mean "…"?` for the nearest known word, or nothing."""
    near = get_close_matches(word, known, n=1, cutoff=0.5)
    return f', did you mean "{near[0]}"?' if near else ""


def parse_listen(text: str) -> tuple[str, int]:
    """Read `host:port`; an IPv6 host stands in brackets, no host means every address."""
    host, colon, port = text.rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and int(port) <= _MAX_PORT):
        raise ValueError('should be "host:port", such as "0.0.0.0:8080" or "[::]:8080"')
    if host.startswith("[") and host.endswith("]"):
        return host[1:-1], int(port)
    if ":" in host:
        raise ValueError("an IPv6 address stands in brackets here, such as [::]:8080")
    if not _is_name(host):
        raise ValueError('should be "host:port", such as "0.0.0.0:8080" or "[::]:8080"')
    return host or "0.0.0.0", int(port)  # noqa: S104 - no host is how one asks for all of them


def check_listen(text: str) -> str:
    """Accept what `parse_listen` reads."""
    parse_listen(text)
    return text


def check_network(text: str) -> str:
    """Accept an address, or a network such as 10.0.0.0/8."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        raise ValueError("should be an address or a network, such as 10.0.0.0/8") from None
    return text


def url_check(*schemes: str) -> Callable[[str], str]:
    """Make a check for a URL of these schemes, with a host and without credentials.

    It stays as it is written: a slash at its end may lead elsewhere.
    """

    def check(text: str) -> str:
        _split_url(text, schemes)
        return text

    return check


def base_url_check(*schemes: str) -> Callable[[str], str]:
    """Make a check as `url_check` does, for a URL that paths are added to: of no slash."""
    check = url_check(*schemes)
    return lambda text: check(text).rstrip("/")


def check_endpoint_url(text: str) -> str:
    """Accept the URL of a webhook, a folder (`file:///…`) or a bucket (`s3://bucket/prefix`)."""
    if text.startswith("file:"):
        path = text.removeprefix("file://")
        if not path.strip("/") or not path.startswith("/") or set("?#") & set(path):
            raise ValueError("should name a folder from the root on, as in file:///var/archive")
        return text.rstrip("/")
    if text.startswith("s3:"):
        if not _BUCKET.fullmatch(text):
            raise ValueError("should be s3://bucket, or s3://bucket/prefix")
        return text.rstrip("/")
    return url_check("https", "http")(text)


def check_public_url(text: str) -> str:
    """Accept https, and http for this machine only: Telnyx sends audio to this address."""
    parts = _split_url(text, ("https", "http"))
    if parts.query or parts.fragment:
        raise ValueError("should have no query and no fragment: paths are added to it")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError("should be https:// (http:// is for localhost only)")
    return text.rstrip("/")


def is_loopback(host: str) -> bool:
    """Say whether this host name or address is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_origin(text: str) -> str:
    """Accept an origin as browsers send it: scheme and host, with a port that is not the usual."""
    parts = _split_url(text, ("https", "http"))
    usual = {"https": 443, "http": 80}[parts.scheme]
    if text != f"{parts.scheme}://{parts.netloc}" or text != text.lower() or parts.port == usual:
        raise ValueError("should be scheme and host in lower case, such as https://example.com")
    return text


def check_recording_host(text: str) -> str:
    """Accept a host, with stars for parts of it, or a whole origin, of a server of one's own."""
    if "://" in text:
        return check_origin(text)
    if not _HOST.fullmatch(text) or "." not in text.strip("*."):
        raise ValueError("should be a host in lower case, such as my-bucket.s3.amazonaws.com")
    return text


def check_database_url(text: str) -> str:
    """Accept `sqlite:///file` (four slashes if absolute) and `postgresql://user@host/database`."""
    parse_database_url(text)
    return text


def check_nats_url(text: str) -> str:
    """Accept the URL of a NATS server, with its user and password, or a token, if need be."""
    scheme, _, rest = text.partition("://")
    place = rest.rpartition("@")[2]
    parts = _split_url(f"{scheme}://{place}", ("nats", "tls"))
    if parts.path.strip("/") or parts.query or parts.fragment or "," in place:
        raise ValueError("should be one server, with nothing after its host and port")
    return text


def parse_storage_key(text: str) -> bytes:
    """Read 32 bytes in base64. A word people can remember is no key: nothing slows guesses."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _STORAGE_KEY_BYTES:
        raise ValueError(
            "should be 32 random bytes in base64; make them with: openssl rand -base64 32"
        )
    return key


def check_public_keys(text: str) -> str:
    """Accept one public key or two, comma-separated."""
    keys = [part for part in text.split(",") if part.strip()]
    if len(keys) not in (1, 2):
        raise ValueError("should be one public key, or two with a comma between them")
    for key in keys:
        parse_public_key(key)
    return text


def check_signing_key(text: str) -> str:
    """Accept `whsk_` and the 32 bytes of an Ed25519 key in base64."""
    try:
        key = base64.b64decode(text.removeprefix("whsk_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith("whsk_") or len(key) != _SIGNING_KEY_BYTES:
        raise ValueError(
            "should be whsk_ and 32 random bytes in base64: "
            "openssl rand -base64 32 makes what comes after whsk_"
        )
    return text


def check_partials(text: str) -> str:
    """Accept all, stable, debounce:300ms (any whole number of milliseconds) or off."""
    if text not in ("all", "stable", "off") and not re.fullmatch(r"debounce:[1-9]\d{0,4}ms", text):
        raise ValueError('should be "all", "stable", "off" or "debounce:300ms"')
    return text


def parse_endpointing(value: object) -> int | bool:
    """Read whole milliseconds up to ten seconds, or false: also as the environment writes them."""
    if value is False or (isinstance(value, str) and value.strip().lower() == "false"):
        return False
    text = "" if isinstance(value, bool) else str(value)
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > _MAX_ENDPOINTING_MS:
        raise ValueError("should be 0 to 10000 (milliseconds), or false")
    return int(text)


def check_event_pattern(text: str) -> str:
    """Accept an event type, or a pattern that fits one, such as `call.*`."""
    known = [*EVENT_TYPES, REPORT_TYPE]
    if not any(fnmatchcase(one, text) for one in known):
        raise ValueError(f'no event is called "{text}"{did_you_mean(text, known)}')
    return text


def check_endpoint_name(text: str) -> str:
    """Accept a short plain name that is not taken by the archive or the feed."""
    check_route_name(text)
    if text.lower() in _RESERVED_NAMES:
        raise ValueError("archive and feed are always there and need no endpoint")
    return text


def spelt_in_variables(name: str) -> str:
    """Return an endpoint's name as variables have it: of letters, digits and underscores."""
    return name.upper().replace("-", "_").replace(".", "_")


def check_route_name(text: str) -> str:
    """Accept a short plain name."""
    if not re.fullmatch(_NAME, text):
        raise ValueError("should be 1 to 64 letters, digits, dots, dashes or underscores")
    return text


def check_header_name(text: str) -> str:
    """Accept an HTTP header name that the delivery does not set itself."""
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", text):
        raise ValueError("is not an HTTP header name")
    if text.lower() in _OWN_HEADERS or text.lower().startswith("webhook-"):
        raise ValueError("is set by the delivery itself")
    return text


def check_header_value(text: str) -> str:
    """Accept printable ASCII, so that no value can smuggle in another header."""
    if not (text.isascii() and text.isprintable()):
        raise ValueError("should be printable ASCII")
    return text


def check_match(match: dict[str, str]) -> dict[str, str]:
    """Accept patterns of which that of a direction fits one."""
    pattern = match.get("direction", "*")
    if not any(fnmatchcase(direction, pattern) for direction in _DIRECTIONS):
        raise ValueError('direction should be "incoming" or "outgoing"')
    return match


def check_application(text: str) -> str:
    """Accept the id of an application, as Telnyx's portal shows it."""
    if not re.fullmatch(r"[0-9]{1,30}", text):
        raise ValueError("should be the id of a Voice API application: digits alone")
    return text


def check_number(text: str) -> str:
    """Accept the place of a table in its list."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise ValueError("tables of a list are numbered from 0")
    return text


def check_phrase(text: str) -> str:
    """Accept what can be listened for: a few words."""
    if not 0 < len(words_of(text)) <= _MAX_PHRASE_WORDS:
        raise ValueError(f"is a phrase of 1 to {_MAX_PHRASE_WORDS} words")
    return text


def check_match_key(text: str) -> str:
    """Accept what a route can match a leg by."""
    kind, dot, name = text.partition(".")
    nested = kind in ("client_state", "header") and bool(dot and name)
    if nested or text in MATCH_KEYS[:4]:
        return text
    nearest = did_you_mean(text, list(MATCH_KEYS))
    raise ValueError(f"is not something to match{nearest or ': there is ' + ', '.join(MATCH_KEYS)}")


def check_carry_key(text: str) -> str:
    """Accept what a call's own application may say of it."""
    kind, dot, name = text.partition(".")
    if text in ("tag", "caller_name") or (kind in _CARRIED and dot and name):
        return text
    known = ["client_state.<key>", "header.<Name>", "parameter.<name>", "tag", "caller_name"]
    nearest = did_you_mean(text, known)
    raise ValueError(f"is nothing to carry{nearest or ': there is ' + ', '.join(known)}")


def _split_url(text: str, schemes: tuple[str, ...]) -> SplitResult:
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if not _is_name(parts.hostname or ""):
        raise ValueError("is not a URL")
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"should be {wanted} and a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("should have no credentials in it")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("should have no spaces in it")
    return parts


def _is_name(host: str) -> bool:
    """Say whether this may be a name or an address: names have no empty and no endless parts."""
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True
