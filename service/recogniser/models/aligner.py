"""When each word was said: the decoder's own attention, in one more run over a finished text."""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import structlog

from service.recogniser.audio.samples import Samples
from service.recogniser.models.alignment import ATTENTION, loud_part, token_spans
from service.recogniser.models.engine import FIRST_TOKEN, RATE_HZ, Heard, Trace, load_network

log = structlog.get_logger()

_MAKE_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Word:
    """One word; times in seconds."""

    text: str
    start_s: float
    end_s: float
    confidence: float


class Aligner:
    """The network, made when words are first wanted: 2 s and 45 MB. Any thread may use it."""

    def __init__(self, decoder: Path) -> None:
        self._decoder = decoder
        self._making = threading.Lock()
        self._network: Any = None

    def words(
        self, heard: Heard, samples: Samples, rate_hz: int, begins_s: float
    ) -> tuple[Word, ...]:
        """Return the words of what was heard in `samples`; blocks for 0.5 % of their length.

        Their times count from where the samples begin at `begins_s`.
        """
        if heard.trace is None:
            return ()
        attention = self._attention(heard.trace)
        frame_s = heard.trace.samples / RATE_HZ / attention.shape[2]
        length_s = len(samples) / rate_hz
        found = []
        for text, start, end, confidence in _joined(heard.trace, token_spans(attention)):
            span_s = min(start * frame_s, length_s), min(end * frame_s, length_s)
            start_s, end_s = loud_part(samples, rate_hz, *span_s)
            found.append(Word(text, begins_s + start_s, begins_s + end_s, confidence))
        return tuple(found)

    def _attention(self, trace: Trace) -> Samples:
        """Return all heads, by token and frame; what stands at the end is the end's own row."""
        ids = [FIRST_TOKEN, *(number for number, _, _ in trace.tokens)]
        feed = {
            "input_ids": np.array([ids], np.int64),
            "encoder_hidden_states": trace.encoded,
            "encoder_attention_mask": np.ones((1, trace.samples), np.int64),
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


def _joined(trace: Trace, spans: list[tuple[int, int]]) -> Iterator[tuple[str, int, int, float]]:
    """Put tokens together to words: text, first frame, one past the last, confidence."""
    words: list[tuple[str, int, int, float]] = []
    for (_, text, probability), (start, end) in zip(trace.tokens, spans, strict=False):
        if words and not text.startswith(" "):
            said, first, _, confidence = words[-1]
            words[-1] = said + text, first, end, min(confidence, probability)
        else:
            words.append((text.strip(), start, end, probability))
    yield from (word for word in words if any(sign.isalnum() for sign in word[0]))
