"""Starts the window on a profile."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from core.errors import FarlightError
from services.workplace import Workplace
from ui.main_window import MainWindow
from ui.refused_start import RefusedStart
from ui.task import hide_text
from ui.theme import CHOICES, Choice, Theme, load_interface_fonts
from ui.traces import leave_no_traces

_log = logging.getLogger(__name__)
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def run(*, open_path: str | None = None, profile: Path | None = None) -> int:
    """Open the window and return the exit status when it is closed; 1 where the profile cannot be opened."""
    qInstallMessageHandler(_log_qt_message)
    application = make_application()
    try:
        workplace = Workplace.open(profile)
    except FarlightError as error:
        return _say_why_not(application, error)
    with workplace:
        window = make_window(workplace, (open_path,) if open_path else ())
        sys.excepthook = _Hook(window)
        window.show()
        status = application.exec()
        sys.excepthook = sys.__excepthook__
    return status


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
    theme = Theme(_choice(workplace.settings.text("theme")))
    window = MainWindow(workplace, theme, open_paths)
    theme.setParent(window)
    theme.apply()
    return window


def make_theme(choice: str) -> Theme:
    """Return the theme that the settings name, in force."""
    theme = Theme(_choice(choice))
    theme.apply()
    return theme


def _choice(named: str) -> Choice:
    return next((one for one in CHOICES if one == named), "dark")


def _say_why_not(application: QApplication, error: FarlightError) -> int:
    print(error.message, file=sys.stderr)  # noqa: T201 - a start from a terminal is told as well
    theme = make_theme("dark")
    message = RefusedStart(theme, error)
    message.show()
    QTimer.singleShot(message.LASTS_MS, message.close)
    application.exec()
    return 1


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
