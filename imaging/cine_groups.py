"""Sorts the moving MR images of a study into stacks, by geometry and time and not by the names of series."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from imaging.cine_times import SAME_PLACE_MM
from imaging.series import Instance, depths_of

_SAME_DIRECTION = np.cos(np.radians(2.0))
_NEXT_SLICE_MM = 25.0
"""How far apart slices of one stack may lie, one or two missing ones included."""
_ASIDE_MM = 40.0
"""How far a slice may be shifted in its plane against its neighbours."""
_SAME_SPACING = 0.01
_FEWEST_PHASES = 0.7
"""Share of the phases of one series that another must have to show the same beat."""


def stacks_in(pool: Sequence[Instance]) -> list[list[Instance]]:
    """Return the images of a study's moving series as stacks, in the order of their first images.

    A series is a stack as it is, but series that each show a slice of the same cine are joined: of one size,
    spacing, direction and contrast, at places next to each other, with about as many phases. Series that show
    other views, or the same places again as a whole stack, stay apart; so do the pictures of flow and of what
    flows, which some scanners write into one series.
    """
    series: dict[object, list[Instance]] = {}
    for instance in pool:
        series.setdefault(instance.series_key, []).append(instance)
    stacks: list[list[Instance]] = []
    moving: list[_Group] = []
    for group in (part for instances in series.values() for part in _parts(instances)):
        fellow = next((other for other in moving if other.takes(group)), None) if group.moves else None
        if fellow is not None:
            fellow.join(group)
            continue
        if group.moves:
            moving.append(group)
        stacks.append(group.instances)
    merged = _merged(moving)
    return [stack for stack in stacks if not any(stack is gone.instances for gone in merged)]


def _parts(instances: list[Instance]) -> list["_Group"]:
    """Return the images of a series; magnitude and phase of the same beat apart."""
    kinds: dict[str, list[Instance]] = {}
    for instance in instances:
        kinds.setdefault(instance.contrast.part, []).append(instance)
    parts = [_Group(kind) for kind in kinds.values()]
    return parts if all(part.moves for part in parts) else [_Group(instances)]


def _merged(groups: list["_Group"]) -> list["_Group"]:
    """Join stacks that grew towards each other; return those that were taken into another one."""
    gone: list[_Group] = []
    for number, group in enumerate(groups):
        for earlier in groups[:number]:
            if earlier not in gone and group not in gone and earlier.takes(group):
                earlier.join(group)
                gone.append(group)
    return gone


class _Group:
    """Images of one direction, with where they lie."""

    def __init__(self, instances: list[Instance]) -> None:
        self.instances = instances
        first = instances[0]
        cosines = np.array(first.orientation if len(first.orientation) == 6 else (1, 0, 0, 0, 1, 0), float)
        self._across, self._down = cosines[:3], cosines[3:]
        self._normal = np.cross(self._across, self._down)
        self._size = first.rows, first.columns
        self._spacing = first.spacing
        self._contrast = first.contrast
        depths = depths_of(instances)
        counts = np.bincount(depths) if depths is not None else np.array([1])
        self.phases = int(np.median(counts))

    @property
    def moves(self) -> bool:
        """Whether its places are shown at several times."""
        return self.phases > 1

    def takes(self, other: "_Group") -> bool:
        """Whether another group continues this one."""
        if self._size != other._size or not _alike(self._spacing, other._spacing):
            return False
        if not self._contrast.agrees_with(other._contrast):
            return False
        if min(self._across @ other._across, self._down @ other._down) < _SAME_DIRECTION:
            return False
        if min(self.phases, other.phases) < _FEWEST_PHASES * max(self.phases, other.phases):
            return False
        mine, theirs = self._places(self), other._places(self)
        apart = np.abs(mine[:, None, 0] - theirs[None, :, 0])
        nearest = np.unravel_index(int(apart.argmin()), apart.shape)
        aside = np.linalg.norm(mine[nearest[0], 1:] - theirs[nearest[1], 1:])
        again = bool((apart < SAME_PLACE_MM).any()) and len(theirs) > 1 and len(mine) > 1
        return not again and bool(apart.min() <= _NEXT_SLICE_MM) and bool(aside <= _ASIDE_MM)

    def join(self, other: "_Group") -> None:
        """Take another group's images."""
        self.instances.extend(other.instances)

    def _places(self, seen_by: "_Group") -> NDArray[np.float64]:
        """Return (place, 3): along the normal, down and across, each place once."""
        positions = np.array(sorted({instance.position for instance in self.instances}))
        axes = np.stack([seen_by._normal, seen_by._down, seen_by._across])
        places: NDArray[np.float64] = positions @ axes.T
        return places


def _alike(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    if len(one) != 2 or len(other) != 2:
        return one == other
    return bool(np.allclose(one, other, rtol=_SAME_SPACING))
