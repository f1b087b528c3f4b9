"""What parent and child say to each other.

A child reads its settings as one JSON line from standard input (a key has no business in an
argument list), writes where it listens as one JSON line to standard output, and stops when
standard input ends: it never outlives its parent.
"""

from typing import Final

import msgspec

from service.recogniser.models.choice import Choice

QUIET_FLAG: Final = "--quiet"
"""Log warnings only."""


class ProcessSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a recogniser process is told.

    `port` 0 is a free one. Without an `api_key` anyone may use it. What is None is as
    `server.open_recogniser` has it.
    """

    host: str = "127.0.0.1"
    port: int = 0
    api_key: str | None = None
    max_sessions: int | None = None
    model: Choice = "auto"
    model_dir: str | None = None
    allow_private_urls: bool = False


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What a child says once: where it listens, or why it cannot."""

    url: str = ""
    base_url: str = ""
    problems: list[str] = []
