"""Models, settings and forms of the side pages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from core.model_facts import ModelFacts, TestFigure
from core.result import ErrorRecord
from services.packs import InstalledPack
from tests.ui.stage import wait_until

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


def words_on(widget: Any) -> str:
    """Return all texts of a page."""
    return "\n".join(one.text() for one in widget.findChildren(QLabel))


def test_a_pack_is_shown_with_figures_weakness_and_licence(stage: Stage) -> None:
    window = stage()
    facts = ModelFacts(
        pack_id="chest-x",
        version="2.1.0",
        title="Something on chest X-rays",
        pack_class="research",
        intended_use="A second look.",
        weak_where=("rotated films",),
        figures=(TestFigure(population="test images", metric="AUC", value=0.97, interval=(0.95, 0.985)),),
        licence="CC-BY-4.0",
    )
    window.models.show_entries((InstalledPack(id="chest-x", folder=Path("chest-x"), facts=facts),))
    text = words_on(window.models)
    for part in (
        "chest-x 2.1.0",
        "A second look.",
        "rotated films",
        "AUC 0.970 (0.950 – 0.985)",
        "CC-BY-4.0",
        "research",
    ):
        assert part in text


def test_a_broken_pack_is_shown_with_its_error(stage: Stage) -> None:
    window = stage()
    window.models.show_entries(
        (
            InstalledPack(
                id="chest-broken",
                folder=Path("chest-broken"),
                error=ErrorRecord(code="E203", message="A file of the pack was changed."),
            ),
        )
    )
    text = words_on(window.models)
    assert "chest-broken" in text
    assert "A file of the pack was changed." in text


def test_settings_are_kept_as_they_are_made(stage: Stage, tmp_path: Path) -> None:
    window = stage(profile=tmp_path / "one")
    window.show_page("settings")
    field = window.settings._site
    field.setText("Demo Rural Health Centre")
    field.editingFinished.emit()
    window.settings._theme.setCurrentIndex(1)
    window.settings._theme.activated.emit(1)
    text = (tmp_path / "one" / "settings.json").read_text(encoding="utf-8")
    assert "Demo Rural Health Centre" in text
    assert '"theme": "light"' in text
    assert not window._theme.is_dark


def test_the_research_notice_stands_on_every_page_once(stage: Stage) -> None:
    window = stage()
    for page in ("worklist", "read", "report", "models", "settings"):
        window.show_page(page)
        seen = [
            one
            for one in window.findChildren(QLabel)
            if one.isVisible() and one.text().startswith("Research use only")
        ]
        assert len(seen) == (2 if page == "settings" else 1), "settings also says it in About"


def test_every_button_has_a_name_and_is_tall_enough_to_touch(stage: Stage) -> None:
    from PySide6.QtWidgets import QAbstractButton

    window = stage()
    wait_until(lambda: window._built)
    for page in ("worklist", "read", "report", "settings"):
        window.show_page(page)
        for button in window.pages.currentWidget().findChildren(QAbstractButton):
            if button.isVisible():
                assert button.accessibleName() or button.text(), button
                assert button.height() >= 24, button.accessibleName()


def test_every_control_that_is_disabled_says_why(stage: Stage, tmp_path: Path) -> None:
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit

    from tests.ui.hands import press, ready
    from tests.ui.stage import write_chest

    def silent(window: Any) -> list[str]:
        controls = [
            one for kind in (QAbstractButton, QComboBox, QLineEdit) for one in window.findChildren(kind)
        ]
        shown = [one for one in controls if one.isVisible() and not one.isEnabled()]
        return [one.accessibleName() or one.text() for one in shown if not one.toolTip()]

    window = stage()
    assert silent(window) == []
    window.show_page("report")
    assert silent(window) == []
    window.show_page("read")
    tools = window.read.tools.buttons
    assert "No study is open" in tools["fit"].toolTip()
    window.opening.open_paths((str(write_chest(tmp_path, "1.dcm")),))
    ready(window)
    assert silent(window) == []
    assert "first impression" in tools["map"].toolTip()
    assert "first impression" in window.read.column.sign.toolTip()
    press(window, Qt.Key.Key_2)
    assert silent(window) == []
    assert tools["map"].toolTip() == "Map and outline on or off (M)"
    assert "Pneumonia" in window.read.column.sign.toolTip()
