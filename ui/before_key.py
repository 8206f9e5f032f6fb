"""How reading stood before a key: what typing outside a field changed with its first letter is put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand
from PySide6.QtWidgets import QApplication

from ui.key_answers import FIELDS
from ui.view_state import ViewState
from ui.viewer import Viewer

if TYPE_CHECKING:
    from ui.read_page import ReadPage


class BeforeKey:
    """View, answers, open lines and focus of a reading page at one moment; calling it puts them back."""

    def __init__(self, page: ReadPage) -> None:
        self._page = page
        self._case = page.desk.case
        self._read = page.desk.reading.first_read
        self._steps = page.desk.undo.index()
        self._state, self._look = page.viewer.state, page.overlay_look()
        self._map = page.map_choice.kept()
        self._tool, self._playing = page.viewer.tool, page.frame_bar.playing
        self._image = page.image.choices()
        self._lines = page.column.open_lines()

    def __call__(self) -> None:
        """Put all back, where the same case is still open."""
        page = self._page
        if page.desk.case is not self._case:
            return
        in_field = isinstance(QApplication.focusWidget(), FIELDS)
        self._put_back_answers()
        page.column.close_lines(self._lines)
        page.viewer.set_state(self._state)
        page.map_choice.put_back(self._map)
        if page.overlay_look() != self._look:
            page.change_overlay_look(*self._look)
        if page.viewer.tool is not self._tool:
            page.use_tool(self._tool)
        if page.frame_bar.playing is not self._playing:
            page.frame_bar.toggle_cine()
        page.image.choose(self._image)
        if in_field:
            page.viewer.setFocus()

    def _put_back_answers(self) -> None:
        desk = self._page.desk
        steps = desk.undo
        while steps.index() > self._steps:
            steps.undo()
            steps.command(steps.index()).setObsolete(True)
            steps.redo()  # drops the step, which nobody meant: it cannot be done again
        if self._read is None and desk.reading.first_read is not None:
            desk.withdraw_impression()


class ViewStep(QUndoCommand):
    """One change of the view as undo keeps it."""

    def __init__(self, viewer: Viewer, before: ViewState, after: ViewState) -> None:
        super().__init__("view")
        self._viewer, self._before, self._after = viewer, before, after

    def redo(self) -> None:
        """Do it again."""
        self._viewer.set_state(self._after)

    def undo(self) -> None:
        """Take it back."""
        self._viewer.set_state(self._before)
