"""The patients whose records have been kept for as long as the clinic chose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from services.deletion_plan import Chosen
from services.retention import Due
from store.records import ListedStudy
from ui.controls import KeyButton, label, set_role
from ui.progress_line import ProgressLine
from ui.records_model import study_word
from ui.sheet_dialog import Sheet
from ui.task import Task

WIDTH, LEAST_HEIGHT, HEIGHT = 900, 180, 360
NUMBER_ROLE = Qt.ItemDataRole.UserRole
PATIENT, ID, BORN, LAST, DUE, STUDIES, SIGNED, STATE = range(8)


class DueDialog(Sheet):
    """Lists who is due, each with their studies; what is ticked is deleted together, after it was shown."""

    patient_chosen = Signal(int)
    delete_asked = Signal(object)  # tuple of Chosen

    def __init__(
        self, due: Sequence[Due], studies_of: Callable[[int], Sequence[ListedStudy]], parent: QWidget
    ) -> None:
        super().__init__(self.tr("Records that are due"), self.tr("Delete what is ticked …"), parent)
        self.setMinimumWidth(min(WIDTH, parent.width() - 48))
        self._studies_of = studies_of
        self._task: Task | None = None
        self.body.addWidget(
            label(
                self.tr(
                    "These records have been kept for as long as the settings say. Nothing is deleted by "
                    "itself: tick patients, or single studies below them. Held records cannot be ticked."
                ),
                "muted",
                wrap=True,
            )
        )
        self.tree = self._build_tree(due, min(HEIGHT, max(LEAST_HEIGHT, parent.height() - 330)))
        self.body.addWidget(self.tree)
        self.empty = label(self.tr("Nobody's records are due."), "body")
        self.body.addWidget(self.empty)
        self.empty.setVisible(not due)
        self.tree.setVisible(bool(due))
        self.line = ProgressLine()
        self.line.stop_asked.connect(self._on_stop)
        self.body.addWidget(self.line)
        self.kept = KeyButton(self.tr("Show what is kept …"))
        self.kept.setEnabled(bool(due))
        self.kept.clicked.connect(self._on_kept)
        self.foot.insertWidget(0, self.kept)
        set_role(self.yes, kind="danger")
        self.yes.clicked.connect(self._on_delete)
        self._show_ticked()

    def chosen(self) -> tuple[Chosen, ...]:
        """Return what is ticked: a patient with all of theirs, or some of their studies."""
        found = []
        for item in self._patients:
            state = item.checkState(PATIENT)
            if state == Qt.CheckState.Checked:
                found.append(Chosen(patient_id=item.data(PATIENT, NUMBER_ROLE)))
            elif state == Qt.CheckState.PartiallyChecked:
                studies = tuple(_ticked_under(item))
                found.append(Chosen(patient_id=item.data(PATIENT, NUMBER_ROLE), studies=studies))
        return tuple(found)

    def follow(self, task: Task) -> None:
        """Show how far the looking at what is ticked is; it can be stopped."""
        self._task = task
        task.ended.connect(self._on_ended)
        self.line.follow(task, self.tr("Looking at what goes"))
        self.yes.setEnabled(False)
        self.adjustSize()

    def done(self, result: int) -> None:
        """Stop looking, and close."""
        self._on_stop()
        super().done(result)

    # --- building

    def _build_tree(self, due: Sequence[Due], height: int) -> QTreeWidget:
        names = (
            self.tr("Patient"), self.tr("ID"), self.tr("Born"), self.tr("Last entry"), self.tr("Due since"),
            self.tr("Studies"), self.tr("Signed"), "",
        )  # fmt: skip
        tree = QTreeWidget()
        tree.setHeaderLabels([name.upper() for name in names])
        tree.setAccessibleName(self.tr("Records that are due"))
        tree.setUniformRowHeights(True)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setFixedHeight(height)
        self._patients = [self._patient(one) for one in due]
        tree.addTopLevelItems(self._patients)
        header = tree.header()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(PATIENT, QHeaderView.ResizeMode.Stretch)
        if due:
            tree.setCurrentItem(self._patients[0])
        tree.itemExpanded.connect(self._on_expanded)
        tree.itemChanged.connect(self._show_ticked)
        return tree

    def _patient(self, one: Due) -> QTreeWidgetItem:
        item = QTreeWidgetItem(
            [
                one.name, one.number, one.birth_date, one.last.isoformat(), one.due_on.isoformat(),
                str(one.studies), str(one.reports), self.tr("held") if one.held else "",
            ]
        )  # fmt: skip
        item.setData(PATIENT, NUMBER_ROLE, one.patient_id)
        item.setToolTip(PATIENT, one.name)
        if one.studies and not one.held:
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
        if one.held:
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
        else:
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsAutoTristate)
            item.setCheckState(PATIENT, Qt.CheckState.Unchecked)
        return item

    @Slot(QTreeWidgetItem)
    def _on_expanded(self, item: QTreeWidgetItem) -> None:
        """List a patient's studies the first time that they are asked for."""
        if item.childCount():
            return
        state = item.checkState(PATIENT)
        for study in self._studies_of(item.data(PATIENT, NUMBER_ROLE)):
            under = QTreeWidgetItem([study_word(study), "", "", study.study_date, "", "", ""])
            under.setText(SIGNED, self.tr("signed") if study.report_id is not None else "")
            under.setData(PATIENT, NUMBER_ROLE, study.study_id)
            under.setFlags(under.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            under.setCheckState(PATIENT, state)
            item.addChild(under)

    # --- what was clicked

    @Slot()
    def _show_ticked(self) -> None:
        chosen = self.chosen()
        self.yes.setEnabled(bool(chosen) and self._task is None)
        words = self.tr("Delete what is ticked ({count}) …") if chosen else self.tr("Delete what is ticked …")
        self.yes.set_words(words.format(count=len(chosen)))

    @Slot()
    def _on_kept(self) -> None:
        item = self.tree.currentItem()
        while item is not None and item.parent() is not None:
            item = item.parent()
        if item is not None:
            self.patient_chosen.emit(item.data(PATIENT, NUMBER_ROLE))

    @Slot()
    def _on_delete(self) -> None:
        self.delete_asked.emit(self.chosen())

    @Slot()
    def _on_stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    @Slot()
    def _on_ended(self) -> None:
        self._task = None
        self._show_ticked()


def _ticked_under(patient: QTreeWidgetItem) -> Iterator[int]:
    for place in range(patient.childCount()):
        study = patient.child(place)
        if study is not None and study.checkState(PATIENT) == Qt.CheckState.Checked:
            yield int(study.data(PATIENT, NUMBER_ROLE))
