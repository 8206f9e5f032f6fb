"""Images that are no frontal chest X-ray, by kind.

Resampled to one size and grey so that format gives nothing away.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import imagecodecs
import nibabel
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames

from training.data import Bytes, data_folder, read_grey
from training.drawn_strangers import as_bytes, documents, drawn_bones, drawn_skulls, scenes, textures


def breast_ultrasound() -> Iterator[Bytes]:
    """Yield breast ultrasound images."""
    for path in sorted((data_folder() / "breast-ultrasound-busi" / "images").iterdir()):
        yield as_bytes(read_grey(path))


def biopsies() -> Iterator[Bytes]:
    """Yield stained tissue, in grey (its licence is unclear: for evaluation only)."""
    for path in sorted((data_folder() / "biopsy-lc25000" / "images").iterdir())[::4]:
        yield as_bytes(read_grey(path))


def blood_cells() -> Iterator[Bytes]:
    """Yield single red blood cells."""
    with np.load(data_folder() / "malaria-cells-nih" / "cells.npz", allow_pickle=True) as cells:
        for image in cells["images"][::60]:
            yield as_bytes(image)


def cardiac_mr_acdc() -> Iterator[Bytes]:
    """Yield short-axis cardiac MR slices (non-commercial licence: for evaluation only)."""
    for path in sorted((data_folder() / "cardiac-cine-acdc").glob("*.npz")):
        with np.load(path) as study:
            for image in study["ed_image"][::3]:
                yield as_bytes(image)


def cardiac_mr_sunnybrook() -> Iterator[Bytes]:
    """Yield cine MR slices of two patients."""
    yield from _dicom_folder("cardiac-cine-sunnybrook", step=3)


def head_mr() -> Iterator[Bytes]:
    """Yield head MR: its slices, the same volume cut in the two other planes, and its projections."""
    slices = list(_dicom_arrays("mr-head-studyforrest"))
    yield from _slices_and_projections(np.stack(slices).astype(np.float32))


def synthetic_mr() -> Iterator[Bytes]:
    """Yield a synthetic MR series."""
    yield from _dicom_folder("mr-synthetic-pacsman", step=2)


def chest_ct() -> Iterator[Bytes]:
    """Yield axial chest CT slices in three windows."""
    for values in _dicom_arrays("ct-chest-lidc"):
        for low, high in ((-1000, 400), (-160, 240), (-1000, 1500)):
            yield as_bytes(np.clip(values, low, high))


def body_ct() -> Iterator[Bytes]:
    """Yield a body CT in three planes and two windows."""
    volume = _body_volume()
    for low, high in ((-1000, 600), (-160, 240)):
        windowed = np.clip(volume, low, high)
        for axis in range(3):
            for index in range(6, volume.shape[axis] - 6, 5):
                yield as_bytes(_upright(np.take(windowed, index, axis=axis)))


def projected_ct() -> Iterator[Bytes]:
    """Yield X-ray-like projections of parts of a body CT.

    Oblique, lateral, partial (not the frontal chest).
    """
    volume = np.clip((_body_volume() + 1000) / 1000, 0, 3)
    rng = np.random.default_rng(5)
    for _ in range(120):
        axis = int(rng.integers(0, 2))
        start = int(rng.integers(0, volume.shape[2] // 2))
        part = volume[:, :, start : start + int(rng.integers(30, volume.shape[2] // 2))]
        depth = part.shape[axis]
        first = int(rng.integers(0, depth // 2))
        slab = np.take(part, range(first, min(depth, first + int(rng.integers(10, depth)))), axis=axis)
        yield as_bytes(_upright(slab.sum(axis)))


def angiogram() -> Iterator[Bytes]:
    """Yield frames of a coronary angiogram (no licence stated: for evaluation only)."""
    for path in sorted((data_folder() / "dicom" / "xa-angiogram").rglob("*.dcm")):
        file = pydicom.dcmread(path)
        for frame in generate_frames(file.PixelData, number_of_frames=int(file.NumberOfFrames)):
            yield as_bytes(imagecodecs.jpeg8_decode(frame))


def photographs(views: int = 12) -> Iterator[Bytes]:
    """Yield photographs that ship with scikit-image and scikit-learn, whole and in random cuts."""
    rng = np.random.default_rng(8)
    for path in photograph_files():
        image = read_grey(path)
        yield as_bytes(image)
        for _ in range(views):
            yield as_bytes(_random_cut(image, rng))


def photograph_files() -> Iterator[Path]:
    """Yield the files of those photographs, drawings and diagrams: in colour where they have it."""
    for package in ("skimage/data", "sklearn/datasets/images"):
        yield from sorted(_package_folder(package).glob("*.[pj][np]g"))


def extremity_xray(views: int = 80) -> Iterator[Bytes]:
    """Yield the one radiograph of a limb in pydicom's files, whole and in random cuts and turns."""
    rng = np.random.default_rng(9)
    values = pydicom.dcmread(str(get_testdata_file("RG3_UNCI.dcm"))).pixel_array
    image = cv2.resize(values.astype(np.float32), (880, 880), interpolation=cv2.INTER_AREA)
    yield as_bytes(image)
    for _ in range(views):
        yield as_bytes(np.rot90(_random_cut(image, rng), int(rng.integers(4))))


def pydicom_files() -> Iterator[Bytes]:
    """Yield the pictures in pydicom's test files that are no chest X-rays.

    CT, MR, ultrasound, nuclear, captures.
    """
    for name in sorted(_PYDICOM_FILES):
        values = pydicom.dcmread(str(get_testdata_file(name))).pixel_array
        frame = (
            values if values.ndim == 2 else values[values.shape[0] // 2] if values.shape[-1] != 3 else values
        )
        yield as_bytes(frame if frame.ndim == 2 else frame.mean(-1))


def chest_parts(images: Bytes, masks: Bytes, count: int, seed: int = 0) -> Iterator[Bytes]:
    """Yield pieces of chest images that hold little lung.

    Shoulders, necks, arms, abdomens (other X-rays' stand-ins).

    `images` (image, row, column), `masks` (image, side, row, column) bytes.
    """
    rng = np.random.default_rng(seed)
    found = 0
    while found < count:
        index = int(rng.integers(len(images)))
        size = images.shape[1]
        tall, wide = rng.integers(int(size * 0.18), int(size * 0.55), 2)
        top, left = int(rng.integers(0, size - tall)), int(rng.integers(0, size - wide))
        window = (slice(top, top + int(tall)), slice(left, left + int(wide)))
        lungs = masks[index].max(0) > 127
        if lungs[window].sum() > 0.3 * lungs.sum() or images[index][window].std() < 8:
            continue
        found += 1
        yield as_bytes(np.rot90(images[index][window], int(rng.integers(4))))


TRAINING_KINDS: dict[str, Callable[[], Iterator[Bytes]]] = {
    "breast ultrasound": breast_ultrasound,
    "blood cells": blood_cells,
    "cardiac MR (Sunnybrook)": cardiac_mr_sunnybrook,
    "head MR": head_mr,
    "synthetic MR": synthetic_mr,
    "chest CT": chest_ct,
    "body CT": body_ct,
    "projected CT": projected_ct,
    "drawn limbs": lambda: drawn_bones(250),
    "drawn heads and pelvises": lambda: drawn_skulls(400),
    "textures": lambda: textures(400),
    "scenes": lambda: scenes(400),
    "documents": lambda: documents(200),
}
"""Kinds that may be trained on: their licences allow the use that the packs' licence allows."""

EVALUATION_KINDS: dict[str, Callable[[], Iterator[Bytes]]] = {
    "biopsies": biopsies,
    "cardiac MR (ACDC)": cardiac_mr_acdc,
    "angiogram": angiogram,
    "photographs": photographs,
    "X-ray of a limb": extremity_xray,
    "pydicom test files": pydicom_files,
}
"""Kinds never trained on."""


_PYDICOM_FILES = (
    *("CT_small.dcm", "MR_small.dcm", "693_UNCI.dcm", "MR2_UNCI.dcm", "US1_UNCI.dcm", "JPEG2000_UNC.dcm"),
    *(
        "OBXXXX1A.dcm",
        "SC_rgb.dcm",
        "color-pl.dcm",
        "color-px.dcm",
        "examples_rgb_color.dcm",
        "liver_1frame.dcm",
    ),
    *("emri_small.dcm", "eCT_Supplemental.dcm", "mlut_18.dcm", "vlut_04.dcm", "gdcm-US-ALOKA-16.dcm"),
    *(
        "examples_overlay.dcm",
        "examples_palette.dcm",
        "explicit_VR-UN.dcm",
        "MR-SIEMENS-DICOM-WithOverlays.dcm",
    ),
)


def bank(kinds: dict[str, Callable[[], Iterator[Bytes]]], limit: int = 400) -> dict[str, Bytes]:
    """Make all images of each kind, at most `limit` evenly chosen, as (image, 224, 224)."""
    return {name: _thinned(list(make()), limit) for name, make in kinds.items()}


def _thinned(images: list[Bytes], limit: int) -> Bytes:
    if len(images) > limit:
        images = [images[int(i)] for i in np.linspace(0, len(images) - 1, limit)]
    return np.stack(images)


def _package_folder(path: str) -> Path:
    package, _, inner = path.partition("/")
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / inner


def _random_cut(image: NDArray[np.generic], rng: np.random.Generator) -> NDArray[np.generic]:
    rows, columns = image.shape
    tall, wide = int(rows * rng.uniform(0.4, 0.95)), int(columns * rng.uniform(0.4, 0.95))
    top, left = int(rng.integers(0, rows - tall)), int(rng.integers(0, columns - wide))
    return image[top : top + tall, left : left + wide]


def _dicom_arrays(folder: str) -> Iterator[NDArray[np.generic]]:
    for path in sorted((data_folder() / "dicom" / folder).rglob("*.dcm")):
        yield pydicom.dcmread(path).pixel_array


def _dicom_folder(folder: str, step: int) -> Iterator[Bytes]:
    for index, array in enumerate(_dicom_arrays(folder)):
        if index % step == 0 and array.ndim == 2:
            yield as_bytes(array)


def _slices_and_projections(volume: NDArray[np.float32]) -> Iterator[Bytes]:
    for axis in range(3):
        step = max(1, volume.shape[axis] // 60)
        for index in range(volume.shape[axis] // 8, volume.shape[axis] * 7 // 8, step):
            yield as_bytes(np.take(volume, index, axis=axis))
        yield as_bytes(volume.sum(axis))
        yield as_bytes(volume.max(axis))


def _body_volume() -> NDArray[np.float32]:
    path = data_folder() / "dicom" / "ct-body-totalsegmentator" / "example_ct.nii.gz"
    image = nibabel.load(path)
    return np.asarray(image.get_fdata(), dtype=np.float32)  # type: ignore[attr-defined]


def _upright(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.rot90(plane)
