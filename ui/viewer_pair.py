"""The image as it is stored, and beside it as a model saw it where it was put right; both move as one."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.image import Window
from core.result import Correction
from services.picture import Picture
from ui import words
from ui.overlay import Overlay
from ui.theme import Theme
from ui.view_state import ViewState
from ui.viewer import Tool, Viewer
from ui.viewer_words import Corners

GAP_PX = 3


class ViewerPair(QWidget):
    """Two views of one picture; the overlay lies on the one that the model saw."""

    view_edited = Signal(object, object)  # before, after, of the stored image: for undo
    frame_step_asked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stored, self.put_right = Viewer(theme), Viewer(theme)
        self.put_right.setAccessibleName(self.tr("Image as the model saw it"))
        self.put_right.hide()
        self._correction: Correction | None = None
        self._picture: tuple[str, Picture, Window] | None = None
        self._overlay: Overlay | None = None
        self._corners = Corners()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_PX)
        for viewer in (self.stored, self.put_right):
            row.addWidget(viewer, 1)
            viewer.frame_step_asked.connect(self.frame_step_asked)
        self.stored.view_changed.connect(self._on_stored_changed)
        self.put_right.view_changed.connect(self._on_put_right_changed)
        self.stored.view_edited.connect(self.view_edited)
        self.put_right.view_edited.connect(self._on_put_right_edited)

    @property
    def beside(self) -> bool:
        """Whether both are in sight."""
        return self._correction is not None

    def show_picture(self, key: str, picture: Picture, window: Window, *, keep_view: bool = False) -> None:
        """Show a picture; ``keep_view`` keeps place and window (the next frame of one series)."""
        self._picture = (key, picture, window)
        self.stored.show_picture(key, picture, window, keep_view=keep_view)
        self._fill()

    def show_message(self, key: str, text: str) -> None:
        """Show a sentence instead of an image."""
        self._picture, self._overlay, self._corners = None, None, Corners()
        self.show_correction(None)
        self.stored.show_message(key, text)

    def show_correction(self, correction: Correction | None) -> None:
        """Show beside the stored image what a model saw instead; None shows the stored image alone."""
        if correction == self._correction:
            return
        self._correction = correction
        self.put_right.setVisible(correction is not None)
        if correction is None:
            self.put_right.show_message("", "")
        self._fill()
        self._write_words()

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Lay map and outlines over what the model saw."""
        self._overlay = overlay
        self._lay()

    def set_corners(self, corners: Corners) -> None:
        """Set what stands at the edges."""
        self._corners = corners
        self._write_words()

    def set_overlay_look(self, *, shown: bool, opacity: float) -> None:
        """Set whether and how strongly map and outline are drawn."""
        for viewer in (self.stored, self.put_right):
            viewer.set_overlay_look(shown=shown, opacity=opacity)

    def use_tool(self, tool: Tool) -> None:
        """Set what a drag does."""
        self.stored.tool = self.put_right.tool = tool

    def _fill(self) -> None:
        """Show the picture of the stored view in the other one, put right."""
        if self._correction is not None and self._picture is not None:
            self.put_right.blockSignals(True)
            self.put_right.show_picture(*self._picture)
            self.put_right.blockSignals(False)
            self._on_stored_changed()
        self._lay()

    def _lay(self) -> None:
        for viewer, theirs in ((self.stored, not self.beside), (self.put_right, self.beside)):
            wanted = self._overlay if theirs else None
            if viewer.overlay() is not wanted:
                viewer.set_overlay(wanted)

    def _write_words(self) -> None:
        if self._correction is None:
            self.stored.set_corners(self._corners)
            return
        self.stored.set_corners(replace(self._corners, heading=self.tr("As stored in the file")))
        self.put_right.set_corners(
            Corners(
                heading=self.tr("As the model saw it: {what}").format(
                    what=words.correction_word(self._correction)
                ),
                sides=self._corners.sides,
                side_note=self._corners.side_note,
            )
        )

    @Slot()
    def _on_stored_changed(self) -> None:
        state, shown = self.stored.state, self._correction
        if shown is not None and state is not None:
            self._follow(self.put_right, state.put_right(shown.quarter_turns, inverted=shown.inverted))

    @Slot()
    def _on_put_right_changed(self) -> None:
        state = self.put_right.state
        if state is not None and self._correction is not None:
            self._follow(self.stored, self._as_stored(state, self._correction))

    @Slot(object, object)
    def _on_put_right_edited(self, before: ViewState, after: ViewState) -> None:
        shown = self._correction
        if shown is not None:
            self.view_edited.emit(self._as_stored(before, shown), self._as_stored(after, shown))

    def _as_stored(self, state: ViewState, shown: Correction) -> ViewState:
        return state.put_right(-shown.quarter_turns, inverted=shown.inverted)

    def _follow(self, viewer: Viewer, state: ViewState) -> None:
        if viewer.state is not None and viewer.state != state:
            viewer.set_state(state)
