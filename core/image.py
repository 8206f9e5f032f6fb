"""Records of images: what was read, with all that is needed to show it rightly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.patient import Patient

UnitKind = Literal["raster", "nifti", "dicom-image", "dicom-series", "slide", "table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRef:
    """The one image that a result belongs to."""

    file: str
    frame: int = 0
    sop_instance_uid: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A linear grey window in modality values.

    Source: DICOM PS3.3 C.11.2.1.2.
    """

    center: float
    width: float
    label: str = ""
    function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"] = "LINEAR"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiTable:
    """A VOI LUT: ``outputs`` (entry,) float32 in 0..1, the first for the modality value ``first``.

    Source: DICOM PS3.3 C.11.2.1.1.
    """

    first: float
    outputs: NDArray[np.float32]
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One decoded frame.

    ``values`` is (row, column) float32 modality values (after rescale or modality LUT), or
    (row, column, 3) uint8 RGB for colour. ``inverted`` says that low values are shown bright
    (MONOCHROME1). ``overlays`` are (row, column) bool. All arrays are read-only. ``exif_orientation`` is
    the file's own (1 to 8), which has been applied: ``values`` stand upright.
    """

    ref: ImageRef
    values: NDArray[np.float32] | NDArray[np.uint8]
    unit: str | None = None
    inverted: bool = False
    windows: tuple[Window, ...] = ()
    voi_tables: tuple[VoiTable, ...] = ()
    value_range: tuple[float, float] | None = None
    bits_stored: int = 8
    pixel_spacing_mm: tuple[float, float] | None = None
    spacing_source: Literal["patient", "detector", "calibrated", "file"] | None = None
    patient_orientation: tuple[str, str] | None = None
    overlays: tuple[NDArray[np.bool_], ...] = ()
    exif_orientation: int = 1
    notes: tuple[str, ...] = ()

    @property
    def is_colour(self) -> bool:
        """Whether ``values`` holds RGB."""
        return self.values.ndim == 3

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.values.shape[0]), int(self.values.shape[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyHeader:
    """What the header says of the study and the series; None is unknown."""

    study_uid: str | None = None
    series_uids: tuple[str, ...] = ()
    date: str | None = None
    time: str | None = None
    description: str | None = None
    series_description: str | None = None
    series_number: int | None = None
    accession_number: str | None = None
    institution: str | None = None
    modality: str | None = None
    body_part: str | None = None
    view: str | None = None
    laterality: str | None = None
    burned_in_annotation: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CineSlice:
    """One slice of a cine: ``images`` are the numbers of its images in the unit, by phase; None is missing.

    ``position_mm`` is its place along the stack's normal; ``offset_mm`` (down, across) is how far its
    first pixel lies from that of the first slice in the plane.
    """

    images: tuple[int | None, ...]
    position_mm: float
    offset_mm: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CineStack:
    """Parallel slices of a beating heart, each at the same phases of the beat, in order of their place.

    ``times_ms`` is when each phase was taken after the R wave (median of the slices), empty where unknown.
    ``affine`` (4, 4) leads from (column, row, slice) of the images as read to millimetres right, anterior,
    superior. What is None is unknown. ``notes`` are codes of what is missing or was left out, with a count.
    """

    slices: tuple[CineSlice, ...]
    times_ms: tuple[float, ...] = ()
    pixel_spacing_mm: tuple[float, float] | None = None
    slice_distance_mm: float | None = None
    affine: tuple[tuple[float, ...], ...] | None = None
    notes: tuple[tuple[str, int], ...] = ()

    @property
    def phases(self) -> int:
        """Number of phases of the beat."""
        return len(self.slices[0].images)

    @property
    def middle_image(self) -> int:
        """Number of the image to begin with: the first phase of the slice in the middle."""
        images = self.slices[len(self.slices) // 2].images
        return next((image for image in images if image is not None), 0)

    def place_of(self, image: int) -> tuple[int, int] | None:
        """Return slice and phase, from 0, of an image of the unit; None where it is of no slice."""
        for number, part in enumerate(self.slices):
            if image in part.images:
                return number, part.images.index(image)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CineVolume:
    """All images of a cine: ``frames`` (slice, phase, row, column) uint16.

    Each image goes from its own least to its own most. Bright is as shown. Where an image is missing, that of
    the nearest phase stands. ``refs`` (slice, phase) name the images. The array is read-only.
    """

    stack: CineStack
    frames: NDArray[np.uint16]
    refs: tuple[tuple[ImageRef | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingUnit:
    """What is read as one record: a picture, a NIfTI file, a DICOM image or series, a slide, a table alone.

    ``path`` is the path as the user gave it (see the command line); ``files`` are in reading
    order (slice, then time). ``frames`` counts the two-dimensional images in it. ``file_states`` are size
    in bytes and time of change in nanoseconds of each file as it was listed (of the zip file that it lies
    in), None where not known: another file in its place is another patient's, perhaps. ``file_marks`` tell
    what stood in files that carry no identifier of their own (``imaging.source.mark_of``); of others nothing.
    ``cine`` says which image is which slice and phase, where there are several of both or of phases.
    A ``slide`` is far larger than a picture: its one image is an overview, and ``imaging.slide`` reads parts.
    """

    kind: UnitKind
    path: str
    files: tuple[Path, ...]
    header: StudyHeader
    patient: Patient
    frames: int = 1
    frames_per_file: tuple[int, ...] = ()
    sop_instance_uids: tuple[str | None, ...] = ()
    file_states: tuple[tuple[int, int] | None, ...] = ()
    file_marks: tuple[str, ...] = ()
    extras: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    cine: CineStack | None = None
