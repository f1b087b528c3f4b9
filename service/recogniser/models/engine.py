"""Moonshine tiny: speech in, text out, on onnxruntime alone.

A whole stretch of speech is decoded at a time. The network is an encoder that runs once and a
decoder that runs once for each token, fed with what it kept of the steps before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # it ships no type hints

from service.recogniser.audio.resampling import resample
from service.recogniser.audio.samples import Samples
from service.recogniser.models.weights import Models
from service.recogniser.text.boosting import Boost, Rival
from service.recogniser.text.key_terms import KeyTerm
from service.recogniser.text.vocabulary import Vocabulary, read_tokens

RATE_HZ = 16_000
_HEADS, _HEAD_SIZE = 8, 36
FIRST_TOKEN, _LAST_TOKEN = 1, 2
_TOKENS_PER_S = 6.5
"""Nobody speaks faster for long; without a cap the decoder can repeat itself for ever."""
_MIN_SAMPLES = RATE_HZ // 2
"""Shorter audio is padded: the encoder's windows need something to stand on."""


_LONGEST_LOOP, _WORD_TOKENS = 12, 2
_ROUNDS_OF_A_WORD, _ROUNDS_OF_A_PHRASE = 6, 4
"""People do say no five times in a row; more rounds than that are the model's own."""


MOST_TRIED = 8
"""So many key terms, at most, are tried in one text."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """How a text came about: what it takes to find out when each word was said."""

    tokens: tuple[tuple[int, str, float], ...]
    """Number, text (a space begins a word) and probability of each."""
    encoded: Samples
    samples: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What one decoding gave. `confidence` is the geometric mean of the tokens' probabilities."""

    text: str
    confidence: float
    trace: Trace | None = field(default=None, compare=False, repr=False)


def load_network(path: Path) -> onnxruntime.InferenceSession:
    """Load a network to be run by many threads at once, each run on the thread that calls."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # as quick without, and some 20 MB smaller
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Engine:
    """The speech model. It keeps nothing between calls: one serves every thread and session."""

    def __init__(self, models: Models) -> None:
        self._encoder = load_network(models.encoder)
        self._decoder = load_network(models.decoder)
        self._vocabulary = Vocabulary(read_tokens(models.tokenizer.read_bytes()))
        self._kept = [o.name for o in self._decoder.get_outputs() if o.name.startswith("present")]

    def boost(self, terms: Sequence[KeyTerm]) -> Boost | None:
        """Make key terms ready for `decode`; None without any. A hundred take up to 70 ms."""
        return Boost(terms, self._vocabulary) if terms else None

    def decode(self, samples: Samples, rate_hz: int, boost: Boost | None = None) -> Heard:
        """Return what is said in `samples`; blocks for about 4 % of their length.

        Give it speech: on silence it may make up a word. A `boost` costs as much again at most.
        """
        audio = resample(samples, rate_hz, RATE_HZ)
        if len(audio) < _MIN_SAMPLES:
            audio = np.pad(audio, (0, _MIN_SAMPLES - len(audio)))
        encoded = self._encode(audio)
        ids, log_probabilities = self._run(encoded, len(audio))
        if boost is not None and (rivals := boost.rivals(ids)):
            taken = self._fitting(encoded, len(audio), ids, rivals)
            if taken:
                ids = replaced(ids, taken)
                log_probabilities = self._fit(encoded, len(audio), ids)[:-1]
        text = self._vocabulary.text(ids)
        if not any(sign.isalnum() for sign in text):
            return Heard("", 0.0)  # it writes notes when it hears music or noise
        confidence = float(np.exp(np.mean(log_probabilities)))
        texts = [self._vocabulary.text([i]) for i in ids]
        tokens = tuple(zip(ids, texts, np.exp(log_probabilities).tolist(), strict=True))
        trace = Trace(tokens, encoded, len(audio))
        return Heard(text.strip(), confidence, trace)

    def _fitting(
        self, encoded: Samples, samples: int, ids: list[int], rivals: Sequence[Rival]
    ) -> list[Rival]:
        """Return the rivals that fit the sound well enough, the best first; none over another."""
        scores = self._scores(encoded, samples, ids)
        heard = _chosen(scores, ids)
        least = [sum(heard) - rival.may_lack for rival in rivals]
        # No text is likelier than its beginning: most rivals are out before they are tried.
        begun = [sum(heard[: one.start]) + scores[one.start, one.tokens[0]] for one in rivals]
        tried = [at for at in range(len(rivals)) if begun[at] >= least[at]][:MOST_TRIED]
        to_spare = {
            at: sum(self._fit(encoded, samples, replaced(ids, [rivals[at]]))) - least[at]
            for at in tried
        }
        taken: list[Rival] = []
        for at in sorted(tried, key=to_spare.__getitem__, reverse=True):
            clear = all(rivals[at].end <= one.start or one.end <= rivals[at].start for one in taken)
            if clear and to_spare[at] >= 0:
                taken.append(rivals[at])
        return taken

    def _fit(self, encoded: Samples, samples: int, ids: Sequence[int]) -> list[float]:
        """Return the logarithm of each token's probability, and of the end's."""
        return _chosen(self._scores(encoded, samples, ids), ids)

    def _scores(self, encoded: Samples, samples: int, ids: Sequence[int]) -> Samples:
        """Return the logarithms of all tokens' probabilities after each of `ids`, in one run."""
        empty = np.zeros((1, _HEADS, 0, _HEAD_SIZE), np.float32)
        feed: dict[str, Any] = {_past(name): empty for name in self._kept}
        feed["encoder_hidden_states"] = encoded
        feed["encoder_attention_mask"] = np.ones((1, samples), np.int64)
        feed["input_ids"] = np.array([[FIRST_TOKEN, *ids]], np.int64)
        feed["use_cache_branch"] = np.array([False])
        scores = self._decoder.run(["logits"], feed)[0][0]
        scores -= scores.max(axis=1, keepdims=True)
        return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)), np.float32)

    def _encode(self, audio: Samples) -> Samples:
        mask = np.ones((1, len(audio)), np.int64)
        feed = {"input_values": audio[None], "attention_mask": mask}
        return np.asarray(self._encoder.run(["last_hidden_state"], feed)[0], np.float32)

    def _run(self, encoded: Samples, samples: int) -> tuple[list[int], list[float]]:
        # The mask has the length of the samples, also for the decoder: with the encoder's
        # length, as its name suggests, anything above 9 s fails.
        mask = np.ones((1, samples), np.int64)
        empty = np.zeros((1, _HEADS, 0, _HEAD_SIZE), np.float32)
        feed: dict[str, Any] = {_past(name): empty for name in self._kept}
        feed |= {"encoder_hidden_states": encoded, "encoder_attention_mask": mask}
        token, ids, log_probabilities = FIRST_TOKEN, [], []
        for step in range(max(8, int(samples / RATE_HZ * _TOKENS_PER_S) + 2)):
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


def _chosen(scores: Samples, ids: Sequence[int]) -> list[float]:
    return [float(scores[at, number]) for at, number in enumerate([*ids, _LAST_TOKEN])]


def replaced(tokens: Sequence[int], rivals: Sequence[Rival]) -> list[int]:
    """Return the tokens with the rivals in their places, which do not overlap."""
    made = list(tokens)
    for rival in sorted(rivals, key=lambda rival: -rival.start):
        made[rival.start : rival.end] = rival.tokens
    return made


def unlooped(tokens: list[int]) -> int:
    """Return how many of these tokens to keep: all, or two rounds of a loop they end in.

    On noise, and on speech it cannot make out, the model repeats itself up to the cap.
    """
    for length in range(1, _LONGEST_LOOP + 1):
        rounds = _ROUNDS_OF_A_WORD if length <= _WORD_TOKENS else _ROUNDS_OF_A_PHRASE
        if len(tokens) >= length * rounds and tokens[-length * rounds :] == (
            tokens[-length:] * rounds
        ):
            return len(tokens) - length * (rounds - 2)
    return len(tokens)


def _past(name: str) -> str:
    return name.replace("present", "past_key_values")
