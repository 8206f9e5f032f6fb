"""Small packs with real ONNX models, made by hand so that what they must say is known.

``toy-outline`` outlines what is bright on each half of a 32 x 32 picture, and tells which way up it lies
from a bright corner; ``toy-finding`` looks inside those outlines at 24 x 24 and scores brightness.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inference.build import write_checksums
from inference.golden import write_golden
from inference.manifest_reader import parse_manifest
from inference.privacy import forbid_telemetry

OUTLINE_SIDE, FINDING_SIDE = 32, 24
SENSES = [
    *("upright", "turned-90", "turned-180", "turned-270"),
    *("inverted", "inverted-turned-90", "inverted-turned-180", "inverted-turned-270", "other"),
]

OUTLINE_TOML = """\
schema = "farlight-pack/1"
id = "toy-outline"
version = "1.2.0"
title = "Toy outline"
class = "assist"
task = "segment"
intended_use = "Tests."
not_for = ["patients"]

[licence]
spdx = "Apache-2.0"
commercial_use = true
attribution = "nobody"

[applies]
modalities = ["CR", "DX"]
body_parts = ["CHEST", "THORAX"]
views = ["AP", "PA"]
colour = "grey"

[input]
name = "image"
size = [32, 32]
channels = 1
region = { rule = "whole" }
resize = "stretch"
intensity = { rule = "percentile", low = 0.0, high = 100.0, within = "image" }

[output]
masks = "masks"
sense = "sense"
familiarity = "familiarity"

[[labels]]
code = "left"
title = "Left"

[[labels]]
code = "right"
title = "Right"

[outline]
threshold = 0.5
smallest_part = 0.2

[sense]
classes = ["upright", "turned-90", "turned-180", "turned-270", "inverted",
    "inverted-turned-90", "inverted-turned-180", "inverted-turned-270", "other"]
minimum_probability = 0.6
may_correct = ["turned-90", "turned-180", "turned-270", "inverted"]
correct_probability = 0.9

[familiarity]
maximum = 0.45

[[limits]]
gate = "exposure"
measure = "contrast"
minimum = 0.2

[[limits]]
gate = "sharpness"
measure = "short_side"
minimum = 20

[[limits]]
gate = "plausibility"
measure = "mask_area"
minimum = 0.02
maximum = 0.9

[tolerance]
masks = 0.1
sense = 0.5
familiarity = 0.05

[training_data]
text = "none"
population = "none"
"""

FINDING_TOML = """\
schema = "farlight-pack/1"
id = "toy-finding"
version = "1.0.0"
title = "Toy finding"
class = "research"
task = "classify"
intended_use = "Tests."
not_for = ["patients"]

[licence]
spdx = "Apache-2.0"
commercial_use = true
attribution = "nobody"

[applies]
modalities = ["CR", "DX"]
body_parts = ["CHEST", "THORAX"]
views = ["AP", "PA"]
age_years = { minimum = 1.0, maximum = 5.99 }
colour = "grey"

[depends]
"toy-outline" = ">=1.0.0,<2.0.0"

[input]
name = "image"
size = [24, 24]
channels = 1
region = { rule = "masks", pack = "toy-outline", codes = ["left", "right"], margin = 0.05, outside = 0.0 }
resize = "stretch"
intensity = { rule = "percentile", low = 1.0, high = 99.0, within = "region" }

[output]
logits = "logit"
activation_map = "cam"

[[labels]]
code = "brightness"
title = "Brightness"
operating_point = "balanced"
map_shown = true

[[labels.operating_points]]
name = "balanced"
threshold = 0.5
chosen_on = "nothing"

[labels.calibration]
method = "venn-abers"
prevalence = 0.5
logits = [-8.0, 0.0, 8.0]
lower = [0.01, 0.45, 0.95]
upper = [0.05, 0.55, 0.99]

[tolerance]
logits = 0.3
activation_map = 0.5

[training_data]
text = "none"
population = "none"
"""


def marker(side: int = OUTLINE_SIDE) -> NDArray[np.float32]:
    """Return the picture that lies upright: a block on each half, a brighter corner."""
    picture = np.full((side, side), 0.1, dtype=np.float32)
    unit = side // 16
    picture[5 * unit : 12 * unit, 2 * unit : 7 * unit] = 0.8
    picture[5 * unit : 12 * unit, 9 * unit : 14 * unit] = 0.8
    picture[: 3 * unit, : 3 * unit] = 1.0
    return picture


def outline_model() -> bytes:
    """Return the model of ``toy-outline``: a 3 x 3 mean, a mask on each half, sense by the bright corner."""
    side = OUTLINE_SIDE
    halves = np.zeros((1, 2, side, side), dtype=np.float32)
    halves[:, 0, :, side // 2 :] = 1.0
    halves[:, 1, :, : side // 2] = 1.0
    halves[:, :, : side // 4, :] = 0.0
    corner = np.zeros((side, side), dtype=np.float32)
    corner[:6, :6] = 1 / 36
    templates = np.stack([np.rot90(corner, turn) for turn in range(4)]).reshape(4, -1)
    centred = templates - templates.mean(0, keepdims=True)
    sense = np.concatenate([40 * centred, -40 * centred, np.zeros((1, side * side))]).astype(np.float32)
    kernel = np.full((2, 1, 3, 3), 1 / 9, dtype=np.float32)
    return _model(
        nodes=[
            helper.make_node("Conv", ["image", "kernel"], ["smooth"], pads=[1, 1, 1, 1]),
            helper.make_node("Sub", ["smooth", "half"], ["offset"]),
            helper.make_node("Mul", ["offset", "steep"], ["sharp"]),
            helper.make_node("Sigmoid", ["sharp"], ["soft"]),
            helper.make_node("Mul", ["soft", "halves"], ["masks"]),
            helper.make_node("Flatten", ["image"], ["flat"]),
            helper.make_node("Gemm", ["flat", "templates"], ["sense"], transB=1),
            helper.make_node("GlobalAveragePool", ["image"], ["level"]),
            helper.make_node("Sub", ["image", "level"], ["spread"]),
            helper.make_node("Abs", ["spread"], ["distance"]),
            helper.make_node("GlobalAveragePool", ["distance"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["familiarity"]),
        ],
        constants={
            "kernel": kernel,
            "half": np.float32(0.5),
            "steep": np.float32(20.0),
            "halves": halves,
            "templates": sense,
        },
        side=side,
        outputs={"masks": (2, side, side), "sense": (9,), "familiarity": (1,)},
    )


def finding_model() -> bytes:
    """Return the model of ``toy-finding``: a map of brightness, whose mean is the logit."""
    side = FINDING_SIDE
    return _model(
        nodes=[
            helper.make_node("Conv", ["image", "kernel"], ["features"], pads=[1, 1, 1, 1]),
            helper.make_node("AveragePool", ["features"], ["pooled"], kernel_shape=[4, 4], strides=[4, 4]),
            helper.make_node("Add", ["pooled", "bias"], ["cam"]),
            helper.make_node("GlobalAveragePool", ["cam"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["logit"]),
        ],
        constants={"kernel": np.full((1, 1, 3, 3), 10 / 9, dtype=np.float32), "bias": np.float32(-3.0)},
        side=side,
        outputs={"cam": (1, side // 4, side // 4), "logit": (1,)},
    )


def write_outline_pack(root: Path, toml: str = OUTLINE_TOML) -> Path:
    """Write ``toy-outline`` under a root and return its folder."""
    return write_pack(root / "toy-outline", toml, outline_model(), OUTLINE_SIDE)


def write_finding_pack(root: Path, toml: str = FINDING_TOML) -> Path:
    """Write ``toy-finding`` under a root and return its folder."""
    return write_pack(root / "toy-finding", toml, finding_model(), FINDING_SIDE)


def write_pack(folder: Path, toml: str, model: bytes, side: int) -> Path:
    """Write a whole pack: both models, golden outputs, card, licence, checksums."""
    folder.mkdir(parents=True)
    (folder / "pack.toml").write_text(toml, encoding="utf-8")
    (folder / "model.fp32.onnx").write_bytes(model)
    _quantize(folder / "model.fp32.onnx", folder / "model.int8.onnx", side)
    (folder / "card.md").write_text("# Toy\n", encoding="utf-8")
    (folder / "LICENSE").write_text("Apache-2.0\n", encoding="utf-8")
    batch = np.random.default_rng(7).random((3, 1, side, side), dtype=np.float32)
    write_golden(folder, parse_manifest(toml, with_files=False), batch)
    write_checksums(folder)
    return folder


def _model(
    nodes: list[onnx.NodeProto],
    constants: dict[str, NDArray[np.float32] | np.float32],
    side: int,
    outputs: dict[str, tuple[int, ...]],
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, side, side])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
            for name, shape in outputs.items()
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _quantize(source: Path, target: Path, side: int) -> None:
    """Quantize the convolutions (QDQ, 7-bit weights), calibrated on random pictures."""
    forbid_telemetry()
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Pictures(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            generator = np.random.default_rng(3)
            self._pictures = iter([generator.random((1, 1, side, side), dtype=np.float32) for _ in range(8)])

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            picture = next(self._pictures, None)
            return None if picture is None else {"image": picture}

    quantize_static(
        source,
        target,
        Pictures(),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        op_types_to_quantize=["Conv"],
    )
