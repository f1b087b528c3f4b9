"""Makes Moonshine's networks anew out of the weights that are shipped; a program of its own.

What is exported has a graph of 1,200 operators for each token, twice, and unpacks its integers.
Ours are the encoder, with the keys and values that the decoder attends to; the step, which takes
any number of tokens after any memory of tokens before, and gives away the queries it asked the
sound with; and without any weights what those queries found. The integers are used as they are.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from service.recogniser.models.graph_store import ATTENTION, ENCODER, SHAPE, STEP
from service.recogniser.models.graph_writer import MICROSOFT, GraphWriter
from service.recogniser.models.shipped import Matrix, ShippedNetwork

HEADS: Final = 8
_EPSILON: Final = 1e-5
_LEAST_DEVIATION: Final = 1e-9
_ROTATED: Final = 32
"""So much of each head is turned by its position."""
_ROTARY_BASE: Final = 10_000.0
MAX_POSITIONS: Final = 4096
"""Frames of sound, or tokens: 98 s."""
_DECODER: Final = "/model/decoder"


@dataclass(frozen=True, slots=True)
class _Model:
    encoder: ShippedNetwork
    decoder: ShippedNetwork
    width: int
    layers: int

    @property
    def head_size(self) -> int:
        return self.width // HEADS


def make(encoder: Path, decoder: Path, folder: Path) -> None:
    """Write the networks of a model, and what has to be known of them, to a folder."""
    encoded, decoded = ShippedNetwork(encoder), ShippedNetwork(decoder)
    layers = 0
    while decoded.has(f"{_DECODER}/layers.{layers}/self_attn/q_proj"):
        layers += 1
    width = len(decoded.vector("model.decoder.norm.weight"))
    model = _Model(encoded, decoded, width, layers)
    sizes = {
        ENCODER: _encoder(model).save(folder / ENCODER),
        STEP: _step(model).save(folder / STEP),
        ATTENTION: _attention(model).save(folder / ATTENTION),
    }
    shape = {"layers": layers, "heads": HEADS, "head_size": model.head_size, "bytes": sizes}
    (folder / SHAPE).write_text(json.dumps(shape))


def _encoder(model: _Model) -> GraphWriter:
    """From sound to the keys and values of each layer of the decoder."""
    graph, shipped = GraphWriter("encoder"), model.encoder
    graph.takes("sound", [1, "samples"])
    stem = _stem(graph, shipped)
    position = graph.constant(np.zeros(1, np.int64))
    tables = _rotary_tables(graph)
    x, h = stem, _norm(graph, stem, "layers.0.input_layernorm.weight", shipped)
    for at in range(model.layers):
        here = f"/layers.{at}"
        attended = _self_attention(graph, shipped, here, h, (position, *tables))
        weights = f"layers.{at}.post_attention_layernorm.weight"
        x, h = _skip_norm(graph, x, attended, shipped, weights)
        hidden = graph.product(
            h,
            [shipped.matrix(f"{here}/mlp/fc1")],
            f"{here}.fc1",
            shipped.vector(f"layers.{at}.mlp.fc1.bias"),
        )
        (active,) = graph.add("Gelu", [hidden], [f"{here}.gelu"], domain=MICROSOFT)
        made = graph.product(
            active,
            [shipped.matrix(f"{here}/mlp/fc2")],
            f"{here}.fc2",
            shipped.vector(f"layers.{at}.mlp.fc2.bias"),
        )
        last = at + 1 == model.layers
        weights = "layer_norm.weight" if last else f"layers.{at + 1}.input_layernorm.weight"
        x, h = _skip_norm(graph, x, made, shipped, weights)
    _cross_keys(graph, model, h)
    return graph


def _stem(graph: GraphWriter, shipped: ShippedNetwork) -> str:
    """Three convolutions, as floats: rounded, they ruin what comes after. 384 samples a frame."""

    def convolve(value: str, at: int, stride: int, bias: list[str]) -> str:
        weights = shipped.unpacked(f"conv{at}.weight")
        inputs = [value, graph.constant(weights), *bias]
        kernel = [weights.shape[2]]
        (made,) = graph.add("Conv", inputs, [f"conv{at}"], kernel_shape=kernel, strides=[stride])
        return made

    axis = graph.constant(np.array([1], np.int64))
    (framed,) = graph.add("Unsqueeze", ["sound", axis], ["framed"])
    (first,) = graph.add("Tanh", [convolve(framed, 1, 64, [])], ["tanh"])
    (shape,) = graph.add("Shape", [first], ["tanh.shape"])
    (flat,) = graph.add("Reshape", [first, graph.constant(np.array([1, 1, -1]))], ["flat"])
    ones = [graph.constant(np.ones(1, np.float32)), graph.constant(np.zeros(1, np.float32))]
    graph.add("InstanceNormalization", [flat, *ones], ["normal"], epsilon=_EPSILON)
    graph.add("Reshape", ["normal", shape], ["reshaped"])
    graph.add("Mul", ["reshaped", graph.constant(shipped.only("onnx::Mul_"))], ["scaled"])
    graph.add("Add", ["scaled", graph.constant(shipped.only("onnx::Add_"))], ["shifted"])
    value = "shifted"
    for at, stride in ((2, 3), (3, 2)):
        bias = [graph.constant(shipped.vector(f"conv{at}.bias"))]
        convolved = convolve(value, at, stride, bias)
        (value,) = graph.add("Gelu", [convolved], [f"gelu{at}"], domain=MICROSOFT)
    (turned,) = graph.add("Transpose", [value], ["stem"], perm=[0, 2, 1])
    return turned


def _cross_keys(graph: GraphWriter, model: _Model, h: str) -> None:
    heads = graph.constant(np.array([1, -1, HEADS, model.head_size]))
    for at in range(model.layers):
        here = f"{_DECODER}/layers.{at}/encoder_attn"
        matrices = [model.decoder.matrix(f"{here}/{one}_proj") for one in ("k", "v")]
        both = graph.product(h, matrices, f"{here}.kv")
        for kind, value in zip("kv", _split(graph, both, [f"{here}.k", f"{here}.v"]), strict=True):
            graph.add("Reshape", [value, heads], [f"{value}.heads"])
            (name,) = graph.add(
                "Transpose", [f"{value}.heads"], [f"cross.{at}.{kind}"], perm=[0, 2, 1, 3]
            )
            graph.gives(name, [1, HEADS, "frames", model.head_size])


def _step(model: _Model) -> GraphWriter:
    """From tokens, and the memory of those before, to what may come after each of them."""
    graph, shipped = GraphWriter("step"), model.decoder
    tokens = graph.takes("tokens", [1, "tokens"], integers=True)
    position = graph.takes("position", [1], integers=True)
    tables = _rotary_tables(graph)
    x = _embedded(graph, shipped.table("model.decoder.embed_tokens.weight"), tokens)
    h = _norm(graph, x, "model.decoder.layers.0.input_layernorm.weight", shipped)
    for at in range(model.layers):
        here, named = f"{_DECODER}/layers.{at}", f"model.decoder.layers.{at}"
        made = _self_attention(graph, shipped, here, h, (position, *tables), memory=at)
        x, h = _skip_norm(graph, x, made, shipped, f"{named}.post_attention_layernorm.weight")
        made = _cross_attention(graph, model, at, h)
        x, h = _skip_norm(graph, x, made, shipped, f"{named}.final_layernorm.weight")
        made = _gated(graph, shipped, at, h)
        last = at + 1 == model.layers
        following = "norm" if last else f"layers.{at + 1}.input_layernorm"
        x, h = _skip_norm(graph, x, made, shipped, f"model.decoder.{following}.weight")
    table = shipped.table("model.decoder.embed_tokens.weight")
    output = shipped.matrix("logits") if shipped.has("logits") else table.transposed
    graph.product(h, [output], "scores")
    graph.gives("scores", [1, "tokens", output.integers.shape[1]])
    return graph


def _embedded(graph: GraphWriter, table: Matrix, tokens: str) -> str:
    graph.add("Gather", [graph.constant(table.integers), tokens], ["rows"], axis=0)
    scale = graph.constant(np.array(table.scale, np.float32))
    zero = graph.constant(np.array(table.zero, np.int8))
    (value,) = graph.add("DequantizeLinear", ["rows", scale, zero], ["embedded"])
    return value


def _self_attention(
    graph: GraphWriter,
    shipped: ShippedNetwork,
    here: str,
    h: str,
    rotary: tuple[str, str, str],
    *,
    memory: int | None = None,
) -> str:
    """Attend to the values themselves; with `memory`, only to those before, of that layer."""
    here = f"{here}/self_attn"
    matrices = [shipped.matrix(f"{here}/{one}_proj") for one in ("q", "k", "v")]
    head_size = matrices[0].integers.shape[1] // HEADS
    whole = graph.product(h, matrices, f"{here}.qkv")
    q, k, v = _split(graph, whole, [f"{here}.{one}" for one in ("q", "k", "v")])
    turned = [_turned(graph, one, rotary) for one in (q, k)]
    inputs, outputs = [*turned, v], [f"{here}.attended"]
    if memory is not None:
        shape: list[int | str] = [1, HEADS, "before", head_size]
        past = [graph.takes(f"past.{memory}.{kind}", shape) for kind in "kv"]
        inputs += ["", "", "", *past]
        outputs += [f"present.{memory}.{kind}" for kind in "kv"]
        for name in outputs[1:]:
            graph.gives(name, [1, HEADS, "after", head_size])
    graph.add(
        "MultiHeadAttention",
        inputs,
        outputs,
        domain=MICROSOFT,
        num_heads=HEADS,
        scale=head_size**-0.5,
        unidirectional=int(memory is not None),
    )
    return graph.product(
        outputs[0], [shipped.matrix(f"{here}/o_proj", f"{here}/dense")], f"{here}.out"
    )


def _turned(graph: GraphWriter, value: str, rotary: tuple[str, str, str]) -> str:
    """Turn queries or keys by their positions."""
    (name,) = graph.add(
        "RotaryEmbedding",
        [value, *rotary],
        [f"{value}.turned"],
        domain=MICROSOFT,
        interleaved=1,
        num_heads=HEADS,
        rotary_embedding_dim=_ROTATED,
    )
    return name


def _cross_attention(graph: GraphWriter, model: _Model, at: int, h: str) -> str:
    """Attend to the sound."""
    here, shipped = f"{_DECODER}/layers.{at}/encoder_attn", model.decoder
    query = graph.product(h, [shipped.matrix(f"{here}/q_proj")], f"query.{at}")
    graph.gives(query, [1, "tokens", model.width])
    shape: list[int | str] = [1, HEADS, "frames", model.head_size]
    heard = [graph.takes(f"cross.{at}.{kind}", shape) for kind in "kv"]
    (attended,) = graph.add(
        "MultiHeadAttention",
        [query, *heard],
        [f"{here}.attended"],
        domain=MICROSOFT,
        num_heads=HEADS,
        scale=model.head_size**-0.5,
    )
    return graph.product(
        attended, [shipped.matrix(f"{here}/o_proj", f"{here}/dense")], f"{here}.out"
    )


def _gated(graph: GraphWriter, shipped: ShippedNetwork, at: int, h: str) -> str:
    """Two layers, of the first of which one half opens the other."""
    here, named = f"{_DECODER}/layers.{at}/mlp", f"model.decoder.layers.{at}.mlp"
    up, down = ("fc1", "fc2") if shipped.has(f"{here}/fc1") else ("up_proj", "down_proj")
    wide = graph.product(
        h, [shipped.matrix(f"{here}/{up}")], f"{here}.up", shipped.vector(f"{named}.{up}.bias")
    )
    value, gate = _split(graph, wide, [f"{here}.value", f"{here}.gate"])
    (opened,) = graph.add("QuickGelu", [gate], [f"{here}.open"], domain=MICROSOFT, alpha=1.0)
    (hidden,) = graph.add("Mul", [value, opened], [f"{here}.hidden"])
    return graph.product(
        hidden,
        [shipped.matrix(f"{here}/{down}")],
        f"{here}.down",
        shipped.vector(f"{named}.{down}.bias"),
    )


def _attention(model: _Model) -> GraphWriter:
    """From the queries of tokens to where each stands out in the sound, of all heads on average."""
    graph = GraphWriter("attention")
    heads = graph.constant(np.array([1, -1, HEADS, model.head_size]))
    scale = graph.constant(np.array(model.head_size**-0.5, np.float32))
    for at in range(model.layers):
        graph.takes(f"query.{at}", [1, "tokens", HEADS * model.head_size])
        graph.takes(f"cross.{at}.k", [1, HEADS, "frames", model.head_size])
        graph.add("Reshape", [f"query.{at}", heads], [f"{at}.split"])
        graph.add("Transpose", [f"{at}.split"], [f"{at}.q"], perm=[0, 2, 1, 3])
        graph.add("Transpose", [f"cross.{at}.k"], [f"{at}.k"], perm=[0, 1, 3, 2])
        graph.add("MatMul", [f"{at}.q", f"{at}.k"], [f"{at}.fit"])
        graph.add("Mul", [f"{at}.fit", scale], [f"{at}.scaled"])
        graph.add("Softmax", [f"{at}.scaled"], [f"{at}.looks"], axis=-1)
        standing_out = _standardised(graph, f"{at}.looks", axis=2)
        graph.add("ReduceMean", [standing_out], [f"{at}.mean"], axes=[0, 1], keepdims=0)
    graph.add("Mean", [f"{at}.mean" for at in range(model.layers)], ["standing_out"])
    graph.gives("standing_out", ["tokens", "frames"])
    return graph


def _standardised(graph: GraphWriter, value: str, *, axis: int) -> str:
    """Subtract the mean over an axis and divide by the deviation."""
    graph.add("ReduceMean", [value], [f"{value}.mean"], axes=[axis], keepdims=1)
    graph.add("Sub", [value, f"{value}.mean"], [f"{value}.off"])
    graph.add("Mul", [f"{value}.off", f"{value}.off"], [f"{value}.square"])
    graph.add("ReduceMean", [f"{value}.square"], [f"{value}.variance"], axes=[axis], keepdims=1)
    graph.add("Sqrt", [f"{value}.variance"], [f"{value}.deviation"])
    least = graph.constant(np.array(_LEAST_DEVIATION, np.float32))
    graph.add("Add", [f"{value}.deviation", least], [f"{value}.divisor"])
    return graph.add("Div", [f"{value}.off", f"{value}.divisor"], [f"{value}.standard"])[0]


def _split(graph: GraphWriter, value: str, names: list[str]) -> list[str]:
    """Cut a value into parts of the same width."""
    graph.add("Split", [value], names, axis=-1)
    return names


def _norm(graph: GraphWriter, value: str, weights: str, shipped: ShippedNetwork) -> str:
    inputs = [value, graph.constant(shipped.vector(weights))]
    (name,) = graph.add("LayerNormalization", inputs, [f"{value}.norm"], epsilon=_EPSILON)
    return name


def _skip_norm(
    graph: GraphWriter, value: str, added: str, shipped: ShippedNetwork, weights: str
) -> tuple[str, str]:
    """Add two values; return their sum, and that normalised."""
    inputs = [value, added, graph.constant(shipped.vector(weights))]
    outputs = [f"{added}.norm", "", "", f"{added}.sum"]
    graph.add("SkipLayerNormalization", inputs, outputs, domain=MICROSOFT, epsilon=_EPSILON)
    return outputs[3], outputs[0]


def _rotary_tables(graph: GraphWriter) -> tuple[str, str]:
    frequencies = _ROTARY_BASE ** (-np.arange(0, _ROTATED, 2) / _ROTATED)
    angles = np.outer(np.arange(MAX_POSITIONS), frequencies)
    return tuple(graph.constant(one(angles).astype(np.float32)) for one in (np.cos, np.sin))  # type: ignore[return-value]


if __name__ == "__main__":
    make(*map(Path, sys.argv[1:4]))
