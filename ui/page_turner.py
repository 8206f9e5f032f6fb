"""Which page is in sight, the sheet of keys over it, and one step back."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QEvent, QObject, QRect, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget
from shiboken6 import isValid

from ui.desk import Desk
from ui.frame_bars import TopBar
from ui.notices import NoticeArea
from ui.read_page import ReadPage
from ui.shortcut_sheet import ShortcutSheet
from ui.worklist_page import WorklistPage

SHEET_MARGINS = (16, 8)


@runtime_checkable
class StepsBack(Protocol):
    """A page that has something to take back before it is left."""

    def step_back(self) -> bool:
        """Take one step back; returns False where there was none."""
        ...


class PageTurner(QObject):
    """Turns the pages of the window and puts the focus where the next act is."""

    page_shown = Signal(str)

    def __init__(self, stack: QStackedWidget, top: TopBar, notices: NoticeArea, desk: Desk) -> None:
        super().__init__(stack)
        self._stack, self._top, self._notices, self._desk = stack, top, notices, desk
        self._pages: dict[str, QWidget] = {}
        self._sheet: ShortcutSheet | None = None
        self._focused_before: QWidget | None = None
        stack.installEventFilter(self)

    def add(self, name: str, page: QWidget) -> None:
        """Add a page under the name that its tab has."""
        self._pages[name] = page
        self._stack.addWidget(page)

    @property
    def sheet(self) -> ShortcutSheet:
        """The sheet of keys, which lies over the pages; it is made when it is first asked for."""
        if self._sheet is None:
            self._sheet = ShortcutSheet(self._stack.parentWidget() or self._stack)
            self._sheet.hide()
            self._sheet.closed.connect(self._put_sheet_away)
            self._sheet.installEventFilter(self)
        return self._sheet

    def is_shown(self, name: str) -> bool:
        """Whether that page is in sight."""
        return self._stack.currentWidget() is self._pages.get(name)

    @Slot(str)
    def show_page(self, name: str) -> None:
        """Bring a page into sight."""
        if self._sheet is not None:
            self._sheet.hide()
        self._stack.setCurrentWidget(self._pages[name])
        self._top.set_page(name)
        self.take_focus()
        self.page_shown.emit(name)

    def take_focus(self) -> None:
        """Put the focus where the next act of the page in sight is."""
        page = self._stack.currentWidget()
        if isinstance(page, WorklistPage):
            if self._desk.case is not None:
                page.mark(self._desk.case.key)
            page.take_focus()
        elif isinstance(page, ReadPage):
            page.take_focus()

    @Slot()
    def toggle_sheet(self) -> None:
        """Show the keys, or put them away."""
        sheet = self.sheet
        if sheet.isVisible():
            self._put_sheet_away()
            return
        self._focused_before = sheet.window().focusWidget()
        sheet.show()
        self._place_sheet()
        sheet.raise_()
        sheet.setFocus()

    @Slot()
    def _put_sheet_away(self) -> None:
        """Hide the sheet and give the focus back: who was typing goes on where they were."""
        self.sheet.hide()
        before, self._focused_before = self._focused_before, None
        if before is not None and isValid(before) and before.isVisible():
            before.setFocus()

    @Slot()
    def step_back(self) -> None:
        """Go one step back; nothing is lost."""
        page = self._stack.currentWidget()
        if self._sheet is not None and self._sheet.isVisible():
            self._put_sheet_away()
        elif isinstance(page, WorklistPage):
            if not page.step_back():
                self._notices.dismiss_last()
        elif isinstance(page, ReadPage):
            focused = page.window().focusWidget()
            if page.step_back() or (focused is not None and page.column.isAncestorOf(focused)):
                page.viewer.setFocus()
            elif not self._notices.dismiss_last():
                self.show_page("worklist")
        elif not (isinstance(page, StepsBack) and page.step_back()):
            self.show_page("read" if self._desk.case is not None else "worklist")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Keep the sheet of keys in place; what lies behind it answers to no key that somebody tries."""
        if watched is self._sheet:
            if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
                self._stack.setEnabled(event.type() == QEvent.Type.Hide)
        elif event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place_sheet()
        return super().eventFilter(watched, event)

    def _place_sheet(self) -> None:
        if self._sheet is not None:
            across, down = SHEET_MARGINS
            self._sheet.setGeometry(QRect(self._stack.geometry().adjusted(across, down, -across, -down)))
