"""What somebody chooses of how Farlight looks and prints: applied at once, and kept in the profile."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import FarlightError
from services.workplace import Workplace
from ui.read_page import ReadPage
from ui.theme import Theme


class KeptChoices(QObject):
    """Theme, paper and how strong the overlay is."""

    theme_changed = Signal(str)
    paper_changed = Signal(str)
    failed = Signal(object)  # FarlightError: it could not be kept

    def __init__(self, theme: Theme, read: ReadPage, workplace: Workplace, parent: QObject) -> None:
        super().__init__(parent)
        self._theme, self._read, self._workplace = theme, read, workplace
        read.overlay_look_kept.connect(self._on_overlay_look_kept)

    @Slot(str)
    def choose_paper(self, paper: str) -> None:
        """Print on this size from now on."""
        self._keep("paper", paper)
        self.paper_changed.emit(paper)

    @Slot(str)
    def choose_theme(self, choice: str) -> None:
        """Show everything in this theme from now on."""
        self._theme.apply(choice)  # type: ignore[arg-type]
        self.theme_changed.emit(choice)
        self._keep("theme", choice)
        self._read.column.restyle()

    @Slot()
    def toggle_theme(self) -> None:
        """Go from dark to light, or back."""
        self.choose_theme("light" if self._theme.is_dark else "dark")

    @Slot(int)
    def _on_overlay_look_kept(self, percent: int) -> None:
        self._keep("overlay.opacity_percent", percent)

    def _keep(self, key: str, value: str | int) -> None:
        try:
            self._workplace.settings.set(key, value)
        except FarlightError as error:
            self.failed.emit(error)
