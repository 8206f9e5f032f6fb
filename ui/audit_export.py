"""Exporting the audit trail from the window: with names or without, and where to."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDir, QObject, QStandardPaths, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QFileDialog, QWidget

from core.wording import say
from services.progress import stop_if
from services.workplace import Workplace
from ui.controls import label
from ui.notices import NoticeArea
from ui.sheet_dialog import Sheet
from ui.task import Handle, Pools


class AuditExport(QObject):
    """Asks whether names go along, asks for the file, and writes it in the background."""

    failed = Signal(object)
    exported = Signal()

    def __init__(self, pools: Pools, workplace: Workplace, notices: NoticeArea, window: QWidget) -> None:
        super().__init__(window)
        self._pools, self._workplace, self._notices, self._window = pools, workplace, notices, window
        self.sheet: Sheet | None = None
        self._names: QCheckBox | None = None

    @Slot()
    def ask(self) -> None:
        """Ask whether the patients' names go along."""
        if self.sheet is not None:
            return
        sheet = Sheet(self.tr("Export the audit trail"), self.tr("Choose a file …"), self._window)
        sheet.enter_acts = True
        sheet.body.addWidget(
            label(
                self.tr(
                    "The whole trail goes into one file that anybody can check without a password. It holds "
                    "who did what and when, also what was answered for each study: keep it as you keep the "
                    "records."
                ),
                "body",
                wrap=True,
            )
        )
        self._names = QCheckBox(self.tr("Write the patients' names too"))
        sheet.body.addWidget(self._names)
        sheet.yes.clicked.connect(sheet.accept)
        sheet.accepted.connect(self._on_accepted)
        sheet.finished.connect(self._on_finished)
        self.sheet = sheet
        sheet.open()

    @Slot()
    def _on_accepted(self) -> None:
        with_names = self._names is not None and self._names.isChecked()
        dialog = QFileDialog(self._window, self.tr("Export the audit trail"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("jsonl")
        dialog.setNameFilter(self.tr("JSON lines (*.jsonl)"))
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        dialog.setDirectory(documents if QDir(documents).exists() else QDir.homePath())
        day = self._workplace.clock.now().date().isoformat()
        dialog.selectFile(f"farlight-audit-{day}.jsonl")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setProperty("with_names", with_names)
        dialog.fileSelected.connect(self._on_file_chosen)
        dialog.open()

    @Slot()
    def _on_finished(self) -> None:
        self.sheet = self._names = None

    @Slot(str)
    def _on_file_chosen(self, path: str) -> None:
        self.export_to(path, with_names=bool(self.sender().property("with_names")))

    def export_to(self, path: str, *, with_names: bool = False) -> None:
        """Write the trail to a file."""
        work = _Export(self._workplace, Path(path), with_names=with_names)
        task = self._pools.files("audit-export", work, key=path)
        task.succeeded.connect(self._on_exported)
        task.failed.connect(self.failed)

    @Slot(object)
    def _on_exported(self, count: int) -> None:
        path = getattr(self.sender(), "key", "")
        self._notices.tell(
            "calm",
            self.tr("The audit trail was exported."),
            say("trail.export.written", lines=f"{count:,}", file=path),
        )
        self.exported.emit()


class _Export:
    """The Qt-free work of exporting."""

    def __init__(self, workplace: Workplace, file: Path, *, with_names: bool) -> None:
        self._workplace, self._file, self._with_names = workplace, file, with_names

    def __call__(self, handle: Handle) -> int:
        def watch(done: int) -> None:
            stop_if(handle.cancelled)
            handle.progress(done)

        return self._workplace.export_trail(self._file, with_names=self._with_names, watch=watch)
