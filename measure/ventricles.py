"""Both ventricles through a beat: volumes, ejection fractions, mass, and what speaks against them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from measure.beat import Beat, beat_of
from measure.bodies import largest_body, touching_body
from measure.discs import MYOCARDIUM_G_PER_ML, disc_heights_mm, volumes_ml
from measure.ends import Ends, ends_of

RIGHT, MYOCARDIUM, LEFT = 1, 2, 3
"""What the numbers in an array of labels mean; 0 is the rest."""
STROKES_APART = 0.2
"""Share of their mean by which the two stroke volumes may differ."""
_SMALLEST_ML = 15.0
_LARGEST_ML = 700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Where the pixels of a stack lie: spacing down and across, and each slice's place along the normal."""

    pixel_mm: tuple[float, float]
    positions_mm: tuple[float, ...]
    slice_distance_mm: float

    @property
    def pixel_area_mm2(self) -> float:
        """The area of one pixel."""
        return self.pixel_mm[0] * self.pixel_mm[1]

    @property
    def heights_mm(self) -> NDArray[np.float64]:
        """How high the disc of each slice is."""
        return disc_heights_mm(self.positions_mm, self.slice_distance_mm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ventricles:
    """The numbers of one heart: curves in ml by phase, ``values`` by code, ``doubts`` as codes.

    Codes of values: lv_edv, lv_esv, lv_sv, lv_ef, rv_edv, rv_esv, rv_sv, rv_ef, lv_mass (ml, %, g).
    """

    lv_ml: tuple[float, ...]
    rv_ml: tuple[float, ...]
    beat: Beat
    ends: Ends
    values: Mapping[str, float]
    doubts: tuple[str, ...]


def without_islands(labels: NDArray[np.uint8], told: Callable[[], None] = lambda: None) -> NDArray[np.uint8]:
    """Return labels (slice, phase, row, column) with one body of each structure in each phase.

    The myocardium that is kept lies next to the left ventricle that is kept. ``told`` is called after each
    phase.
    """
    whole = np.zeros_like(labels)
    box = _box(labels)
    labels, kept = labels[box], whole[box]
    for phase in range(labels.shape[1]):
        seen = labels[:, phase]
        heart = largest_body(seen >= MYOCARDIUM)
        left = largest_body((seen == LEFT) & heart)
        wall = (seen == MYOCARDIUM) & heart
        kept[:, phase][largest_body(seen == RIGHT)] = RIGHT
        without = np.logical_not(np.any(left, axis=(1, 2), keepdims=True))
        kept[:, phase][wall & (touching_body(wall, left) | without)] = MYOCARDIUM
        kept[:, phase][left] = LEFT
        told()
    return whole


def measure_ventricles(labels: NDArray[np.uint8], geometry: Geometry) -> Ventricles:
    """Return the numbers of labels (slice, phase, row, column), of which islands have been taken.

    End-diastole and end-systole are those of the left ventricle, for both.
    """
    area, heights = geometry.pixel_area_mm2, geometry.heights_mm
    lv = volumes_ml(labels == LEFT, area, heights)
    rv = volumes_ml(labels == RIGHT, area, heights)
    beat = beat_of(lv)
    wall = float(volumes_ml(labels[:, [beat.diastole]] == MYOCARDIUM, area, heights)[0])
    values = {
        **_pump("lv", lv, beat),
        **_pump("rv", rv, beat),
        "lv_mass": wall * MYOCARDIUM_G_PER_ML,
    }
    areas = (labels[:, beat.diastole] == LEFT).sum((1, 2)) * area
    right = (labels[:, beat.diastole] == RIGHT).sum((1, 2)) * area
    ends = ends_of(areas.astype(np.float64), heights, right.astype(np.float64))
    return Ventricles(
        lv_ml=tuple(float(volume) for volume in lv),
        rv_ml=tuple(float(volume) for volume in rv),
        beat=beat,
        ends=ends,
        values=values,
        doubts=(*beat.doubts, *ends.doubts, *_doubts(values)),
    )


def strokes_apart(values: Mapping[str, float]) -> float:
    """Return by which share of their mean the stroke volumes of both ventricles differ."""
    mean = (values["lv_sv"] + values["rv_sv"]) / 2
    return abs(values["lv_sv"] - values["rv_sv"]) / mean if mean > 0 else float("inf")


def body_surface_m2(height_cm: float, weight_kg: float) -> float:
    """Return the body's surface. Source: Du Bois, Du Bois, Arch Intern Med 17:863, 1916."""
    return float(0.007184 * height_cm**0.725 * weight_kg**0.425)


def heart_rate_bpm(times_ms: Sequence[float]) -> float | None:
    """Return beats a minute from the times of phases over a whole beat; None where they are too few."""
    if len(times_ms) < 10:
        return None
    step = float(np.median(np.diff(times_ms)))
    rate = 60_000.0 / (step * len(times_ms)) if step > 0 else 0.0
    return rate if 20 <= rate <= 250 else None


def _box(labels: NDArray[np.uint8]) -> tuple[slice, ...]:
    """Return the part of the rows and columns that holds anything."""
    seen = np.max(labels, axis=(0, 1)) > 0
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    if not len(rows):
        return slice(None), slice(None), slice(0, 0), slice(0, 0)
    ends = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    return slice(None), slice(None), *ends


def _pump(side: str, curve: NDArray[np.float64], beat: Beat) -> dict[str, float]:
    full, empty = float(curve[beat.diastole]), float(curve[beat.systole])
    fraction = 100.0 * (full - empty) / full if full > 0 else float("nan")
    return {f"{side}_edv": full, f"{side}_esv": empty, f"{side}_sv": full - empty, f"{side}_ef": fraction}


def _doubts(values: Mapping[str, float]) -> tuple[str, ...]:
    doubts = []
    if not _SMALLEST_ML <= values["lv_edv"] <= _LARGEST_ML or not 2 <= values["lv_ef"] <= 95:
        doubts.append("not_a_ventricle")
    if not _SMALLEST_ML <= values["rv_edv"] <= _LARGEST_ML or not 0 < values["rv_ef"] <= 95:
        doubts.append("right_not_found")
    elif strokes_apart(values) > STROKES_APART:
        doubts.append("strokes_apart")
    return tuple(doubts)
