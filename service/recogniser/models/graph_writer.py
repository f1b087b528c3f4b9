"""Writes a network down, operator by operator. See `graphs`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from service.recogniser.models.shipped import Matrix

MICROSOFT: Final = "com.microsoft"
"""Whose operators are those that ONNX does not have: they come with onnxruntime."""
_OPSET, _IR_VERSION = 17, 8
"""Old enough for every onnxruntime that this runs on."""


class GraphWriter:
    """A graph to which operators are added. Every value has a name; what adds one returns it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._rounded: set[str] = set()
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def takes(self, name: str, shape: Sequence[int | str], *, integers: bool = False) -> str:
        """Add an input."""
        kind = TensorProto.INT64 if integers else TensorProto.FLOAT
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def gives(self, name: str, shape: Sequence[int | str]) -> None:
        """Make a value an output."""
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def constant(self, value: NDArray[np.generic]) -> str:
        """Add a constant."""
        name = f"constant.{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(
        self,
        operator: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        *,
        domain: str = "",
        **attributes: float | Sequence[int],
    ) -> Sequence[str]:
        """Add an operator, and return its outputs; an empty name is one that is left out."""
        node = helper.make_node(operator, inputs, outputs, domain=domain, **attributes)  # type: ignore[arg-type]
        node.name = f"node.{len(self._nodes)}"
        self._nodes.append(node)
        return outputs

    def product(
        self,
        of: str,
        matrices: Sequence[Matrix],
        name: str,
        bias: NDArray[np.float32] | None = None,
    ) -> str:
        """Add the product of a value with a matrix, or with several side by side, plus a bias.

        The integers stay what they are; the value is rounded to 8 bits, once for all products.
        """
        rounded = [f"{of}.integers", f"{of}.scale", f"{of}.zero"]
        if of not in self._rounded:
            self.add("DynamicQuantizeLinear", [of], rounded)
            self._rounded.add(of)
        widths = [one.integers.shape[1] for one in matrices]
        inputs = [
            rounded[0],
            self.constant(np.concatenate([one.integers for one in matrices], axis=1)),
            rounded[1],
            self.constant(np.repeat([one.scale for one in matrices], widths).astype(np.float32)),
            rounded[2],
            self.constant(np.repeat([one.zero for one in matrices], widths).astype(np.int8)),
        ]
        inputs += [] if bias is None else [self.constant(bias)]
        self.add("MatMulIntegerToFloat", inputs, [name], domain=MICROSOFT)
        return name

    def save(self, path: Path) -> int:
        """Write the graph to a file, and that to the disk; return its length in bytes."""
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, initializer=self._constants
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        with path.open("wb") as file:
            file.write(model.SerializeToString())
            file.flush()
            os.fsync(file.fileno())
            return file.tell()
