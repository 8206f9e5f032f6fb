"""Windows tells a window that the computer goes to sleep.

Source: Win32, WM_POWERBROADCAST and PBT_APMSUSPEND (winuser.h).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractNativeEventFilter

WM_POWERBROADCAST, PBT_APMSUSPEND = 0x0218, 0x0004


class PowerFilter(QAbstractNativeEventFilter):
    """Calls a function when the computer is about to sleep."""

    def __init__(self, on_suspend: Callable[[], object]) -> None:
        super().__init__()
        self._on_suspend = on_suspend

    def nativeEventFilter(self, kind: Any, message: Any) -> tuple[bool, int]:  # noqa: N802 - Qt's name
        """Look at each message; every one goes on to the window."""
        if bytes(kind) == b"windows_generic_MSG":
            from ctypes import wintypes

            told = wintypes.MSG.from_address(int(message))
            if (told.message, told.wParam) == (WM_POWERBROADCAST, PBT_APMSUSPEND):
                self._on_suspend()
        return False, 0
