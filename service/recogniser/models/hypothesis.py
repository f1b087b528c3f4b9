"""What the models make of a stretch of speech."""

from dataclasses import dataclass, field

from service.recogniser.audio.samples import Samples


@dataclass(frozen=True, slots=True, eq=False)
class EncodedAudio:
    """What the encoder made of audio that was `samples` long."""

    states: Samples
    samples: int


@dataclass(frozen=True, slots=True)
class Token:
    """One token as the decoder chose it. A space at the front of `text` begins a word."""

    number: int
    text: str
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """How a text came about: what it takes to find out when each word was said."""

    tokens: tuple[Token, ...]
    audio: EncodedAudio


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What one decoding gave. `confidence` is the geometric mean of the tokens' probabilities."""

    text: str
    confidence: float
    trace: Trace | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TimedWord:
    """One word; times in seconds."""

    text: str
    start_s: float
    end_s: float
    confidence: float
