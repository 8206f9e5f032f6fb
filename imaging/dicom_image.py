"""Reads one frame of a DICOM file as an ``Image``."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from core.errors import DamagedImageError, UnsupportedPixelsError
from core.image import Image, ImageRef, VoiTable, Window
from imaging.dicom_file import DicomFile, open_dicom, require_pixels
from imaging.dicom_overlays import read_overlays
from imaging.dicom_pixels import PixelLayout, mask_and_sign, read_layout, read_stored
from imaging.dicom_tables import Table, read_table, read_windows, voi_table
from imaging.dicom_values import contained, integer, items, number, numbers, text, texts, word_bytes
from imaging.display import window_is_absurd
from imaging.stored_range import stored_range

_AXES = {"L": 0, "R": 0, "A": 1, "P": 1, "H": 2, "F": 2}
SpacingSource = Literal["patient", "detector", "calibrated", "file"]


def read_dicom_image(path: Path, shown_path: str, frame: int) -> Image:
    """Return frame ``frame`` of the DICOM file ``path``.

    Raises:
        ImagingError: it cannot be read; the class says why.
    """
    with open_dicom(path) as dicom, contained():
        return _image(dicom, shown_path, frame)


def _image(dicom: DicomFile, shown_path: str, frame: int) -> Image:
    dataset = dicom.dataset
    layout = read_layout(dataset, require_pixels(dicom))
    if not 0 <= frame < layout.frames:
        raise DamagedImageError("no such frame")
    raw_values, photometric = read_stored(dicom, layout, frame)
    groups = _groups(dataset, frame)
    ref = ImageRef(file=shown_path, frame=frame, sop_instance_uid=text(dataset, "SOPInstanceUID"))
    spacing, spacing_source = _spacing(groups)
    shared: dict[str, Any] = {
        "ref": ref,
        "pixel_spacing_mm": spacing,
        "spacing_source": spacing_source,
        "patient_orientation": _orientation(groups),
        "overlays": read_overlays(dataset, raw_values, layout, frame),
    }
    if photometric == "PALETTE COLOR" or layout.samples > 1:
        colour = _colour(dataset, mask_and_sign(raw_values, layout), layout, photometric)
        return Image(values=_frozen(colour), bits_stored=min(layout.bits_stored, 8), **shared)
    return _grey(groups, mask_and_sign(raw_values, layout), layout, photometric, shared)


def _grey(
    groups: tuple[Dataset, ...],
    stored: NDArray[Any],
    layout: PixelLayout,
    photometric: str,
    shared: dict[str, Any],
) -> Image:
    low, high = stored_range(stored, layout.bits_stored)
    values, unit, convert = _modality_values(groups, stored, layout)
    ends = sorted(float(end) for end in convert(np.array([low, high], np.float32)))
    notes = () if np.isfinite(values).all() else ("not-finite",)
    if notes:
        values = np.nan_to_num(values, posinf=ends[1], neginf=ends[0])
    windows, tables = _voi(groups, signed=bool(values.size and values.min() < 0))
    image = Image(
        values=_frozen(values),
        unit=unit,
        inverted=photometric == "MONOCHROME1",
        windows=windows,
        voi_tables=tables,
        value_range=(ends[0], ends[1]),
        bits_stored=layout.bits_stored,
        notes=notes,
        **shared,
    )
    return replace(image, notes=(*notes, "window-not-used")) if window_is_absurd(image) else image


def _groups(dataset: Dataset, frame: int) -> tuple[Dataset, ...]:
    """Return where an attribute of this frame may stand: its own groups, the shared ones, the file.

    Source: DICOM PS3.3 C.7.6.16.
    """
    per_frame = items(dataset, "PerFrameFunctionalGroupsSequence")
    own = per_frame[frame : frame + 1]
    shared = items(dataset, "SharedFunctionalGroupsSequence")[:1]
    return (*_macros((*own, *shared)), dataset)


def _macros(groups: tuple[Dataset, ...]) -> Iterator[Dataset]:
    names = (
        "PixelValueTransformationSequence",
        "FrameVOILUTSequence",
        "PixelMeasuresSequence",
        "PlaneOrientationSequence",
        "PlanePositionSequence",
    )
    for group in groups:
        for name in names:
            yield from items(group, name)[:1]


def _modality_values(
    groups: tuple[Dataset, ...], stored: NDArray[Any], layout: PixelLayout
) -> tuple[NDArray[np.float32], str | None, Any]:
    """Apply the Modality LUT or the rescale slope and intercept.

    Source: DICOM PS3.3 C.11.1.
    """
    for group in groups:
        for item in items(group, "ModalityLUTSequence")[:1]:
            table = read_table(item, signed_input=layout.signed)
            if table is not None:
                return table.apply(stored.astype(np.float32)), text(item, "ModalityLUTType"), table.apply
    slope, intercept, kind = 1.0, 0.0, None
    for group in groups:
        found = number(group, "RescaleSlope")
        if found is not None:
            slope, intercept = found or 1.0, number(group, "RescaleIntercept") or 0.0
            kind = text(group, "RescaleType")
            break
        if number(group, "RescaleIntercept") is not None:
            intercept = number(group, "RescaleIntercept") or 0.0
            break
    if kind is None and text(groups[-1], "Modality") == "CT" and intercept:
        kind = "HU"

    def convert(values: NDArray[Any]) -> NDArray[np.float32]:
        plain = values.astype(np.float32)
        return (
            plain if (slope, intercept) == (1.0, 0.0) else (plain * np.float32(slope) + np.float32(intercept))
        )

    return convert(stored), kind, convert


def _voi(groups: tuple[Dataset, ...], *, signed: bool) -> tuple[tuple[Window, ...], tuple[VoiTable, ...]]:
    windows: tuple[Window, ...] = ()
    tables: list[VoiTable] = []
    for group in groups:
        windows = windows or read_windows(group)
        for item in items(group, "VOILUTSequence"):
            table: Table | None = read_table(item, signed_input=signed)
            if table is not None:
                tables.append(voi_table(table, text(item, "LUTExplanation") or ""))
    return windows, tuple(tables)


def _spacing(groups: tuple[Dataset, ...]) -> tuple[tuple[float, float] | None, SpacingSource | None]:
    """Return (row, column) spacing and what it is true of.

    Source: DICOM PS3.3 section 10.7.
    """
    modality = text(groups[-1], "Modality") or ""
    projection = modality in ("CR", "DX", "MG", "RG", "XA", "RF", "PX", "IO")
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        for group in groups:
            found = numbers(group, keyword)
            if len(found) == 2 and min(found) > 0:
                spacing = (found[0], found[1])
                if keyword != "PixelSpacing":
                    return spacing, "detector"
                return spacing, _projection_source(groups, spacing) if projection else "patient"
    return _ultrasound_spacing(groups[-1])


def _projection_source(groups: tuple[Dataset, ...], spacing: tuple[float, float]) -> SpacingSource:
    for group in groups:
        detector = numbers(group, "ImagerPixelSpacing")
        if len(detector) == 2 and not np.allclose(detector, spacing, rtol=1e-3):
            return "calibrated"
    return "calibrated" if text(groups[-1], "PixelSpacingCalibrationType") else "detector"


def _ultrasound_spacing(dataset: Dataset) -> tuple[tuple[float, float] | None, SpacingSource | None]:
    """Return the spacing of an ultrasound image with one region in centimetres.

    Source: DICOM PS3.3 C.8.5.5.
    """
    regions = items(dataset, "SequenceOfUltrasoundRegions")
    if len(regions) != 1 or integer(regions[0], "PhysicalUnitsXDirection") != 3:
        return None, None
    x, y = number(regions[0], "PhysicalDeltaX"), number(regions[0], "PhysicalDeltaY")
    if not x or not y or integer(regions[0], "PhysicalUnitsYDirection") != 3:
        return None, None
    return (abs(y) * 10, abs(x) * 10), "patient"


def _orientation(groups: tuple[Dataset, ...]) -> tuple[str, str] | None:
    """Return the directions of rows and columns as letters (L, R, A, P, H, F).

    The geometry is believed before the letters that were written, and letters only where they are two
    directions.
    """
    for group in groups:
        cosines = numbers(group, "ImageOrientationPatient")
        if len(cosines) == 6:
            return _letters(cosines[:3]), _letters(cosines[3:])
    written = texts(groups[-1], "PatientOrientation")
    if len(written) == 2 and all(part and set(part) <= set(_AXES) for part in written):
        return (written[0], written[1]) if _AXES[written[0][0]] != _AXES[written[1][0]] else None
    return None


def _letters(direction: tuple[float, ...]) -> str:
    named = sorted(((abs(part), axis, part) for axis, part in enumerate(direction)), reverse=True)
    return "".join(("RL", "AP", "FH")[axis][part > 0] for size, axis, part in named if size > 0.2)


def _colour(
    dataset: Dataset, stored: NDArray[Any], layout: PixelLayout, photometric: str
) -> NDArray[np.uint8]:
    if photometric == "PALETTE COLOR":
        stored = _through_palette(dataset, stored)
        return _eight_bits(stored, stored.dtype.itemsize * 8)
    eight = _eight_bits(stored[..., :3], layout.bits_stored)
    if photometric in ("YBR_FULL", "YBR_PARTIAL_420", "YBR_PARTIAL_422"):
        return _ybr_to_rgb(eight, partial="PARTIAL" in photometric)
    if photometric in ("RGB", "MONOCHROME2", "ARGB"):
        return eight
    raise UnsupportedPixelsError("photometric interpretation")


def _through_palette(dataset: Dataset, stored: NDArray[Any]) -> NDArray[Any]:
    for colour in ("Red", "Green", "Blue"):
        keyword = f"{colour}PaletteColorLookupTableData"
        words = word_bytes(dataset, keyword)
        if words is not None:
            setattr(dataset, keyword, words)
    try:
        coloured: NDArray[Any] = apply_color_lut(stored, dataset)[..., :3]
    except Exception as error:
        raise DamagedImageError("palette") from error
    return coloured


def _eight_bits(values: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    if bits <= 8:
        return np.asarray(values, np.uint8)
    return np.asarray(np.right_shift(values, bits - 8), np.uint8)


def _ybr_to_rgb(ybr: NDArray[np.uint8], *, partial: bool) -> NDArray[np.uint8]:
    """Convert by ITU-R BT.601.

    Source: DICOM PS3.3 C.7.6.3.1.2.
    """
    values = ybr.astype(np.float32)
    y, blue, red = values[..., 0], values[..., 1] - 128, values[..., 2] - 128
    if partial:
        y, blue, red = (y - 16) * (255 / 219), blue * (255 / 224), red * (255 / 224)
    rgb = np.stack((y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue), axis=-1)
    return np.asarray(np.clip(np.rint(rgb), 0, 255), np.uint8)


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values = np.ascontiguousarray(values)
    values.setflags(write=False)
    return values
