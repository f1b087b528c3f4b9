"""Which word of a script each word that was heard is. Pure."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher


def align(script: Sequence[str], tokens: Sequence[str]) -> list[int | None]:
    """Return the place in the script of each token; None for one that nobody said there."""
    if len(set(script)) == len(script):
        places = {word: place for place, word in enumerate(script)}
        return [places.get(token) for token in tokens]
    found: list[int | None] = [None] * len(tokens)
    matcher = SequenceMatcher(None, script, tokens, autojunk=False)
    for block in matcher.get_matching_blocks():
        found[block.b : block.b + block.size] = range(block.a, block.a + block.size)
    return found


def too_many(places: Sequence[int | None]) -> Iterator[bool]:
    """Say of each token whether it is of no place, or of one that was heard before."""
    seen: set[int] = set()
    for place in places:
        yield place is None or place in seen
        if place is not None:
            seen.add(place)
