"""Outlines a beating heart: finds it, then looks at every slice of every phase with its neighbours.

Everything is told in millimetres: a frame is a square of the network's size around the heart, the same in
all slices and phases; slices that were shifted in their plane are shifted back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled
from core.image import CineStack, CineVolume
from inference.loaded import LoadedPack
from inference.manifest import InputSpec
from inference.preprocess import stretch_percentiles

Told = Callable[[int, int], None]
HEART_CODES = ("lv", "myocardium")
"""What the first look goes by: the right ventricle is less sure."""
_LOOKED_SLICES, _LOOKED_PHASES = 3, 2
_SMALLEST_HEART_MM2 = 300.0
"""Area of left ventricle and wall in a middle slice below which no heart was found."""
_ASIDE_MM = (0.0, 0.0), (-55.0, 0.0), (55.0, 0.0), (0.0, -55.0), (0.0, 55.0)
"""Where the first look is tried, from the middle of the image (down, across)."""
_FINE = 0.6
"""Share of the network's spacing below which an image is smoothed before it is shrunk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A square of the network's size: its middle in mm (down, across), its spacing, and how it is laid down.

    ``quarters`` (counter-clockwise) and ``mirrored`` are undone in the outlines: files store hearts in every
    sense, and the network sees them as it learned them.
    """

    middle_mm: tuple[float, float]
    spacing_mm: float
    quarters: int = 0
    mirrored: bool = False

    def laid(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (..., row, column) as the network sees it."""
        turned = np.rot90(planes, self.quarters, (-2, -1))
        return np.ascontiguousarray(turned[..., ::-1] if self.mirrored else turned)

    def lifted(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (..., row, column) as it was before ``laid``."""
        straight = planes[..., ::-1] if self.mirrored else planes
        return np.ascontiguousarray(np.rot90(straight, -self.quarters, (-2, -1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CineOutlines:
    """What the network said of a stack.

    ``labels`` (slice, phase, row, column) uint8 hold 0 or the place of a label in the manifest, from 1.
    ``sureness`` (slice, phase) is the mean probability of what was outlined, NaN where nothing was.
    """

    labels: NDArray[np.uint8]
    sureness: NDArray[np.float32]


class CineLooker:
    """Looks at one stack with one loaded pack; ``turn`` is held for each batch: others come in between."""

    def __init__(
        self,
        loaded: LoadedPack,
        volume: CineVolume,
        *,
        turn: AbstractContextManager[object],
        cancelled: Callable[[], bool],
    ) -> None:
        assert loaded.manifest.measuring is not None
        assert volume.stack.pixel_spacing_mm is not None
        self._loaded = loaded
        self._measuring = loaded.manifest.measuring
        self._volume = volume
        self._pixel_mm = volume.stack.pixel_spacing_mm
        self._turn, self._cancelled = turn, cancelled

    def find_heart(self) -> tuple[Frame | None, float]:
        """Return the frame around the heart and how strange its slices are; None where there is no heart.

        The middle slices are looked at in a wide frame, in the middle of the image first.
        """
        wide = self._measuring.spacing_mm * self._measuring.locate_factor
        rows, columns = self._volume.frames.shape[2:]
        centre = rows * self._pixel_mm[0] / 2, columns * self._pixel_mm[1] / 2
        places = self._middle_places()
        best: tuple[float, Frame] | None = None
        for down, across in _ASIDE_MM:
            frame = Frame(middle_mm=(centre[0] + down, centre[1] + across), spacing_mm=wide)
            masks = self._ask(places, frame)["masks"]
            area, middle = self._heart_in(masks, frame)
            if best is None or area > best[0]:
                best = area, Frame(middle_mm=middle, spacing_mm=self._measuring.spacing_mm)
            if area >= _SMALLEST_HEART_MM2:
                break
        assert best is not None
        if best[0] < _SMALLEST_HEART_MM2:
            return None, float("nan")
        return self._as_learned(places, best[1])

    def _as_learned(self, places: list[tuple[int, int]], around: Frame) -> tuple[Frame | None, float]:
        """Return the frame laid down as the network is surest, its middle mended, and how strange it is."""
        found: tuple[float, float, Frame, float] | None = None
        for quarters in range(4):
            for mirrored in (False, True):
                frame = replace(around, quarters=quarters, mirrored=mirrored)
                outputs = self._ask(places, frame)
                area, middle = self._heart_in(outputs["masks"], frame)
                sure = _sureness(outputs["masks"])
                if found is None or sure > found[0]:
                    distances = outputs.get("familiarity")
                    strange = float("nan") if distances is None else float(np.median(distances))
                    found = sure, area, replace(frame, middle_mm=middle), strange
        assert found is not None
        _, area, frame, strange = found
        return (frame if area >= _SMALLEST_HEART_MM2 else None), strange

    def outline(self, frame: Frame, told: Told) -> CineOutlines:
        """Return the outlines of every slice and phase; ``told`` hears how many images are done."""
        slices, phases, rows, columns = self._volume.frames.shape
        labels = np.zeros((slices, phases, rows, columns), np.uint8)
        sureness = np.full((slices, phases), np.nan, np.float32)
        places = [(number, phase) for number in range(slices) for phase in range(phases)]
        step = self._measuring.batch
        for first in range(0, len(places), step):
            part = places[first : first + step]
            masks = self._ask(part, frame)["masks"]
            for (number, phase), planes in zip(part, masks, strict=True):
                labels[number, phase], sureness[number, phase] = self._in_image(planes, number, frame)
            told(min(first + step, len(places)), len(places))
        return CineOutlines(labels=labels, sureness=sureness)

    def _ask(self, places: list[tuple[int, int]], frame: Frame) -> Mapping[str, NDArray[np.float32]]:
        if self._cancelled():
            raise Cancelled
        batch = np.stack(
            [
                network_input(self._volume, number, phase, frame, self._loaded.manifest.input)
                for number, phase in places
            ]
        )
        with self._turn:
            outputs = self._loaded.look(batch)
        found = {str(role): values for role, values in outputs.items()}
        found["masks"] = frame.lifted(found["masks"])
        return found

    def _middle_places(self) -> list[tuple[int, int]]:
        slices, phases = self._volume.frames.shape[:2]
        middle = range(max(0, slices // 2 - _LOOKED_SLICES // 2), slices)[:_LOOKED_SLICES]
        moments = sorted({0, phases // 3 if phases > _LOOKED_PHASES else phases - 1})
        return [(number, phase) for number in middle for phase in moments]

    def _heart_in(self, masks: NDArray[np.float32], frame: Frame) -> tuple[float, tuple[float, float]]:
        """Return the mean area of the heart in mm2 and where its middle lies, in mm."""
        codes = self._loaded.manifest.codes
        chosen = masks[:, [codes.index(code) for code in HEART_CODES]].sum(1)
        heart = np.where(chosen > 0.5, chosen, 0)
        side = heart.shape[-1]
        pixel = frame.spacing_mm * self._loaded.manifest.input.size[1] / side
        total = float(heart.sum())
        area = total / len(heart) * pixel**2
        if total <= 0:
            return 0.0, frame.middle_mm
        axis = (np.arange(side) - (side - 1) / 2) * pixel
        down = float((heart.sum((0, 2)) @ axis) / total)
        across = float((heart.sum((0, 1)) @ axis) / total)
        return area, (frame.middle_mm[0] + down, frame.middle_mm[1] + across)

    def _in_image(
        self, planes: NDArray[np.float32], number: int, frame: Frame
    ) -> tuple[NDArray[np.uint8], float]:
        """Return the labels of an image, (row, column), from probabilities (label, row, column)."""
        rows, columns = self._volume.frames.shape[2:]
        size = planes.shape[-1]
        scale = frame.spacing_mm * self._loaded.manifest.input.size[1] / size
        matrix = frame_matrix(self._volume.stack, number, self._pixel_mm, frame, size, scale)
        parts = [cv2.warpAffine(plane, matrix, (columns, rows), flags=cv2.INTER_LINEAR) for plane in planes]
        stack = np.stack([np.maximum(0, 1 - np.sum(parts, axis=0)), *parts])
        labels = stack.argmax(0).astype(np.uint8)
        inside = labels > 0
        sure = float(stack.max(0)[inside].mean()) if inside.any() else float("nan")
        return labels, sure


def network_input(
    volume: CineVolume, number: int, phase: int, frame: Frame, spec: InputSpec
) -> NDArray[np.float32]:
    """Return (3, row, column) 0..1: the slice before, itself, and after; zeros where there is none."""
    assert volume.stack.pixel_spacing_mm is not None
    tensor = np.zeros((3, *spec.size), np.float32)
    for channel, other in enumerate((number - 1, number, number + 1)):
        if 0 <= other < len(volume.frames):
            seen = volume.frames[other, phase]
            tensor[channel] = framed(seen, volume.stack, other, frame, spec)
    return frame.laid(tensor)


def _sureness(masks: NDArray[np.float32]) -> float:
    """Return the mean probability of what is outlined in (image, label, row, column)."""
    best = np.maximum(masks.max(1), 1 - masks.sum(1))
    inside = masks.sum(1) > 0.5
    return float(best[inside].mean()) if inside.any() else 0.0


def framed(
    image: NDArray[np.uint16], stack: CineStack, number: int, frame: Frame, spec: InputSpec
) -> NDArray[np.float32]:
    """Return one image (row, column) in a frame, its percentiles stretched to 0..1."""
    assert stack.pixel_spacing_mm is not None
    values = image.astype(np.float32)
    finest = min(stack.pixel_spacing_mm)
    if finest < _FINE * frame.spacing_mm:
        soft = cv2.GaussianBlur(values, (0, 0), 0.4 * frame.spacing_mm / finest)
        values = np.asarray(soft, np.float32)
    matrix = frame_matrix(stack, number, stack.pixel_spacing_mm, frame, spec.size[1], frame.spacing_mm)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(values, matrix, (spec.size[1], spec.size[0]), flags=flags)
    low, high = spec.intensity.low, spec.intensity.high
    return stretch_percentiles(np.asarray(seen / 65535.0, np.float32), low=low, high=high)


def frame_matrix(  # noqa: PLR0917 - one place in a stack
    stack: CineStack,
    number: int,
    pixel_mm: tuple[float, float],
    frame: Frame,
    size: int,
    spacing_mm: float,
) -> NDArray[np.float64]:
    """Return (2, 3): from (column, row) of a frame of ``size`` pixels to (column, row) of a slice."""
    shift = stack.slices[number].offset_mm
    rows = []
    for axis in (1, 0):
        step = spacing_mm / pixel_mm[axis]
        start = (frame.middle_mm[axis] - shift[axis]) / pixel_mm[axis] - 0.5 - (size - 1) / 2 * step
        rows.append((step, start))
    (across, left), (down, top) = rows
    return np.array([[across, 0, left], [0, down, top]])
