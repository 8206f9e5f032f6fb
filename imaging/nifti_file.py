"""Reads NIfTI volumes as two-dimensional images seen as radiologists see them.

A volume is (x, y, slice) or (x, y, slice, time) as stored; images are numbered slice first, then time:
``index = slice * times + time``, as DICOM series are. Each image is turned and flipped so that, for axial
slices, the patient's right is on the left of the screen and anterior is up (sagittal: anterior left, head up;
coronal: right on the left, head up). The shape and
affine of the volume stand in ``NiftiHeader``.
"""

import gzip
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import DamagedImageError, NotAnImageError, TooLargeError, UnsupportedPixelsError
from core.image import Image, ImageRef
from imaging import decode, limits
from imaging.kinds import HEAD_BYTES, kind_of
from imaging.source import open_source, read_all

_HEADER_BYTES = 540
_MOST_VALUE_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class NiftiHeader:
    """What is needed to find and place the images. ``shape`` is (x, y, slice, time).

    ``spacing_known`` is False where the header leaves the spacing out, or at 1 without a place in space.
    ``time_unit`` is the header's own code.
    """

    shape: tuple[int, int, int, int]
    spacing_mm: tuple[float, float, float]
    affine: NDArray[np.float64]
    dtype: np.dtype[Any]
    data_offset: int
    slope: float
    intercept: float
    spacing_known: bool = True
    time_step: float = 0.0
    time_unit: int = 0

    @property
    def images(self) -> int:
        """Number of two-dimensional images."""
        return self.shape[2] * self.shape[3]


def read_nifti_header(path: Path) -> NiftiHeader:
    """Return the header alone.

    Raises:
        ImagingError: it cannot be read; the class says why.
    """
    with open_source(path) as stream:
        head = stream.read(HEAD_BYTES)
        if kind_of(head) == "nifti-gz":
            stream.seek(0)
            with gzip.GzipFile(fileobj=stream) as plain:
                try:
                    head = plain.read(_HEADER_BYTES)
                except (EOFError, gzip.BadGzipFile, struct.error, ValueError) as error:
                    raise DamagedImageError("gzip") from error
    return _parse_header(head)


def read_nifti_image(path: Path, shown_path: str, index: int) -> Image:
    """Return image ``index`` (slice, then time) of a volume.

    Raises:
        ImagingError: it cannot be read; the class says why.
    """
    header = read_nifti_header(path)
    if not 0 <= index < header.images:
        raise DamagedImageError("no such image")
    x, y, _, times = header.shape
    limits.require_size(x * y)
    time, slice_ = index % times, index // times
    frame = time * header.shape[2] + slice_
    size = x * y * header.dtype.itemsize
    content = _bytes_at(path, header.data_offset + frame * size, size)
    stored = np.frombuffer(content, header.dtype).reshape(y, x)
    values = stored.astype(np.float32) * np.float32(header.slope) + np.float32(header.intercept)
    return _image(header, np.nan_to_num(values), ImageRef(file=shown_path, frame=index))


def read_nifti_images(path: Path, shown_path: str) -> Iterator[Image]:
    """Yield every image of a volume in order; a compressed file is unpacked once.

    Raises:
        ImagingError: it cannot be read; the class says why.
    """
    header = read_nifti_header(path)
    x, y, slices, times = header.shape
    limits.require_size(x * y)
    size = x * y * header.dtype.itemsize
    if size * header.images > limits.image_budget_bytes():
        raise TooLargeError("volume")
    content = _bytes_at(path, header.data_offset, size * header.images)
    volume = np.frombuffer(content, header.dtype).reshape(times, slices, y, x)
    for index in range(header.images):
        stored = volume[index % times, index // times]
        values = stored.astype(np.float32) * np.float32(header.slope) + np.float32(header.intercept)
        yield _image(header, np.nan_to_num(values), ImageRef(file=shown_path, frame=index))


def _bytes_at(path: Path, start: int, size: int) -> bytes:
    with open_source(path) as stream:
        if kind_of(stream.read(HEAD_BYTES)) == "nifti-gz":
            stream.seek(0)
            coded = read_all(stream, limits.image_budget_bytes())
            plain, _ = decode.decode("inflate", coded, wbits=31, enough_bytes=start + size)
            content = plain[start : start + size].tobytes()
        else:
            stream.seek(start)
            content = stream.read(size)
    if len(content) < size:
        raise DamagedImageError("volume ends too early")
    return content


def _image(header: NiftiHeader, values: NDArray[np.float32], ref: ImageRef) -> Image:
    """Turn (y, x) as stored into (row, column) as seen."""
    turned, axes, letters = _seen(header.affine, values)
    turned = np.ascontiguousarray(turned)
    turned.setflags(write=False)
    finite_low, finite_high = float(turned.min()), float(turned.max())
    return Image(
        ref=ref,
        values=turned,
        value_range=(finite_low, finite_high if finite_high > finite_low else finite_low + 1),
        bits_stored=header.dtype.itemsize * 8,
        pixel_spacing_mm=(header.spacing_mm[axes[0]], header.spacing_mm[axes[1]]),
        spacing_source="patient",
        patient_orientation=letters,
    )


def _seen(
    affine: NDArray[np.float64], values: NDArray[np.float32]
) -> tuple[NDArray[np.float32], tuple[int, int], tuple[str, str] | None]:
    """Return the slice upright, which stored axes are rows and columns, and the letters of its directions.

    NIfTI's world is right, anterior, superior; DICOM's letters are used.
    """
    world, signs = _directions(affine)
    rows_axis, columns_axis = seen_axes(affine)
    if columns_axis == 1:
        values = values.T
    across, along = world[columns_axis], world[rows_axis]
    if across == along:
        return values, (rows_axis, columns_axis), None
    if signs[columns_axis] > 0:
        values = values[:, ::-1]
    if signs[rows_axis] > 0:
        values = values[::-1]
    return values, (rows_axis, columns_axis), ("LPF"[across], "LPF"[along])


def as_stored(affine: NDArray[np.float64], seen: NDArray[Any]) -> NDArray[Any]:
    """Return a slice (row, column) as seen the way a volume stores it, (y, x): what ``_seen`` did, undone."""
    world, signs = _directions(affine)
    rows_axis, columns_axis = seen_axes(affine)
    if world[columns_axis] != world[rows_axis]:
        if signs[rows_axis] > 0:
            seen = seen[::-1]
        if signs[columns_axis] > 0:
            seen = seen[:, ::-1]
    return seen.T if columns_axis == 1 else seen


def seen_axes(affine: NDArray[np.float64]) -> tuple[int, int]:
    """Return which of the stored axes (0 = x, 1 = y) are the rows' and the columns' of a slice as seen."""
    world, _ = _directions(affine)
    turned = world[0] == 2 or (world[0] == 1 and world[1] == 0)
    return (0, 1) if turned else (1, 0)


def _directions(affine: NDArray[np.float64]) -> tuple[list[int], list[float]]:
    """Return for x and y which axis of the world they follow most, and in which sense."""
    world = [int(np.argmax(np.abs(affine[:3, axis]))) for axis in (0, 1)]
    return world, [float(np.sign(affine[world[n], n])) or 1.0 for n in (0, 1)]


def _parse_header(head: bytes) -> NiftiHeader:
    nibabel: Any = import_module("nibabel")
    classes = (nibabel.Nifti1Header, nibabel.Nifti2Header)
    if kind_of(head.ljust(HEAD_BYTES, b"\0")) != "nifti":
        raise NotAnImageError("nifti")
    try:
        kind = classes[0] if head[344:348] == b"n+1\0" else classes[1]
        header = kind(head[: kind.template_dtype.itemsize], check=False)
        slope, intercept = header.get_slope_inter()
        shape = tuple(int(size) for size in header.get_data_shape())
        spacing = tuple(abs(float(size)) for size in header.get_zooms()[:3])
        parsed = NiftiHeader(
            shape=_first_four(shape),
            spacing_mm=_first_three(spacing),
            affine=np.asarray(header.get_best_affine(), np.float64),
            dtype=header.get_data_dtype(),
            data_offset=int(header.get_data_offset()),
            slope=float(slope) if slope is not None and np.isfinite(slope) and slope else 1.0,
            intercept=float(intercept) if intercept is not None and np.isfinite(intercept) else 0.0,
            spacing_known=_spacing_known(header, spacing),
            time_step=float(header["pixdim"][4]) if np.isfinite(header["pixdim"][4]) else 0.0,
            time_unit=int(header["xyzt_units"]) & 0x38,
        )
    except Exception as error:
        raise DamagedImageError(type(error).__name__) from error
    if any(size != 1 for size in shape[4:]):
        raise UnsupportedPixelsError("more than four dimensions")
    _require_sense(parsed, shape)
    return parsed


def _spacing_known(header: Any, spacing: tuple[float, ...]) -> bool:
    """Whether the spacing says anything: programs that know none write 0, or 1 without a place in space."""
    placed = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    return min(spacing, default=0.0) > 0 and (placed or any(size != 1.0 for size in spacing))


def _require_sense(header: NiftiHeader, shape: tuple[int, ...]) -> None:
    if header.dtype.kind not in "iuf" or header.dtype.itemsize > _MOST_VALUE_BYTES:
        raise UnsupportedPixelsError("NIfTI data type")
    if len(shape) < 2 or min(shape) < 1 or header.data_offset < 0 or not np.isfinite(header.affine).all():
        raise DamagedImageError("NIfTI header")


def _first_four(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    x, y, slices, times = (*shape, 1, 1, 1, 1)[:4]
    return x, y, slices, times


def _first_three(spacing: tuple[float, ...]) -> tuple[float, float, float]:
    x, y, z = (*spacing, 1.0, 1.0, 1.0)[:3]
    return x, y, z
