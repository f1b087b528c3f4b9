"""What can be asked for: `GET /v2/speech-to-text/providers`, in Telnyx's words.

Source: SDK 4.189 `speech_to_text_list_providers`; names and surfaces from TELNYX.md §8.
One engine of ours, named in `meta`, stands in for all of them, so each has its languages: English.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from service.recogniser.api.access import Access
from service.recogniser.api.languages import LANGUAGE

PATH: Final = "/v2/speech-to-text/providers"
_STREAM, _FILE = "streaming", "file_based"
_MODELS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "deepgram": {
        "deepgram/nova-3": (_STREAM, _FILE),
        "deepgram/nova-2": (_STREAM, _FILE),
        "deepgram/nova-3-medical": (_FILE,),
        "deepgram/nova-2-medical": (_FILE,),
        "deepgram/flux": (_STREAM,),
    },
    "telnyx": {
        "openai/whisper-tiny": (_STREAM, _FILE),
        "openai/whisper-large-v3-turbo": (_STREAM, _FILE),
        "distil-whisper/distil-large-v2": (_FILE,),
    },
    "google": {"latest_long": (_STREAM,), "phone_call": (_STREAM,)},
    "azure": {"azure/fast": (_STREAM,)},
    "xai": {"xai/grok-stt": (_STREAM,)},
    "assemblyai": {"assemblyai/universal-3-5-pro": (_STREAM,)},
    "speechmatics": {"speechmatics/standard": (_STREAM,), "speechmatics/linden-1": (_STREAM,)},
    "soniox": {"soniox/stt-rt-v4": (_STREAM,)},
    "parakeet": {
        "nvidia/parakeet-v3": (_STREAM, _FILE),
        "omi-health/omi-med-stt-v1": (_STREAM, _FILE),
    },
    "humain": {"humain/realtime": (_STREAM,)},
    "reson8": {"reson8/turns": (_STREAM,), "reson8/prerecorded": (_FILE,)},
    "cohere": {"cohere/ar-stt": (_STREAM,)},
}


class Providers:
    """The route."""

    def __init__(self, access: Access, engine: str) -> None:
        self._access = access
        self._engine = engine

    def add_to(self, app: web.Application) -> None:
        """Put the route into the application."""
        app.router.add_get(PATH, self.list)

    async def list(self, request: web.Request) -> web.Response:
        """Answer with all there is, or what fits `provider` and `service_type`."""
        refusal = self._access.refusal(request)
        if refusal is not None:
            return refusal
        data = _listed(request.query.get("provider"), request.query.get("service_type"))
        meta = {"total": len(data), "engine": self._engine}
        return web.Response(
            body=msgspec.json.encode({"data": data, "meta": meta}),
            content_type="application/json",
            headers={"x-callscribe-engine": self._engine},
        )


def _listed(provider: str | None, service_type: str | None) -> list[dict[str, object]]:
    return [
        {
            "provider": name,
            "model": model,
            "hosted": True,
            "service_types": [{"type": kind, "languages": [LANGUAGE]} for kind in kinds],
        }
        for name, models in _MODELS.items()
        for model, kinds in models.items()
        if provider in {None, "", name} and (not service_type or service_type in kinds)
    ]
