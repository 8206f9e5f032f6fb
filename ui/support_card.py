"""A file for support, in Settings: what is in it is shown before it is saved."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QWidget

from core.errors import FarlightError
from services.workplace import Workplace
from ui.controls import Card, KeyButton, enable, label
from ui.duties import who_may
from ui.sheet_dialog import Sheet
from ui.task import Handle, Pools

if TYPE_CHECKING:
    from services.diagnostics import Bundle

_SHOWN_HEIGHT = 260


class SupportCard(Card):
    """Collects, shows and saves the file."""

    failed = Signal(object)

    def __init__(self, workplace: Workplace, pools: Pools, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Support"), parent)
        self._workplace, self._pools = workplace, pools
        self.dialog: SupportDialog | None = None
        self.body.addWidget(
            label(
                self.tr(
                    "A file for whoever supports this computer: versions, settings, counts and the log, "
                    "without patients, people and places. You see what is in it before it is saved."
                ),
                "muted",
                wrap=True,
            )
        )
        self.said = label("", "body", wrap=True)
        self.said.hide()
        self.body.addWidget(self.said)
        self.start = KeyButton(self.tr("Make a file for support …"))
        self.start.clicked.connect(self._on_start)
        self.body.addWidget(self.start, 0, Qt.AlignmentFlag.AlignLeft)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Let administrators make one."""
        enable(self.start, self._workplace.session.may("backup"), who_may("backup"))

    @Slot()
    def _on_start(self) -> None:
        self.start.setEnabled(False)
        task = self._pools.files("file for support", partial(_collect, self._workplace))
        task.succeeded.connect(self._on_collected)
        task.failed.connect(self.failed)
        task.ended.connect(self.refresh)

    @Slot(object)
    def _on_collected(self, bundle: Bundle) -> None:
        self.dialog = SupportDialog(bundle, self.window())
        self.dialog.saved.connect(self._on_saved)
        self.dialog.finished.connect(self._on_closed)
        self.dialog.open()

    @Slot(str)
    def _on_saved(self, file: str) -> None:
        self.said.setText(self.tr("Saved: {file}").format(file=file))
        self.said.show()

    @Slot()
    def _on_closed(self) -> None:
        self.dialog = None


class SupportDialog(Sheet):
    """Lists the parts, shows all of the text, and asks where to save it."""

    enter_acts = True

    saved = Signal(str)

    def __init__(self, bundle: Bundle, parent: QWidget) -> None:
        super().__init__(self.tr("A file for support"), self.tr("Save …"), parent)
        self._bundle = bundle
        for name, what in bundle.contents():
            self.body.addWidget(label(f"{name}: {what}", "muted", wrap=True))
        shown = QPlainTextEdit("\n\n".join(f"{name}\n{text}" for name, text in bundle.parts.items()))
        shown.setReadOnly(True)
        shown.setFixedHeight(_SHOWN_HEIGHT)
        shown.setAccessibleName(self.tr("All that is in the file"))
        self.body.addWidget(shown)
        self.yes.clicked.connect(self._on_save)

    @Slot()
    def _on_save(self) -> None:
        file, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the file for support"), "farlight-support.zip", "ZIP (*.zip)"
        )
        if file:
            self.save(Path(file))

    def save(self, file: Path) -> None:
        """Save it there."""
        from services.diagnostics import save

        try:
            save(self._bundle, file, replace=True)
        except FarlightError as error:
            self.tell(error.message)
            return
        self.saved.emit(str(file))
        self.accept()


def _collect(workplace: Workplace, handle: Handle) -> Bundle:
    return workplace.diagnostics(cancelled=handle.cancelled)
