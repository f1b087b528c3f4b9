"""Reads the weights out of a network as it is shipped: exported, and stored for onnxruntime.

Taking it apart needs a library and 150 MB that nothing else needs: only `graphs` does.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime  # type: ignore[import-untyped]  # it ships no type hints
from numpy.typing import NDArray
from onnx import numpy_helper

_BRANCH: Final = "else_branch"
"""Of a decoder's two: the one that begins without a memory has all the weights."""
_INTEGERS: Final[Mapping[str, Sequence[int]]] = {
    "MatMulIntegerToFloat": (1, 3, 5),
    "DynamicQuantizeMatMul": (1, 2, 3),
}
"""Where these operators have their integers, their scale and their zero."""
_UNPACKED: Final = "_add_tensor"
"""How a matrix is called that is unpacked to floats before it is used: from integers, a scale and
what zero becomes by it, which have the same name with other endings."""
_UINT8_TO_INT8: Final = 128


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix of integers, which stand for `(integer - zero) * scale`."""

    integers: NDArray[np.int8]
    zero: int
    scale: float

    @property
    def transposed(self) -> "Matrix":
        """The same, its rows for its columns."""
        return Matrix(np.ascontiguousarray(self.integers.T), self.zero, self.scale)


class ShippedNetwork:
    """The weights of one network, by the names that its authors' modules had."""

    def __init__(self, path: Path) -> None:
        graph = _exported(path)
        self._values: dict[str, NDArray[np.generic]] = {}
        self._products: dict[str, Sequence[str]] = {}
        for part in (graph, *_branches(graph)):
            self._values |= {one.name: numpy_helper.to_array(one) for one in part.initializer}
            self._products |= {node.output[0]: _integers_of(node) for node in part.node}

    def vector(self, name: str) -> NDArray[np.float32]:
        """Return a bias, or the weights of a normalisation.

        Raises:
            KeyError: There is none of the name.
        """
        whole = name if name in self._values else f"{name}_merged_0"
        return np.asarray(self._values[whole], np.float32)

    def unpacked(self, name: str) -> NDArray[np.float32]:
        """Return weights as floats, however they are stored.

        Raises:
            KeyError: There are none of the name.
        """
        if f"{name}{_UNPACKED}" in self._values:
            return np.asarray(self._values[f"{name}{_UNPACKED}"], np.float32)
        integers, scale, offset = (
            np.asarray(self._values[f"{name}{ending}"], np.float32)
            for ending in ("_quantized", "_scale", "_zero_point")
        )
        return integers * scale + offset

    def only(self, prefix: str) -> NDArray[np.float32]:
        """Return the one that was not given a name, only a number after the prefix."""
        (name,) = (name for name in self._values if name.startswith(prefix) and _is_number(name))
        return self.vector(name)

    def has(self, *modules: str) -> bool:
        """Whether one of these modules is in it."""
        return any(self._product_of(module) is not None for module in modules)

    def matrix(self, *modules: str) -> Matrix:
        """Return the matrix of the first of these modules that is there.

        Raises:
            KeyError: None is.
        """
        for module in modules:
            names = self._product_of(module)
            if names is not None and names[0] in self._values:
                return self._matrix(names)
        raise KeyError(modules[0])

    def table(self, name: str) -> Matrix:
        """Return a matrix whose rows are looked up."""
        return self._matrix(
            [f"{name}_merged_0{e}" for e in ("_quantized", "_scale", "_zero_point")]
        )

    def _product_of(self, module: str) -> Sequence[str] | None:
        names = (module, f"{module}/MatMul_output_0", f"{module}/Add_output_0")
        return next((found for name in names if (found := self._products.get(name))), None)

    def _matrix(self, names: Sequence[str]) -> Matrix:
        integers, scale, zero = (self._values[name] for name in names)
        step = float(scale.reshape(()))
        if integers.dtype == np.uint8:
            shifted = (integers.astype(np.int16) - _UINT8_TO_INT8).astype(np.int8)
            return Matrix(shifted, int(zero.reshape(())) - _UINT8_TO_INT8, step)
        return Matrix(integers.astype(np.int8), round(-float(zero.reshape(())) / step), step)


def _exported(path: Path) -> onnx.GraphProto:
    """Return the graph of a network that is stored for onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    options.add_session_config_entry("session.save_model_format", "ONNX")
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder, "network.onnx")
        options.optimized_model_filepath = str(saved)
        onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return onnx.load(saved).graph


def _branches(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    for node in graph.node:
        yield from (one.g for one in node.attribute if one.name == _BRANCH)


def _integers_of(node: onnx.NodeProto) -> Sequence[str]:
    """Return the names of a product's integers, scale and zero; empty if it is none of weights."""
    if node.op_type in _INTEGERS:
        return [node.input[at] for at in _INTEGERS[node.op_type]]
    if node.op_type == "MatMul" and node.input[1].endswith(_UNPACKED):
        name = node.input[1].removesuffix(_UNPACKED)
        return [f"{name}{ending}" for ending in ("_quantized", "_scale", "_zero_point")]
    return ()


def _is_number(name: str) -> bool:
    return name.rpartition("_")[2].isdecimal()
