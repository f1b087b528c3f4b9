"""Moonshine on onnxruntime alone: audio in, tokens out.

The model is an encoder that runs once for a stretch of speech, and a decoder that runs once for
each token, or for several that are likely, with what it kept of the steps before.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from service.recogniser.audio.samples import Samples
from service.recogniser.models.draft import Draft
from service.recogniser.models.graph_store import ATTENTION, ENCODER, SHAPE, STEP
from service.recogniser.models.runtime import load_network

RATE_HZ: Final = 16_000
_FIRST_TOKEN, _LAST_TOKEN = 1, 2
_MAX_TOKENS_PER_S: Final = 6.5
"""Nobody speaks faster for long; without a cap the decoder can repeat itself for ever."""
_MIN_MAX_TOKENS: Final = 8
_MIN_SAMPLES: Final = RATE_HZ // 2
"""Shorter audio is padded: the encoder's windows need something to stand on."""

_MAX_LOOP_TOKENS, _MAX_WORD_TOKENS = 12, 2
_ROUNDS_OF_A_WORD, _ROUNDS_OF_A_PHRASE = 6, 4
"""People do say no five times in a row; more rounds than that are the model's own."""

Arrays = Mapping[str, Samples]


@dataclass(frozen=True, slots=True, eq=False)
class EncodedAudio:
    """What the encoder made of audio that was `samples` long."""

    cross: Arrays
    """The keys and values that each layer of the decoder attends to: 0.5 MB a second."""
    samples: int

    @property
    def max_tokens(self) -> int:
        """How many tokens can be said in it."""
        return max(_MIN_MAX_TOKENS, int(self.samples / RATE_HZ * _MAX_TOKENS_PER_S) + 2)


@dataclass(frozen=True, slots=True, eq=False)
class DecodedTokens:
    """Tokens, the logarithms of their probabilities, and the queries that each was found by."""

    ids: list[int]
    log_probabilities: list[float]
    queries: Arrays


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """What the decoder has seen, and what it made of the last tokens it was given."""

    memory: Arrays
    scores: Samples
    queries: list[Samples]


class Moonshine:
    """The model. It keeps nothing between calls: one serves every thread and session."""

    def __init__(self, folder: Path) -> None:
        shape = json.loads((folder / SHAPE).read_bytes())
        self._encoder = load_network(folder / ENCODER)
        self._step = load_network(folder / STEP)
        self._attention = load_network(folder / ATTENTION)
        layers = range(shape["layers"])
        self._cross = [f"cross.{at}.{kind}" for at in layers for kind in "kv"]
        self._past = [f"past.{at}.{kind}" for at in layers for kind in "kv"]
        self._present = [f"present.{at}.{kind}" for at in layers for kind in "kv"]
        self._queries = [f"query.{at}" for at in layers]
        empty = np.zeros((1, shape["heads"], 0, shape["head_size"]), np.float32)
        self._no_memory = dict.fromkeys(self._past, empty)

    def encode(self, samples: Samples) -> EncodedAudio:
        """Run the encoder over audio of `RATE_HZ`."""
        if len(samples) < _MIN_SAMPLES:
            samples = np.pad(samples, (0, _MIN_SAMPLES - len(samples)))
        made = self._encoder.run(self._cross, {"sound": samples[None].astype(np.float32)})
        return EncodedAudio(dict(zip(self._cross, made, strict=True)), len(samples))

    def decode(
        self, audio: EncodedAudio, drafted: Sequence[int] = (), *, must_speak: bool = False
    ) -> DecodedTokens:
        """Return the likeliest tokens in turn, and the logarithms of their probabilities.

        `drafted` are tokens of an earlier decoding: what is right of them takes less time. The
        text is the same, but for what rounding makes of a near tie. With `must_speak` there is a
        first token, however much likelier none is.
        """
        draft, text = Draft(drafted), _Text(audio.max_tokens, must_speak=must_speak)
        asked: list[list[Samples]] = []
        memory, position, token = self._no_memory, 0, _FIRST_TOKEN
        while True:
            tried = draft.ahead()
            step = self._run(audio, [token, *tried], position, memory)
            right = 0
            while (found := text.take(step.scores[right])) is not None:
                draft.take(found)
                if right == len(tried) or tried[right] != found:
                    break
                right += 1
            asked.append([one[:, : right + 1] for one in step.queries])
            if found is None:
                return DecodedTokens(text.ids, text.log_probabilities, self._joined(asked))
            token, position = found, position + right + 1
            # What was tried in vain is forgotten.
            memory = {name: one[:, :, :position] for name, one in step.memory.items()}

    def score(self, audio: EncodedAudio, ids: Sequence[int]) -> tuple[Samples, Arrays]:
        """Return the logarithms of all tokens' probabilities after each of `ids`, in one run.

        Beside them are the queries of each.
        """
        step = self._run(audio, [_FIRST_TOKEN, *ids], 0, self._no_memory)
        scores = step.scores - step.scores.max(axis=1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return scores, dict(zip(self._queries, step.queries, strict=True))

    def standing_out(self, audio: EncodedAudio, queries: Arrays) -> Samples:
        """Return by token and frame how much more a token looked there than the others."""
        keys = {name: audio.cross[name] for name in self._cross if name.endswith("k")}
        found = self._attention.run(None, {**queries, **keys})[0]
        return np.asarray(found, np.float32)

    def _run(
        self, audio: EncodedAudio, tokens: Sequence[int], position: int, memory: Arrays
    ) -> _Step:
        feed: dict[str, Any] = {
            "tokens": np.array([tokens], np.int64),
            "position": np.array([position], np.int64),
            **audio.cross,
            **memory,
        }
        scores, *rest = self._step.run(["scores", *self._present, *self._queries], feed)
        present, queries = rest[: len(self._past)], rest[len(self._past) :]
        return _Step(dict(zip(self._past, present, strict=True)), scores[0], queries)

    def _joined(self, asked: Sequence[Sequence[Samples]]) -> Arrays:
        whole = (np.concatenate(of_layer, axis=1) for of_layer in zip(*asked, strict=True))
        return dict(zip(self._queries, whole, strict=True))


class _Text:
    """A text as it is found, token by token."""

    def __init__(self, max_tokens: int, *, must_speak: bool) -> None:
        self.ids: list[int] = []
        self.log_probabilities: list[float] = []
        self._max_tokens = max_tokens
        self._must_speak = must_speak

    def take(self, scores: Samples) -> int | None:
        """Add the likeliest token and return it; None where the text ends."""
        if self._must_speak and not self.ids:
            scores = scores.copy()
            scores[_LAST_TOKEN] = -np.inf
        token = int(scores.argmax())
        if token == _LAST_TOKEN:
            return None
        self.ids.append(token)
        self.log_probabilities.append(-float(np.log(np.exp(scores - scores[token]).sum())))
        said = unlooped(self.ids)
        if said < len(self.ids) or said == self._max_tokens:
            del self.ids[said:], self.log_probabilities[said:]
            return None
        return token


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
