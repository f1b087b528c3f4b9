"""Seeded rng: the same seed throws the same numbers, whatever else is going on."""

import base64
import random
from uuid import UUID


class Rng:
    """Throws numbers and makes identifiers. Derive one per purpose: none disturbs another."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - practice has to be repeatable

    def derive(self, purpose: str) -> "Rng":
        """Return rng of their own for one purpose; deriving twice gives the same rng."""
        return Rng(f"{self._seed}/{purpose}")

    def chance(self, probability: float) -> bool:
        """Say yes with this probability. Throws every time, so that a setting shifts no other."""
        return self._random.random() < probability

    def between(self, low: float, high: float) -> float:
        """Return a number from `low` to `high`."""
        return self._random.uniform(low, high)

    def gap(self, mean: float) -> float:
        """Return an exponentially distributed gap, as between calls that know nothing of others."""
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
