"""What runs a network: one small interface, two engines behind it, and the choice between them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import EngineError, EngineMissingError, InferenceError, ModelLoadError
from core.result import EngineName, Precision
from inference.ir_file import require_plain_ir
from inference.onnx_file import require_plain_model
from inference.privacy import forbid_telemetry

Batch = NDArray[np.float32]
Outputs = Mapping[str, NDArray[np.float32]]

ENGINES: tuple[EngineName, ...] = ("openvino", "onnxruntime")
AUTO_CHOICE: tuple[EngineName, Precision] = ("openvino", "int8")
"""What ``auto`` means until a computer has been measured (``inference.tuning``)."""
CPU = "CPU"
"""The device that every engine has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One input or output of a network; None is a size that is open."""

    name: str
    shape: tuple[int | None, ...]


class Engine(Protocol):
    """A network that is loaded and ready. Use it from one thread at a time."""

    @property
    def name(self) -> EngineName:
        """Which engine this is."""
        ...

    @property
    def device(self) -> str:
        """What it runs on, named as the engine names it: CPU, GPU.0, NPU, CUDA."""
        ...

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The network's inputs."""
        ...

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The network's outputs."""
        ...

    def run(self, batch: Batch) -> Outputs:
        """Return every output, by name, for float32 (batch, channel, row, column).

        Raises:
            InferenceError: the engine failed, or an output is not finite.
        """
        ...


def open_engine(
    name: EngineName,
    model: bytes,
    *,
    threads: int | None = None,
    weights: bytes | None = None,
    device: str = CPU,
    cache: Path | None = None,
) -> Engine:
    """Load the content of an ONNX file, or of an OpenVINO IR file with its ``weights`` (OpenVINO alone).

    ``threads`` is how many cores one run on the processor may use; None takes all physical cores. ``cache``
    is a folder in which a device may keep what it compiled; nothing is kept where it is None.

    Raises:
        EngineMissingError: the engine is not installed.
        DeviceMissingError: the engine has no such device on this computer.
        ModelLoadError: the engine does not accept the model, or the model asks for files outside itself.
    """
    if weights is None:
        require_plain_model(model)
    else:
        require_plain_ir(model, weights)
    forbid_telemetry()
    opener = _openers(weights)[name]
    try:
        return opener(model, threads or physical_cores(), device, cache)
    except EngineError:
        raise
    except ImportError as error:
        raise EngineMissingError(f"{name}: {error}") from error
    except Exception as error:
        raise ModelLoadError(f"{name}: {first_line(error)}") from error


def physical_cores() -> int:
    """Return how many physical cores this process may use (a hyper-thread is not one)."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    try:
        import psutil

        physical = psutil.cpu_count(logical=False)
    except ImportError:
        physical = None
    return max(1, min(allowed, physical or allowed))


def require_batch(batch: Batch, expected: Tensor) -> None:
    """Check type and shape of a batch before an engine sees it.

    Raises:
        InferenceError: it is not float32, not finite, or of another shape.
    """
    if batch.dtype != np.float32:
        raise InferenceError(f"the input is {batch.dtype}, not float32")
    sizes = zip(batch.shape[1:], expected.shape[1:], strict=False)
    if batch.ndim != len(expected.shape) or any(want not in (None, got) for got, want in sizes):
        raise InferenceError(f"the input has the shape {batch.shape}, the network reads {expected.shape}")
    if not np.isfinite(batch).all():
        raise InferenceError("the input has values that are not numbers")


def require_finite(outputs: Outputs) -> None:
    """Check that an engine returned numbers.

    Raises:
        InferenceError: an output has a value that is not finite.
    """
    for name, values in outputs.items():
        if not np.isfinite(values).all():
            raise InferenceError(f"the output {name!r} has values that are not numbers")


def one_by_one(engine: Engine, batch: Batch) -> Outputs:
    """Run a batch of images one after another, for networks that take one at a time."""
    if len(batch) == 0:
        raise InferenceError("the batch is empty")
    parts = [engine.run(batch[index : index + 1]) for index in range(len(batch))]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def first_line(error: Exception) -> str:
    """Return the first line of a message, cut short: engines write pages."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _openers(
    weights: bytes | None,
) -> Mapping[EngineName, Callable[[bytes, int, str, Path | None], Engine]]:
    def onnxruntime(model: bytes, threads: int, device: str, cache: Path | None) -> Engine:
        from inference.engine_onnxruntime import OnnxRuntimeEngine

        if weights is not None:
            raise ModelLoadError("onnxruntime does not read OpenVINO IR")
        return OnnxRuntimeEngine(model, threads, device, cache)

    def openvino(model: bytes, threads: int, device: str, cache: Path | None) -> Engine:
        from inference.engine_openvino import OpenVinoEngine

        return OpenVinoEngine(model, threads, device, cache, weights)

    return {"onnxruntime": onnxruntime, "openvino": openvino}
