"""The window quits in good order where the system asks for it: at log-out, shut-down, a closed terminal."""

from __future__ import annotations

import signal
import socket
import sys
from contextlib import suppress

from PySide6.QtCore import QObject, QSocketNotifier, Slot
from PySide6.QtWidgets import QApplication


class AskedToEnd(QObject):
    """Turns SIGTERM and SIGHUP into a quit; what is not kept is asked for as ever.

    Python sees a signal only when Qt calls it, so each wakes Qt through a socket. A signal that is ignored
    (``nohup``) stays so; Windows has none of them.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        if sys.platform == "win32":
            return
        self._numbers = [
            number
            for number in (signal.SIGTERM, signal.SIGHUP)
            if signal.getsignal(number) is not signal.SIG_IGN
        ]
        self._heard, self._said = socket.socketpair()
        for end in (self._heard, self._said):
            end.setblocking(False)
        signal.set_wakeup_fd(self._said.fileno(), warn_on_full_buffer=False)
        self._earlier = {
            number: signal.signal(number, lambda _number, _frame: None) for number in self._numbers
        }
        self._notifier = QSocketNotifier(self._heard.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._hear)

    def stop(self) -> None:
        """Hear nothing more: signals do again what they did before."""
        if sys.platform == "win32":
            return
        self._notifier.setEnabled(False)
        for number, handler in self._earlier.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(-1)
        self._heard.close()
        self._said.close()

    @Slot()
    def _hear(self) -> None:
        with suppress(BlockingIOError):
            if any(number in self._numbers for number in self._heard.recv(64)):
                QApplication.quit()
