"""Runs networks in OpenVINO on the processor: the only importer of that library.

Imported by ``engine.open_engine`` alone, after ``privacy.forbid_telemetry``.
"""

import io

import numpy as np
import openvino

from core.errors import EngineMissingError, InferenceError
from core.result import EngineName
from inference.engine import Batch, Outputs, Tensor, first_line, one_by_one, require_batch, require_finite


class OpenVinoEngine:
    """One network in OpenVINO, compiled for one image at a time. Nothing is cached on disk."""

    name: EngineName = "openvino"
    device = "CPU"

    def __init__(self, model: bytes, threads: int, weights: bytes | None = None) -> None:
        core = openvino.Core()
        if self.device not in core.available_devices:
            raise EngineMissingError("openvino has no CPU device here")
        network = _read(core, model, weights)
        self.inputs = tuple(_tensor(port) for port in network.inputs)
        self.outputs = tuple(_tensor(port) for port in network.outputs)
        _close_batch(network)
        compiled = core.compile_model(network, self.device, _options(threads))
        self._request = compiled.create_infer_request()

    def run(self, batch: Batch) -> Outputs:
        """Return every output by name; see ``Engine.run``."""
        require_batch(batch, self.inputs[0])
        if len(batch) != 1:
            return one_by_one(self, batch)
        try:
            self._request.infer({0: np.ascontiguousarray(batch)}, share_inputs=True)
        except Exception as error:
            raise InferenceError(f"openvino: {first_line(error)}") from error
        outputs = {
            tensor.name: np.array(self._request.get_output_tensor(index).data, dtype=np.float32)
            for index, tensor in enumerate(self.outputs)
        }
        require_finite(outputs)
        return outputs


def _read(core: openvino.Core, model: bytes, weights: bytes | None) -> openvino.Model:
    """Read ONNX, or IR with its weights (an empty tensor where a network has none)."""
    if weights is None:
        return core.read_model(io.BytesIO(model))
    return core.read_model(model=model, weights=weights)


def _options(threads: int) -> dict[str, object]:
    """Return options for low latency that leave threads where the system puts them.

    Pinned, every OpenVINO process of a computer computes on the same first cores: two beside
    each other were no faster than one, unpinned they are twice as fast (measured).
    """
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": False,
        "CACHE_DIR": "",
    }


def _close_batch(network: openvino.Model) -> None:
    """Set an open batch to one image: faster by a fifth, and larger batches gain nothing (measured)."""
    if len(network.inputs) == 1 and network.is_dynamic():
        shape = network.inputs[0].get_partial_shape()
        shape[0] = 1
        network.reshape(shape)


def _tensor(port: openvino.Output) -> Tensor:
    sizes = port.get_partial_shape()
    return Tensor(
        name=port.get_any_name(),
        shape=tuple(size.get_length() if size.is_static else None for size in sizes),
    )
