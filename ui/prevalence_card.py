"""The settings of how common findings are here: what a score means depends on it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from core.errors import FarlightError, PrevalenceError
from core.model_facts import ModelFacts
from services.packs import installed_packs
from services.prevalence_desk import Asked
from services.workplace import Workplace
from ui.controls import Card, KeyButton, enable, label, set_role
from ui.demonstration_card import SETTING as DEMONSTRATIONS_ON
from ui.duties import who_may
from ui.pack_dialogs import ChangeDialog
from ui.task import Handle, Pools, Task

_NAME_WIDTH = 130


class PrevalenceCard(Card):
    """For each finding that a model scores: of 100 patients examined for it here, how many have it."""

    changed = Signal()
    failed = Signal(object)
    outdated = Signal(object)

    def __init__(self, workplace: Workplace, pools: Pools, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._workplace, self._pools = workplace, pools
        self._models: tuple[ModelFacts, ...] | None = None
        self._asking: Task | None = None
        self.rows: list[PrevalenceRow] = []
        self.dialog: ChangeDialog | None = None
        self._going: Asked | None = None
        name = self.tr("How common it is here")
        self.setAccessibleName(name)
        self.body.addWidget(label(name.upper(), "heading"))
        self.body.addWidget(
            label(
                self.tr(
                    "The same score means something else where fewer or more have the disease. With this "
                    "number Farlight also says how many of 100 patients with such a score have it here; "
                    "without it, the score stands alone. Count in your own register."
                ),
                "small",
                wrap=True,
            )
        )
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        self.body.addLayout(self._list)
        self._words = label(self.tr("Looking for models …"), "muted", wrap=True)
        self.body.addWidget(self._words)

    @Slot()
    def load(self) -> None:
        """Ask which findings the models in use score; again whenever they change."""
        work = partial(_models, self._workplace)
        task = self._asking = self._pools.files("prevalences", work, instead_of=self._asking)
        task.succeeded.connect(self.show_models)
        task.failed.connect(self.failed)

    @Slot()
    def refresh(self) -> None:
        """Show what was entered, and let who is logged in change what they may."""
        if self._models is None:
            return
        at = self.window().focusWidget()
        held = next((row.about_key for row in self.rows if at is not None and row.isAncestorOf(at)), None)
        for row in self.rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        asked = self._workplace.prevalences.asked(self._models)
        self.rows = [PrevalenceRow(one, may=self._workplace.session.may("settings")) for one in asked]
        for row in self.rows:
            row.given.connect(self._on_given)
            row.taken_back.connect(self._on_taken_back)
            self._list.addWidget(row)
            if row.about_key == held:
                row.number.setFocus()
        self._words.setVisible(not asked)
        self._words.setText(self.tr("No model that scores a finding is installed."))
        self.outdated.emit(tuple(one for one in asked if one.outdated))

    @Slot(object)
    def show_models(self, models: tuple[ModelFacts, ...]) -> None:
        """Ask about what these models score."""
        self._models = models
        self.refresh()

    @Slot(object, float, str)
    def _on_given(self, about: Asked, share: float, source: str) -> None:
        try:
            self._workplace.enter_prevalence(about, share, source)
        except PrevalenceError as error:
            row = self.sender()
            assert isinstance(row, PrevalenceRow)
            row.tell(error)
            return
        except FarlightError as error:
            self.failed.emit(error)
            return
        self.refresh()
        self.changed.emit()

    @Slot(object)
    def _on_taken_back(self, about: Asked) -> None:
        """Ask first: the number and where it is from are gone afterwards."""
        assert about.kept is not None
        self._going = about
        self.dialog = ChangeDialog(
            self.tr("Forget how common {label} is here").format(label=about.label),
            self.tr("Forget it"),
            (
                self.tr("Goes: {share} of 100, entered by {person} on {day}.").format(
                    share=f"{100 * about.kept.share:.6g}",
                    person=about.kept.person,
                    day=about.kept.entered_at[:10],
                ),
                self.tr("From then on its scores are shown without what they mean here."),
            ),
            self.window(),
        )
        self.dialog.finished.connect(self._on_forget_answered)
        self.dialog.open()

    @Slot(int)
    def _on_forget_answered(self, answer: int) -> None:
        about, self.dialog, self._going = self._going, None, None
        if answer == QDialog.DialogCode.Accepted and about is not None:
            self._forget(about)

    def _forget(self, about: Asked) -> None:
        try:
            self._workplace.remove_prevalence(about)
        except FarlightError as error:
            self.failed.emit(error)
            return
        self.refresh()
        self.changed.emit()


class PrevalenceRow(QWidget):
    """One finding: the number, where it is from, and what was entered so far."""

    given = Signal(object, float, str)
    taken_back = Signal(object)

    def __init__(self, about: Asked, *, may: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._about = about
        kept = about.kept if about.kept is not None and not about.outdated else None
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        self.number = QLineEdit(f"{100 * kept.share:.6g}" if kept is not None else "")
        self.number.setAccessibleName(self.tr("{label}: of 100 patients").format(label=about.label))
        self.number.setMaximumWidth(90)
        self.number.setPlaceholderText(self.tr("unknown"))
        self.source = QLineEdit(kept.source if kept is not None else "")
        self.source.setPlaceholderText(
            self.tr("where the number is from, as in: register 2026, 214 patients")
        )
        self.source.setAccessibleName(self.tr("{label}: where from").format(label=about.label))
        self.keep = KeyButton(self.tr("Keep"))
        self.remove = KeyButton(self.tr("Forget …"))
        self.remove.setAccessibleName(self.tr("Forget {label} …").format(label=about.label))
        self.remove.setVisible(about.kept is not None)
        self.said = label(self._said(), "warning" if about.outdated else "small", wrap=True)
        self.said.setVisible(bool(self.said.text()))
        self._build(grid)
        for part in (self.number, self.source, self.keep, self.remove):
            enable(part, may, who_may("settings"))
        self.keep.clicked.connect(self._on_keep)
        self.number.returnPressed.connect(self._on_keep)
        self.source.returnPressed.connect(self._on_keep)
        self.remove.clicked.connect(self._on_remove)

    @property
    def about_key(self) -> tuple[str, str]:
        """Pack and finding."""
        return self._about.pack_id, self._about.finding

    def _build(self, grid: QGridLayout) -> None:
        name: QLabel = label(self._about.label, "strong", wrap=True)
        name.setToolTip(f"{self._about.title} {self._about.version}")
        name.setFixedWidth(_NAME_WIDTH)
        grid.addWidget(name, 0, 0)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.number)
        line.addWidget(label(self.tr("of 100 patients examined for it here"), "body"))
        line.addStretch(1)
        line.addWidget(self.keep)
        grid.addLayout(line, 0, 1)
        grid.addWidget(self.source, 1, 1)
        below = QHBoxLayout()  # what forgets stands nowhere near what keeps
        below.setSpacing(8)
        below.addWidget(self.remove)
        below.addWidget(self.said, 1)
        grid.addLayout(below, 2, 1)

    def _said(self) -> str:
        kept = self._about.kept
        if kept is None:
            return ""
        if self._about.outdated:
            return self.tr(
                "{share} of 100 was entered for version {old}. The model is now {new}: enter it again."
            ).format(share=f"{100 * kept.share:.6g}", old=kept.version, new=self._about.version)
        return self.tr("Entered by {person} on {day}, for version {version}").format(
            person=kept.person, day=kept.entered_at[:10], version=kept.version
        )

    @Slot()
    def _on_remove(self) -> None:
        self.taken_back.emit(self._about)

    @Slot()
    def _on_keep(self) -> None:
        try:
            share = float(self.number.text().strip().replace(",", ".")) / 100.0
            self.given.emit(self._about, share, self.source.text())
        except ValueError:
            self.tell(PrevalenceError(self._about.finding))

    def tell(self, error: PrevalenceError) -> None:
        """Say at the number what is wrong with it."""
        self.said.setText(f"{error.title} {error.hint} ({error.code})")
        set_role(self.said, role="warning")
        self.said.show()


def _models(workplace: Workplace, _handle: Handle) -> tuple[ModelFacts, ...]:
    in_use = installed_packs(library=workplace.packs.library())
    demonstrations = workplace.settings.flag(DEMONSTRATIONS_ON)
    return tuple(
        entry.facts
        for entry in in_use
        if entry.facts is not None
        and entry.error is None
        and (demonstrations or entry.facts.pack_class != "demonstration")
    )
