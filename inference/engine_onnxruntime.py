"""Runs networks in ONNX Runtime, on the processor or a device: the only importer of that library.

Imported by ``engine.open_engine`` alone, after ``privacy.forbid_telemetry``.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from core.errors import DeviceMissingError, InferenceError
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

_FATAL_ONLY = 4
PROVIDERS = {
    CPU: "CPUExecutionProvider",
    "CUDA": "CUDAExecutionProvider",
    "DirectML": "DmlExecutionProvider",
    "CoreML": "CoreMLExecutionProvider",
}
"""The devices by the name that is shown, with the name of the library's part that drives each."""


class OnnxRuntimeEngine:
    """One network in ONNX Runtime."""

    name: EngineName = "onnxruntime"

    def __init__(self, model: bytes, threads: int, device: str = CPU, cache: Path | None = None) -> None:
        onnxruntime.disable_telemetry_events()
        onnxruntime.set_default_logger_severity(_FATAL_ONLY)
        self.device = device
        provider = PROVIDERS.get(device)
        if provider is None or provider not in onnxruntime.get_available_providers():
            raise DeviceMissingError(f"onnxruntime has no {device} here")
        self._session = onnxruntime.InferenceSession(
            model, _options(threads, device), providers=[(provider, _provider_options(device, cache))]
        )
        # Where a provider cannot start, the library goes on with the processor and says so in a log alone.
        if self._session.get_providers()[0] != provider:
            raise DeviceMissingError(f"onnxruntime could not start {device}")
        self._session.disable_fallback()
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


def installed_devices() -> tuple[tuple[str, str, str], ...]:
    """Return the devices that this build of the library drives, each with its name and its driver.

    It loads no driver: whether a device answers is found out by trying it, in a process of its own.
    """
    hardware = _hardware()
    drivers = {"CUDA": _nvidia_driver()}
    usual = {
        "CUDA": "NVIDIA GPU (CUDA)",
        "DirectML": "GPU (DirectX 12)",
        "CoreML": "Apple Neural Engine and GPU (Core ML)",
    }
    available = onnxruntime.get_available_providers()
    return tuple(
        (device, hardware.get(device, usual[device]), drivers.get(device, ""))
        for device, provider in PROVIDERS.items()
        if device != CPU and provider in available
    )


def _hardware() -> dict[str, str]:
    """Return what the library knows of graphics hardware by name; {} where it does not tell."""
    found: dict[str, str] = {}
    for one in getattr(onnxruntime, "get_ep_devices", tuple)():
        name = dict(one.device.metadata).get("Description", "")
        for device, provider in PROVIDERS.items():
            if name and device != CPU and one.ep_name == provider:
                found[device] = name
    return found


def _nvidia_driver() -> str:
    try:
        return Path("/proc/driver/nvidia/version").read_text(encoding="ascii").splitlines()[0][:120]
    except (OSError, ValueError, IndexError):
        return ""


def _provider_options(device: str, cache: Path | None) -> dict[str, Any]:
    """Return options under which a device gives the same answer each time, in full precision."""
    if device == "CUDA":
        return {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
    if device == "CoreML" and cache is not None:
        return {"ModelCacheDirectory": str(cache)}
    return {}


def _options(threads: int, device: str = CPU) -> onnxruntime.SessionOptions:
    """Return options for low latency that leave the processor alone between runs.

    Threads that spin are faster on an idle computer and several times slower beside other work (measured).
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = device != "DirectML"  # DirectML works without it alone
    options.log_severity_level = _FATAL_ONLY
    options.use_deterministic_compute = True
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _tensor(node: onnxruntime.NodeArg) -> Tensor:
    return Tensor(name=node.name, shape=tuple(size if isinstance(size, int) else None for size in node.shape))
