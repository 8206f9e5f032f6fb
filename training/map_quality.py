"""Measure whether the activation map may be shown: where its heat lies, and whether the score follows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from inference import preprocess
from inference.engine import Engine, open_engine
from inference.explain import heat_of
from inference.manifest import MaskRegion
from inference.packs import load_pack
from training import data
from training.outlines import Outlined, outline_lungs
from training.pneumonia import OUTSIDE

Tensors = NDArray[np.float32]
STEPS = 10
"""Steps in which pixels are taken out or put in."""
SMALL_SHIFT = 0.02
"""Shift of the picture under its outline, as a share of its size, for repeatability."""
IMAGES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One picture as the network reads it.

    Input (1, 1, row, column), its lungs and its heat in the same frame.
    """

    tensor: Tensors
    mask: NDArray[np.bool_]
    heat: Tensors


Order = Callable[[Case], Tensors]
Fill = Callable[[Case], Tensors]


def measure(packs: Path) -> dict[str, object]:
    """Return the map's measures on test images of pneumonia, and whether it passes."""
    folder = packs / "chest-pneumonia-child"
    pictures = [p for p in data.children("test") if p.label != "normal"]
    pictures = pictures[:: max(1, len(pictures) // IMAGES)][:IMAGES]
    outlined = outline_lungs(packs / "chest-lungs", pictures)
    engine = open_engine("onnxruntime", (folder / "model.fp32.onnx").read_bytes())
    cases = [
        c for p, o in zip(pictures, outlined, strict=True) if (c := _case(folder, engine, p, o)) is not None
    ]
    rng = np.random.default_rng(3)
    orders: dict[str, Order] = {
        "map": lambda case: case.heat + np.float32(1e-6) * rng.random(case.heat.shape, dtype=np.float32),
        "random": lambda case: _coarse_noise(rng, case.heat.shape),
        "centre": lambda case: _centre(case.mask),
    }
    fills = {name: _areas(engine, cases, orders, fill) for name, fill in FILLS.items()}
    rows: dict[str, object] = {
        "images": len(cases),
        "heat_inside_lungs": round(float(np.mean([_inside(case) for case in cases])), 4),
        "lungs_share_of_crop": round(float(np.mean([case.mask.mean() for case in cases])), 4),
        **fills[DECISIVE_FILL],
        "other_fills": {name: areas for name, areas in fills.items() if name != DECISIVE_FILL},
        "correlation_with_random_weights": round(_randomised(folder, cases), 4),
        "correlation_under_small_shifts": round(_repeated(folder, engine, pictures, outlined), 4),
    }
    return rows | {"passes": passes(rows)}


def passes(rows: dict[str, object]) -> bool:
    """Tell whether a map may be shown.

    Better than random and centre, inside, tied to the weights, repeatable.
    """
    deletion, insertion = rows["deletion_area"], rows["insertion_area"]
    assert isinstance(deletion, dict)
    assert isinstance(insertion, dict)
    return bool(
        deletion["map"] < min(deletion["random"], deletion["centre"])
        and insertion["map"] > max(insertion["random"], insertion["centre"])
        and float(str(rows["heat_inside_lungs"])) >= 0.7
        and float(str(rows["correlation_with_random_weights"])) <= 0.5
        and float(str(rows["correlation_under_small_shifts"])) >= 0.8
    )


def _case(folder: Path, engine: Engine, picture: data.Picture, outlined: Outlined) -> Case | None:
    region = _region(folder, picture, outlined.union, shift=0.0)
    if region is None:
        return None
    return Case(tensor=region.tensor, mask=region.mask > 0.5, heat=_heat(engine, region.tensor))


def _region(
    folder: Path, picture: data.Picture, union: NDArray[np.bool_], *, shift: float
) -> preprocess.Region | None:
    """Prepare a picture; `shift` moves picture and outline together by a share of the image's width."""
    spec = load_pack(folder).manifest.input
    assert isinstance(spec.region, MaskRegion)
    grey = data.read_as_grey(picture.path)
    if shift:
        move = np.array([[1, 0, shift * grey.shape[1]], [0, 1, shift * grey.shape[0]]])
        size = (grey.shape[1], grey.shape[0])
        grey = np.asarray(cv2.warpAffine(grey, move, size, borderMode=cv2.BORDER_REPLICATE), np.float32)
    return preprocess.prepare_region(
        grey,
        union,
        size=spec.size,
        margin=spec.region.margin,
        outside=spec.region.outside or 0.0,
        low=spec.intensity.low,
        high=spec.intensity.high,
    )


def _heat(engine: Engine, tensor: Tensors) -> Tensors:
    heat = heat_of(engine.run(tensor)["cam"][0, 0])
    size = (tensor.shape[3], tensor.shape[2])
    return np.asarray(cv2.resize(heat, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _inside(case: Case) -> float:
    return float((case.heat * case.mask).sum() / max(float(case.heat.sum()), 1e-9))


def _areas(
    engine: Engine, cases: list[Case], orders: dict[str, Order], fill: Fill
) -> dict[str, dict[str, float] | float]:
    """Return the areas of all orders, and the score that is left when the whole lungs are filled."""
    emptied = np.stack([fill(case) for case in cases])[:, None].astype(np.float32)
    return {
        "score_when_all_is_removed": round(float(_scores(engine, emptied).mean()), 4),
        "deletion_area": {
            name: round(_curve(engine, cases, order, fill, put_in=False), 4) for name, order in orders.items()
        },
        "insertion_area": {
            name: round(_curve(engine, cases, order, fill, put_in=True), 4) for name, order in orders.items()
        },
    }


def _curve(engine: Engine, cases: list[Case], order: Order, fill: Fill, *, put_in: bool) -> float:
    """Return the mean area under the score while lung pixels are removed (or put back), in `order`."""
    areas = []
    for case in cases:
        plain = fill(case)
        rank = np.full(case.mask.shape, np.inf)
        values = order(case)[case.mask]
        place = np.empty(values.size)
        place[np.argsort(-values, kind="stable")] = np.arange(values.size) / values.size
        rank[case.mask] = place
        first, second = (plain, case.tensor[0, 0]) if put_in else (case.tensor[0, 0], plain)
        stages = [np.where(rank < step / STEPS, second, first) for step in range(STEPS + 1)]
        areas.append(float(_scores(engine, np.stack(stages)[:, None].astype(np.float32)).mean()))
    return float(np.mean(areas))


def _scores(engine: Engine, tensors: Tensors) -> NDArray[np.float64]:
    logits = engine.run(tensors)["logit"][:, 0].astype(np.float64)
    return np.asarray(1 / (1 + np.exp(-logits)))


def _cut_out(case: Case) -> Tensors:
    """Return the picture with its lungs as the constant that the network gets outside the lungs."""
    return np.where(case.mask, np.float32(OUTSIDE), case.tensor[0, 0])


def _aerated(case: Case) -> Tensors:
    """Return the picture with its lungs as dark as their darkest tenth."""
    dark = np.float32(np.percentile(case.tensor[0, 0][case.mask], 10))
    return np.where(case.mask, dark, case.tensor[0, 0])


def _blurred_inside(case: Case) -> Tensors:
    """Return the picture with its lungs blurred; what lies outside does not run in."""
    sigma = case.tensor.shape[-1] / 12
    inside = case.mask.astype(np.float32)
    near = cv2.GaussianBlur(case.tensor[0, 0] * inside, (0, 0), sigma)
    weight = np.maximum(cv2.GaussianBlur(inside, (0, 0), sigma), 1e-3)
    return np.where(case.mask, near / weight, case.tensor[0, 0]).astype(np.float32)


FILLS: dict[str, Fill] = {"cut out": _cut_out, "blurred": _blurred_inside, "aerated": _aerated}
"""What takes the place of removed lung."""
DECISIVE_FILL = "cut out"
"""The only one that the network met in training, which cut such holes: to it this means nothing is there.

Blurring raises the score (it adds haze), and evenly dark lungs were never seen.
"""


def _coarse_noise(rng: np.random.Generator, shape: tuple[int, ...]) -> Tensors:
    """Return random heat of the map's own coarseness."""
    grid = rng.random((shape[0] // 8, shape[1] // 8)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def _centre(mask: NDArray[np.bool_]) -> Tensors:
    """Return heat that falls from the middle of each lung."""
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5), dtype=np.float32)


def _randomised(folder: Path, cases: list[Case]) -> float:
    """Return the mean correlation inside the lungs with the maps of a network whose filters were shuffled."""
    model = onnx.load(folder / "model.fp32.onnx")
    rng = np.random.default_rng(4)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim == 4 and values.size > 1000:
            shuffled = rng.permutation(values.ravel()).reshape(values.shape)
            tensor.CopyFrom(numpy_helper.from_array(shuffled, tensor.name))
    engine = open_engine("onnxruntime", model.SerializeToString())
    return float(np.mean([_correlation(case.heat, _heat(engine, case.tensor), case.mask) for case in cases]))


def _repeated(folder: Path, engine: Engine, pictures: list[data.Picture], outlined: list[Outlined]) -> float:
    """Return the mean correlation inside the lungs with the maps of slightly shifted pictures."""
    values = []
    for picture, lungs in zip(pictures[:60], outlined, strict=False):
        first = _region(folder, picture, lungs.union, shift=0.0)
        second = _region(folder, picture, lungs.union, shift=SMALL_SHIFT)
        if first is not None and second is not None:
            one, two = _heat(engine, first.tensor), _heat(engine, second.tensor)
            values.append(_correlation(one, two, first.mask > 0.5))
    return float(np.mean(values))


def _correlation(one: Tensors, two: Tensors, mask: NDArray[np.bool_]) -> float:
    if one[mask].std() < 1e-6 or two[mask].std() < 1e-6:
        return 0.0
    return float(np.corrcoef(one[mask], two[mask])[0, 1])
