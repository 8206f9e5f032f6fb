"""What a reader's hands do in the window: keys, an impression, a signature."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.stage import let_pass, wait_until, write_chest


def ready(window: Any) -> None:
    """Wait for image and result of the open case."""
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
    wait_until(lambda: window.read.viewer.state is not None)


def begun(stage: Callable[..., Any], folder: Path) -> Any:
    """Open one chest X-ray, give the first impression "abnormal", and return the window."""
    window = stage(write_chest(folder, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_2)
    return window


def press(window: Any, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key wherever the focus is, and look at what an impression has opened."""
    strike(window, key, modifiers)
    if key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3) and not modifiers.value:
        pause()


def strike(window: Any, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key wherever the focus is, as quickly as a machine."""
    QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)


def pause() -> None:
    """Wait as a hand does between two keys that have nothing to do with one another: no typing."""
    let_pass(300)


def sign(window: Any) -> None:
    """Sign the open case, which is answered, by key and PIN."""
    case = window.desk.case
    press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: window.signing.dialog is not None)
    QTest.keyClicks(window.signing.dialog.pin, "2580")
    QTest.keyClick(window.signing.dialog.pin, Qt.Key.Key_Return)
    wait_until(lambda: case.signed is not None and window.signing.dialog is None)


def text_of(pdf: bytes) -> str:
    """Return what stands in a PDF, in one line."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    finally:
        document.close()


def sign_the_open_case(window: Any) -> Any:
    """Read and sign the open case, show its report, and return the case."""
    ready(window)
    case = window.desk.case
    press(window, Qt.Key.Key_2)
    press(window, Qt.Key.Key_A)
    sign(window)
    window.open_case(case.key)
    window.show_page("report")
    wait_until(lambda: window.report.pdf is not None)
    return case


def note(window: Any, text: str) -> None:
    """Type a note on the first finding and leave its field."""
    field = window.read.column.findings[0].note
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    window.read.viewer.setFocus()
