"""How a network is loaded into onnxruntime."""

from pathlib import Path

import onnxruntime  # type: ignore[import-untyped]  # it ships no type hints


def load_network(path: Path) -> onnxruntime.InferenceSession:
    """Load a network to be run by many threads at once, each run on the thread that calls."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # as quick without, and some 20 MB smaller
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Products of integers would overflow on processors that have AVX2 but no VNNI.
    options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
