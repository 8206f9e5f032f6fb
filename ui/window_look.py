"""Size, place and division of the window, kept in the profile."""

from __future__ import annotations

import base64

from PySide6.QtCore import QByteArray, QMargins, QSize, Qt
from PySide6.QtWidgets import QMainWindow

from services.workplace import Workplace
from ui.read_page import ReadPage

FIRST_SIZE = (1366, 768)
LEAST_SIZE = (1024, 640)
TITLE_BAR_PX, FRAME_PX = 40, 4


def restore_look(window: QMainWindow, read: ReadPage, workplace: Workplace) -> None:
    """Put the window where it was; the first time, where it fits."""
    settings = workplace.settings
    window.setMinimumSize(*LEAST_SIZE)
    geometry = settings.text("window.geometry")
    if not geometry or not window.restoreGeometry(QByteArray(base64.b64decode(geometry))):
        _resize_first(window)
    docks = settings.text("window.docks")
    if docks:
        read.restore_layout(QByteArray(base64.b64decode(docks)))
    read.set_overlay_look(True, int(settings.number("overlay.opacity_percent")))


def keep_look(window: QMainWindow, read: ReadPage, workplace: Workplace) -> None:
    """Remember where the window is.

    Raises:
        FarlightError: the settings cannot be written.
    """
    workplace.settings.set_many(
        {
            "window.geometry": base64.b64encode(window.saveGeometry().data()).decode(),
            "window.docks": base64.b64encode(read.layout_state().data()).decode(),
        }
    )


def fits_with_frame(window: QSize, screen: QSize) -> bool:
    """Return whether a window of that size stands on the screen with title bar and borders."""
    framed = window.grownBy(QMargins(FRAME_PX, TITLE_BAR_PX, FRAME_PX, FRAME_PX))
    return framed.width() <= screen.width() and framed.height() <= screen.height()


def _resize_first(window: QMainWindow) -> None:
    """Take the first size, or the whole screen where that and the window's frame do not fit."""
    window.resize(*FIRST_SIZE)
    if not fits_with_frame(window.size(), window.screen().availableSize()):
        window.setWindowState(Qt.WindowState.WindowMaximized)
