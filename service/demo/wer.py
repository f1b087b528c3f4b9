"""Word error rate: how many of the words said were recognised wrongly."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SPELT = {"mr": "mister", "mrs": "missus", "ok": "okay"}
"""Words that people say alike and engines write differently."""


@dataclass(frozen=True, slots=True)
class Score:
    """`errors` of `words`: substituted, left out and made up, against what was said."""

    errors: int
    words: int

    @property
    def rate(self) -> float:
        """Errors by words said; above 1 if more was made up than said."""
        return self.errors / self.words if self.words else float(self.errors > 0)


def words_of(text: str) -> list[str]:
    """Return the words of a text without case and punctuation, for comparison."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    words = (word.strip("'_") for word in re.findall(r"[\w']+", plain))
    return [_SPELT.get(word, word) for word in words if word]


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return the fewest substitutions, omissions and additions between the two."""
    previous = list(range(len(heard) + 1))
    for row, word in enumerate(said, start=1):
        current = [row]
        for column, other in enumerate(heard, start=1):
            change = previous[column - 1] + (word != other)
            current.append(min(change, previous[column] + 1, current[-1] + 1))
        previous = current
    return previous[-1]


def score_words(said: Mapping[str, str], heard: Mapping[str, str]) -> Score:
    """Compare speaker by speaker: the words of one do not count as those of the other."""
    speakers = sorted({*said, *heard})
    errors = sum(
        word_errors(words_of(said.get(speaker, "")), words_of(heard.get(speaker, "")))
        for speaker in speakers
    )
    return Score(errors, sum(len(words_of(text)) for text in said.values()))
