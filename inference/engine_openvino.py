"""Runs networks in OpenVINO, on the processor or a device: the only importer of that library.

Imported by ``engine.open_engine`` alone, after ``privacy.forbid_telemetry``.
"""

import io
from math import prod
from pathlib import Path

import numpy as np
import openvino

from core.errors import DeviceMissingError, InferenceError, ModelLoadError
from core.result import EngineName
from inference.engine import (
    CPU,
    Batch,
    Outputs,
    Tensor,
    first_line,
    one_by_one,
    require_batch,
    require_finite,
)
from inference.onnx_sizes import MOST_VALUES, MOST_VALUES_TOGETHER

_DRIVER_PROPERTIES = ("NPU_DRIVER_VERSION", "NPU_COMPILER_VERSION", "DEVICE_ARCHITECTURE")

# One core lives as long as the process. The first network that a core compiles for the processor gives the
# calling thread a stack for its signals, which ends with the core: of two cores that end in the order in
# which they began, the second puts the freed stack of the first back, and the next Ctrl-C is a segmentation
# fault (2026.4, Linux).
_CORE = openvino.Core()


class OpenVinoEngine:
    """One network in OpenVINO, compiled for one image at a time."""

    name: EngineName = "openvino"

    def __init__(
        self,
        model: bytes,
        threads: int,
        device: str = CPU,
        cache: Path | None = None,
        weights: bytes | None = None,
    ) -> None:
        self.device = device
        # To ask which devices there are loads every driver: a processor alone is taken for granted.
        if device != CPU and device not in _CORE.available_devices:
            raise DeviceMissingError(f"openvino has no {device} here")
        network = _read(model, weights)
        self.inputs = tuple(_tensor(port) for port in network.inputs)
        self.outputs = tuple(_tensor(port) for port in network.outputs)
        _close_batch(network)
        _require_bounded(network)
        compiled = _CORE.compile_model(network, device, _options(threads, device, cache))
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


def _read(model: bytes, weights: bytes | None) -> openvino.Model:
    """Read ONNX, or IR with its weights (an empty tensor where a network has none)."""
    if weights is None:
        return _CORE.read_model(io.BytesIO(model))
    return _CORE.read_model(model=model, weights=weights)


def installed_devices() -> tuple[tuple[str, str, str], ...]:
    """Return the devices other than the processor, each with its name and its driver. Loads their drivers."""
    return tuple(
        (device, str(_CORE.get_property(device, "FULL_DEVICE_NAME")), _driver(device))
        for device in _CORE.available_devices
        if device != CPU
    )


def _driver(device: str) -> str:
    known = set(_CORE.get_property(device, "SUPPORTED_PROPERTIES"))
    told = [str(_CORE.get_property(device, name)) for name in _DRIVER_PROPERTIES if name in known]
    return " ".join(told)[:120]


def _options(threads: int, device: str = CPU, cache: Path | None = None) -> dict[str, object]:
    """Return options for low latency that leave threads where the system puts them.

    Pinned, every OpenVINO process of a computer computes on the same first cores: two beside
    each other were no faster than one, unpinned they are twice as fast (measured). A neural processor
    computes in 16 bits only; everything else is asked for 32.
    """
    options: dict[str, object] = {
        "PERFORMANCE_HINT": "LATENCY",
        "CACHE_DIR": "" if cache is None else str(cache),
    }
    if device == CPU:
        options |= {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
    if not device.startswith("NPU"):
        options["INFERENCE_PRECISION_HINT"] = "f32"
    return options


def _close_batch(network: openvino.Model) -> None:
    """Set an open batch to one image: faster by a fifth, and larger batches gain nothing (measured)."""
    if len(network.inputs) == 1 and network.is_dynamic():
        shape = network.inputs[0].get_partial_shape()
        shape[0] = 1
        network.reshape(shape)


def _require_bounded(network: openvino.Model) -> None:
    """Check how large OpenVINO says that each step is, before anything of that size is made.

    Raises:
        ModelLoadError: one is too large, or is known only when it runs though the picture's size is fixed.
    """
    if any(port.get_partial_shape().is_dynamic for port in network.inputs):
        return  # a draft's network whose sides are not closed yet
    together = 0
    for layer in network.get_ordered_ops():
        for port in layer.outputs():
            sizes = port.get_partial_shape()
            name = layer.get_type_name()
            if sizes.is_dynamic:
                raise ModelLoadError(
                    f"the size at the network's layer {name!r:.40} is known only when it runs"
                )
            values = prod(sizes.to_shape())
            together += values
            if values > MOST_VALUES or together > MOST_VALUES_TOGETHER:
                raise ModelLoadError(f"the network's layer {name!r:.40} would make {values:.2g} values")


def _tensor(port: openvino.Output) -> Tensor:
    sizes = port.get_partial_shape()
    return Tensor(
        name=port.get_any_name(),
        shape=tuple(size.get_length() if size.is_static else None for size in sizes),
    )
