"""Reads all images of a cine, each once, into one array."""

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled, DamagedImageError, TooLargeError
from core.image import CineStack, CineVolume, Image, ImageRef, ReadingUnit
from imaging import limits
from imaging.read import read_image, require_listed

_MOST = 65535
_BYTES_PER_SAMPLE = 8
"""Held for each sample while the cine is measured: the frame itself, its outlines, copies on the way."""


def never() -> bool:
    """Return False: nobody cancels."""
    return False


def read_cine(
    unit: ReadingUnit,
    *,
    on_image: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] = never,
) -> CineVolume:
    """Return the images of a unit that is a cine; ``on_image`` hears how many of how many were read.

    Raises:
        Cancelled: ``cancelled`` said so.
        TooLargeError: all together are more than this computer may hold.
        ImagingError: an image cannot be read; the class says why.
    """
    stack = unit.cine
    if stack is None:
        raise DamagedImageError("no cine")
    places = {
        image: (number, phase)
        for number, slice_ in enumerate(stack.slices)
        for phase, image in enumerate(slice_.images)
        if image is not None
    }
    frames: NDArray[np.uint16] | None = None
    refs: list[list[ImageRef | None]] = [[None] * stack.phases for _ in stack.slices]
    for done, (index, image) in enumerate(_images(unit, sorted(places))):
        if cancelled():
            raise Cancelled
        if frames is None:
            frames = _empty(stack, image.shape)
        if image.is_colour or image.shape != frames.shape[2:]:
            raise DamagedImageError("images of several sizes in one cine")
        number, phase = places[index]
        frames[number, phase] = _in_steps(image)
        refs[number][phase] = image.ref
        if on_image is not None:
            on_image(done + 1, len(places))
    if frames is None:
        raise DamagedImageError("empty cine")
    for number, slice_ in enumerate(stack.slices):
        for phase in range(stack.phases):
            frames[number, phase] = frames[number, nearest_phase(slice_.images, phase)]
    frames.setflags(write=False)
    return CineVolume(stack=stack, frames=frames, refs=tuple(tuple(row) for row in refs))


def nearest_phase(images: tuple[int | None, ...], phase: int) -> int:
    """Return the phase nearest in the beat (which comes round again) whose image is there."""
    there = [other for other, image in enumerate(images) if image is not None]
    count = len(images)
    return min(there, key=lambda other: min((other - phase) % count, (phase - other) % count))


def _images(unit: ReadingUnit, wanted: list[int]) -> Iterator[tuple[int, Image]]:
    if unit.kind != "nifti":
        for index in wanted:
            yield index, read_image(unit, index)
        return
    from imaging.nifti_file import read_nifti_images

    file = unit.files[0]
    require_listed(unit, file)
    yield from enumerate(islice(read_nifti_images(file, unit.path), unit.frames))
    require_listed(unit, file)


def _empty(stack: CineStack, shape: tuple[int, int]) -> NDArray[np.uint16]:
    samples = len(stack.slices) * stack.phases * shape[0] * shape[1]
    if samples * _BYTES_PER_SAMPLE > limits.image_budget_bytes():
        raise TooLargeError("cine")
    return np.zeros((len(stack.slices), stack.phases, *shape), np.uint16)


def _in_steps(image: Image) -> NDArray[np.uint16]:
    values = image.values
    low, high = float(values.min()), float(values.max())
    scaled = (values - np.float32(low)) * np.float32(_MOST / max(high - low, 1e-6))
    steps: NDArray[np.uint16] = np.clip(np.rint(scaled), 0, _MOST).astype(np.uint16)
    return np.uint16(_MOST) - steps if image.inverted else steps
