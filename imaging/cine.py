"""Says which image of a stack is which slice and which phase of the beat, from positions and times alone."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.image import CineSlice, CineStack
from imaging.cine_times import Clock, clock_of, last_takes, on_one_origin, slices_of
from imaging.nifti_file import NiftiHeader, seen_axes
from imaging.series import Instance

_FEWEST_SHARE = 0.5
"""Share of the usual number of phases below which a slice is left out."""
_GAP = 1.5
"""Distance of two slices, in usual distances, from which one is missing between them."""
_LARGEST_NIFTI_SLICES = 40
"""A cine has fewer slices; more are a brain or a body over time."""
_TIME_UNITS_MS = {8: 1000.0, 16: 1.0, 24: 0.001}
"""NIfTI-1: seconds, milliseconds, microseconds."""


def cine_of(ordered: Sequence[Instance]) -> CineStack | None:
    """Return the cine that images in reading order (slice, then time) are; None where they are none."""
    places = slices_of(ordered)
    if places is None:
        return None
    slices = last_takes(places, ordered)
    clocks = [clock_of(numbers, ordered) for numbers in slices]
    counts = Counter(len(clock.distinct) for clock in clocks if clock is not None)
    if not counts:
        return None
    phases = max(counts, key=lambda count: (counts[count], count))
    if phases < 2:
        return None
    passed_over = sum(map(len, places)) - sum(map(len, slices))
    notes = Counter(repeated_images=passed_over)
    return _stack(ordered, slices, on_one_origin(clocks, phases), phases, notes)


def cine_of_nifti(header: NiftiHeader) -> CineStack | None:
    """Return the cine that a volume (x, y, slice, time) is; None where it has one time or many slices."""
    _, _, count, phases = header.shape
    if phases < 2 or count > _LARGEST_NIFTI_SLICES:
        return None
    distance = header.spacing_mm[2]
    known = header.spacing_known
    rows, columns = seen_axes(header.affine)
    return CineStack(
        slices=tuple(
            CineSlice(
                images=tuple(range(number * phases, (number + 1) * phases)), position_mm=number * distance
            )
            for number in range(count)
        ),
        times_ms=_nifti_times(header, phases),
        pixel_spacing_mm=(header.spacing_mm[rows], header.spacing_mm[columns]) if known else None,
        slice_distance_mm=distance if known else None,
    )


def _nifti_times(header: NiftiHeader, phases: int) -> tuple[float, ...]:
    step = header.time_step * _TIME_UNITS_MS.get(header.time_unit, 0.0)
    return tuple(step * phase for phase in range(phases)) if 0 < step < 1000 and phases > 2 else ()


def _stack(
    ordered: Sequence[Instance],
    slices: Sequence[Sequence[int]],
    clocks: Sequence[Clock | None],
    phases: int,
    notes: Counter[str],
) -> CineStack:
    whole = [clock for clock in clocks if clock is not None and len(clock.distinct) == phases]
    (kind, _), *_ = Counter(clock.kind for clock in whole).most_common(1)
    profile = np.median(np.array([clock.distinct for clock in whole if clock.kind == kind]), axis=0)
    kept: list[tuple[Instance, tuple[int | None, ...]]] = []
    for numbers, clock in zip(slices, clocks, strict=True):
        if clock is None or len(clock.distinct) < max(2, _FEWEST_SHARE * phases):
            notes["slices_left_out"] += 1
            continue
        images, repeated = _by_phase(numbers, clock, profile, kind)
        notes["repeated_images"] += repeated
        notes["phases_missing"] += sum(image is None for image in images)
        kept.append((ordered[numbers[0]], images))
    return _placed(kept, profile, notes, ordered)


def _by_phase(
    numbers: Sequence[int], clock: Clock, profile: NDArray[np.float64], kind: int
) -> tuple[tuple[int | None, ...], int]:
    """Return a slice's images by phase, and how many were passed over for a later one of the same phase.

    Beats differ in length from slice to slice, so each slice is measured with the step of its own times, from
    where the beat begins in the whole slices (``profile``, in times of ``kind``). A slice whose times are of
    another kind, or do not fit there, is measured from its own first image.
    """
    images: list[int | None] = [None] * len(profile)
    moments = clock.moments
    usual = float(np.median(np.diff(profile)))
    own = np.diff(clock.distinct)
    step = float(np.median(own)) or usual
    start = profile[0] * step / usual if usual else profile[0]
    places = [round((moment - start) / step) for moment in moments]
    if clock.kind != kind or min(places) < 0 or max(places) >= len(profile):
        places = [round((moment - clock.distinct[0]) / step) for moment in moments]
    if len(clock.distinct) == len(profile):  # all are there: their order says it best
        places = [clock.distinct.index(moment) for moment in moments]
    for number, phase in zip(numbers, places, strict=True):
        images[min(phase, len(profile) - 1)] = number
    return tuple(images), len(numbers) - sum(image is not None for image in images)


def _placed(
    kept: Sequence[tuple[Instance, tuple[int | None, ...]]],
    profile: NDArray[np.float64],
    notes: Counter[str],
    ordered: Sequence[Instance],
) -> CineStack:
    cosines = np.array(kept[0][0].orientation)
    across, down = cosines[:3], cosines[3:]
    normal = np.cross(across, down)
    positions = np.array([instance.position for instance, _ in kept])
    along = positions @ normal
    aside = (positions - positions[0]) @ np.stack([down, across]).T
    gaps = np.diff(along)
    distance = float(np.median(gaps)) if len(gaps) else None
    if distance:
        notes["slices_missing"] += int(
            sum(round(gap / distance) - 1 for gap in gaps if gap > _GAP * distance)
        )
    spacing = kept[0][0].spacing
    pixel_mm = (spacing[0], spacing[1]) if len(spacing) == 2 and min(spacing) > 0 else None
    timed = all(instance.trigger_time is not None for instance in ordered)
    return CineStack(
        slices=tuple(
            CineSlice(
                images=images, position_mm=float(along[number]), offset_mm=(float(shift[0]), float(shift[1]))
            )
            for number, ((_, images), shift) in enumerate(zip(kept, aside, strict=True))
        ),
        times_ms=tuple(float(moment) for moment in profile) if timed else (),
        pixel_spacing_mm=pixel_mm,
        slice_distance_mm=distance,
        affine=_affine(positions[0], across, down, normal, pixel_mm, distance) if pixel_mm else None,
        notes=tuple((code, count) for code, count in notes.items() if count),
    )


def _affine(  # noqa: PLR0917 - the six numbers that a place is made of
    origin: NDArray[np.float64],
    across: NDArray[np.float64],
    down: NDArray[np.float64],
    normal: NDArray[np.float64],
    pixel_mm: tuple[float, float],
    distance: float | None,
) -> tuple[tuple[float, ...], ...]:
    """Return the way from (column, row, slice) to millimetres right, anterior, superior.

    Source: DICOM PS3.3 C.7.6.2.1.1; DICOM's first two axes point the other way.
    """
    affine = np.eye(4)
    axes = (across * pixel_mm[1], down * pixel_mm[0], normal * (distance or 1.0), origin)
    affine[:3] = np.stack(axes, axis=1) * np.array([[-1.0], [-1.0], [1.0]])
    return tuple(tuple(float(number) for number in row) for row in affine)
