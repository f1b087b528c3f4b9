"""What must be the same in all workers of one database, as fingerprints that say nothing else.

Each is a hash under a key made of the Telnyx API key, which the database does not have: whoever
reads it there can try no secret of a section out, and can tell only whether two are the same.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from pydantic import BaseModel, SecretStr

from service.ids import EndpointName
from service.settings.model import Settings
from service.settings.secret_files import OF_ENDPOINT

_PURPOSE: Final = b"callscribe alike"
_KEY_BYTES: Final = 32
_BYTES: Final = 8

EndpointSecrets = Mapping[EndpointName, Sequence[str | None]]


def fingerprints(settings: Settings, secrets: EndpointSecrets | None = None) -> dict[str, str]:
    """Return the fingerprint of each section, by its name.

    `secrets` are those of endpoints that were rotated since the settings were read. Addresses and
    folders are a worker's own, as are its limits.
    """
    key = _digest(settings.telnyx_api_key.get_secret_value().encode(), size=_KEY_BYTES)
    sections = {
        "database_key": settings.database_key,
        "endpoint": _endpoints(settings),
        "endpoint secrets": _secrets(settings, secrets or {}),
        "forward": _said(settings.forward),
        "nats_url": settings.nats_url,
        "require_media_auth": settings.require_media_auth,
        "route": [_said(settings.route[number]) for number in sorted(settings.route, key=int)],
        "stream_secret": settings.stream_secret,
        "telnyx_api_key": settings.telnyx_api_key,
        "telnyx_base_url": settings.telnyx_base_url,
        "telnyx_public_key": [bytes(one).hex() for one in settings.public_keys()],
        "telnyx_stt_url": settings.telnyx_stt_url,
    }
    return {
        name: _digest(_text(name, section).encode(), key=key).hex()
        for name, section in sections.items()
    }


def _endpoints(settings: Settings) -> dict[str, object]:
    """Return all that is said of endpoints but their secrets, by their names."""
    return {
        one.name: {key: value for key, value in _said(one).items() if key not in OF_ENDPOINT}
        for one in settings.endpoint.values()
    }


def _secrets(settings: Settings, rotated: EndpointSecrets) -> dict[str, object]:
    return {
        one.name: list(rotated.get(one.name, (one.secret, one.secret_previous, one.signing_key)))
        for one in settings.endpoint_list()
    }


def _said(table: BaseModel) -> dict[str, Any]:
    """Return what differs from the defaults: a newer version may have more of these."""
    return table.model_dump(exclude_defaults=True)


def _text(name: str, section: object) -> str:
    return json.dumps([name, section], sort_keys=True, default=_plain)


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _digest(data: bytes, *, key: bytes = b"", size: int = _BYTES) -> bytes:
    return blake2b(data, digest_size=size, key=key, person=_PURPOSE).digest()
