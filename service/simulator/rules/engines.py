"""What Telnyx's speech engines take and give: the tables of its documentation, as data.

Sources: Telnyx's SDK 4.189 (types of `transcription_start` and the STT WebSocket) and its
documentation of 2026-04 to 2026-08. Our own engine table is another one, on purpose.
"""

import re
from collections.abc import Mapping
from typing import Literal

IN_CALL = {
    name.lower(): name
    for name in (
        "Google",
        "Telnyx",
        "Deepgram",
        "Azure",
        "xAI",
        "AssemblyAI",
        "Speechmatics",
        "Soniox",
        "Parakeet",
        "Humain",
        "Reson8",
        "Cohere",
    )
} | {"a": "Google", "b": "Telnyx"}
"""Engines by lower-case name; A and B are the old names of two."""

STREAMING = {name.lower(): name for name in set(IN_CALL.values())}
"""The same on the WebSocket, where A and B are not known."""

_COMMUNITY = re.compile(r"[a-z0-9_-]{1,64}")
_NO_IN_CALL_INTERIMS = {"Telnyx", "Azure", "Parakeet", "Humain", "Reson8", "Cohere"}
"""Engines whose config has no `interim_results`, or which give finals only."""
STREAMING_PARTIALS = {"Deepgram", "Speechmatics", "Soniox"}

BARE_CONFIDENCE: Mapping[str, Literal["null", "absent"]] = {"Cohere": "null", "Reson8": "absent"}
"""Engines that give no confidence, and how they do not."""

CLOSE_STREAM = {"Deepgram", "Speechmatics", "Soniox"}
"""Engines whose `CloseStream` is honoured, by the latest page; others just close."""

RAW_FORMATS = {"linear16", "linear32", "mulaw", "alaw", "opus", "amr_nb", "amr_wb", "g729", "speex"}
FORMATS = (
    *("mp3", "wav", "webm", "ogg", "flac", "ogg_opus", "webm_opus", "linear16", "linear32"),
    *("mulaw", "alaw", "opus", "amr_nb", "amr_wb", "g729", "speex"),
)
_EVERYWHERE = {"linear16"}
ENGINE_FORMATS: Mapping[str, set[str]] = {
    "Deepgram": set(FORMATS),
    "Telnyx": _EVERYWHERE | {"wav", "linear32", "mp3"},
    "Google": _EVERYWHERE
    | {"wav", "mp3", "mulaw", "ogg_opus", "webm_opus", "amr_nb", "amr_wb", "speex", "flac"},
    "Azure": _EVERYWHERE | {"wav", "mp3"},
    "Speechmatics": _EVERYWHERE | {"wav", "linear32", "mp3", "mulaw", "ogg", "flac"},
    "Soniox": _EVERYWHERE | {"wav", "linear32", "mp3", "mulaw", "alaw", "ogg", "webm", "flac"},
    "Parakeet": _EVERYWHERE | {"wav", "linear32", "mp3"},
    "Reson8": _EVERYWHERE | {"linear32", "mulaw", "alaw"},
}
"""Engines that are not here (xAI, AssemblyAI, Humain, Cohere) have no table: all is taken."""
FLUX_FORMATS = _EVERYWHERE | {
    *("wav", "linear32", "mulaw", "alaw", "opus", "ogg", "ogg_opus", "webm"),
}
RATES_HZ: Mapping[str, set[int]] = {
    "g729": {8000},
    "amr_nb": {8000},
    "amr_wb": {16000},
    "speex": {8000, 16000, 32000},
    "opus": {8000, 12000, 16000, 24000, 44100, 48000},
}

_MODELS = (
    ("deepgram", "nova-3", False, ("in_call", "streaming", "file_based"), ("en-US", "es", "multi")),
    ("deepgram", "nova-2", False, ("in_call", "streaming", "file_based"), ("en-US", "es", "auto")),
    ("telnyx", "openai/whisper-tiny", True, ("in_call", "streaming"), ("en", "es", "auto")),
    (
        "telnyx",
        "openai/whisper-large-v3-turbo",
        True,
        ("in_call", "streaming", "file_based"),
        ("en", "es", "auto"),
    ),
    ("google", "latest_long", False, ("in_call", "streaming"), ("en-US", "es-ES")),
    ("azure", "azure/fast", False, ("in_call", "streaming"), ("en-US", "auto")),
    ("xai", "xai/grok-stt", False, ("in_call", "streaming"), ("en", "es")),
    ("assemblyai", "assemblyai/universal-3-5-pro", False, ("in_call", "streaming"), ("en", "es")),
    ("speechmatics", "speechmatics/standard", False, ("in_call", "streaming"), ("en", "es")),
    ("soniox", "soniox/stt-rt-v4", False, ("in_call", "streaming"), ("auto",)),
    ("parakeet", "nvidia/parakeet-v3", True, ("in_call", "streaming", "file_based"), ("auto",)),
    ("humain", "humain/realtime", False, ("in_call", "streaming"), ("ar", "en")),
    ("reson8", "reson8/turns", False, ("in_call", "streaming"), ("auto", "nl", "en")),
    ("cohere", "cohere/ar-stt", False, ("in_call", "streaming"), ("ar", "en")),
)


def is_community(name: str, api_key_ref: object) -> bool:
    """Say whether this may be an engine that somebody registered: no vendor's, used with a key."""
    return bool(_COMMUNITY.fullmatch(name) and name not in IN_CALL and api_key_ref)


def gives_interims(engine: str) -> bool:
    """Say whether an engine is documented to give interims in a call."""
    return engine not in _NO_IN_CALL_INTERIMS


def providers(provider: str, service_type: str) -> list[dict[str, object]]:
    """Return `GET /v2/speech-to-text/providers` for these filters; "" filters nothing."""
    found: list[dict[str, object]] = []
    for name, model, hosted, surfaces, languages in _MODELS:
        shown = [
            {"type": surface, "languages": list(languages)}
            for surface in surfaces
            if service_type in {"", surface}
        ]
        if provider in {"", name} and shown:
            found.append(
                {"provider": name, "model": model, "hosted": hosted, "service_types": shown}
            )
    return found
