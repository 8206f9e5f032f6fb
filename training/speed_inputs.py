"""Inputs of stated size that nobody gave, to time packs on: pictures, a smear, a slide, a beating heart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.image import ReadingUnit
from core.patient import Patient, Sourced
from inference.packs import Pack
from services.places import sample_study
from services.scan import scan
from services.typed_table import new_table
from training.composed_slides import GLASS, write_pyramid
from training.composed_smears import Scene, compose
from training.data import Bytes

PICTURES = {
    "breast-ultrasound": (600, 800),
    "malaria-cell": (64, 64),
    "biopsy-colon": (256, 256),
    "biopsy-lung": (256, 256),
}
"""Rows and columns of one picture as such a pack is given it."""
SLIDE, TISSUE, ENLARGED = 6144, 4608, 4
"""Pixels a side of a slide and of its tissue; how many times finer it is than the pack's tiles."""
SLICES, PHASES, SIDE = 10, 20, 208
PIXEL_MM, DISTANCE_MM = 1.4, 9.0
SHARE_ILL, AS_SEEN = 0.05, 0.65
"""Share of cells with a dot; brightness of cells beside the self-test's pictures, which are stretched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a user waits for: words for it, and the unit.

    ``codes`` are measurements that its answer holds. ``counted`` is what is in it many times: ``count``
    times, or as often as those measurements say.
    """

    what: str
    unit: ReadingUnit
    patient: Patient | None = None
    counted: str = ""
    codes: tuple[str, ...] = field(default=())
    count: int = 0


def drawn_for(pack: Pack, folder: Path) -> Iterator[Drawn]:
    """Yield all that a pack is timed on; files are written into ``folder``."""
    manifest = pack.manifest
    if manifest.reads_values:
        yield _table(pack)
    elif manifest.measuring is not None:
        yield _stack(folder)
    elif "CHEST" in manifest.applies.body_parts:
        ages = manifest.applies.age_years
        age = None if ages is None else Sourced(value=(ages.minimum + ages.maximum) / 2, source="typed")
        what = "one X-ray: the bundled sample study"
        yield _of_file(what, sample_study(), patient=Patient(age_years=age))
    else:
        yield _picture(pack, folder)
    if manifest.counting is not None:
        yield _smear(pack, folder)
    if manifest.tiling is not None:
        yield _slide(pack, folder, manifest.tiling.um_per_pixel / ENLARGED)


def _of_file(what: str, path: Path, **further: Any) -> Drawn:
    (unit,) = (one for one in scan([str(path)]) if isinstance(one, ReadingUnit))
    return Drawn(what=what, unit=unit, **further)


def _golden(pack: Pack) -> Bytes:
    """Return the drawn pictures of the pack's self-test, (picture, row, column)."""
    with np.load(pack.folder / "golden.npz") as golden:
        return np.asarray(np.rint(golden["input"][:, 0].clip(0, 1) * 255), dtype=np.uint8)


def _stained(grey: Bytes) -> Bytes:
    """Return a grey picture in the colours of a stain, blue first as it is written."""
    tint = np.array((0.95, 0.75, 0.9), np.float32)
    return np.asarray(255 - (255 - grey[..., None].astype(np.float32)) * (2 - tint) / 1.2, dtype=np.uint8)


def _picture(pack: Pack, folder: Path) -> Drawn:
    rows, columns = PICTURES[pack.id]
    grey = cv2.resize(_golden(pack)[0], (columns, rows), interpolation=cv2.INTER_LINEAR)
    file = folder / "picture.png"
    coloured = pack.manifest.applies.colour == "colour"
    cv2.imwrite(str(file), _stained(np.asarray(grey, np.uint8)) if coloured else grey)
    return _of_file(f"one picture of {columns} x {rows} pixels, PNG", file)


def _smear(pack: Pack, folder: Path) -> Drawn:
    cells, scene = [np.asarray(c * AS_SEEN, np.uint8) for c in _golden(pack)[:2]], Scene()
    made = compose(cells, np.array([False, True]), SHARE_ILL, scene, seed=1)
    pixels = (np.stack([made.grey * 1.05, made.grey * 0.97, made.grey * 1.06], axis=-1) * 240).clip(0, 255)
    file = folder / "smear.png"
    cv2.imwrite(str(file), pixels.astype(np.uint8))
    what = f"one composed smear of {scene.columns} x {scene.rows} pixels, {made.counted} whole cells, PNG"
    return _of_file(what, file, counted="cell", codes=("cells_counted",))


def _slide(pack: Pack, folder: Path, um_per_pixel: float) -> Drawn:
    tile = cv2.resize(_golden(pack)[1], None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
    tissue = np.tile(np.asarray(tile, np.uint8), (TISSUE // tile.shape[0] + 1,) * 2)[:TISSUE, :TISSUE]
    page = np.full((SLIDE, SLIDE, 3), GLASS, np.uint8)
    first = (SLIDE - TISSUE) // 2
    page[first : first + TISSUE, first : first + TISSUE] = _stained(tissue)[..., ::-1]
    file = folder / "slide.tif"
    write_pyramid(page, file, um_per_pixel)
    what = f"one slide of {SLIDE} x {SLIDE} pixels, {TISSUE} x {TISSUE} of them tissue, TIFF pyramid"
    return _of_file(what, file, counted="tile", codes=("tiles_answered", "tiles_refused"))


def _stack(folder: Path) -> Drawn:
    nibabel: Any = import_module("nibabel")
    file = folder / "heart.nii"
    affine = np.diag([-PIXEL_MM, -PIXEL_MM, DISTANCE_MM, 1.0])
    nibabel.save(nibabel.Nifti1Image(_heart().transpose(3, 2, 0, 1), affine), file)
    what = f"one cine stack of {SLICES} slices x {PHASES} phases, {SIDE} x {SIDE} pixels, NIfTI"
    return _of_file(what, file, counted="frame", codes=("lv_ef",), count=SLICES * PHASES)


def _heart() -> NDArray[np.uint16]:
    """Return a drawn heart that beats, (slice, phase, row, column): a ring beside a crescent."""
    rng = np.random.default_rng(1)
    down, across = np.mgrid[:SIDE, :SIDE].astype(np.float32) * PIXEL_MM
    middle = SIDE * PIXEL_MM / 2
    heart = np.empty((SLICES, PHASES, SIDE, SIDE), np.uint16)
    for number, phase in np.ndindex(SLICES, PHASES):
        taper = np.sqrt(max(0.05, 1 - (number / SLICES) ** 2))
        radius = (20 + 5 * np.cos(2 * np.pi * phase / PHASES)) * taper
        far = np.hypot(down - middle, across - middle)
        right = np.hypot(down - middle + 4, across - middle + 1.8 * radius + 8)
        plane = 250 + 60 * rng.standard_normal((SIDE, SIDE)).astype(np.float32)
        plane[right < 1.3 * radius] = 850
        plane[far < radius + 9 * taper] = 200
        plane[far < radius] = 950
        heart[number, phase] = plane.clip(0, 1000)
    return heart


def _table(pack: Pack) -> Drawn:
    from training.table_recipe import patient_of

    golden = json.loads((pack.folder / "golden.json").read_text(encoding="utf-8"))
    values = golden["patients"][0]["values"]
    fields = {one.code: one for one in pack.manifest.inputs}
    patient = patient_of(values, fields)
    return Drawn(what=f"one estimate from {len(values)} values", unit=new_table(), patient=patient)
