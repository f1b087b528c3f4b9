"""Moonshine tiny on onnxruntime alone: audio in, tokens out.

The network is an encoder that runs once for a stretch of speech, and a decoder that runs once for
each token, fed with what it kept of the steps before.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from service.recogniser.audio.samples import Samples
from service.recogniser.models.hypothesis import EncodedAudio
from service.recogniser.models.runtime import load_network
from service.recogniser.models.weights import ModelFiles

RATE_HZ: Final = 16_000
FIRST_TOKEN, _LAST_TOKEN = 1, 2
_HEADS, _HEAD_SIZE = 8, 36
_MAX_TOKENS_PER_S: Final = 6.5
"""Nobody speaks faster for long; without a cap the decoder can repeat itself for ever."""
_MIN_MAX_TOKENS: Final = 8
_MIN_SAMPLES: Final = RATE_HZ // 2
"""Shorter audio is padded: the encoder's windows need something to stand on."""

_MAX_LOOP_TOKENS, _MAX_WORD_TOKENS = 12, 2
_ROUNDS_OF_A_WORD, _ROUNDS_OF_A_PHRASE = 6, 4
"""People do say no five times in a row; more rounds than that are the model's own."""


class Moonshine:
    """The network. It keeps nothing between calls: one serves every thread and session."""

    def __init__(self, models: ModelFiles) -> None:
        self._encoder = load_network(models.encoder)
        self._decoder = load_network(models.decoder)
        self._kept = [o.name for o in self._decoder.get_outputs() if o.name.startswith("present")]

    def encode(self, samples: Samples) -> EncodedAudio:
        """Run the encoder over audio of `RATE_HZ`."""
        if len(samples) < _MIN_SAMPLES:
            samples = np.pad(samples, (0, _MIN_SAMPLES - len(samples)))
        feed = {"input_values": samples[None], "attention_mask": _mask(len(samples))}
        states = self._encoder.run(["last_hidden_state"], feed)[0]
        return EncodedAudio(np.asarray(states, np.float32), len(samples))

    def decode(self, audio: EncodedAudio) -> tuple[list[int], list[float]]:
        """Return the likeliest tokens in turn, and the logarithms of their probabilities."""
        feed = self._first_feed(audio)
        token, ids, log_probabilities = FIRST_TOKEN, [], []
        max_tokens = max(_MIN_MAX_TOKENS, int(audio.samples / RATE_HZ * _MAX_TOKENS_PER_S) + 2)
        for step in range(max_tokens):
            feed["input_ids"] = np.array([[token]], np.int64)
            feed["use_cache_branch"] = np.array([step > 0])
            logits, *kept = self._decoder.run(["logits", *self._kept], feed)
            scores = logits[0, -1]
            token = int(scores.argmax())
            if token == _LAST_TOKEN:
                break
            ids.append(token)
            log_probabilities.append(-float(np.log(np.exp(scores - scores[token]).sum())))
            if (said := unlooped(ids)) < len(ids):
                return ids[:said], log_probabilities[:said]
            for name, value in zip(self._kept, kept, strict=True):
                # What the decoder keeps of the encoder is only made in the first step.
                if step == 0 or ".decoder." in name:
                    feed[_past(name)] = value
        return ids, log_probabilities

    def score(self, audio: EncodedAudio, ids: Sequence[int]) -> Samples:
        """Return the logarithms of all tokens' probabilities after each of `ids`, in one run."""
        feed = self._first_feed(audio)
        feed["input_ids"] = np.array([[FIRST_TOKEN, *ids]], np.int64)
        feed["use_cache_branch"] = np.array([False])
        scores = self._decoder.run(["logits"], feed)[0][0]
        scores -= scores.max(axis=1, keepdims=True)
        return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)), np.float32)

    def _first_feed(self, audio: EncodedAudio) -> dict[str, Any]:
        empty = np.zeros((1, _HEADS, 0, _HEAD_SIZE), np.float32)
        feed: dict[str, Any] = {_past(name): empty for name in self._kept}
        feed["encoder_hidden_states"] = audio.states
        # The mask has the length of the samples, also for the decoder: with the encoder's
        # length, as its name suggests, anything above 9 s fails.
        feed["encoder_attention_mask"] = _mask(audio.samples)
        return feed


def chosen(scores: Samples, ids: Sequence[int]) -> list[float]:
    """Return of the scores of `ids` those of each of them, and of the end after them."""
    return [float(scores[at, number]) for at, number in enumerate([*ids, _LAST_TOKEN])]


def unlooped(tokens: list[int]) -> int:
    """Return how many of these tokens to keep: all, or two rounds of a loop they end in.

    On noise, and on speech it cannot make out, the model repeats itself up to the cap.
    """
    for length in range(1, _MAX_LOOP_TOKENS + 1):
        rounds = _ROUNDS_OF_A_WORD if length <= _MAX_WORD_TOKENS else _ROUNDS_OF_A_PHRASE
        if len(tokens) >= length * rounds and tokens[-length * rounds :] == (
            tokens[-length:] * rounds
        ):
            return len(tokens) - length * (rounds - 2)
    return len(tokens)


def _mask(length: int) -> NDArray[np.int64]:
    return np.ones((1, length), np.int64)


def _past(name: str) -> str:
    return name.replace("present", "past_key_values")
