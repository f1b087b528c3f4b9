"""Seeded random numbers: the same seed gives the same ones, whatever else goes on."""

import base64
import random
from uuid import UUID


class Rng:
    """Draws numbers and makes identifiers. Derive one per purpose: none disturbs another."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - a simulation has to be repeatable

    def derive(self, purpose: str) -> "Rng":
        """Return a generator for one purpose; deriving it twice gives the same numbers."""
        return Rng(f"{self._seed}/{purpose}")

    def chance(self, probability: float) -> bool:
        """Return True with this probability. Always draws, so that one setting shifts no other."""
        return self._random.random() < probability

    def between(self, low: float, high: float) -> float:
        """Return a number from `low` to `high`."""
        return self._random.uniform(low, high)

    def gap(self, mean: float) -> float:
        """Return an exponentially distributed gap, as between independent calls."""
        return self._random.expovariate(1 / mean) if mean > 0 else 0.0

    def bytes(self, count: int) -> bytes:
        """Return this many random bytes."""
        return self._random.randbytes(count)

    def uuid(self) -> str:
        """Return a version 4 UUID."""
        return str(UUID(bytes=self._random.randbytes(16), version=4))

    def control_id(self) -> str:
        """Return a `call_control_id` as Telnyx makes them: opaque, and unsafe in a path as is."""
        return "v3:" + base64.urlsafe_b64encode(self._random.randbytes(40)).decode()
