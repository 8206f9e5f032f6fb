"""Which part of a picture a network's frame shows, and where in it: the rules of ``resize``."""

from dataclasses import dataclass

from inference.manifest import Resize
from inference.preprocess import Box

Shape = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Rows and columns of the picture that are shown, and the rows and columns of the frame that show them.

    ``box`` is the frame's own place in the picture, 0..1 of its height and width: it reaches beyond a picture
    that does not fill it, and lies inside one that is cut.
    """

    shown_rows: slice
    shown_columns: slice
    rows: slice
    columns: slice
    box: Box


def frame_of(shape: Shape, size: Shape, rule: Resize) -> Frame:
    """Return the frame of ``size`` (rows, columns) for a picture of ``shape``.

    ``stretch`` shows all and fills the frame; ``fit`` shows all and keeps the aspect, in the middle; ``crop``
    keeps the aspect, fills the frame, and shows the middle. Whole pixels are shown, so that the aspect may be
    off by part of one; ``box`` is exact.
    """
    shown: tuple[slice, slice] = (slice(0, shape[0]), slice(0, shape[1]))
    placed: tuple[slice, slice] = (slice(0, size[0]), slice(0, size[1]))
    if rule == "fit":
        placed = _in_the_middle(size, _scaled(shape, min(size[0] / shape[0], size[1] / shape[1])))
    elif rule == "crop":
        shown = _in_the_middle(shape, _scaled(size, min(shape[0] / size[0], shape[1] / size[1])))
    top, bottom = _ends(shape[0], size[0], shown[0], placed[0])
    left, right = _ends(shape[1], size[1], shown[1], placed[1])
    return Frame(
        shown_rows=shown[0],
        shown_columns=shown[1],
        rows=placed[0],
        columns=placed[1],
        box=Box(top=top, left=left, bottom=bottom, right=right),
    )


def _scaled(shape: Shape, scale: float) -> Shape:
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _in_the_middle(outer: Shape, inner: Shape) -> tuple[slice, slice]:
    rows, columns = min(outer[0], inner[0]), min(outer[1], inner[1])
    top, left = (outer[0] - rows) // 2, (outer[1] - columns) // 2
    return slice(top, top + rows), slice(left, left + columns)


def _ends(pixels: int, size: int, shown: slice, placed: slice) -> tuple[float, float]:
    """Return where a frame begins and ends along one side of a picture, in shares of its pixels."""
    step = (shown.stop - shown.start) / (placed.stop - placed.start)
    first = shown.start - placed.start * step
    return first / pixels, (first + size * step) / pixels
