"""What the models make of a stretch of speech."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Token:
    """One token as the decoder chose it. A space at the front of `text` begins a word."""

    number: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class TokenTimes:
    """When each token was said: from its first frame to the last, which is not included."""

    spans: Sequence[tuple[int, int]]
    frame_s: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What one decoding gave. `confidence` is the geometric mean of the tokens' probabilities."""

    text: str
    confidence: float
    tokens: tuple[Token, ...] = field(default=(), compare=False, repr=False)
    times: TokenTimes | None = field(default=None, compare=False, repr=False)
    """None unless they were asked for, or nothing was said."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """The tokens by the engine's own numbers."""
        return tuple(token.number for token in self.tokens)


@dataclass(frozen=True, slots=True)
class TimedWord:
    """One word; times in seconds."""

    text: str
    start_s: float
    end_s: float
    confidence: float
