"""A window on a real display for each test; nothing may be left behind and nothing unexpected may appear."""

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ui.stage import StandInAnalyzer, wait_until

PIN = "2580"


@pytest.fixture(scope="session")
def application(display: str) -> Any:
    """The one application object on the display."""
    from ui.application import make_application, make_window

    assert make_window is not None  # with all that a window imports
    made = make_application()
    gc.collect()
    gc.freeze()  # what lives as long as the program is not looked through after each test
    return made


@pytest.fixture
def qt_warnings(application: Any) -> Iterator[list[str]]:
    """What Qt complained of during the test; it must be nothing."""
    from PySide6.QtCore import QtMsgType, qInstallMessageHandler

    said: list[str] = []

    def listen(kind: QtMsgType, _context: object, message: str) -> None:
        if kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg):
            said.append(message)

    qInstallMessageHandler(listen)
    yield said
    qInstallMessageHandler(None)
    assert said == []


@pytest.fixture
def clean(application: Any, qt_warnings: list[str]) -> Iterator[None]:
    """Fail a test that leaves a thread, a running timer or a top-level widget."""
    from PySide6.QtCore import QCoreApplication, QEvent, QTimer
    from PySide6.QtWidgets import QApplication

    threads = set(threading.enumerate())
    yield
    for number in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()
        if number == 0 or QApplication.topLevelWidgets():
            gc.collect()
    assert [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()] == []
    left = [widget.objectName() or type(widget).__name__ for widget in QApplication.topLevelWidgets()]
    assert [name for name in left if name not in {"QComboBoxPrivateContainer", "QTipLabel"}] == []
    mine = [thread for thread in threading.enumerate() if thread not in threads and not thread.daemon]
    assert mine == []
    timers = [timer for timer in application.findChildren(QTimer) if timer.isActive()]
    assert timers == []


@pytest.fixture
def unexpected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BaseException]]:
    """Exceptions that reached nobody; there must be none."""
    import sys

    caught: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: caught.append(error))
    yield caught
    assert caught == []


@pytest.fixture
def stage(clean: None, unexpected: list[BaseException], tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return a function that opens the window on paths; it is closed at the end."""
    from tests.opening import PASSWORD, enter_signer, open_workplace
    from ui.application import make_window

    opened: list[tuple[Any, Any]] = []

    def open_window(
        *paths: Path,
        analyzer: StandInAnalyzer | None = None,
        profile: Path | None = None,
        reader: bool = True,
        **settings: Any,
    ) -> Any:
        workplace = open_workplace(profile or tmp_path / "profile")
        for key, value in settings.items():
            workplace.settings.set(key.replace("__", "."), value)
        if reader and not workplace.signing.people():
            enter_signer(
                workplace,
                name="Sr. N. Otieno",
                role="clinical officer",
                registration_number="11872",
                pin=PIN,
                duty="administrator",
            )
        otieno = next((one for one in workplace.staff.all() if one.signs), None)
        if otieno is not None:
            workplace.switch(otieno.holder_id, PASSWORD)
        workplace.analyzers._analyzer = analyzer or StandInAnalyzer()  # type: ignore[assignment]
        window = make_window(workplace, tuple(str(path) for path in paths))
        window.intake.watch_media = lambda: None  # type: ignore[method-assign]
        window.show()
        window.activateWindow()
        opened.append((window, workplace))
        wait_until(lambda: window._built and window.isActiveWindow())
        return window

    yield open_window
    for window, workplace in opened:
        for dialog in (window.settings.people.dialog, window.signing.dialog):
            assert dialog is None, "a dialog was left open"
        window.close()
        workplace.close()
        window.deleteLater()
