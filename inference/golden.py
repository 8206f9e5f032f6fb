"""A few inputs and what the network must say of them: the self-test on the user's own computer.

``golden.npz`` holds ``input``, (batch, channel, row, column) float32, and for each role an array of that
name, such as ``logits``: what the FP32 network says. INT8 may differ by the manifest's tolerance, FP32 by
FP32_SHARE of it.
"""

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ManifestError
from core.result import EngineName, Precision
from inference.engine import Engine, open_engine
from inference.manifest import GOLDEN_NAME, Manifest, Role
from inference.model_files import require_model

INPUT = "input"
FP32_SHARE = 0.1
"""Share of the tolerance that full precision may use: engines differ in the last digits only."""
LARGEST_BYTES = 64 * 1024 * 1024
"""Bytes of all arrays together, unpacked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """The inputs, and the expected outputs by role."""

    batch: NDArray[np.float32]
    expected: Mapping[Role, NDArray[np.float32]]


def read_golden(data: bytes, manifest: Manifest) -> Golden:
    """Read the content of a ``golden.npz``.

    Raises:
        ManifestError: an array is missing, or it is not such a file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > LARGEST_BYTES:
                raise ManifestError(f"{GOLDEN_NAME} unpacks to more than {LARGEST_BYTES} bytes")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            expected = {role: arrays[role].astype(np.float32) for role in manifest.output.names}
            return Golden(batch=arrays[INPUT].astype(np.float32), expected=expected)
    except (KeyError, ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise ManifestError(f"{GOLDEN_NAME} does not hold what it must: {error}") from error


def write_golden(folder: Path, manifest: Manifest, batch: NDArray[np.float32]) -> None:
    """Write ``golden.npz`` beside the models, from what the FP32 one says in ONNX Runtime (IR: in OpenVINO).

    Raises:
        EngineError: the model cannot be run.
        PrecisionMissingError: there is no FP32 model.
    """
    model = require_model([path.name for path in folder.iterdir()], "fp32")
    weights = None if model.weights is None else (folder / model.weights).read_bytes()
    name: EngineName = "onnxruntime" if "onnxruntime" in model.engines else "openvino"
    engine = open_engine(name, (folder / model.name).read_bytes(), weights=weights)
    outputs = engine.run(batch)
    save_golden(folder, batch, {role: outputs[name] for role, name in manifest.output.names.items()})


def save_golden(
    folder: Path, batch: NDArray[np.float32], expected: Mapping[Role, NDArray[np.float32]]
) -> None:
    """Write ``golden.npz`` of inputs and what the FP32 network says of them."""
    arrays: dict[str, NDArray[np.float32]] = {INPUT: batch}
    arrays.update({str(role): values for role, values in expected.items()})
    with (folder / GOLDEN_NAME).open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def differences(engine: Engine, golden: Golden, manifest: Manifest) -> dict[Role, float]:
    """Return the largest difference from what is expected, for each role.

    Raises:
        InferenceError: the engine failed.
    """
    outputs = engine.run(golden.batch)
    return {
        role: _largest_difference(outputs[name], golden.expected[role])
        for role, name in manifest.output.names.items()
    }


def allowed_differences(manifest: Manifest, precision: Precision) -> dict[Role, float]:
    """Return how far each role may lie from what is expected."""
    share = 1.0 if precision == "int8" else FP32_SHARE
    return {role: share * tolerance for role, tolerance in manifest.tolerance.items()}


def _largest_difference(got: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    return float(np.abs(got - expected).max()) if got.shape == expected.shape else float("inf")
