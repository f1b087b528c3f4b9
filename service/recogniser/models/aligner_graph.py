"""Makes the aligner's network out of the decoder; a program of its own.

The decoder's file holds, in one of its two branches, all that attends to the sound; only that it
does not give it away. Taking it apart needs a library and 150 MB that nothing else needs.
"""

import sys
from pathlib import Path
from typing import Final

import onnx
import onnxruntime  # type: ignore[import-untyped]  # it ships no type hints

from service.recogniser.models.alignment import ATTENTION

_BRANCH: Final = "else_branch"
"""The one that begins without a memory: it takes all tokens at once."""


def make(decoder: Path, made: Path) -> None:
    """Write to `made` a network of tokens and encoded sound to attention."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.optimized_model_filepath = str(made)
    options.log_severity_level = 3
    options.add_session_config_entry("session.save_model_format", "ONNX")
    onnxruntime.InferenceSession(decoder, options, providers=["CPUExecutionProvider"])
    model = onnx.load(made)
    _keep_branch(model.graph)
    onnx.save(model, made)


def _keep_branch(graph: onnx.GraphProto) -> None:
    choice = next(node for node in graph.node if node.op_type == "If")
    branch = next(one.g for one in choice.attribute if one.name == _BRANCH)
    nodes = [*(node for node in graph.node if node is not choice), *branch.node]
    used = {name for node in nodes for name in node.input}
    inputs = [one for one in graph.input if one.name in used]
    whole = onnx.helper.make_graph(
        [node for node in nodes if node.op_type != "If"],
        "aligner",
        inputs,
        [
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
            for name in ATTENTION
        ],
        initializer=[*graph.initializer, *branch.initializer],
    )
    graph.CopyFrom(whole)


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
