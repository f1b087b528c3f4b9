"""Conversations of numbered words: whoever hears them can count what is missing."""

from string import ascii_lowercase

from service.simulator.rng import Rng
from service.simulator.scenario import NumberedWords, Say

_BEGINS_MS = 600
_SHORT_WORDS = ("yes", "no", "one", "two", "okay", "right")
_OVERLAP_MS = (100, 700)
_LETTERS = 3
"""Whoever compares words fuzzily, to see what was heard twice, must not take one for another."""
_ALL = len(ascii_lowercase) ** _LETTERS
_STRIDE = 10_007
"""From a word's letters to the next one's: none come again before all have come."""
_BEGINS_AT = {"customer": 1_234, "agent": 11_111}


def make_conversation(numbered: NumberedWords, rng: Rng) -> list[Say]:
    """Return who says what, and when. The last utterance ends within the duration."""
    end_ms = numbered.duration_s * 1000
    said = {"customer": 0, "agent": 0}
    free_ms = dict.fromkeys(said, 0)
    at_ms, turn = _BEGINS_MS, rng.chance(0.5)
    script: list[Say] = []
    while True:
        speaker = "customer" if turn else "agent"
        count = _draw(rng, numbered.words)
        until_ms = at_ms + count * _draw(rng, numbered.word_ms)
        if until_ms > end_ms:
            return script
        words = [_word(numbered, rng, speaker, said[speaker] + n) for n in range(1, count + 1)]
        said[speaker] += count
        say = {"speaker": speaker, "text": " ".join(words), "at_ms": at_ms, "until_ms": until_ms}
        script.append(Say.model_validate(say))
        free_ms[speaker] = until_ms
        pause_ms = _draw(rng, numbered.pause_ms)
        early_ms = _draw(rng, _OVERLAP_MS) if rng.chance(numbered.overlap) else 0
        turn = not turn
        following = "customer" if turn else "agent"
        begins_ms = until_ms - early_ms if early_ms else until_ms + pause_ms
        at_ms = max(begins_ms, free_ms[following] + numbered.pause_ms[0])


def _word(numbered: NumberedWords, rng: Rng, speaker: str, number: int) -> str:
    drawn = int(rng.between(0, len(_SHORT_WORDS))) % len(_SHORT_WORDS)
    return _SHORT_WORDS[drawn] if numbered.repetitive else numbered_word(speaker, number)


def numbered_word(speaker: str, number: int) -> str:
    """Return a speaker's n-th word: the number, and letters that make it unlike every other.

    It is as short as a word that people say in a third of a second.
    """
    rest = (_BEGINS_AT[speaker] + number * _STRIDE) % _ALL
    letters = ""
    for _ in range(_LETTERS):
        rest, letter = divmod(rest, len(ascii_lowercase))
        letters += ascii_lowercase[letter]
    return f"{speaker[0]}{number}{letters}"


def _draw(rng: Rng, pair: tuple[int, int]) -> int:
    return round(rng.between(*pair))
