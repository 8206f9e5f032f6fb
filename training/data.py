"""Read the public data sets into arrays in memory.

The folder is named by the environment variable FARLIGHT_DATA.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
SMALL_COMPONENT = 0.004
"""Parts of a lung mask below this share of the image are dropped as specks when the sides are told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One image of a data set: where it lies, whose it is, and what its set says of it."""

    path: Path
    mask_path: Path | None
    patient: str
    source: str
    label: str
    split: str


def data_folder() -> Path:
    """Return the data folder. Raises: RuntimeError when FARLIGHT_DATA is not set."""
    folder = os.environ.get("FARLIGHT_DATA")
    if not folder:
        raise RuntimeError("set FARLIGHT_DATA to the folder that holds the public data sets")
    return Path(folder)


def unit_hash(text: str) -> float:
    """Map a text (a patient id) to a fixed number in 0..1, the same on every computer.

    Splits are made of it.
    """
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2.0**48


def children(split: str = "train") -> tuple[Picture, ...]:
    """List the paediatric images (stretched, 224 px) of the `train` or `test` split."""
    root = data_folder() / "chest-xray-kermany"
    return tuple(
        Picture(
            path=root / row["image"],
            mask_path=root / row["lung_mask"] if row["lung_mask"] else None,
            patient=row["patient_id"],
            source="kermany",
            label=row["subtype"],
            split=row["split"],
        )
        for row in rows_of(root)
        if row["split"] == split
    )


def chests_with_true_aspect(source: str) -> tuple[Picture, ...]:
    """List the images with masks at true aspect (320 px): `kermany` or `cohen-ccby-adult`."""
    root = data_folder() / "chest-xray-lungs"
    return tuple(
        Picture(
            path=root / row["image"],
            mask_path=root / row["mask"],
            patient=row["patient_id"],
            source=row["source"],
            label=row["label"],
            split="train",
        )
        for row in rows_of(root)
        if row["source"] == source
    )


def adults_without_masks() -> tuple[Picture, ...]:
    """List the adult chest images (128 px) of the National Library of Medicine."""
    root = data_folder() / "chest-xray-tb-nlm"
    return tuple(
        Picture(
            path=root / row["image"],
            mask_path=None,
            patient=row["patient_id"],
            source=row["site"],
            label=row["label"],
            split="train",
        )
        for row in rows_of(root)
    )


def read_grey(path: Path) -> Bytes:
    """Read an image file as (row, column) bytes. Raises: OSError when it cannot be decoded."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise OSError(f"cannot decode {path.name}")
    return np.asarray(image, dtype=np.uint8)


def read_colour(path: Path) -> Bytes:
    """Read an image file as (row, column, 3) bytes, red first. Raises: OSError when it cannot be decoded."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise OSError(f"cannot decode {path.name}")
    return np.asarray(image, dtype=np.uint8)


def read_as_grey(path: Path) -> NDArray[np.float32]:
    """Read an image file as grey (row, column) in 0..1, as the application presents an 8-bit image."""
    return np.asarray(read_grey(path) / np.float32(255), dtype=np.float32)


def load_images(pictures: Iterable[Picture], size: int) -> Bytes:
    """Load pictures stretched to (picture, size, size) bytes."""
    return np.stack([stretched_bytes(read_grey(picture.path), size) for picture in pictures])


def load_sided_masks(pictures: Iterable[Picture], size: int) -> tuple[Bytes, NDArray[np.bool_]]:
    """Load lung masks as (picture, side, size, size) bytes 0..255, side 0 = the patient's left.

    The second array tells which masks show two lungs that could be told apart.
    """
    masks, told = [], []
    for picture in pictures:
        sides = None if picture.mask_path is None else lungs_apart(read_grey(picture.mask_path) > 127)
        told.append(sides is not None)
        masks.append(np.zeros((2, size, size), np.uint8) if sides is None else _resized_sides(sides, size))
    return np.stack(masks), np.array(told)


def lungs_apart(mask: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    """Split a mask (row, column) of both lungs into (side, row, column).

    Side 0 = the patient's left = image right.

    Returns None where there are not two parts on either side.
    """
    count, parts, stats, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    large = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] >= SMALL_COMPONENT * mask.size]
    if len(large) < 2:
        return None
    large.sort(key=lambda i: -int(stats[i, cv2.CC_STAT_AREA]))
    middle = (centres[large[0]][0] + centres[large[1]][0]) / 2
    left = [i for i in large if centres[i][0] > middle]
    right = [i for i in large if centres[i][0] <= middle]
    return np.stack([np.isin(parts, left), np.isin(parts, right)])


def stretched_bytes(image: Bytes, size: int) -> Bytes:
    """Resize (row, column) or (row, column, 3) bytes to size x size without keeping the aspect."""
    shrinks = min(image.shape[:2]) >= size
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (size, size), interpolation=method), dtype=np.uint8)


def rows_of(root: Path) -> list[dict[str, str]]:
    """Return the lines of a data set's `index.csv`."""
    with (root / "index.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _resized_sides(sides: NDArray[np.bool_], size: int) -> Bytes:
    return np.stack([stretched_bytes(side.astype(np.uint8) * 255, size) for side in sides])
