"""Maps and outlines over an image: made in the background, bound to their image, drawn in its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from core.result import Heatmap, Mask, Result
from services import overlays
from ui.task import Handle

OUTLINE = (4.0, QColor(0, 0, 0, 110)), (2.0, QColor("#56c5bc"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """A map and outlines over one image; ``key`` names the image that they belong to."""

    key: str
    heat: NDArray[np.uint8] | None = None
    outlines: tuple[NDArray[np.float32], ...] = ()
    caption: tuple[str, ...] = ()


class OverlayLayer:
    """An overlay made ready for painting."""

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        self._heat = None if overlay.heat is None else _rgba_image(overlay.heat)
        self._outline = QPainterPath()
        for edge in overlay.outlines:
            self._outline.addPolygon(QPolygonF([QPointF(float(x), float(y)) for x, y in edge]))
            self._outline.closeSubpath()

    def paint(self, painter: QPainter, size: QSizeF, transform: QTransform, opacity: float) -> None:
        """Draw map and outlines where the transform puts an image of that size."""
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        painter.setTransform(transform, combine=True)
        if self._heat is not None:
            painter.setOpacity(opacity)
            painter.drawImage(QRectF(0, 0, size.width(), size.height()), self._heat)
        painter.setOpacity(0.4 + 0.6 * opacity)
        for width, color in OUTLINE:
            pen = QPen(color, width)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawPath(self._outline)
        painter.restore()


class MakeOverlay:
    """The Qt-free work of making an overlay for one image."""

    def __init__(self, key: str, result: Result, file: str, frame: int, captions: tuple[str, str]) -> None:
        self._key, self._result = key, result
        self._place = (file, frame)
        self._heat_words, self._outline_words = captions

    def __call__(self, _handle: Handle) -> Overlay:
        """Return map and outlines of that image."""
        heat: NDArray[np.uint8] | None = None
        edges: list[NDArray[np.float32]] = []
        caption: list[str] = []
        for pack in self._result.results:
            for one in pack.heatmaps:
                if one.shown and self._fits(one):
                    heat = overlays.heat_pixels(one)
            drawn = [mask for mask in pack.masks if self._fits(mask)]
            for mask in drawn:
                edges.extend(overlays.outlines(mask))
            if drawn:
                caption.append(
                    self._outline_words.format(pack=pack.stamp.pack_id, version=pack.stamp.version)
                )
        if heat is not None:
            caption.insert(0, self._heat_words)
        return Overlay(key=self._key, heat=heat, outlines=tuple(edges), caption=tuple(caption))

    def _fits(self, one: Heatmap | Mask) -> bool:
        return (one.image.file, one.image.frame) == self._place


def _rgba_image(pixels: NDArray[np.uint8]) -> QImage:
    rows, columns = pixels.shape[:2]
    kind = QImage.Format.Format_RGBA8888_Premultiplied
    return QImage(pixels.tobytes(), columns, rows, pixels.strides[0], kind).copy()
