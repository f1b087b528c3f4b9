"""Moonshine base: tiny's larger sister, on onnxruntime alone.

As they are shipped, its weights are unpacked anew for every token, which takes ten times as long
as all the rest. Saved as ONNX and loaded again, they are unpacked once.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # it ships no type hints

from service.recogniser.audio.resampling import resample
from service.recogniser.audio.samples import Samples
from service.recogniser.models.moonshine import unlooped
from service.recogniser.models.runtime import load_network
from service.recogniser.text.vocabulary import read_tokens
from tests.bench.hearing.engines.following import Ear, Follower, Redecoder, load_detector
from tests.bench.hearing.fetching import CACHE

RATE_HZ: Final = 16_000
_HEADS, _HEAD_SIZE = 8, 52
_FIRST_TOKEN, _LAST_TOKEN = 1, 2
_TOKENS_PER_S: Final = 6.5
_MIN_SAMPLES: Final = RATE_HZ // 2


class _MoonshineBase:
    def __init__(self, folder: Path) -> None:
        self._encoder = load_network(_repacked(folder / "encoder_model.ort"))
        self._decoder = load_network(_repacked(folder / "decoder_model_merged.ort"))
        self._tokens = read_tokens((folder / "tokenizer.bin").read_bytes())
        self._kept = [o.name for o in self._decoder.get_outputs() if o.name.startswith("present")]
        self._detector = load_detector()

    def follow(self, rate_hz: int, *, partials: bool) -> Follower:
        def decode(samples: Samples) -> str:
            return self._decode(resample(samples, rate_hz, RATE_HZ))

        return Redecoder(decode, Ear(self._detector, rate_hz), partials=partials)

    def _decode(self, audio: Samples) -> str:
        audio = np.pad(audio, (0, max(0, _MIN_SAMPLES - len(audio))))
        encoded = self._encoder.run(None, {"input_values": audio[None]})[0]
        empty = np.zeros((1, _HEADS, 0, _HEAD_SIZE), np.float32)
        feed: dict[str, Any] = {_past(name): empty for name in self._kept}
        feed["encoder_hidden_states"] = encoded
        token, ids = _FIRST_TOKEN, []
        for step in range(max(8, int(len(audio) / RATE_HZ * _TOKENS_PER_S) + 2)):
            feed["input_ids"] = np.array([[token]], np.int64)
            feed["use_cache_branch"] = np.array([step > 0])
            logits, *kept = self._decoder.run(["logits", *self._kept], feed)
            token = int(logits[0, -1].argmax())
            if token == _LAST_TOKEN:
                break
            ids.append(token)
            if (said := unlooped(ids)) < len(ids):
                ids = ids[:said]
                break
            for name, value in zip(self._kept, kept, strict=True):
                if step == 0 or ".decoder." in name:
                    feed[_past(name)] = value
        text = b"".join(self._tokens[i] for i in ids).decode(errors="replace")
        return text.replace("\u2581", " ").strip()


def load(_: str) -> _MoonshineBase:
    """Load it out of `moonshine-cpp`, without importing that."""
    spec = find_spec("moonshine_cpp")
    if spec is None or spec.origin is None:
        raise ImportError("moonshine-cpp is not installed")
    return _MoonshineBase(Path(spec.origin).parent / "models" / "base-en")


def _repacked(shipped: Path) -> Path:
    """Return the network in a form that unpacks its weights once; made once."""
    made = CACHE / "moonshine-base" / f"{shipped.stem}.onnx"
    if not made.is_file():
        onnx: Any = import_module("onnx")
        made.parent.mkdir(parents=True, exist_ok=True)
        arriving = made.with_suffix(".part")
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.optimized_model_filepath = str(arriving)
        options.log_severity_level = 3
        options.add_session_config_entry("session.save_model_format", "ONNX")
        onnxruntime.InferenceSession(shipped, options, providers=["CPUExecutionProvider"])
        model = onnx.load(arriving)
        for choice in (node for node in model.graph.node if node.op_type == "If"):
            for branch in choice.attribute:
                branch.g.name = branch.g.name or branch.name  # which they lost on the way
        onnx.save(model, arriving)
        arriving.rename(made)
    return made


def _past(name: str) -> str:
    return name.replace("present", "past_key_values")
