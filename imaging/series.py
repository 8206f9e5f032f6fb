"""Joins the single images of a DICOM series into one stack, in the order of slices and then of time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from imaging.contrast import Contrast
from imaging.natural import natural_key

_STACKED_MODALITIES = frozenset({"CT", "MR", "PT", "NM"})
_SLICE_TOLERANCE_MM = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What the header of one image says of its place in a series.

    ``header`` is kept for the first image of a stack alone: it speaks for the patient and the study.
    """

    path: Path
    shown: str
    patient: tuple[str | None, ...]
    sop_instance_uid: str | None
    study_uid: str | None
    series_uid: str | None
    modality: str | None
    frames: int
    rows: int
    columns: int
    orientation: tuple[float, ...]
    position: tuple[float, ...]
    trigger_time: float | None
    temporal_position: float | None
    acquisition_number: float | None
    instance_number: float | None
    header: Dataset | None
    series_number: float | None = None
    file_state: tuple[int, int] | None = None
    mark: str = ""
    """What stood in it, where it carries no UID (``imaging.source.mark_of``)."""
    spacing: tuple[float, ...] = ()
    cardiac_images: int | None = None
    contrast: Contrast = field(default_factory=Contrast)
    slide: bool = False
    """Whether it holds tiles of a slide: a level of it, its label or its overview."""

    @property
    def pool_key(self) -> tuple[object, ...] | None:
        """What it waits with until all is there: its series, or the moving MR images of its study.

        Scanners write each slice of a cine into a series of its own, or all slices and views into one.
        """
        series = self.series_key
        timed = self.trigger_time is not None or self.temporal_position is not None or self.cardiac_images
        if series is None or self.slide or self.modality != "MR" or not timed or len(self.position) != 3:
            return series
        return ("moving", self.patient, self.study_uid or self.path.parent)

    @property
    def series_key(self) -> tuple[object, ...] | None:
        """What it has in common with the other images of its stack; None where it is a unit by itself.

        A stack is one patient, one series, one size, one orientation: a three-plane localizer gives three.
        Careless exports give one UID to several patients. Images whose series has no name are joined by their
        geometry and their folder.
        """
        if self.slide:
            return "slide", self.patient, self.study_uid, self.series_uid or self.path.parent
        placed = len(self.position) == 3 and len(self.orientation) == 6
        if self.frames > 1 or not (placed or (self.series_uid and self.modality in _STACKED_MODALITIES)):
            return None
        direction = tuple(round(cosine, 1) + 0.0 for cosine in self.orientation)
        series = self.series_uid or self.path.parent
        return self.patient, self.study_uid, series, self.rows, self.columns, direction

    @property
    def own_key(self) -> tuple[object, ...]:
        """What only a copy of this image has too: a UID alone is not enough, some exports give one to all."""
        if self.sop_instance_uid is None:
            return (self.shown,)
        return self.sop_instance_uid, self.position, time_key(self)


def in_reading_order(instances: Sequence[Instance]) -> list[Instance]:
    """Return the images by slice, then time; of copies of one and the same image the largest file is kept.

    A copy that was cut short is smaller than the whole one; of files of one size the first is kept.
    """
    distinct: dict[tuple[object, ...], Instance] = {}
    for instance in instances:
        kept_so_far = distinct.setdefault(instance.own_key, instance)
        if _bytes(instance) > _bytes(kept_so_far):
            distinct[instance.own_key] = instance
    kept = list(distinct.values())
    depths = depths_of(kept)
    if depths is None:
        return sorted(kept, key=lambda instance: (time_key(instance), natural_key(instance.shown)))
    return [
        instance
        for _, instance in sorted(
            zip(depths, kept, strict=True),
            key=lambda pair: (pair[0], time_key(pair[1]), natural_key(pair[1].shown)),
        )
    ]


def _bytes(instance: Instance) -> int:
    return 0 if instance.file_state is None else instance.file_state[0]


def depths_of(instances: Sequence[Instance]) -> list[int] | None:
    """Return for each image the number of its slice along the normal, None where geometry is missing."""
    if any(len(instance.position) != 3 or len(instance.orientation) != 6 for instance in instances):
        return None
    cosines = np.array(instances[0].orientation)
    normal = np.cross(cosines[:3], cosines[3:])
    places = np.array([instance.position for instance in instances]) @ normal
    order = np.argsort(places, kind="stable")
    steps = np.diff(places[order], prepend=places[order[0]]) > _SLICE_TOLERANCE_MM
    numbers = np.empty(len(instances), int)
    numbers[order] = np.cumsum(steps)
    return [int(number) for number in numbers]


def time_key(instance: Instance) -> tuple[float, ...]:
    """Return what orders the images of one slice: whatever is known, from the surest on."""
    return tuple(
        value if value is not None else float("-inf")
        for value in (
            instance.temporal_position,
            instance.trigger_time,
            instance.acquisition_number,
            instance.instance_number,
        )
    )
