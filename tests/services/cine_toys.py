"""A toy pack that knows four greys, and drawn hearts of known volume to show it."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inference.build import write_checksums
from inference.golden import write_golden
from inference.manifest_reader import parse_manifest
from inference.privacy import forbid_telemetry
from tests.imaging import writers

SIDE, SLICES, PHASES = 96, 7, 4
PIXEL_MM, DISTANCE_MM = 1.5, 9.0
RADII_MM = (20.0, 14.0, 16.0, 19.0)
GREYS = (0, 600, 300, 900)
"""Of the rest, the right ventricle, the wall, the left ventricle."""
MANIFEST = """\
schema = "farlight-pack/1"
id = "toy-cine"
version = "1.0.0"
title = "Toy cine"
class = "research"
task = "measure"
intended_use = "Tests."
not_for = ["patients"]

[licence]
spdx = "CC-BY-NC-SA-4.0"
commercial_use = false
acceptance = true
attribution = "nobody"

[applies]
modalities = ["MR"]
colour = "grey"
multi_frame = true
trained_on_ages = { minimum = 18.0, maximum = 150.0 }

[input]
name = "image"
size = [128, 128]
channels = 3
region = { rule = "whole" }
resize = "crop"
intensity = { rule = "percentile", low = 0.0, high = 100.0, within = "image" }

[output]
masks = "masks"
familiarity = "familiarity"

[measure]
rule = "short-axis-cine"
spacing_mm = 1.5
locate_factor = 1.5
smallest_stack = 4
batch = 8
coverage = 0.9

[[measurements]]
code = "lv_ef"
title = "LV ejection fraction"
unit = "%"
error = 5.0

[[measurements]]
code = "lv_edv"
title = "LV end-diastolic volume"
unit = "ml"
relative_error = 0.1

[[measurements]]
code = "lv_mass"
title = "LV mass"
unit = "g"
relative_error = 0.2

[[measurements]]
code = "rv_ef"
title = "RV ejection fraction"
unit = "%"
error = 8.0

[[labels]]
code = "rv"
title = "Right ventricle"

[[labels]]
code = "myocardium"
title = "Wall"

[[labels]]
code = "lv"
title = "Left ventricle"

[familiarity]
maximum = 0.5

[tolerance]
masks = 0.1
familiarity = 0.05

[training_data]
text = "none"
population = "none"
"""


def build_toy_cine(root: Path) -> Path:
    """Write the pack ``toy-cine`` below ``root`` and return its folder."""
    forbid_telemetry()
    folder = root / "toy-cine"
    folder.mkdir(parents=True)
    (folder / "model.fp32.onnx").write_bytes(_model())
    (folder / "card.md").write_text("toy", encoding="utf-8")
    (folder / "LICENSE").write_text("toy", encoding="utf-8")
    batch = np.zeros((2, 3, 128, 128), np.float32)
    batch[1, :, 40:80, 40:80] = 1.0
    write_golden(folder, parse_manifest(MANIFEST, with_files=False), batch)
    (folder / "pack.toml").write_text(MANIFEST, encoding="utf-8")
    write_checksums(folder)
    return folder


def _model() -> bytes:
    """A class is the likelier the nearer its grey lies; strangeness is the mean of the middle slice."""
    greys = np.array(GREYS, np.float32).reshape(1, 4, 1, 1) / max(GREYS)
    constants: dict[str, NDArray[Any]] = {
        "greys": greys,
        "sharp": np.array([-400.0], np.float32),
        "one": np.array([1], np.int64),
        "two": np.array([2], np.int64),
        "five": np.array([5], np.int64),
        "axes": np.array([2, 3], np.int64),
    }
    nodes = [
        helper.make_node("Slice", ["image", "one", "two", "one"], ["middle"]),
        helper.make_node("Sub", ["middle", "greys"], ["off"]),
        helper.make_node("Mul", ["off", "off"], ["square"]),
        helper.make_node("Mul", ["square", "sharp"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["classes"], axis=1),
        helper.make_node("Slice", ["classes", "one", "five", "one"], ["masks"]),
        helper.make_node("ReduceMean", ["middle", "axes"], ["familiarity"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, 128, 128])],
        [
            helper.make_tensor_value_info("masks", TensorProto.FLOAT, ["batch", 3, 128, 128]),
            helper.make_tensor_value_info("familiarity", TensorProto.FLOAT, ["batch", 1]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def drawn_heart() -> NDArray[np.uint8]:
    """Return labels (slice, phase, row, column): 1 right, 2 wall, 3 left; the outer slices are empty."""
    down, across = np.mgrid[:SIDE, :SIDE] * PIXEL_MM
    far, right = np.hypot(down - 75, across - 93), np.hypot(down - 75, across - 42)
    labels = np.zeros((SLICES, PHASES, SIDE, SIDE), np.uint8)
    for phase, radius in enumerate(RADII_MM):
        plane = np.zeros((SIDE, SIDE), np.uint8)
        plane[right < radius] = 1
        plane[far < radius + 8] = 2
        plane[far < radius] = 3
        labels[1:-1, phase] = plane
    return labels


def stored(labels: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return the greys of labels."""
    return np.array(GREYS, np.uint16)[labels]


def write_nifti(path: Path, labels: NDArray[np.uint8], affine: NDArray[np.float64] | None) -> None:
    """Write labels' greys as (x, y, slice, time)."""
    nibabel: Any = import_module("nibabel")
    nibabel.save(nibabel.Nifti1Image(stored(labels).transpose(3, 2, 0, 1), affine), path)


def write_dicom(folder: Path, labels: NDArray[np.uint8], **header: Any) -> None:
    """Write labels' greys, an image a file, each slice in a series of its own."""
    for number, phases in enumerate(stored(labels)):
        for phase, plane in enumerate(phases):
            dataset = writers.header(
                **{
                    "Modality": "MR",
                    "SOPInstanceUID": f"1.2.{number}.{phase}",
                    "SeriesInstanceUID": f"1.2.{number}",
                    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
                    "ImagePositionPatient": [0, 0, number * DISTANCE_MM],
                    "PixelSpacing": [PIXEL_MM, PIXEL_MM],
                    "TriggerTime": 200.0 * phase,
                    **header,
                }
            )
            content = writers.dicom(writers.with_pixels(dataset, plane, bits=16), plane)
            writers.put(folder, f"{number}/{phase}.dcm", content)
