"""The pixels of one picture on the screen: only the part in sight is rendered, and only when it changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter

from core.image import Window
from services.picture import Picture
from ui.view_state import ViewState

SHARP_FROM_SCALE = 8


@dataclass(frozen=True, slots=True)
class _Drawn:
    look: tuple[Window, bool]
    level: int
    part: tuple[int, int, int, int]


class PictureLayer:
    """One picture with the pixels that were drawn last."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self._drawn: tuple[_Drawn, QImage] | None = None

    @property
    def size(self) -> QSizeF:
        """Columns and rows of the image."""
        rows, columns = self.picture.size_at(0)
        return QSizeF(columns, rows)

    def paint(self, painter: QPainter, state: ViewState, view: QSizeF, ratio: float) -> None:
        """Draw the part in sight; ``ratio`` is screen pixels for each view pixel."""
        image = self.size
        scale = state.scale_in(image, view) * ratio
        level = self.picture.level_for(scale)
        part = self._part_in_sight(state, view, level)
        if part[2] <= part[0] or part[3] <= part[1]:
            return
        wanted = _Drawn((state.window, state.inverted), level, part)
        if self._drawn is None or self._drawn[0] != wanted:
            pixels = self.picture.render(state.window, inverted=state.inverted, level=level, part=part)
            self._drawn = (wanted, pixels_image(pixels))
        rows, columns = self.picture.size_at(level)
        across, down = image.width() / columns, image.height() / rows
        place = QRectF(
            part[1] * across, part[0] * down, (part[3] - part[1]) * across, (part[2] - part[0]) * down
        )
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < SHARP_FROM_SCALE)
        painter.setTransform(state.transform(image, view), combine=True)
        painter.drawImage(place, self._drawn[1])
        painter.restore()

    def _part_in_sight(self, state: ViewState, view: QSizeF, level: int) -> tuple[int, int, int, int]:
        image = self.size
        rows, columns = self.picture.size_at(level)
        seen = state.visible(image, view)
        across, down = columns / image.width(), rows / image.height()
        top, left = int(seen.top() * down) - 1, int(seen.left() * across) - 1
        bottom, right = int(seen.bottom() * down) + 2, int(seen.right() * across) + 2
        return max(0, top), max(0, left), min(rows, bottom), min(columns, right)


def pixels_image(pixels: NDArray[np.uint8]) -> QImage:
    """Return a picture for Qt from (row, column[, 3]) uint8."""
    rows, columns = pixels.shape[:2]
    kind = QImage.Format.Format_RGB888 if pixels.ndim == 3 else QImage.Format.Format_Grayscale8
    return QImage(pixels.tobytes(), columns, rows, pixels.strides[0], kind).copy()
