"""The image on the screen: drawn once per change, only the part in sight, never waiting for disk or model."""

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.image import Window
from services.picture import Picture
from ui.theme import SMALL_PX, Theme, interface_font
from ui.view_state import ViewState

WHEEL_STEP = 120
ZOOM_STEP = 1.2
MARGIN = 14
SHADOW = QColor(0, 0, 0, 190)


class Tool(Enum):
    """What a drag with the left button does."""

    WINDOW = "window"
    ZOOM = "zoom"
    PAN = "pan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """A map and outlines over one image; ``key`` names the image that they belong to."""

    key: str
    heat: NDArray[np.uint8] | None = None
    outlines: tuple[NDArray[np.float32], ...] = ()
    caption: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Corners:
    """What stands at the edges of the view."""

    top_left: tuple[str, ...] = ()
    bottom_right: tuple[str, ...] = ()
    sides: tuple[str, str, str, str] | None = None  # left, top, right, bottom of the stored image
    side_note: str = ""


@dataclass(frozen=True, slots=True)
class _Drawn:
    state: tuple[Window, bool]
    level: int
    part: tuple[int, int, int, int]


class Viewer(QWidget):
    """Shows one picture with its overlay."""

    view_changed = Signal()
    view_edited = Signal(object, object)  # before, after: for undo
    frame_step_asked = Signal(int)
    files_dropped = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._picture: Picture | None = None
        self._key = ""
        self._state: ViewState | None = None
        self._first: ViewState | None = None
        self._overlay: Overlay | None = None
        self._heat_image: QImage | None = None
        self._outline = QPainterPath()
        self._corners = Corners()
        self._message = ""
        self._drawn: tuple[_Drawn, QImage] | None = None
        self._drag: tuple[QPoint, ViewState, Tool] | None = None
        self._wheel_left = 0
        self._focus_by_key = False
        self.overlay_shown = True
        self.overlay_opacity = 0.6
        self.tool = Tool.WINDOW
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 200)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Image"))
        theme.changed.connect(self.update)

    # --- what is shown

    @property
    def key(self) -> str:
        """The key of the image on the screen, or the empty text."""
        return self._key

    @property
    def state(self) -> ViewState | None:
        """How the image stands in the view."""
        return self._state

    def show_picture(self, key: str, picture: Picture, window: Window, *, keep_view: bool = False) -> None:
        """Show a picture; ``keep_view`` keeps place and window (the next frame of one series)."""
        fresh = ViewState(window=window)
        kept = self._state if keep_view and self._state is not None else None
        self._picture, self._key, self._first = picture, key, fresh
        self._state = kept or fresh
        self._message = ""
        if self._overlay is not None and self._overlay.key != key:
            self.set_overlay(None)
        self._drawn = None
        self._changed()

    def show_message(self, key: str, text: str) -> None:
        """Show a sentence instead of an image (loading, unreadable); nothing of the last one stays."""
        self._picture, self._state, self._first, self._drawn = None, None, None, None
        self._key, self._message, self._corners = key, text, Corners()
        self.set_overlay(None)
        self._changed()

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Lay a map and outlines over the image; one that belongs to another image is not shown."""
        if overlay is not None and overlay.key != self._key:
            return
        self._overlay = overlay
        self._heat_image = None
        self._outline = QPainterPath()
        if overlay is not None:
            self._heat_image = None if overlay.heat is None else _rgba_image(overlay.heat)
            for edge in overlay.outlines:
                self._outline.addPolygon(QPolygonF([QPointF(float(x), float(y)) for x, y in edge]))
                self._outline.closeSubpath()
        self.update()

    def has_overlay(self) -> bool:
        """Whether a map or outline lies over the image that is on the screen."""
        return self._overlay is not None

    def set_corners(self, corners: Corners) -> None:
        """Set what stands at the edges."""
        self._corners = corners
        self.update()

    def set_overlay_look(self, *, shown: bool, opacity: float) -> None:
        """Set whether and how strongly map and outline are drawn."""
        self.overlay_shown, self.overlay_opacity = shown, opacity
        self.update()

    # --- changes of the view

    def set_state(self, state: ViewState | None) -> None:
        """Put the image as it was (undo)."""
        if state is not None and self._picture is not None:
            self._state = state
            self._changed()

    def edit(self, after: ViewState) -> None:
        """Change the view in one step that can be undone."""
        before = self._state
        if before is None or after == before:
            return
        self.set_state(after)
        self.view_edited.emit(before, after)

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom about a point of the view (its middle)."""
        if self._state is not None:
            point = at or QPointF(self.width() / 2, self.height() / 2)
            self.set_state(self._state.zoomed(factor, point, self._image_size(), self._view_size()))

    def fit(self) -> None:
        """Fit the image into the view."""
        if self._state is not None:
            self.set_state(replace(self._state, scale=None))

    def one_to_one(self) -> None:
        """Show one image pixel on one screen pixel."""
        if self._state is not None:
            now = self._state.scale_in(self._image_size(), self._view_size())
            self.zoom(1.0 / self.devicePixelRatioF() / now)

    def turn(self, quarter_turns: int) -> None:
        """Turn the image clockwise."""
        if self._state is not None:
            self.edit(self._state.turned(quarter_turns))

    def invert(self) -> None:
        """Swap black and white."""
        if self._state is not None:
            self.edit(replace(self._state, inverted=not self._state.inverted))

    def set_window(self, window: Window) -> None:
        """Use a grey window."""
        if self._state is not None:
            self.edit(replace(self._state, window=window))

    def original(self) -> None:
        """Show the image as it was first shown."""
        if self._first is not None:
            self.edit(self._first)

    def scale_percent(self) -> int:
        """Return the zoom in percent of image pixels."""
        if self._state is None:
            return 0
        scale = self._state.scale_in(self._image_size(), self._view_size())
        return round(scale * self.devicePixelRatioF() * 100)

    # --- drawing

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the part in sight, the overlay, the words at the edges."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        painter.setFont(interface_font(SMALL_PX))
        if self._picture is None or self._state is None:
            self._paint_message(painter)
        else:
            self._paint_image(painter, self._picture, self._state)
            self._paint_overlay(painter, self._state)
            self._paint_words(painter, self._state)
        if self.hasFocus() and self._focus_by_key:
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_message(self, painter: QPainter) -> None:
        painter.setPen(QColor("#93a1ad"))
        room = self.rect().adjusted(40, 40, -40, -40)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._message)

    def _paint_image(self, painter: QPainter, picture: Picture, state: ViewState) -> None:
        image, view = self._image_size(), self._view_size()
        scale = state.scale_in(image, view) * self.devicePixelRatioF()
        level = picture.level_for(scale)
        part = self._part_in_sight(picture, state, level)
        if part[2] <= part[0] or part[3] <= part[1]:
            return
        wanted = _Drawn((state.window, state.inverted), level, part)
        if self._drawn is None or self._drawn[0] != wanted:
            pixels = picture.render(state.window, inverted=state.inverted, level=level, part=part)
            self._drawn = (wanted, pixels_image(pixels))
        rows, columns = picture.size_at(level)
        across, down = image.width() / columns, image.height() / rows
        place = QRectF(
            part[1] * across, part[0] * down, (part[3] - part[1]) * across, (part[2] - part[0]) * down
        )
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 8)
        painter.setTransform(state.transform(image, view), combine=True)
        painter.drawImage(place, self._drawn[1])
        painter.restore()

    def _part_in_sight(self, picture: Picture, state: ViewState, level: int) -> tuple[int, int, int, int]:
        image = self._image_size()
        rows, columns = picture.size_at(level)
        seen = state.visible(image, self._view_size())
        across, down = columns / image.width(), rows / image.height()
        top, left = int(seen.top() * down) - 1, int(seen.left() * across) - 1
        bottom, right = int(seen.bottom() * down) + 2, int(seen.right() * across) + 2
        return max(0, top), max(0, left), min(rows, bottom), min(columns, right)

    def _paint_overlay(self, painter: QPainter, state: ViewState) -> None:
        if self._overlay is None or not self.overlay_shown:
            return
        size = self._image_size()
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing)
        painter.setTransform(state.transform(size, self._view_size()), combine=True)
        if self._heat_image is not None:
            painter.setOpacity(self.overlay_opacity)
            painter.drawImage(QRectF(0, 0, size.width(), size.height()), self._heat_image)
        painter.setOpacity(0.4 + 0.6 * self.overlay_opacity)
        for width, color in ((4.0, QColor(0, 0, 0, 110)), (2.0, QColor("#56c5bc"))):
            pen = QPen(color, width)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawPath(self._outline)
        painter.restore()

    def _paint_words(self, painter: QPainter, state: ViewState) -> None:
        line = painter.fontMetrics().height()
        right = self.width() - MARGIN
        for number, text in enumerate(self._corners.top_left):
            self._word(painter, text, QPoint(MARGIN, MARGIN + line * number), Qt.AlignmentFlag.AlignLeft)
        window = state.window
        facts = (
            self.tr("W {width} · L {level}").format(width=round(window.width), level=round(window.center)),
            self.tr("Zoom {percent} %").format(percent=self.scale_percent()),
        )
        for number, text in enumerate(facts):
            self._word(painter, text, QPoint(right, MARGIN + line * number), Qt.AlignmentFlag.AlignRight)
        below = self.height() - MARGIN - line
        for number, text in enumerate(reversed(self._corners.bottom_right)):
            self._word(painter, text, QPoint(right, below - line * number), Qt.AlignmentFlag.AlignRight)
        if self._overlay is not None and self.overlay_shown:
            for number, text in enumerate(reversed(self._overlay.caption)):
                self._word(painter, text, QPoint(MARGIN, below - line * number), Qt.AlignmentFlag.AlignLeft)
        self._paint_sides(painter, state, line)

    def _paint_sides(self, painter: QPainter, state: ViewState, line: int) -> None:
        middle = self.height() // 2 - line // 2
        if self._corners.sides is None:
            warning = QColor("#e3b04b")
            for number, text in enumerate(self._corners.side_note.split("\n")):
                self._word(
                    painter, text, QPoint(MARGIN, middle + line * number), Qt.AlignmentFlag.AlignLeft, warning
                )
            return
        turned = self._corners.sides
        for _ in range(state.quarter_turns):
            turned = (turned[3], turned[0], turned[1], turned[2])
        left, top, right, bottom = turned
        ink = QColor("#e8edf1")
        self._word(painter, left, QPoint(MARGIN, middle), Qt.AlignmentFlag.AlignLeft, ink)
        self._word(painter, right, QPoint(self.width() - MARGIN, middle), Qt.AlignmentFlag.AlignRight, ink)
        self._word(painter, top, QPoint(self.width() // 2, MARGIN), Qt.AlignmentFlag.AlignHCenter, ink)
        below = self.height() - MARGIN - line
        self._word(painter, bottom, QPoint(self.width() // 2, below), Qt.AlignmentFlag.AlignHCenter, ink)

    def _word(
        self,
        painter: QPainter,
        text: str,
        at: QPoint,
        side: Qt.AlignmentFlag,
        color: QColor | None = None,
    ) -> None:
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, self.width() * 2 // 3)
        width = metrics.horizontalAdvance(shown)
        x = at.x()
        if side == Qt.AlignmentFlag.AlignRight:
            x -= width
        elif side == Qt.AlignmentFlag.AlignHCenter:
            x -= width // 2
        base = at.y() + metrics.ascent()
        path = QPainterPath()
        path.addText(QPointF(x, base), painter.font(), shown)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(SHADOW, 3)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(path, pen)
        painter.restore()
        painter.setPen(color or QColor("#d5dde3"))
        painter.drawText(x, base, shown)

    # --- hands

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin a drag: left as the tool says, middle pans, right zooms."""
        tools = {
            Qt.MouseButton.LeftButton: self.tool,
            Qt.MouseButton.MiddleButton: Tool.PAN,
            Qt.MouseButton.RightButton: Tool.ZOOM,
        }
        if self._state is not None and event.button() in tools:
            self._drag = (event.position().toPoint(), self._state, tools[event.button()])
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Follow a drag."""
        if self._drag is None:
            return
        start, state, tool = self._drag
        delta = event.position().toPoint() - start
        image, view = self._image_size(), self._view_size()
        if tool is Tool.WINDOW:
            self.set_state(replace(state, window=self._dragged_window(state.window, delta)))
        elif tool is Tool.PAN:
            self.set_state(state.panned(QPointF(delta), image, view))
        else:
            self.set_state(state.zoomed(1.01 ** -delta.y(), QPointF(start), image, view))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """End a drag; the whole drag is one step to undo."""
        if self._drag is not None and self._state is not None and self._drag[1] != self._state:
            self.view_edited.emit(self._drag[1], self._state)
        elif (
            self._drag is not None
            and self._drag[2] is Tool.ZOOM
            and event.button() == Qt.MouseButton.LeftButton
        ):
            self.zoom(ZOOM_STEP, event.position())
        self._drag = None
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the image, or show it one to one."""
        if self._state is not None and self._state.scale is None:
            self.one_to_one()
        else:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Go through the images; with Ctrl, zoom."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(ZOOM_STEP ** (event.angleDelta().y() / WHEEL_STEP), event.position())
        else:
            self._wheel_left += event.angleDelta().y()
            steps = int(self._wheel_left / WHEEL_STEP)
            self._wheel_left -= steps * WHEEL_STEP
            if steps:
                self.frame_step_asked.emit(-steps)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Tell that the zoom may have changed."""
        super().resizeEvent(event)
        self.view_changed.emit()

    def _dragged_window(self, window: Window, delta: QPoint) -> Window:
        span = self._picture.image.value_range if self._picture is not None else None
        unit = max(1e-6, (span[1] - span[0]) if span else max(window.width, 255.0)) / 512.0
        least = unit / 4
        return replace(
            window,
            width=max(least, window.width + delta.x() * unit),
            center=window.center + delta.y() * unit,
            label="",
        )

    @Slot()
    def _changed(self) -> None:
        self.update()
        self.view_changed.emit()

    def _image_size(self) -> QSizeF:
        if self._picture is None:
            return QSizeF(1, 1)
        rows, columns = self._picture.size_at(0)
        return QSizeF(columns, rows)

    def _view_size(self) -> QSizeF:
        return QSizeF(self.width(), self.height())

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the focus line where the focus came by Tab."""
        self._focus_by_key = event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
        )
        super().focusInEvent(event)
        self.update()


def pixels_image(pixels: NDArray[np.uint8]) -> QImage:
    """Return a picture for Qt from (row, column[, 3]) uint8."""
    rows, columns = pixels.shape[:2]
    kind = QImage.Format.Format_RGB888 if pixels.ndim == 3 else QImage.Format.Format_Grayscale8
    return QImage(pixels.tobytes(), columns, rows, pixels.strides[0], kind).copy()


def _rgba_image(pixels: NDArray[np.uint8]) -> QImage:
    rows, columns = pixels.shape[:2]
    kind = QImage.Format.Format_RGBA8888_Premultiplied
    return QImage(pixels.tobytes(), columns, rows, pixels.strides[0], kind).copy()
