"""Measure the map of `chest-pneumonia-child` on test images, with the lungs as its region."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.map_quality import (
    SMALL_SHIFT,
    Case,
    Fill,
    Score,
    Tensors,
    aerated,
    blurred_inside,
    correlation,
    cut_out,
    heat_inside,
    may_be_shown,
    orders,
    removal,
    resized_heat,
)
from inference import preprocess
from inference.engine import Engine, open_engine
from inference.explain import heat_of
from inference.manifest import MaskRegion
from inference.packs import load_pack
from inference.shuffled_weights import shuffled_weights
from training import data
from training.inside_lungs import OUTSIDE
from training.outlines import Outlined, outline_lungs

IMAGES = 100


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
    chosen = orders()
    fills = {name: removal(_scorer(engine), cases, chosen, fill) for name, fill in FILLS.items()}
    inside = round(float(np.mean([heat_inside(case) for case in cases])), 4)
    shuffled = round(_randomised(folder, cases), 4)
    repeated = round(_repeated(folder, engine, pictures, outlined), 4)
    rows: dict[str, object] = {
        "images": len(cases),
        "heat_inside_lungs": inside,
        "lungs_share_of_crop": round(float(np.mean([case.mask.mean() for case in cases])), 4),
        **fills[DECISIVE_FILL],
        "other_fills": {name: areas for name, areas in fills.items() if name != DECISIVE_FILL},
        "correlation_with_random_weights": shuffled,
        "correlation_under_small_shifts": repeated,
    }
    passes = may_be_shown(fills[DECISIVE_FILL], inside=inside, shuffled=shuffled, repeated=repeated)
    return rows | {"passes": passes}


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
    return resized_heat(heat_of(engine.run(tensor)["cam"][0, 0]), (tensor.shape[2], tensor.shape[3]))


def _scorer(engine: Engine) -> Score:
    def score(tensors: Tensors) -> NDArray[np.float64]:
        logits = engine.run(tensors)["logit"][:, 0].astype(np.float64)
        return np.asarray(1 / (1 + np.exp(-logits)))

    return score


FILLS: dict[str, Fill] = {"cut out": cut_out(OUTSIDE), "blurred": blurred_inside, "aerated": aerated}
"""What takes the place of removed lung."""
DECISIVE_FILL = "cut out"
"""The only one that the network met in training, which cut such holes: to it this means nothing is there.

Blurring raises the score (it adds haze), and evenly dark lungs were never seen.
"""


def _randomised(folder: Path, cases: list[Case]) -> float:
    """Return the mean correlation inside the lungs with the maps of a network whose filters were shuffled."""
    content = shuffled_weights((folder / "model.fp32.onnx").read_bytes())
    engine = open_engine("onnxruntime", content)
    return float(np.mean([correlation(case.heat, _heat(engine, case.tensor), case.mask) for case in cases]))


def _repeated(folder: Path, engine: Engine, pictures: list[data.Picture], outlined: list[Outlined]) -> float:
    """Return the mean correlation inside the lungs with the maps of slightly shifted pictures."""
    values = []
    for picture, lungs in zip(pictures[:60], outlined, strict=False):
        first = _region(folder, picture, lungs.union, shift=0.0)
        second = _region(folder, picture, lungs.union, shift=SMALL_SHIFT)
        if first is not None and second is not None:
            one, two = _heat(engine, first.tensor), _heat(engine, second.tensor)
            values.append(correlation(one, two, first.mask > 0.5))
    return float(np.mean(values))
