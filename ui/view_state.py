"""How an image stands in the view: place, scale, turns, window; a value that undo can keep."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QTransform

from core.image import Window

LEAST_SCALE, MOST_SCALE = 0.02, 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewState:
    """``centre`` is the image point (x, y) in the middle of the view; ``scale`` None fits the image."""

    window: Window
    centre: tuple[float, float] = (0.0, 0.0)
    scale: float | None = None
    quarter_turns: int = 0
    inverted: bool = False

    def turned(self, quarter_turns: int) -> "ViewState":
        """Return the state turned clockwise by some quarter turns."""
        return replace(self, quarter_turns=(self.quarter_turns + quarter_turns) % 4)

    def put_right(self, quarter_turns: int, *, inverted: bool) -> "ViewState":
        """Return the state turned counter-clockwise and inverted as a model's correction says."""
        return replace(self.turned(-quarter_turns), inverted=self.inverted != inverted)

    def scale_in(self, image: QSizeF, view: QSizeF) -> float:
        """Return screen pixels for each image pixel."""
        if self.scale is not None:
            return self.scale
        width, height = image.width(), image.height()
        if self.quarter_turns % 2:
            width, height = height, width
        if width <= 0 or height <= 0:
            return 1.0
        return max(LEAST_SCALE, min(view.width() / width, view.height() / height))

    def transform(self, image: QSizeF, view: QSizeF) -> QTransform:
        """Return the map from image pixels to view pixels."""
        scale = self.scale_in(image, view)
        centre = self.centre if self.scale is not None else (image.width() / 2, image.height() / 2)
        made = QTransform()
        made.translate(view.width() / 2, view.height() / 2)
        made.rotate(90 * self.quarter_turns)
        made.scale(scale, scale)
        made.translate(-centre[0], -centre[1])
        return made

    def zoomed(self, factor: float, at: QPointF, image: QSizeF, view: QSizeF) -> "ViewState":
        """Return the state scaled so that the image point under ``at`` stays where it is."""
        before = self.scale_in(image, view)
        after = max(LEAST_SCALE, min(MOST_SCALE, before * factor))
        point = self._invert(image, view).map(at)
        there = replace(self, scale=after, centre=(point.x(), point.y()))
        shift = QPointF(view.width() / 2, view.height() / 2) * 2 - at
        centre = there.transform(image, view).inverted()[0].map(shift)
        return replace(there, centre=_kept((centre.x(), centre.y()), image))

    def panned(self, delta: QPointF, image: QSizeF, view: QSizeF) -> "ViewState":
        """Return the state moved by ``delta`` view pixels."""
        middle = QPointF(view.width() / 2, view.height() / 2)
        centre = self._invert(image, view).map(middle - delta)
        scale = self.scale_in(image, view)
        return replace(self, scale=scale, centre=_kept((centre.x(), centre.y()), image))

    def visible(self, image: QSizeF, view: QSizeF) -> QRectF:
        """Return the part of the image that is in sight, in image pixels."""
        seen = self._invert(image, view).mapRect(QRectF(0, 0, view.width(), view.height()))
        return seen.intersected(QRectF(0, 0, image.width(), image.height()))

    def _invert(self, image: QSizeF, view: QSizeF) -> QTransform:
        inverse, possible = self.transform(image, view).inverted()
        return inverse if possible else QTransform()


def _kept(centre: tuple[float, float], image: QSizeF) -> tuple[float, float]:
    """Keep some of the image in sight."""
    return (min(max(centre[0], 0.0), image.width()), min(max(centre[1], 0.0), image.height()))
