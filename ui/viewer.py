"""The image on the screen: drawn once per change, only the part in sight, never waiting for disk or model."""

from dataclasses import replace
from enum import Enum

from PySide6.QtCore import QPoint, QPointF, QSizeF, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.image import Window
from services.picture import Picture
from ui.overlay import Overlay, OverlayLayer
from ui.picture_layer import PictureLayer
from ui.theme import SMALL_PX, Theme, interface_font
from ui.view_state import ViewState
from ui.viewer_words import Corners, paint_words

WHEEL_STEP = 120
ZOOM_STEP = 1.2


class Tool(Enum):
    """What a drag with the left button does."""

    WINDOW = "window"
    ZOOM = "zoom"
    PAN = "pan"


class Viewer(QWidget):
    """Shows one picture with its overlay."""

    view_changed = Signal()
    view_edited = Signal(object, object)  # before, after: for undo
    frame_step_asked = Signal(int)
    files_dropped = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._picture: PictureLayer | None = None
        self._key = ""
        self._state: ViewState | None = None
        self._first: ViewState | None = None
        self._layer: OverlayLayer | None = None
        self._corners = Corners()
        self._message = ""
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
        self._picture, self._key, self._first = PictureLayer(picture), key, fresh
        self._state = kept or fresh
        self._message = ""
        self.setAccessibleDescription("")
        if self._layer is not None and self._layer.overlay.key != key:
            self.set_overlay(None)
        self._changed()

    def show_message(self, key: str, text: str) -> None:
        """Show a sentence instead of an image (loading, unreadable); nothing of the last one stays."""
        self._picture, self._state, self._first = None, None, None
        self._key, self._message, self._corners = key, text, Corners()
        self.setAccessibleDescription(text)
        self.set_overlay(None)
        self._changed()

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Lay a map and outlines over the image; one that belongs to another image is not shown."""
        if overlay is not None and overlay.key != self._key:
            return
        self._layer = None if overlay is None else OverlayLayer(overlay)
        self.update()

    def has_overlay(self) -> bool:
        """Whether a map or outline lies over the image that is on the screen."""
        return self._layer is not None

    def overlay(self) -> Overlay | None:
        """Return the map and outlines over the image that is on the screen, or None."""
        return None if self._layer is None else self._layer.overlay

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
            self._paint_picture(painter, self._picture, self._state)
        if self.hasFocus() and self._focus_by_key:
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_message(self, painter: QPainter) -> None:
        painter.setPen(QColor("#93a1ad"))
        room = self.rect().adjusted(40, 40, -40, -40)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._message)

    def _paint_picture(self, painter: QPainter, picture: PictureLayer, state: ViewState) -> None:
        view = self._view_size()
        picture.paint(painter, state, view, self.devicePixelRatioF())
        caption: tuple[str, ...] = ()
        if self._layer is not None and self.overlay_shown:
            self._layer.paint(
                painter, picture.size, state.transform(picture.size, view), self.overlay_opacity
            )
            caption = self._layer.overlay.caption
        paint_words(
            painter, self.size(), self._corners, state, scale_percent=self.scale_percent(), caption=caption
        )

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
        span = self._picture.picture.image.value_range if self._picture is not None else None
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
        return QSizeF(1, 1) if self._picture is None else self._picture.size

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
