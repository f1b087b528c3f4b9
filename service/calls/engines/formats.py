"""The `input_format`s of the STT WebSocket, and which of them an engine takes.

Source: Telnyx, STT "Audio formats" of 2026-08.
"""

from collections.abc import Mapping

RAW = frozenset(
    {"linear16", "linear32", "mulaw", "alaw", "opus", "amr_nb", "amr_wb", "g729", "speex"}
)
"""Formats that do not say their own rate: a session has to. `linear32` is floating point."""
CONTAINERS = frozenset({"mp3", "wav", "webm", "ogg", "flac", "ogg_opus", "webm_opus"})
ALL = RAW | CONTAINERS

FLUX = frozenset(
    {"linear16", "wav", "linear32", "mulaw", "alaw", "opus", "ogg", "ogg_opus", "webm"}
)
DECODED = frozenset({"linear16", "wav", "linear32", "mp3"})
"""What the engines take that Telnyx runs itself."""
GOOGLE = frozenset(
    {"linear16", "wav", "mp3", "mulaw", "ogg_opus", "webm_opus", "amr_nb", "amr_wb", "speex"}
    | {"flac"}
)
SPEECHMATICS = frozenset({"linear16", "wav", "linear32", "mp3", "mulaw", "ogg", "flac"})
SONIOX = frozenset({"linear16", "wav", "linear32", "mp3", "mulaw", "alaw", "ogg", "webm", "flac"})
LOCAL = (RAW - {"speex"}) | CONTAINERS

RATES_HZ: Mapping[str, frozenset[int]] = {
    "g729": frozenset({8_000}),
    "amr_nb": frozenset({8_000}),
    "amr_wb": frozenset({16_000}),
    "speex": frozenset({8_000, 16_000, 32_000}),
    "opus": frozenset({8_000, 12_000, 16_000, 24_000, 44_100, 48_000}),
}
"""The only rates a format has. Of `opus`, 44100 is Deepgram's alone; Google's `speex` is 16000."""
