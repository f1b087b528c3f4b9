"""Fields of a webhook, each of which may be missing, null or of another type: then it is None."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from service.calls.webhook import SiprecStream

Fields: TypeAlias = Mapping[str, object]

_MAX_ID = 512
_MAX_LABEL = 64
_MAX_LINK = 8192
_MAX_TAGS = 64
_MAX_CLIENT_STATE = 8192
_YEAR_2100_S = 4_102_444_800
_FORMATTED_NUMBER = re.compile(r"\+[\d ().-]+")

_decode = msgspec.json.Decoder().decode


def read_text(fields: Fields, key: str) -> str | None:
    """Return a string without NUL characters, which PostgreSQL cannot store, or None."""
    value = fields.get(key)
    return value.replace("\0", "") if isinstance(value, str) else None


def read_number(fields: Fields, key: str) -> str | None:
    """Return a number as text, or None: an engine that heard one may write it as one."""
    value = fields.get(key)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number else None


def read_id(fields: Fields, key: str) -> str | None:
    """Return a value that is fit to be a key: not empty, not huge, no control characters."""
    value = fields.get(key)
    if isinstance(value, str) and 0 < len(value) <= _MAX_ID and value.isprintable():
        return value
    return None


def read_label(value: object) -> str:
    """Return what may be logged of a name: 64 printable characters, or "" for anything else."""
    return value[:_MAX_LABEL] if isinstance(value, str) and value.isprintable() else ""


def read_link(value: object, key: str) -> str | None:
    """Return a link of an object that has some, by its name."""
    link = value.get(key) if isinstance(value, dict) else None
    fits = isinstance(link, str) and 0 < len(link) <= _MAX_LINK and link.isprintable()
    return link if fits else None


def read_phone(fields: Fields, key: str) -> str | None:
    """Return a phone number or SIP address; a number loses its spaces, dashes and brackets."""
    value = read_id(fields, key)
    if value is not None and _FORMATTED_NUMBER.fullmatch(value):
        return "+" + "".join(filter(str.isdigit, value))
    return value


def read_share(value: object) -> float | None:
    """Return a number from 0 to 1, or None."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    return None


def read_time(value: object) -> float | None:
    """Return ISO 8601 (UTC where it says no offset) as Unix seconds from 1970 to 2100, or None."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return at if 0 < at < _YEAR_2100_S else None


def read_client_state(value: object) -> dict[str, str]:
    """Return the plain values of base64 JSON, as text; other programs' states are empty."""
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_CLIENT_STATE:
        return {}
    try:
        state = _decode(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    if not isinstance(state, dict):
        return {}
    return {key: text for key, each in state.items() if (text := _plain(each)) is not None}


def _plain(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return msgspec.json.encode(value).decode()
    return None


def read_headers(value: object) -> dict[str, str]:
    """Return `[{name, value}]` by name, in lower case; what is no header is left out."""
    if not isinstance(value, list):
        return {}
    found = {}
    for header in value:
        if isinstance(header, dict):
            name, text = read_id(header, "name"), read_text(header, "value")
            if name is not None and text is not None:
                found[name.lower()] = text
    return found


def read_siprec(value: object) -> SiprecStream | None:
    """Return which stream of a SIPREC session custom headers say that a leg is; None if none."""
    if not value:
        return None
    headers = read_headers(value)
    session_id = headers.get("x-siprec-sessionid")
    return SiprecStream(session_id, headers.get("x-label", "")) if session_id else None


def read_tags(value: object) -> tuple[str, ...]:
    """Return a list of texts, without what is none; some at most."""
    if not isinstance(value, list):
        return ()
    return tuple(one.replace("\0", "") for one in value[:_MAX_TAGS] if isinstance(one, str))


def read_parameters(value: object) -> dict[str, str]:
    """Return an object's texts by name; some at most."""
    if not isinstance(value, dict):
        return {}
    texts = {name: read_text(value, name) for name in list(value)[:_MAX_TAGS] if _is_key(name)}
    return {name: text for name, text in texts.items() if text is not None}


def _is_key(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= _MAX_LABEL
