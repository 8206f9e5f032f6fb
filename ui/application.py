"""Starts the window on a profile."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Slot, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from core.errors import FarlightError
from store.profile import default_folder, settings_file
from store.settings import Settings
from ui.asked_to_end import AskedToEnd
from ui.task import hide_text
from ui.theme import CHOICES, Choice, Theme, load_interface_fonts
from ui.traces import leave_no_traces

if TYPE_CHECKING:
    from services.workplace import Workplace
    from ui.door import Door
    from ui.main_window import MainWindow

_log = logging.getLogger(__name__)
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def run(
    *,
    open_path: str | None = None,
    profile: Path | None = None,
    user: str | None = None,
    workplace: Workplace | None = None,
) -> int:
    """Show the door and then the window; return the exit status when it is closed.

    1 where the records do not open. ``user`` is chosen at the door. With a ``workplace`` somebody is logged
    in and the door is passed by.
    """
    qInstallMessageHandler(_log_qt_message)
    application = make_application()
    asked_to_end = AskedToEnd(application)
    program = Program(profile, (open_path,) if open_path else (), user)
    if workplace is not None:
        program.enter(workplace)
    else:
        program.knock()
    status = application.exec()
    sys.excepthook = sys.__excepthook__
    status = program.end() or status
    asked_to_end.stop()
    return status


class Program(QObject):
    """What is in sight: the door, and then the window."""

    def __init__(self, profile: Path | None, open_paths: Sequence[str] = (), user: str | None = None) -> None:
        super().__init__()
        self._profile, self._open_paths, self._user = profile, tuple(open_paths), user or ""
        self._workplace: Workplace | None = None
        self.door: Door | None = None
        self.window: MainWindow | None = None

    def knock(self) -> None:
        """Show the door."""
        from services.access import Access
        from ui.door import Door

        folder = self._profile or default_folder()
        theme = make_theme(theme_of(folder))
        self.door = Door(partial(Access, self._profile), theme, folder, self._user)
        theme.setParent(self.door)
        self.door.opened.connect(self.enter)
        self.door.start()
        if self.door.error is not None:
            print(self.door.error.message, file=sys.stderr)  # noqa: T201 - a start from a terminal is told too
        self.door.show()
        self.door.activateWindow()

    @Slot(object)
    def enter(self, workplace: Workplace) -> None:
        """Open the window for whoever logged in; the door goes when it stands."""
        self._workplace = workplace
        self.window = make_window(workplace, self._open_paths)
        sys.excepthook = _Hook(self.window)
        self.window.show()
        if self.door is not None:
            self.door.close()
            self.door.deleteLater()
            self.door = None
            self.window.activateWindow()

    def end(self) -> int:
        """Give everything back; 1 where somebody stood before records that do not open."""
        if self._workplace is not None:
            self._workplace.close()
        return int(self.door is not None and self.door.error is not None)


def make_application() -> QApplication:
    """Return the one application object with its fonts."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(["farlight"])
    application.setApplicationName("Farlight")
    application.setDesktopFileName("farlight")
    application.setStyle("Fusion")
    leave_no_traces()
    load_interface_fonts()
    return application


def make_window(workplace: Workplace, open_paths: Sequence[str] = ()) -> MainWindow:
    """Return the window in the profile's look.

    The style sheet comes last: Qt styles a widget anew each time that it gets another parent.
    """
    from ui.main_window import MainWindow

    theme = Theme(_choice(workplace.settings.text("theme")))
    window = MainWindow(workplace, theme, open_paths)
    theme.setParent(window)
    theme.apply()
    return window


def theme_of(folder: Path) -> str:
    """Return the look that a profile asks for, before it is open; settings hold no patient data."""
    return Settings(settings_file(folder)).text("theme")


def make_theme(choice: str) -> Theme:
    """Return the theme that the settings name, in force."""
    theme = Theme(_choice(choice))
    theme.apply()
    return theme


def _choice(named: str) -> Choice:
    return next((one for one in CHOICES if one == named), "dark")


def _log_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    logging.getLogger("qt").log(_LEVELS.get(kind, logging.WARNING), "%s", message)


class _Hook:
    """Shows and logs what nobody caught, without the text that may name a patient."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        shown = error if isinstance(error, FarlightError) else FarlightError(kind.__name__)
        _log.error("unexpected: %s", shown.code, exc_info=hide_text(error))
        self._window.tell_error(shown)
