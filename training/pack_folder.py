"""Put a finished pack together: networks, golden inputs, licence, manifest with checksums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from core.result import EngineName
from inference.engine import ENGINES, open_engine
from training import export

Tensors = NDArray[np.float32]
_FILES = """The weights in this folder ({weights}) and the files that describe
them """
_SOURCES = """
SPDX-License-Identifier: {spdx}

They were trained on the images and masks named here; whoever passes them on names these sources too:

{attribution}
"""
LICENCES = {
    "CC-BY-4.0": "are licensed under the Creative Commons Attribution 4.0 International licence (CC BY "
    "4.0):\nhttps://creativecommons.org/licenses/by/4.0/legalcode\n",
    "CC-BY-NC-SA-4.0": "are licensed under the Creative Commons Attribution-NonCommercial-ShareAlike 4.0\n"
    "International licence (CC BY-NC-SA 4.0):\nhttps://creativecommons.org/licenses/by-nc-sa/4.0/legalcode\n"
    "They may not be used commercially; what is made from them is shared under the same licence.\n",
    "LicenseRef-US-Government-Work": "may be used by anybody for anything. The images that they were "
    "trained on are work of\nthe United States government, which is not subject to copyright there (17 "
    "U.S.C. 105).\n",
    "LicenseRef-NLM-Chest-XRays": "may be used by anybody for anything; the US National Library of Medicine, "
    "which\nreleased the images that they were trained on, asks to be acknowledged and its papers to be "
    "cited.\n",
    "LicenseRef-LC25000": "are for research and teaching only, and not for commercial use. The authors of "
    "the images\nthat they were trained on made those free for AI researchers; which other use that allows, "
    "in medical\ncare above all, is unclear. Whoever installs them takes on to find out what they may do.\n",
}
"""What the weights may be used for, by their licence's name."""


def write_networks(network: nn.Module, outputs: Sequence[str], folder: Path, calibration: Tensors) -> None:
    """Write both precisions; `calibration` (image, channel, row, column) sets the INT8 ranges."""
    folder.mkdir(parents=True, exist_ok=True)
    full, small = folder / "model.fp32.onnx", folder / "model.int8.onnx"
    export.write_onnx(
        network, full, size=calibration.shape[-1], outputs=outputs, channels=calibration.shape[1]
    )
    export.write_int8(full, small, calibration)


def write_golden(folder: Path, images: Tensors, roles: Mapping[str, str]) -> dict[str, float]:
    """Write synthetic inputs (image, 1, row, column) with the FP32 outputs by role.

    Returns, by role, how far INT8 may lie from them: twice the largest difference seen here in either engine.
    """
    expected = outputs_of(folder / "model.fp32.onnx", images)
    arrays = {role: expected[name].astype(np.float32) for role, name in roles.items()}
    np.savez_compressed(folder / "golden.npz", allow_pickle=False, input=images.astype(np.float32), **arrays)
    quantized = [_outputs_in(engine, folder / "model.int8.onnx", images) for engine in ENGINES]
    return {
        role: float(f"{max(2 * max(np.abs(expected[name] - q[name]).max() for q in quantized), 1e-3):.2g}")
        for role, name in roles.items()
    }


def _outputs_in(engine: EngineName, model: Path, images: Tensors) -> dict[str, Tensors]:
    """Run an ONNX file on (image, 1, row, column), an image at a time, as the self-test does."""
    opened = open_engine(engine, model.read_bytes())
    parts = [opened.run(image[None]) for image in images]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def outputs_of(model: Path, images: Tensors, batch: int = 16) -> dict[str, Tensors]:
    """Run an ONNX file on (image, 1, row, column) in ONNX Runtime and return its outputs by name."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    parts = [session.run(names, {"image": images[i : i + batch]}) for i in range(0, len(images), batch)]
    return {name: np.concatenate([part[index] for part in parts]) for index, name in enumerate(names)}


def write_licence(
    folder: Path, licence: Mapping[str, object], weights: str = "model.fp32.onnx, model.int8.onnx"
) -> None:
    """Write the licence of the files `weights`, as the manifest's table `licence` names it."""
    terms = LICENCES[str(licence["spdx"])]
    text = _FILES.format(weights=weights) + terms + _SOURCES.format(**licence)
    (folder / "LICENSE").write_text(text, encoding="utf-8")
