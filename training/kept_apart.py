"""Pictures without a header, as a camp's folder holds them, of patients that no shipped weight has seen.

Torch-free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training import data
from training.cine_patients import held_out as heart_held_out
from training.cine_patients import patients
from training.composed_smears import Scene, compose, well_cut
from training.data import Bytes
from training.splits import cell_part, held_out, scan_part, tile_part

Content = Path | Bytes
"""A file of a set as it lies there, or pixels (row, column) or (row, column, 3), red first."""
_SCENE = Scene(diameter=48.0, columns=1400, rows=1000)
_SHARE_ILL, _FEWEST_ILL, _FEWEST_SOUND = 0.05, 3, 20
_GIEMSA = (1.05, 0.9, 1.02)
"""What the light of a smear is in red, green and blue, against its grey."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSet:
    """Pictures of one kind: the packs that may answer on them, and how old their patients are.

    `siblings` are packs for a kind so close that they are not asked to tell it apart.
    """

    name: str
    pictures: Callable[[], Iterator[Content]]
    right: frozenset[str]
    siblings: frozenset[str] = frozenset()
    age: float | None = None


def child_chests() -> Iterator[Content]:
    """Yield chest X-rays of children of the official test split."""
    yield from (picture.path for picture in data.children("test"))


def adult_chests() -> Iterator[Content]:
    """Yield chest X-rays of Montgomery, which no pack was trained on."""
    yield from (one.path for one in data.adults_without_masks() if one.source == "Montgomery")


def covid_chests() -> Iterator[Content]:
    """Yield chest X-rays of adults with COVID that were held out."""
    yield from (one.path for one in data.chests_with_true_aspect("cohen-ccby-adult") if held_out(one))


def breast_scans() -> Iterator[Content]:
    """Yield breast ultrasound of groups kept apart."""
    root = data.data_folder() / "breast-ultrasound-busi"
    yield from (root / row["image"] for row in data.rows_of(root) if scan_part(row["group"]) == "test")


def cells() -> Iterator[Content]:
    """Yield single red blood cells of patients kept apart."""
    for of_patient, _ in _cells_of_patients():
        yield from of_patient


def smears() -> Iterator[Content]:
    """Yield smears, each composed of the cells of one patient kept apart who has parasites, in grey."""
    for number, (of_patient, ill) in enumerate(_cells_of_patients()):
        whole = np.array([well_cut(cell) for cell in of_patient])
        if (whole & ill).sum() >= _FEWEST_ILL and (whole & ~ill).sum() >= _FEWEST_SOUND:
            chosen = [cell for cell, kept in zip(of_patient, whole, strict=True) if kept]
            grey = compose(chosen, ill[whole], _SHARE_ILL, _SCENE, seed=number).grey
            yield np.rint(grey * 255).astype(np.uint8)


def stained_smears() -> Iterator[Content]:
    """Yield the same smears in colours like a stain's."""
    for grey in smears():
        assert isinstance(grey, np.ndarray)
        light = grey[..., None].astype(np.float32) ** np.array([0.98, 1.02, 0.99], np.float32)
        yield np.rint(light * np.array(_GIEMSA, np.float32)).clip(0, 255).astype(np.uint8)


def lung_tiles() -> Iterator[Content]:
    """Yield tiles of stained lung of source tiles kept apart."""
    yield from _tiles("lung")


def colon_tiles() -> Iterator[Content]:
    """Yield tiles of stained colon of source tiles kept apart."""
    yield from _tiles("colon")


def heart_slices() -> Iterator[Content]:
    """Yield single slices of cine MRI of patients held out: as pictures they move no more."""
    for patient in patients():
        if heart_held_out(patient):
            yield from (slice_.astype(np.uint8) for slice_ in patient.images[0])


_CELLS = frozenset({"malaria-cell"})
_OF_LUNG, _OF_COLON = frozenset({"biopsy-lung"}), frozenset({"biopsy-colon"})
_ADULT = frozenset({"chest-lungs", "chest-tb-adult"})
CHILD = PictureSet(
    name="chest X-rays of children",
    pictures=child_chests,
    right=frozenset({"chest-lungs", "chest-pneumonia-child"}),
    age=3.0,
)
MONTGOMERY = PictureSet(name="chest X-rays, Montgomery", pictures=adult_chests, right=_ADULT, age=40.0)
COVID = PictureSet(name="chest X-rays, COVID", pictures=covid_chests, right=_ADULT, age=40.0)
BREAST = PictureSet(name="breast ultrasound", pictures=breast_scans, right=frozenset({"breast-ultrasound"}))
CELLS = PictureSet(name="single red cells", pictures=cells, right=_CELLS)
SMEARS = PictureSet(name="composed smears", pictures=smears, right=_CELLS)
STAINED = PictureSet(name="composed smears, tinted", pictures=stained_smears, right=_CELLS)
LUNG = PictureSet(name="tiles of lung", pictures=lung_tiles, right=_OF_LUNG, siblings=_OF_COLON)
COLON = PictureSet(name="tiles of colon", pictures=colon_tiles, right=_OF_COLON, siblings=_OF_LUNG)
HEART = PictureSet(name="single slices of a heart", pictures=heart_slices, right=frozenset())
SETS = (CHILD, MONTGOMERY, COVID, BREAST, CELLS, SMEARS, STAINED, LUNG, COLON, HEART)


def evenly(found: Sequence[Content], count: int) -> tuple[Content, ...]:
    """Return at most `count`, evenly chosen."""
    places = np.linspace(0, len(found) - 1, min(count, len(found)))
    return tuple(found[int(place)] for place in places)


def write(content: Content, file: Path) -> Path:
    """Write one picture beside `file`, a name without an ending: a set's file as it is, pixels as PNG."""
    if isinstance(content, Path):
        target = file.with_suffix(content.suffix)
        target.write_bytes(content.read_bytes())
        return target
    target = file.with_suffix(".png")
    if not cv2.imwrite(str(target), content[..., ::-1] if content.ndim == 3 else content):
        raise OSError(f"cannot write {target.name}")
    return target


def _cells_of_patients() -> Iterator[tuple[list[Bytes], NDArray[np.bool_]]]:
    """Yield the cells of each patient kept apart, and which of them have parasites."""
    with np.load(data.data_folder() / "malaria-cells-nih" / "cells.npz", allow_pickle=True) as file:
        images, ill, owners = file["images"], file["parasitized"].astype(bool), file["patient"]
    for patient in sorted(set(owners.tolist())):
        if cell_part(str(patient)) == "test":
            own = owners == patient
            yield list(images[own]), ill[own]


def _tiles(organ: str) -> Iterator[Content]:
    root = data.data_folder() / "biopsy-lc25000"
    for row in data.rows_of(root):
        if row["organ"] == organ and tile_part(row["source_tile_group"]) == "test":
            yield root / row["image"]
