"""Write a trained network as ONNX, and its INT8 twin by post-training quantization."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from inference.quantizer import CONVOLUTIONAL, quantized

OPSET = 18


def write_onnx(
    network: nn.Module, path: Path, *, size: int, outputs: Sequence[str], channels: int = 1
) -> None:
    """Write a network that reads `image` (batch, channel, size, size) to one self-contained file."""
    network.eval()
    example = torch.rand(2, channels, size, size)
    program = torch.onnx.export(
        network,
        (example,),
        input_names=["image"],
        output_names=list(outputs),
        dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=1024)},),
        opset_version=OPSET,
        dynamo=True,
        optimize=True,
        verbose=False,
    )
    assert program is not None
    model = program.model_proto
    model.doc_string = ""
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def write_int8(source: Path, path: Path, tensors: NDArray[np.float32]) -> None:
    """Quantize `source` on calibration inputs (image, 1, row, column), as `packs quantize` does."""
    samples = [tensor[None] for tensor in tensors]
    path.write_bytes(quantized(source.read_bytes(), samples, operators=CONVOLUTIONAL))
