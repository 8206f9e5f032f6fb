"""Outline lungs with the finished `chest-lungs`, exactly as the application will; torch-free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference import preprocess
from inference.engine import open_engine
from inference.manifest import MODEL_NAMES
from inference.packs import load_pack
from inference.prepare import outlines_at, region_shape, without_small_parts
from training import data


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlined:
    """One picture's lungs.

    Soft masks (code, row, column) as the network says, and the union of their outlines.
    """

    soft: NDArray[np.float32]
    union: NDArray[np.bool_]


def outline_lungs(folder: Path, pictures: Iterable[data.Picture]) -> list[Outlined]:
    """Outline each picture with the pack in `folder`, at full precision."""
    manifest = load_pack(folder).manifest
    assert manifest.outline is not None
    rule, size = manifest.input.intensity, manifest.input.size
    engine = open_engine("onnxruntime", (folder / MODEL_NAMES["fp32"]).read_bytes())
    outlined = []
    for picture in pictures:
        grey = data.read_as_grey(picture.path)
        x = preprocess.prepare_whole(grey, size=size, low=rule.low, high=rule.high)
        soft = engine.run(x)["masks"][0]
        shape = region_shape((grey.shape[0], grey.shape[1]))
        kept = without_small_parts(soft, manifest.outline)
        outlined.append(
            Outlined(soft=soft, union=np.logical_or.reduce(outlines_at(kept, manifest.outline, shape)))
        )
    return outlined
