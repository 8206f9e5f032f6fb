"""Keeps the toolkit and Python from writing down, outside the records, what was opened and what failed."""

from __future__ import annotations

import logging
import os
import sys
import threading
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QSettings, Qt

from ui.task import hide_text

_log = logging.getLogger(__name__)


def leave_no_traces() -> None:
    """Have no file dialog remember folders and names, and no traceback say what was in a file.

    Dialogs of the system keep lists of what was opened (on Windows in the registry, elsewhere among recent
    files), and clinics name folders and files after patients: Qt's own dialogs are used. They would keep the
    last folders in ``QtProject.conf`` (on Windows in the registry): there is nowhere to write that here, and
    what was kept there (by an early Farlight; on Windows still) is taken away, now and when the program ends.
    """
    _forget_dialogs()
    application = QCoreApplication.instance()
    if application is not None:
        application.aboutToQuit.connect(_forget_dialogs)
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    nowhere = os.path.join(os.devnull, "none")  # noqa: PTH118 - no path: nothing can lie there
    for form in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(form, QSettings.Scope.UserScope, nowhere)
    sys.excepthook = _log_without_text
    threading.excepthook = _log_thread_without_text
    sys.unraisablehook = _log_unraisable_without_text


def _forget_dialogs() -> None:
    kept = QSettings(QSettings.Scope.UserScope, "QtProject")
    for key in ("history", "lastVisited"):
        if kept.contains(f"FileDialog/{key}"):
            kept.remove(f"FileDialog/{key}")
    kept.sync()


def _log_without_text(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        QCoreApplication.quit()
        return
    _log.error("nobody caught this", exc_info=hide_text(error))


def _log_thread_without_text(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        _log.error("a thread ended early", exc_info=hide_text(arguments.exc_value))


def _log_unraisable_without_text(arguments: sys.UnraisableHookArgs) -> None:
    if arguments.exc_value is not None:
        _log.error("an error while tidying up", exc_info=hide_text(arguments.exc_value))
