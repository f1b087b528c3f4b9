"""Telnyx's list of speech-to-text providers.

Source: `GET /v2/speech-to-text/providers`, SDK 4.189 `speech_to_text_list_providers_response`.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from service.calls.engines import Offer, Surface
from service.errors import BadInputError

PATH: Final = "/speech-to-text/providers"
"""Below the API's address, which ends in `/v2`."""
MAX_OFFERS = 500
"""More are not read."""
_SURFACES: Final[Mapping[str, Surface]] = {
    "streaming": "websocket",
    "file_based": "rest",
    "in_call": "in_call",
}


class _ServiceType(msgspec.Struct):
    type: str = ""
    languages: list[str] | None = None


class _Provider(msgspec.Struct):
    provider: str = ""
    model: str | None = None
    service_types: list[_ServiceType] | None = None


class _Listed(msgspec.Struct):
    data: list[_Provider]


def parse_providers(body: bytes) -> tuple[Offer, ...]:
    """Return what is offered; kinds of service that nothing here uses are left out.

    Raises:
        BadInputError: This is no such list.
    """
    try:
        listed = msgspec.json.decode(body, type=_Listed).data[:MAX_OFFERS]
    except (msgspec.DecodeError, RecursionError):
        raise BadInputError("not a list of providers") from None
    return tuple(
        Offer(
            provider=one.provider,
            model=one.model or "",
            surfaces={
                _SURFACES[kind.type]: tuple(kind.languages or ())
                for kind in one.service_types or ()
                if kind.type in _SURFACES
            },
        )
        for one in listed
    )
