"""Maps and outlines over an image: made in the background, bound to their image, drawn in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from core.result import Heatmap, Mask, Result
from core.wording import say
from services import overlays
from ui.map_choice import MapKey
from ui.task import Handle

OUTLINE = (4.0, QColor(0, 0, 0, 110)), (2.0, QColor("#56c5bc"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """One map and outlines over one image; ``key`` names the image that they belong to."""

    key: str
    heat: NDArray[np.uint8] | None = None
    outlines: tuple[NDArray[np.float32], ...] = ()
    coloured: tuple[tuple[tuple[int, int, int], tuple[NDArray[np.float32], ...]], ...] = ()
    caption: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionWords:
    """What the captions say of a map, of outlines by a pack, of tiles and the tissue they lie on."""

    heat: str
    outline: str
    no_outline: str
    tiles: str
    tissue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingMap:
    """The map of one finding over an image, and the sentence that names it."""

    heat: NDArray[np.uint8]
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOverlays:
    """All that can lie over one image: outlines, and a map for each finding that has one."""

    outlined: Overlay
    maps: Mapping[MapKey, FindingMap]

    def showing(self, which: MapKey | None) -> Overlay:
        """Return the outlines with the map of one finding, which its caption names; of no other one."""
        shown = self.maps.get(which) if which is not None else None
        if shown is None:
            return self.outlined
        return replace(self.outlined, heat=shown.heat, caption=(shown.caption, *self.outlined.caption))


class OverlayLayer:
    """An overlay made ready for painting."""

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        self._heat = None if overlay.heat is None else _rgba_image(overlay.heat)
        self._outline = _path(overlay.outlines)
        self._coloured = [(QColor(*colour), _path(edges)) for colour, edges in overlay.coloured]

    def paint(self, painter: QPainter, size: QSizeF, transform: QTransform, opacity: float) -> None:
        """Draw map and outlines where the transform puts an image of that size."""
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        painter.setTransform(transform, combine=True)
        if self._heat is not None:
            painter.setOpacity(opacity)
            painter.drawImage(QRectF(0, 0, size.width(), size.height()), self._heat)
        painter.setOpacity(0.4 + 0.6 * opacity)
        (wide, dark), (narrow, light) = OUTLINE
        for path, color in ((self._outline, light), *((path, color) for color, path in self._coloured)):
            for width, ink in ((wide, dark), (narrow, color)):
                pen = QPen(ink, width)
                pen.setCosmetic(True)
                painter.setPen(pen)
                painter.drawPath(path)
        painter.restore()


class MakeOverlay:
    """The Qt-free work of making all overlays for one image."""

    def __init__(self, key: str, result: Result, file: str, frame: int, words: CaptionWords) -> None:
        self._key, self._result = key, result
        self._place = (file, frame)
        self._words = words

    def __call__(self, _handle: Handle) -> ImageOverlays:
        """Return maps and outlines of that image."""
        maps: dict[MapKey, FindingMap] = {}
        edges: list[NDArray[np.float32]] = []
        caption: list[str] = []
        coloured: list[tuple[tuple[int, int, int], tuple[NDArray[np.float32], ...]]] = []
        for pack in self._result.results:
            labels = {finding.code: finding.label for finding in pack.findings}
            for one in pack.heatmaps:
                if one.shown and self._fits(one):
                    name = labels.get(one.finding, one.label or one.finding)
                    if pack.stamp.pack_class == "demonstration":
                        name = f"{say('reports.banner.demonstration')}: {name}"
                    maps[pack.stamp.pack_id, one.finding] = FindingMap(
                        heat=overlays.heat_pixels(one),
                        caption=(self._words.tiles if one.of_tiles else self._words.heat).format(
                            finding=name, threshold=f"{100 * one.threshold:.0f}"
                        ),
                    )
            drawn = [mask for mask in pack.masks if self._fits(mask)]
            for mask in drawn:
                colour = overlays.mask_colour(mask.code)
                if colour is None:
                    edges.extend(overlays.outlines(mask))
                else:
                    coloured.append((colour, overlays.outlines(mask)))
            if drawn:
                words = self._words.tissue if pack.tiles else self._words.outline
                caption.append(words.format(pack=pack.stamp.pack_id, version=pack.stamp.version))
            found = [(volume.code, volume.on(*self._place)) for volume in pack.volumes]
            masks = [mask for _, mask in found if mask is not None]
            if masks:
                seen = any(mask.pixels.any() for mask in masks)
                words = self._words.outline if seen else self._words.no_outline
                caption.append(words.format(pack=pack.stamp.pack_id, version=pack.stamp.version))
            coloured.extend(
                (overlays.outline_colour(code), overlays.outlines(mask)) for code, mask in found if mask
            )
        outlined = Overlay(
            key=self._key, outlines=tuple(edges), coloured=tuple(coloured), caption=tuple(caption)
        )
        return ImageOverlays(outlined=outlined, maps=maps)

    def _fits(self, one: Heatmap | Mask) -> bool:
        return (one.image.file, one.image.frame) == self._place


def _path(edges: tuple[NDArray[np.float32], ...]) -> QPainterPath:
    path = QPainterPath()
    for edge in edges:
        path.addPolygon(QPolygonF([QPointF(float(x), float(y)) for x, y in edge]))
        path.closeSubpath()
    return path


def _rgba_image(pixels: NDArray[np.uint8]) -> QImage:
    rows, columns = pixels.shape[:2]
    kind = QImage.Format.Format_RGBA8888_Premultiplied
    return QImage(pixels.tobytes(), columns, rows, pixels.strides[0], kind).copy()
