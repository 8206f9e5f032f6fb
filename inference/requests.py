"""What a pack is asked, and what comes back for those who depend on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.image import Image, ImageRef
from core.result import PackResult
from inference.manifest import Role
from inference.subject import Subject

if TYPE_CHECKING:
    from inference.preprocess import Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a network read of one picture and said of it, refused or not: for measuring packs, never shown.

    ``tensor`` is (channel, row, column); ``outputs`` are by role without the batch's axis; ``box`` is the
    place in the upright picture.
    """

    tensor: NDArray[np.float32]
    outputs: Mapping[Role, NDArray[np.float32]]
    box: "Box"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRun:
    """A pack's result, and what packs that depend on it need besides.

    ``picture`` is the grey that was looked at, as stored, of at most 1024 pixels a side. ``soft_masks`` are
    the masks by code, (row, column) float32 0..1, at the network's own resolution; ``outlines`` are the same
    as outlines, (row, column) bool, of at most 512 pixels a side. Both are upright (after the result's
    correction), and empty where the pack makes none. ``measures`` are what the gates measured of the upright
    picture, by name. ``look`` is None where the network was not asked.
    """

    result: PackResult
    image: ImageRef
    picture: NDArray[np.float32] | None = None
    soft_masks: Mapping[str, NDArray[np.float32]] = field(default_factory=lambda: MappingProxyType({}))
    outlines: Mapping[str, NDArray[np.bool_]] = field(default_factory=lambda: MappingProxyType({}))
    measures: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    look: Look | None = None

    def after(self, seconds: float) -> "PackRun":
        """Return the same run with the time it took."""
        return replace(self, result=replace(self.result, seconds=seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRequest:
    """One image to look at; see ``PackRunner.run``.

    Without ``with_maps``, maps that take many runs of the network are left out.
    """

    image: Image
    grey: NDArray[np.float32]
    subject: Subject
    upstream: Mapping[str, PackRun] = field(default_factory=lambda: MappingProxyType({}))
    use_gates: bool = True
    with_maps: bool = True
