"""The table of keys is whole: no key means two things on one page, and every act says what it does."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtGui import QKeySequence

from tests.ui.stage import wait_until
from ui.shortcuts import TABLE

Stage = Callable[..., Any]


@pytest.mark.parametrize("page", ["Worklist", "Reading", "Report"])
def test_no_key_means_two_things_on_one_page(page: str) -> None:
    groups = {"Everywhere", page} | ({"Image", "Series"} if page == "Reading" else set())
    keys = Counter(
        QKeySequence(sequence).toString()
        for name, key in TABLE.items()
        if key.group in groups
        for sequence in key.keys
    )
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_key_is_one_that_qt_knows() -> None:
    assert [keys for key in TABLE.values() for keys in key.keys if QKeySequence(keys).isEmpty()] == []


@pytest.mark.display
def test_every_act_of_the_table_is_in_the_window_and_on_the_sheet(stage: Stage) -> None:
    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QLabel

    window = stage()
    acts = {action.objectName() for action in window.findChildren(QAction)}
    assert set(TABLE) - acts == set()
    words = {one.text() for one in window.turner.sheet.findChildren(QLabel)}
    assert {key.words for key in TABLE.values()} - words == set()


@pytest.mark.display
def test_the_sheet_of_keys_leaves_the_patient_in_sight_and_cuts_no_words(stage: Stage) -> None:
    from PySide6.QtWidgets import QLabel, QScrollArea

    window = stage()
    window.resize(window.minimumSize())
    window.turner.toggle_sheet()
    wait_until(window.turner.sheet.isVisible)
    assert window.turner.sheet.geometry().top() > window.banner.geometry().bottom()
    inner = window.turner.sheet.findChild(QScrollArea).widget()
    wait_until(lambda: inner.width() <= window.turner.sheet.width())
    for one in window.turner.sheet.findChildren(QLabel):
        right = one.mapTo(window.turner.sheet, one.rect().topRight()).x()
        assert right < window.turner.sheet.width(), one.text()


@pytest.mark.display
@pytest.mark.parametrize("size", [(1366, 768), (1100, 700)])
def test_the_sheet_of_keys_fits_without_scrolling(stage: Stage, size: tuple[int, int]) -> None:
    from PySide6.QtWidgets import QLabel, QScrollArea

    window = stage()
    window.resize(*size)
    window.turner.toggle_sheet()
    wait_until(window.turner.sheet.isVisible)
    area = window.turner.sheet.findChild(QScrollArea)
    words = [one for one in area.findChildren(QLabel) if one.text() in {key.words for key in TABLE.values()}]
    wait_until(lambda: area.verticalScrollBar().maximum() == 0)
    assert len(words) >= len(TABLE)
    assert all(not one.visibleRegion().isEmpty() for one in words)
    assert all(one.height() >= one.heightForWidth(one.width()) for one in words), "no line is cut"


@pytest.mark.display
def test_the_sheet_of_keys_is_scrolled_by_keys_where_the_window_is_small(stage: Stage) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    window = stage()
    window.resize(1024, 640)
    window.turner.toggle_sheet()
    wait_until(window.turner.sheet.hasFocus)
    bar = window.turner.sheet._scroll.verticalScrollBar()
    window.turner.sheet.resize(window.turner.sheet.width(), 300)
    wait_until(lambda: bar.maximum() > 0)
    QTest.keyClick(window.turner.sheet, Qt.Key.Key_Down)
    below = bar.value()
    QTest.keyClick(window.turner.sheet, Qt.Key.Key_PageDown)
    assert 0 < below < bar.value()
    QTest.keyClick(window.turner.sheet, Qt.Key.Key_End)
    assert bar.value() == bar.maximum()
    QTest.keyClick(window.turner.sheet, Qt.Key.Key_Home)
    assert bar.value() == 0
