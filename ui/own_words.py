"""The line for own words: undo and redo go letter by letter as far as it was typed, then answer by answer."""

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit

_REDO = QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")


class OwnWords(QLineEdit):
    """Leaves Ctrl Z and Ctrl Y to the window where nothing was typed that they could change."""

    def event(self, event: QEvent) -> bool:
        """Take undo and redo only while there is typing to undo."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            struck = QKeySequence(event.keyCombination())
            undoes = struck == QKeySequence("Ctrl+Z") and not self.isUndoAvailable()
            if undoes or (struck in _REDO and not self.isRedoAvailable()):
                event.ignore()
                return False
        return super().event(event)
