"""The speech engine: a stretch of speech in, what is said in it out.

A whole stretch is decoded at a time.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from service.recogniser.audio.samples import Samples
from service.recogniser.models.alignment import token_spans
from service.recogniser.models.graph_store import open_graphs
from service.recogniser.models.hearing import Hearing, says_something
from service.recogniser.models.hypothesis import Hypothesis, Token, TokenTimes
from service.recogniser.models.moonshine import (
    RATE_HZ,
    DecodedTokens,
    EncodedAudio,
    Moonshine,
    chosen,
)
from service.recogniser.models.weights import ModelFiles
from service.recogniser.text.boosting import Boost, Replacement
from service.recogniser.text.key_terms import KeyTerm
from service.recogniser.text.punctuation import tidied
from service.recogniser.text.vocabulary import Vocabulary, read_tokens

MAX_TRIED: Final = 8
"""So many replacements by key terms are tried in one text."""


class Engine:
    """Decodes speech. It keeps nothing between calls: one serves every thread and session."""

    def __init__(self, files: ModelFiles) -> None:
        self.name = files.name
        """As clients are told it."""
        with open_graphs(files) as folder:
            self._network = Moonshine(folder)
        self._vocabulary = Vocabulary(read_tokens(files.tokenizer.read_bytes()))
        self._hearing = Hearing(self._network, self._vocabulary)

    def boost(self, terms: Sequence[KeyTerm]) -> Boost | None:
        """Make key terms ready for `decode`; None without any. A hundred take up to 70 ms."""
        return Boost(terms, self._vocabulary) if terms else None

    def decode(
        self,
        samples: Samples,
        rate_hz: int,
        boost: Boost | None = None,
        *,
        draft: Sequence[int] = (),
        words: bool = False,
        voiced_s: float | None = None,
    ) -> Hypothesis:
        """Return what is said in `samples`; blocks for about 2 % of their length.

        Give it speech: on silence it may make up a word. A `boost` costs as much again at most.
        A `draft` is the tokens of an earlier decoding of the same speech, as far as it went: with
        it the same takes less time. With `words` the hypothesis knows when each token was said.
        Of speech that is over, `voiced_s` says for how long a voice is in it: where nothing, or
        a loop, is heard then, it is decoded again without its noise.
        """
        audio, decoded = self._hearing.hear(samples, rate_hz, draft, voiced_s)
        if boost is not None and (candidates := boost.replacements(decoded.ids)):
            decoded = self._boosted(audio, decoded, candidates)
        ids = decoded.ids
        text = self._vocabulary.text(ids)
        if not says_something(text):
            return Hypothesis("", 0.0)  # it writes notes when it hears music or noise
        texts = [self._vocabulary.text([number]) for number in ids]
        probabilities = np.exp(decoded.log_probabilities)
        return Hypothesis(
            tidied(text.strip()),
            float(np.exp(np.mean(decoded.log_probabilities))),
            tuple(map(Token, ids, texts, probabilities.tolist())),
            self._times(audio, decoded) if words else None,
        )

    def _times(self, audio: EncodedAudio, decoded: DecodedTokens) -> TokenTimes:
        gain = self._network.standing_out(audio, decoded.queries)
        frame_s = audio.samples / RATE_HZ / gain.shape[1]
        return TokenTimes(token_spans(gain), frame_s)

    def _boosted(
        self, audio: EncodedAudio, decoded: DecodedTokens, candidates: Sequence[Replacement]
    ) -> DecodedTokens:
        """Return what was decoded with the candidates that fit the audio."""
        taken = self._fitting(audio, decoded.ids, candidates)
        if not taken:
            return decoded
        ids = replaced(decoded.ids, taken)
        scores, queries = self._network.score(audio, ids)
        return DecodedTokens(ids, chosen(scores, ids)[:-1], queries)

    def _fitting(
        self, audio: EncodedAudio, ids: list[int], candidates: Sequence[Replacement]
    ) -> list[Replacement]:
        """Return the candidates that fit the audio, the best first; none overlaps another."""
        scores, _ = self._network.score(audio, ids)
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
        return sum(chosen(self._network.score(audio, ids)[0], ids))


def replaced(tokens: Sequence[int], replacements: Sequence[Replacement]) -> list[int]:
    """Return the tokens with the replacements in their places, which do not overlap."""
    made = list(tokens)
    for one in sorted(replacements, key=lambda one: -one.start):
        made[one.start : one.end] = one.tokens
    return made
