"""What the bench tells a worker and what it hears back: JSON, one object a line."""

from typing import Final

import msgspec

NOT_THERE: Final = 3
"""The exit status of a worker whose engine is not installed."""
TOO_SLOW: Final = 4
"""The exit status of a worker that used up its time."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Listen to one recording: signed 16-bit samples in a file."""

    key: str
    path: str
    rate_hz: int
    partials: bool = False


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """All that a worker is told."""

    engine: str
    jobs: list[Job]
    cpu_limit_s: float


class Text(msgspec.Struct, frozen=True, array_like=True):
    """One text, and when it was there: seconds from the first sample, see `worker`."""

    at_s: float
    text: str
    is_final: bool


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a job."""

    key: str
    audio_s: float
    cpu_s: float
    peak_bytes: int
    texts: list[Text]
