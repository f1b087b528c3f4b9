"""Prints of digits that were shown: they tell whether others are the same ones."""

from collections.abc import Sequence
from itertools import takewhile


def prints_of(digits: str) -> tuple[int, ...]:
    """Return a print of each beginning of some digits.

    It is another in each process: what was written down in one is taken for others in the next.
    """
    return tuple(hash(digits[:end]) for end in range(1, len(digits) + 1))


def lost_of(before: Sequence[int], now: Sequence[int]) -> int:
    """Return how many digits there were before that are others now; fewer are not others."""
    both = min(len(before), len(now))
    pairs = zip(before[:both], now[:both], strict=True)
    alike = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return len(before) - alike if alike < both else 0
