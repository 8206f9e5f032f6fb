"""Says which image of a stack is which slice and which phase of the beat, from positions and times alone."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.image import CineSlice, CineStack
from imaging.nifti_file import NiftiHeader, seen_axes
from imaging.series import Instance, depths_of

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
    depths = depths_of(ordered)
    if depths is None:
        return None
    slices: dict[int, list[int]] = {}
    for number, depth in enumerate(depths):
        slices.setdefault(depth, []).append(number)
    times = [_times_in(slices[depth], ordered) for depth in sorted(slices)]
    counts = Counter(len(set(moments)) for moments in times if moments is not None)
    if not counts:
        return None
    phases = max(counts, key=lambda count: (counts[count], count))
    if phases < 2:
        return None
    return _stack(ordered, [slices[depth] for depth in sorted(slices)], times, phases)


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


def _times_in(numbers: Sequence[int], ordered: Sequence[Instance]) -> list[float] | None:
    """Return the times of a slice's images, from whatever tells them apart; None where nothing does."""
    images = [ordered[number] for number in numbers]
    for told in (
        [image.trigger_time for image in images],
        [image.temporal_position for image in images],
        [image.instance_number if image.cardiac_images else None for image in images],
    ):
        known = [value for value in told if value is not None]
        if len(known) == len(images) and len(set(known)) > 1:
            return known
    return None


def _stack(
    ordered: Sequence[Instance],
    slices: Sequence[Sequence[int]],
    times: Sequence[list[float] | None],
    phases: int,
) -> CineStack:
    notes: Counter[str] = Counter()
    whole = [sorted(set(moments)) for moments in times if moments and len(set(moments)) == phases]
    profile = np.median(np.array(whole), axis=0)
    kept: list[tuple[Instance, tuple[int | None, ...]]] = []
    for numbers, moments in zip(slices, times, strict=True):
        if moments is None or len(set(moments)) < max(2, _FEWEST_SHARE * phases):
            notes["slices_left_out"] += 1
            continue
        images, repeated = _by_phase(numbers, moments, profile)
        notes["repeated_images"] += repeated
        notes["phases_missing"] += sum(image is None for image in images)
        kept.append((ordered[numbers[0]], images))
    return _placed(kept, profile, notes, ordered)


def _by_phase(
    numbers: Sequence[int], moments: Sequence[float], profile: NDArray[np.float64]
) -> tuple[tuple[int | None, ...], int]:
    """Return a slice's images by phase, and how many were passed over for a later one of the same phase.

    Beats differ in length from slice to slice, so each slice is measured with the step of its own times.
    """
    images: list[int | None] = [None] * len(profile)
    usual = float(np.median(np.diff(profile)))
    own = np.diff(sorted(set(moments)))
    step = float(np.median(own)) or usual
    start = profile[0] * step / usual if usual else profile[0]
    for number, moment in zip(numbers, moments, strict=True):
        phase = round((moment - start) / step)
        images[min(max(phase, 0), len(profile) - 1)] = number
    if len(set(moments)) == len(profile):  # all are there: their order says it best
        order = {moment: phase for phase, moment in enumerate(sorted(set(moments)))}
        for number, moment in zip(numbers, moments, strict=True):
            images[order[moment]] = number
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
