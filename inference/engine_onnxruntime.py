"""Runs networks in ONNX Runtime on the processor: the only importer of that library.

Imported by ``engine.open_engine`` alone, after ``privacy.forbid_telemetry``.
"""

import numpy as np
import onnxruntime

from core.errors import InferenceError
from core.result import EngineName
from inference.engine import Batch, Outputs, Tensor, first_line, one_by_one, require_batch, require_finite

_FATAL_ONLY = 4


class OnnxRuntimeEngine:
    """One network in ONNX Runtime."""

    name: EngineName = "onnxruntime"
    device = "CPU"

    def __init__(self, model: bytes, threads: int) -> None:
        onnxruntime.disable_telemetry_events()
        onnxruntime.set_default_logger_severity(_FATAL_ONLY)
        self._session = onnxruntime.InferenceSession(
            model, _options(threads), providers=["CPUExecutionProvider"]
        )
        self.inputs = tuple(_tensor(node) for node in self._session.get_inputs())
        self.outputs = tuple(_tensor(node) for node in self._session.get_outputs())

    def run(self, batch: Batch) -> Outputs:
        """Return every output by name; see ``Engine.run``."""
        require_batch(batch, self.inputs[0])
        if self.inputs[0].shape[0] == 1 and len(batch) != 1:
            return one_by_one(self, batch)
        try:
            values = self._session.run(None, {self.inputs[0].name: np.ascontiguousarray(batch)})
        except Exception as error:
            raise InferenceError(f"onnxruntime: {first_line(error)}") from error
        outputs = {
            tensor.name: np.asarray(value, dtype=np.float32)
            for tensor, value in zip(self.outputs, values, strict=True)
        }
        require_finite(outputs)
        return outputs


def _options(threads: int) -> onnxruntime.SessionOptions:
    """Return options for low latency that leave the processor alone between runs.

    Threads that spin are faster on an idle computer and several times slower beside other work (measured).
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    options.use_deterministic_compute = True
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _tensor(node: onnxruntime.NodeArg) -> Tensor:
    return Tensor(name=node.name, shape=tuple(size if isinstance(size, int) else None for size in node.shape))
