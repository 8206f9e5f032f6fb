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

SIZE = 224
"""Strangers are kept as (image, SIZE, SIZE) bytes, whatever they came from."""


def as_bytes(values: NDArray[np.generic]) -> Bytes:
    """Stretch any (row, column) array to the full range of bytes, at SIZE x SIZE."""
    grey = np.asarray(values, dtype=np.float32)
    low, high = np.percentile(grey, (0.5, 99.5))
    grey = np.clip((grey - low) / max(float(high - low), 1e-6), 0, 1)
    shrinks = min(grey.shape) >= SIZE
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, (SIZE, SIZE), interpolation=method) * 255, dtype=np.uint8)


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
    for package in ("skimage/data", "sklearn/datasets/images"):
        for path in sorted(_package_folder(package).glob("*.[pj][np]g")):
            image = read_grey(path)
            yield as_bytes(image)
            for _ in range(views):
                yield as_bytes(_random_cut(image, rng))


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


def drawn_bones(count: int, seed: int = 1) -> Iterator[Bytes]:
    """Yield drawings of limbs.

    Tapered soft tissue with bright-edged bones, fingers, joints, on an empty ground.
    """
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _limb(rng)


def drawn_skulls(count: int, seed: int = 2) -> Iterator[Bytes]:
    """Yield drawings of heads, pelvises and abdomens: ovals with a bright rim, cavities and a spine."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _rounded_body(rng)


def textures(count: int, seed: int = 3) -> Iterator[Bytes]:
    """Yield fractal noise, gradients and gratings."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _texture(rng)


def scenes(count: int, seed: int = 4) -> Iterator[Bytes]:
    """Yield photograph-like drawings: polygons, ellipses, lines and words over shaded grounds."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _scene(rng)


def documents(count: int, seed: int = 6) -> Iterator[Bytes]:
    """Yield pages, forms and curves: lines of words, boxes, traces."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _document(rng)


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
    """Make all images of each kind, at most `limit` evenly chosen, as (image, SIZE, SIZE)."""
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


def _fractal(rng: np.random.Generator, size: int = SIZE, slope: float = 1.0) -> NDArray[np.float32]:
    total = np.zeros((size, size), np.float32)
    for octave in range(2, 8):
        grid = rng.standard_normal((2**octave, 2**octave)).astype(np.float32)
        total += cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC) * 2.0 ** (-slope * octave)
    return np.asarray((total - total.min()) / (np.ptp(total) + 1e-6), dtype=np.float32)


def _texture(rng: np.random.Generator) -> Bytes:
    kind = int(rng.integers(4))
    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / SIZE
    if kind == 0:
        return as_bytes(_fractal(rng, slope=float(rng.uniform(0.3, 1.8))))
    direction = rng.uniform(0, np.pi)
    along = rows * np.sin(direction) + columns * np.cos(direction)
    if kind == 1:
        return as_bytes(along + 0.2 * _fractal(rng))
    if kind == 2:
        return as_bytes(np.sin(along * rng.uniform(10, 120)) + rng.uniform(0, 2) * _fractal(rng))
    distance = np.hypot(rows - rng.uniform(0.2, 0.8), columns - rng.uniform(0.2, 0.8))
    return as_bytes(np.exp(-distance * rng.uniform(1, 8)) + 0.3 * _fractal(rng))


def _scene(rng: np.random.Generator) -> Bytes:
    canvas = (_fractal(rng, slope=1.4) * rng.uniform(20, 120) + rng.uniform(0, 120)).astype(np.uint8)
    for _ in range(int(rng.integers(3, 25))):
        colour = float(rng.uniform(0, 255))
        kind = int(rng.integers(4))
        centre = tuple(int(v) for v in rng.integers(0, SIZE, 2))
        other = tuple(int(v) for v in rng.integers(0, SIZE, 2))
        if kind == 0:
            axes = tuple(int(v) for v in rng.integers(4, 80, 2))
            cv2.ellipse(canvas, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
        elif kind == 1:
            points = rng.integers(0, SIZE, (int(rng.integers(3, 7)), 1, 2)).astype(np.int32)
            cv2.fillPoly(canvas, [points], colour)
        elif kind == 2:
            cv2.line(canvas, centre, other, colour, int(rng.integers(1, 9)))
        else:
            word = "".join(chr(int(c)) for c in rng.integers(65, 91, 5))
            cv2.putText(canvas, word, centre, 0, float(rng.uniform(0.4, 2)), colour, int(rng.integers(1, 4)))
    soft = cv2.GaussianBlur(canvas, (0, 0), float(rng.uniform(0.3, 3)))
    return as_bytes(soft.astype(np.float32) + rng.uniform(0, 12) * rng.standard_normal(canvas.shape))


def _document(rng: np.random.Generator) -> Bytes:
    canvas = np.full((SIZE, SIZE), int(rng.integers(180, 256)), np.uint8)
    for row in range(int(rng.integers(8, 30)), SIZE, int(rng.integers(9, 24))):
        if rng.random() < 0.25:
            line = np.cumsum(rng.standard_normal(SIZE)) * 2 + row
            points = np.stack([np.arange(SIZE), line], 1).astype(np.int32).reshape(-1, 1, 2)
            cv2.polylines(canvas, [points], False, 20.0, 1)
        else:
            word = "".join(chr(int(c)) for c in rng.integers(97, 123, int(rng.integers(8, 34))))
            cv2.putText(
                canvas, word, (int(rng.integers(2, 30)), row), 0, float(rng.uniform(0.25, 0.5)), 30.0, 1
            )
    return as_bytes(canvas if rng.random() < 0.6 else 255 - canvas)


def _tube(
    canvas: NDArray[np.float32],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    radius: float,
    density: float,
) -> None:
    """Add a tube's projected thickness (brightest along its axis) to the canvas."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    way = end - start
    along = np.clip(((columns - start[0]) * way[0] + (rows - start[1]) * way[1]) / (way @ way + 1e-6), 0, 1)
    distance = np.hypot(columns - start[0] - along * way[0], rows - start[1] - along * way[1])
    canvas += density * np.sqrt(np.clip(1 - (distance / radius) ** 2, 0, None))


def _bone(
    canvas: NDArray[np.float32],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    radius: float,
    density: float,
) -> None:
    _tube(canvas, start, end, radius, density)
    _tube(canvas, start, end, radius * 0.6, -0.55 * density)
    for tip in (start, end):
        _tube(canvas, tip, tip + (end - start) * 0.04, radius * 1.35, density * 0.5)


def _limb(rng: np.random.Generator) -> Bytes:
    canvas = np.zeros((SIZE, SIZE), np.float32)
    rays = int(rng.choice([1, 1, 2, 2, 4, 5]))
    origin = np.array([SIZE / 2, SIZE * rng.uniform(0.6, 1.1)]) + rng.normal(0, 10, 2)
    spread = rng.uniform(0.1, 0.9) if rays > 2 else rng.uniform(0.02, 0.2)
    base = -np.pi / 2 + rng.normal(0, 0.2)
    wide = SIZE * rng.uniform(0.03, 0.06) if rays > 2 else SIZE * rng.uniform(0.05, 0.12)
    for ray in range(rays):
        angle = base + spread * (ray - (rays - 1) / 2)
        point = origin + np.array([(ray - (rays - 1) / 2) * wide * 1.5, 0.0])
        for segment in range(int(rng.integers(2, 5))):
            length = SIZE * rng.uniform(0.14, 0.5) * 0.85**segment
            tip = point + length * np.array([np.cos(angle), np.sin(angle)])
            _tube(canvas, point, tip, wide * rng.uniform(1.8, 3.2), rng.uniform(0.15, 0.5))
            _bone(canvas, point, tip, wide * rng.uniform(0.6, 0.9), rng.uniform(0.5, 1.0))
            point = tip + length * 0.06 * np.array([np.cos(angle), np.sin(angle)])
    turned = np.rot90(canvas, int(rng.integers(4))) * (1 + 0.15 * _fractal(rng)) + 0.05 * _fractal(rng)
    soft = cv2.GaussianBlur(np.ascontiguousarray(turned), (0, 0), float(rng.uniform(0.5, 1.5)))
    return as_bytes(soft**0.8 + rng.uniform(0, 0.03) * rng.standard_normal(canvas.shape))


def _rounded_body(rng: np.random.Generator) -> Bytes:
    canvas = np.zeros((SIZE, SIZE), np.float32)
    centre = (int(SIZE * rng.uniform(0.4, 0.6)), int(SIZE * rng.uniform(0.4, 0.6)))
    axes = (int(SIZE * rng.uniform(0.3, 0.6)), int(SIZE * rng.uniform(0.3, 0.6)))
    _oval(canvas, centre, axes, 0.6)
    if rng.random() < 0.6:
        rim = int(rng.integers(3, 12))
        _oval(canvas, centre, (axes[0] - rim, axes[1] - rim), -rng.uniform(0.1, 0.3))
    for _ in range(int(rng.integers(3, 12))):
        place = (centre[0] + int(rng.normal(0, axes[0] * 0.4)), centre[1] + int(rng.normal(0, axes[1] * 0.4)))
        _oval(canvas, place, tuple(int(v) for v in rng.integers(5, 45, 2)), float(rng.normal(0, 0.25)))
    if rng.random() < 0.5:
        x = centre[0] + rng.normal(0, 8)
        _bone(canvas, np.array([x, 0.0]), np.array([x, float(SIZE)]), SIZE * 0.06, 0.5)
    if rng.random() < 0.5:
        for side in (-1, 1):
            hip = np.array([centre[0] + side * axes[0] * 0.6, centre[1] + axes[1] * 0.5])
            _bone(canvas, hip, hip + np.array([side * 10.0, SIZE * 0.4]), SIZE * 0.06, 0.7)
            _oval(canvas, (int(hip[0] - side * 20), int(hip[1] - 40)), (40, 55), 0.35)
    soft = cv2.GaussianBlur(canvas, (0, 0), float(rng.uniform(0.8, 3))) * (1 + 0.3 * _fractal(rng))
    return as_bytes(np.rot90(soft, int(rng.integers(4))) + 0.02 * rng.standard_normal(canvas.shape))


def _oval(
    canvas: NDArray[np.float32], centre: tuple[int, int], axes: tuple[int, ...], density: float
) -> None:
    rows, columns = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    inside = 1 - ((columns - centre[0]) / max(axes[0], 1)) ** 2 - ((rows - centre[1]) / max(axes[1], 1)) ** 2
    canvas += density * np.sqrt(np.clip(inside, 0, None))
