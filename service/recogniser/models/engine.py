"""The speech engine: a stretch of speech in, what is said in it out.

A whole stretch is decoded at a time.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from service.recogniser.audio.resampling import resample
from service.recogniser.audio.samples import Samples
from service.recogniser.models.hypothesis import EncodedAudio, Hypothesis, Token, Trace
from service.recogniser.models.moonshine import RATE_HZ, Moonshine, chosen
from service.recogniser.models.weights import ModelFiles
from service.recogniser.text.boosting import Boost, Replacement
from service.recogniser.text.key_terms import KeyTerm
from service.recogniser.text.vocabulary import Vocabulary, read_tokens

MAX_TRIED: Final = 8
"""So many replacements by key terms are tried in one text."""


class Engine:
    """Decodes speech. It keeps nothing between calls: one serves every thread and session."""

    def __init__(self, models: ModelFiles) -> None:
        self._network = Moonshine(models)
        self._vocabulary = Vocabulary(read_tokens(models.tokenizer.read_bytes()))

    def boost(self, terms: Sequence[KeyTerm]) -> Boost | None:
        """Make key terms ready for `decode`; None without any. A hundred take up to 70 ms."""
        return Boost(terms, self._vocabulary) if terms else None

    def decode(self, samples: Samples, rate_hz: int, boost: Boost | None = None) -> Hypothesis:
        """Return what is said in `samples`; blocks for about 4 % of their length.

        Give it speech: on silence it may make up a word. A `boost` costs as much again at most.
        """
        audio = self._network.encode(resample(samples, rate_hz, RATE_HZ))
        ids, log_probabilities = self._network.decode(audio)
        if boost is not None and (candidates := boost.replacements(ids)):
            taken = self._fitting(audio, ids, candidates)
            if taken:
                ids = replaced(ids, taken)
                log_probabilities = chosen(self._network.score(audio, ids), ids)[:-1]
        text = self._vocabulary.text(ids)
        if not any(sign.isalnum() for sign in text):
            return Hypothesis("", 0.0)  # it writes notes when it hears music or noise
        confidence = float(np.exp(np.mean(log_probabilities)))
        texts = [self._vocabulary.text([number]) for number in ids]
        tokens = map(Token, ids, texts, np.exp(log_probabilities).tolist())
        return Hypothesis(text.strip(), confidence, Trace(tuple(tokens), audio))

    def _fitting(
        self, audio: EncodedAudio, ids: list[int], candidates: Sequence[Replacement]
    ) -> list[Replacement]:
        """Return the candidates that fit the audio, the best first; none overlaps another."""
        scores = self._network.score(audio, ids)
        said = chosen(scores, ids)
        tried: list[tuple[float, Replacement]] = []
        for one in candidates:
            least = sum(said) - one.max_loss
            # No text is likelier than its beginning: most are out before they are tried.
            if sum(said[: one.start]) + scores[one.start, one.tokens[0]] < least:
                continue
            tried.append((self._fit(audio, replaced(ids, [one])) - least, one))
            if len(tried) == MAX_TRIED:
                break
        taken: list[Replacement] = []
        for to_spare, one in sorted(tried, key=lambda pair: pair[0], reverse=True):
            clear = all(one.end <= other.start or other.end <= one.start for other in taken)
            if clear and to_spare >= 0:
                taken.append(one)
        return taken

    def _fit(self, audio: EncodedAudio, ids: Sequence[int]) -> float:
        """Return the logarithm of the probability of a whole text."""
        return sum(chosen(self._network.score(audio, ids), ids))


def replaced(tokens: Sequence[int], replacements: Sequence[Replacement]) -> list[int]:
    """Return the tokens with the replacements in their places, which do not overlap."""
    made = list(tokens)
    for one in sorted(replacements, key=lambda one: -one.start):
        made[one.start : one.end] = one.tokens
    return made
