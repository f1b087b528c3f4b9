"""Small ways to say what a fault changes."""

from typing import TypeVar

from service.simulator.rng import Rng
from tests.proof.changes import Change

T = TypeVar("T")

WORDS_BEGIN_MS, WORDS_END_MS = 3_000, 28_000
"""Of a conversation, where a fault strikes in its midst."""


def somewhere(rng: Rng) -> int:
    """Return a position in the midst of the conversation."""
    return round(rng.between(WORDS_BEGIN_MS, WORDS_END_MS))


def pick(rng: Rng, *values: T) -> T:
    """Return one of several values."""
    return values[int(rng.between(0, len(values))) % len(values)]


def stt(**settings: object) -> Change:
    """Change how sessions of the recogniser go."""
    return Change(scenario={"stt": {"fault": [settings]}})


def media(**settings: object) -> Change:
    """Change how media are streamed."""
    return Change(scenario={"media": settings})


def webhooks(**settings: object) -> Change:
    """Change how webhooks are delivered."""
    return Change(scenario={"webhooks": settings})
