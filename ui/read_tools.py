"""The row of tools under the image."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QWidget

from ui.controls import ToolWord, enable
from ui.flow import Flow
from ui.theme import Theme
from ui.viewer import Tool


class ReadTools(QWidget):
    """Buttons for what is done with the image; each tells the name of its act."""

    act_asked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tools")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self.buttons: dict[str, ToolWord] = {}
        self._row = Flow(self, tail=2)
        self._row.setContentsMargins(10, 5, 10, 5)
        self._row.setSpacing(2)
        self._build_drags()
        for act, icon, name in (
            ("fit", "maximize", self.tr("Fit")),
            ("one_to_one", "ratio", self.tr("1 : 1")),
            ("turn_right", "rotate-cw", self.tr("Turn")),
            ("invert", "blend", self.tr("Invert")),
            ("preset", "list-checks", self.tr("Preset")),
            ("map", "layers", self.tr("Map")),
        ):
            self._add(act, icon, name)
        self._add("beside", "columns-2", self.tr("Beside"))
        for act in ("map", "beside"):
            self.buttons[act].setCheckable(True)
        self.buttons["beside"].hide()
        self._add("undo", "undo-2", self.tr("Undo"))
        self._add("original", "eye", self.tr("Original"))

    def set_usable(self, *, case_open: bool, no_image: str, no_map: str, undoable: bool) -> None:
        """Let the tools be used as far as there is something for them.

        ``no_image`` says why there is nothing to look at, ``no_map`` why not the map.
        """
        for name, button in self.buttons.items():
            usable, why_not = case_open, self.tr("No study is open")
            if case_open and name == "map":
                usable, why_not = not no_map, no_map
            elif case_open and name == "undo":
                usable, why_not = undoable, self.tr("Nothing to undo")
            elif case_open:
                usable, why_not = not no_image, no_image
            enable(button, usable, why_not)

    def use(self, tool: Tool) -> None:
        """Mark what a drag does."""
        self.buttons[f"tool_{tool.value}"].setChecked(True)

    @Slot(bool, bool)
    def show_beside(self, possible: bool, shown: bool) -> None:
        """Offer the image as the model saw it only where it was put right; mark whether it is in sight."""
        self.buttons["beside"].setVisible(possible)
        self.buttons["beside"].setChecked(shown)

    def _build_drags(self) -> None:
        group = QButtonGroup(self)
        for tool, icon, name in (
            (Tool.WINDOW, "contrast", self.tr("Window")),
            (Tool.ZOOM, "search", self.tr("Zoom")),
            (Tool.PAN, "move", self.tr("Pan")),
        ):
            button = self._add(f"tool_{tool.value}", icon, name)
            button.setCheckable(True)
            button.setChecked(tool is Tool.WINDOW)
            group.addButton(button)

    def _add(self, act: str, icon: str, name: str) -> ToolWord:
        button = ToolWord(self._theme, icon, name, act)
        button.setObjectName(act)
        button.clicked.connect(self._on_clicked)
        self._row.addWidget(button)
        self.buttons[act] = button
        return button

    @Slot()
    def _on_clicked(self) -> None:
        self.act_asked.emit(self.sender().objectName())
