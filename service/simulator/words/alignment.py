"""Which word of a script each word that was heard is. Pure."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import chain
from typing import NamedTuple

_CUT_MS = 500


class Times(NamedTuple):
    """When each word of a script was said, and when each token, as far as that is known."""

    said_ms: Sequence[float]
    heard_ms: Sequence[float | None]
    cut: frozenset[int] = frozenset()
    """The places of words that are heard in part at most: whatever is heard is rather another."""

    def apart_ms(self, place: int, at_ms: float) -> float:
        """Return how far a word is from a time, and more for one that is cut."""
        return abs(self.said_ms[place] - at_ms) + _CUT_MS * (place in self.cut)


def align(
    script: Sequence[str], tokens: Sequence[str], times: Times | None = None
) -> list[int | None]:
    """Return the place in the script of each token; None for one that nobody said there.

    Of words that are said again and again, a token is the one that was said at its time.
    """
    if len(set(script)) == len(script):
        places = {word: place for place, word in enumerate(script)}
        return [places.get(token) for token in tokens]
    found: list[int | None] = [None] * len(tokens)
    matcher = SequenceMatcher(None, script, tokens, autojunk=False)
    for block in matcher.get_matching_blocks():
        found[block.b : block.b + block.size] = range(block.a, block.a + block.size)
    while times and _move_nearer(script, found, times):
        pass
    return found


def spread(count: int, start_ms: int | None, end_ms: int | None) -> list[float | None]:
    """Return the middles of so many words of a final, if all of them took the same time."""
    if start_ms is None or end_ms is None:
        return [None] * count
    return [start_ms + (end_ms - start_ms) * (n + 0.5) / count for n in range(count)]


def too_many(places: Sequence[int | None]) -> Iterator[bool]:
    """Say of each token whether it is of no place, or of one that was heard before."""
    seen: set[int] = set()
    for place in places:
        yield place is None or place in seen
        if place is not None:
            seen.add(place)


def _move_nearer(script: Sequence[str], found: list[int | None], times: Times) -> bool:
    """Move tokens to equal words nearer to their times, in order; say whether any moved."""
    known = [n for n, place in enumerate(found) if place is not None]
    has_moved = False
    for at in chain(range(len(known)), reversed(range(len(known)))):
        place, heard_ms = found[known[at]], times.heard_ms[known[at]]
        if place is None or heard_ms is None:
            continue
        before = found[known[at - 1]] if at else None
        after = found[known[at + 1]] if at + 1 < len(known) else None
        first, last = -1 if before is None else before, len(script) if after is None else after
        nearest = place
        for other in range(first + 1, last):
            is_nearer = times.apart_ms(other, heard_ms) < times.apart_ms(nearest, heard_ms)
            if is_nearer and script[other] == script[place]:
                nearest = other
        found[known[at]], has_moved = nearest, has_moved or nearest != place
    return has_moved
