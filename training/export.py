"""Write a trained network as ONNX, and its INT8 twin by post-training quantization."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

OPSET = 18
QUANTIZED = ["Conv", "Relu", "Add", "Resize", "GlobalAveragePool"]
"""What runs in eight bits; linear layers, distances and sigmoids stay in floating point.

With ReLU among them its clip becomes the zero point of one quantization: eight bits for what survives.
"""


class _Samples(CalibrationDataReader):
    def __init__(self, tensors: NDArray[np.float32], name: str) -> None:
        self._feeds: Iterator[dict[str, NDArray[np.float32]]] = ({name: tensor[None]} for tensor in tensors)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._feeds, None)


def write_onnx(network: nn.Module, path: Path, *, size: int, outputs: Sequence[str]) -> None:
    """Write a network that reads `image` (batch, 1, size, size) to one self-contained file."""
    network.eval()
    example = torch.rand(2, 1, size, size)
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
    """Quantize `source` on calibration inputs (image, 1, row, column).

    QDQ, a scale a channel, 7-bit weights.
    """
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(path),
            _Samples(tensors, "image"),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=QUANTIZED,
            nodes_to_exclude=_additions_of_constants(prepared),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"ActivationSymmetric": False, "WeightSymmetric": True},
        )


def _additions_of_constants(path: Path) -> list[str]:
    """Name the additions that are no residual connections: they stay in floating point."""
    graph = onnx.load(path).graph
    constants = {tensor.name for tensor in graph.initializer}
    constants |= {name for node in graph.node if node.op_type == "Constant" for name in node.output}
    return [node.name for node in graph.node if node.op_type == "Add" and constants & set(node.input)]
