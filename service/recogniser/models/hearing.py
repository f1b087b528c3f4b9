"""Listens once more where nothing was heard, or the same again and again."""

import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from service.recogniser.audio.denoising import denoised
from service.recogniser.audio.resampling import resample
from service.recogniser.audio.samples import Samples
from service.recogniser.models.moonshine import RATE_HZ, DecodedTokens, EncodedAudio, Moonshine
from service.recogniser.text.vocabulary import Vocabulary

_MUST_SPEAK_S: Final = 1.0
"""Nobody gives voice for so long and says nothing; a cough or a click is shorter."""
_MIN_CONFIDENCE: Final = 0.5
"""Of what is heard where nothing was heard at first."""
_MAX_PACKED: Final = 2.2
"""How many times longer than its packed bytes a text may be: sound ones are 1.4, loops are 3."""

Heard = tuple[EncodedAudio, DecodedTokens]


def says_something(text: str) -> bool:
    """Whether there is more in a text than marks and notes."""
    return any(sign.isalnum() for sign in text)


class Hearing:
    """Decodes sound, more than once where it must."""

    def __init__(self, network: Moonshine, vocabulary: Vocabulary) -> None:
        self._network = network
        self._vocabulary = vocabulary

    def hear(
        self, samples: Samples, rate_hz: int, draft: Sequence[int], voiced_s: float | None
    ) -> Heard:
        """Return the sound as the decoder knows it, and what is said in it.

        With `voiced_s` None the speech goes on, and is decoded but once.
        """
        audio = self._network.encode(resample(samples, rate_hz, RATE_HZ))
        first = audio, self._network.decode(audio, draft)
        if voiced_s is None or not self._is_doubtful(first):
            return first
        without_noise = resample(denoised(samples, rate_hz), rate_hz, RATE_HZ)
        audio = self._network.encode(without_noise)
        again = audio, self._network.decode(audio)
        if not self._is_doubtful(again):
            return again
        if self._says_something(first):
            return first
        if self._says_something(again):
            return again
        return self._forced(first) if voiced_s >= _MUST_SPEAK_S else first

    def _forced(self, first: Heard) -> Heard:
        """Return what would have been said if there had been a word, if that is sure enough."""
        audio, _ = first
        decoded = self._network.decode(audio, must_speak=True)
        sure = np.mean(decoded.log_probabilities) >= np.log(_MIN_CONFIDENCE)
        return (audio, decoded) if sure and not self._is_doubtful((audio, decoded)) else first

    def _is_doubtful(self, heard: Heard) -> bool:
        audio, decoded = heard
        text = self._vocabulary.text(decoded.ids)
        if not says_something(text) or len(decoded.ids) >= audio.max_tokens:
            return True
        return len(text.encode()) > _MAX_PACKED * len(zlib.compress(text.encode()))

    def _says_something(self, heard: Heard) -> bool:
        return says_something(self._vocabulary.text(heard[1].ids))
