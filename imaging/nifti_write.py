"""Writes outlines through a stack as NIfTI, in the source's own shape and place."""

import gzip
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.image import CineStack, ReadingUnit
from imaging.nifti_file import as_stored, read_nifti_header

_LEVEL = 6


def nifti_of(unit: ReadingUnit | None, stack: CineStack, inside: NDArray[np.bool_]) -> bytes:
    """Return a compressed NIfTI file, 1 inside and 0 outside, of (slice, phase, row, column).

    Where the unit is a NIfTI file itself, shape and affine are its own; else the axes are column, row, slice,
    phase, and the affine is that of the stack.

    Raises:
        ImagingError: the source's header cannot be read any more.
    """
    if unit is not None and unit.kind == "nifti":
        header = read_nifti_header(unit.files[0])
        planes = np.zeros((*inside.shape[:2], header.shape[1], header.shape[0]), np.uint8)
        for number, phases in enumerate(inside):
            for phase, plane in enumerate(phases):
                planes[number, phase] = as_stored(header.affine, plane)
        return _file(planes, header.affine)
    affine = np.eye(4) if stack.affine is None else np.array(stack.affine)
    return _file(inside.astype(np.uint8), affine)


def _file(planes: NDArray[np.uint8], affine: NDArray[np.float64]) -> bytes:
    """Return (slice, phase, y, x) as a file of (x, y, slice, phase)."""
    nibabel: Any = import_module("nibabel")
    image = nibabel.Nifti1Image(np.ascontiguousarray(planes.transpose(3, 2, 0, 1)), affine)
    image.header.set_xyzt_units("mm")
    return gzip.compress(image.to_bytes(), _LEVEL, mtime=0)
