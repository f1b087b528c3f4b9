"""Finds when each word was said: by the decoder's attention, in one more run over its text."""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import structlog

from service.recogniser.audio.samples import Samples
from service.recogniser.models.alignment import ATTENTION, loud_part, token_spans
from service.recogniser.models.hypothesis import Hypothesis, TimedWord, Token, Trace
from service.recogniser.models.moonshine import FIRST_TOKEN, RATE_HZ
from service.recogniser.models.runtime import load_network

log = structlog.get_logger()

_MAKE_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class _SpannedWord:
    """A word, from the first of its frames to the last (not included)."""

    text: str
    start: int
    end: int
    confidence: float


class Aligner:
    """Holds the network, made when words are first wanted: 2 s, 45 MB. Any thread may use it."""

    def __init__(self, decoder: Path) -> None:
        self._decoder = decoder
        self._making = threading.Lock()
        self._network: Any = None

    def words(
        self, hypothesis: Hypothesis, samples: Samples, rate_hz: int, begins_s: float
    ) -> tuple[TimedWord, ...]:
        """Return the words of what was said in `samples`; blocks for 0.5 % of their length.

        Their times count from where the samples begin at `begins_s`.
        """
        trace = hypothesis.trace
        if trace is None:
            return ()
        attention = self._attention(trace)
        frame_s = trace.audio.samples / RATE_HZ / attention.shape[2]
        length_s = len(samples) / rate_hz
        found = []
        for word in _joined(trace.tokens, token_spans(attention)):
            span_s = min(word.start * frame_s, length_s), min(word.end * frame_s, length_s)
            start_s, end_s = loud_part(samples, rate_hz, *span_s)
            found.append(
                TimedWord(word.text, begins_s + start_s, begins_s + end_s, word.confidence)
            )
        return tuple(found)

    def _attention(self, trace: Trace) -> Samples:
        """Return all heads, by token and frame; what stands at the end is the end's own row."""
        ids = [FIRST_TOKEN, *(token.number for token in trace.tokens)]
        feed = {
            "input_ids": np.array([ids], np.int64),
            "encoder_hidden_states": trace.audio.states,
            "encoder_attention_mask": np.ones((1, trace.audio.samples), np.int64),
        }
        layers = self._made().run(ATTENTION, feed)
        return np.concatenate([layer[0] for layer in layers])

    def _made(self) -> Any:  # noqa: ANN401 - the library has no types
        with self._making:
            if self._network is None:
                with tempfile.TemporaryDirectory() as folder:
                    made = Path(folder, "aligner.onnx")
                    command = [sys.executable, "-m", "service.recogniser.models.aligner_graph"]
                    subprocess.run(  # noqa: S603 - our own program and paths
                        [*command, self._decoder, made], check=True, timeout=_MAKE_TIMEOUT_S
                    )
                    self._network = load_network(made)
                log.info("aligner_made")
            return self._network


def _joined(tokens: Sequence[Token], spans: Sequence[tuple[int, int]]) -> Iterator[_SpannedWord]:
    """Put tokens together to words; what only marks is no word."""
    words: list[_SpannedWord] = []
    for token, (start, end) in zip(tokens, spans, strict=False):
        if words and not token.text.startswith(" "):
            last = words[-1]
            confidence = min(last.confidence, token.probability)
            words[-1] = _SpannedWord(last.text + token.text, last.start, end, confidence)
        else:
            words.append(_SpannedWord(token.text.strip(), start, end, token.probability))
    yield from (word for word in words if any(sign.isalnum() for sign in word.text))
