"""Notices that the computer goes to sleep or its screen is locked.

Linux tells it over D-Bus (logind, which waits a moment for the cover, and the screen savers); Windows by a
message to the window. Where neither can be had, a jump of the clocks between two ticks shows afterwards that
the computer slept.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import SLOT, QObject, QTimer, Signal, Slot

TICK_MS = 1000
SLEPT_S = 30.0
_SYSTEM_BUS = Path("/run/dbus/system_bus_socket")
_SYSTEM_SIGNALS = (
    ("org.freedesktop.login1.Manager", "PrepareForSleep", "_on_sleep(bool)"),
    ("org.freedesktop.login1.Session", "Lock", "_on_locked()"),
)
_SESSION_SIGNALS = (
    ("org.freedesktop.ScreenSaver", "ActiveChanged", "_on_going(bool)"),
    ("org.gnome.ScreenSaver", "ActiveChanged", "_on_going(bool)"),
)
_LOGIN = "org.freedesktop.login1"
_INHIBIT_MS = 500
_log = logging.getLogger(__name__)


class SleepWatch(QObject):
    """Tells at once where the system does, else at the first tick after the sleep; ticks once a second."""

    slept = Signal()
    ticked = Signal()

    def __init__(
        self,
        parent: QObject,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._wall, self._monotonic = wall, monotonic
        self._last = (wall(), monotonic())
        self._filter: object = None
        self._moment: object = None
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Begin to watch."""
        self._last = (self._wall(), self._monotonic())
        self._timer.start()
        if sys.platform == "win32":
            self._listen_to_windows()
        elif sys.platform != "darwin":
            self._listen_to_buses()

    def stop(self) -> None:
        """Watch no more."""
        self._timer.stop()
        self._moment = None
        if self._filter is not None:
            from PySide6.QtCore import QCoreApplication

            QCoreApplication.instance().removeNativeEventFilter(self._filter)  # type: ignore[union-attr, arg-type]
            self._filter = None

    @Slot()
    def look(self) -> None:
        """Compare the clocks with those of the last tick."""
        before, self._last = self._last, (self._wall(), self._monotonic())
        wall, monotonic = self._last[0] - before[0], self._last[1] - before[1]
        if monotonic > SLEPT_S or abs(wall - monotonic) > SLEPT_S:
            self.slept.emit()
        self.ticked.emit()

    def _listen_to_buses(self) -> None:
        try:
            from PySide6.QtDBus import QDBusConnection
        except ImportError:
            _log.info("no D-Bus: sleep is seen by the clocks alone")
            return
        named = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")
        if named or _SYSTEM_BUS.exists():
            self._listen(QDBusConnection.systemBus(), _SYSTEM_SIGNALS)
            self._ask_for_a_moment()
        if os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            self._listen(QDBusConnection.sessionBus(), _SESSION_SIGNALS)

    def _listen(self, bus: Any, signals: tuple[tuple[str, str, str], ...]) -> None:
        """Anybody on the bus may send these: all that they can do is lock the window."""
        if not bus.isConnected():
            return
        for interface, name, slot in signals:
            try:
                heard = bus.connect("", "", interface, name, self, SLOT(slot))
            except ValueError:  # the binding's word for a slot that it does not find
                heard = False
            if not heard:
                _log.warning("not told of %s", name)

    def _ask_for_a_moment(self) -> None:
        """Have logind wait with the sleep until the window is covered: as long as this descriptor is held.

        Source: systemd, Inhibitor Locks (delay).
        """
        from PySide6.QtDBus import QDBus, QDBusConnection, QDBusMessage

        call = QDBusMessage.createMethodCall(
            _LOGIN, "/org/freedesktop/login1", f"{_LOGIN}.Manager", "Inhibit"
        )
        call.setArguments(["sleep", "Farlight", "Hides patients", "delay"])
        reply = QDBusConnection.systemBus().call(call, QDBus.CallMode.Block, _INHIBIT_MS)
        given = reply.type() == QDBusMessage.MessageType.ReplyMessage
        self._moment = next(iter(reply.arguments()), None) if given else None

    @Slot(bool)
    def _on_sleep(self, begins: bool) -> None:
        if begins:
            self.slept.emit()
            self._moment = None
        else:
            self._ask_for_a_moment()

    @Slot(bool)
    def _on_going(self, begins: bool) -> None:
        if begins:
            self.slept.emit()

    @Slot()
    def _on_locked(self) -> None:
        self.slept.emit()

    def _listen_to_windows(self) -> None:
        from PySide6.QtCore import QCoreApplication

        from ui.windows_power import PowerFilter

        self._filter = PowerFilter(self.slept.emit)
        QCoreApplication.instance().installNativeEventFilter(self._filter)  # type: ignore[union-attr]
