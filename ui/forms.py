"""The forms of the reading column: clinical signs, and the words of page 1."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from core.decision import ClinicalSigns, Reading
from services.drafts import SignsJotting
from services.signs import read_signs, sign_questions
from ui.cases import Case
from ui.controls import Card, label, set_role
from ui.shortcuts import tooltip

_X_RAY = frozenset({"CR", "DX", "RG", "XR"})
_MAY_BE_X_RAY = _X_RAY | {"OT", "SC", "", None}


class SignsCard(Card):
    """Breathing, oxygen and danger signs: clinical signs decide."""

    changed = Signal(object, object)  # ClinicalSigns, SignsJotting or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Clinical signs decide"), parent)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.breaths = self._number(row, self.tr("Breaths"), self.tr("/min"), self.tr("Breaths in a minute"))
        self.oxygen = self._number(row, self.tr("SpO₂"), "%", self.tr("Oxygen saturation in percent"))
        row.addStretch(1)
        self.body.addLayout(row)
        self.wrong = label("", "error", wrap=True)
        self.wrong.hide()
        self.body.addWidget(self.wrong)
        self.danger = QLineEdit()
        self.danger.setPlaceholderText(self.tr("Danger signs: write them, or “none”"))
        self.danger.setAccessibleName(self.tr("Danger signs"))
        self.danger.setMaxLength(200)
        self.danger.textEdited.connect(self._on_edited)
        self.body.addWidget(self.danger)

    def load(self, signs: ClinicalSigns, left: SignsJotting | None, *, locked: bool) -> None:
        """Fill every field for a newly opened study."""
        for field in (self.breaths, self.oxygen, self.danger):
            field.clearFocus()
        self.show_signs(signs, left, locked=locked)

    def show_signs(self, signs: ClinicalSigns, left: SignsJotting | None, *, locked: bool) -> None:
        """Fill the form; what cannot be recorded stays as it was typed, with the sentence about it."""
        left = left or SignsJotting()
        texts = (
            (self.breaths, left.breaths or signs.respiratory_rate_per_min),
            (self.oxygen, left.oxygen or signs.oxygen_saturation_percent),
            (self.danger, signs.danger_signs),
        )
        for field, value in texts:
            if not field.hasFocus() or locked:
                field.setText("" if value is None else str(value))
            field.setReadOnly(locked)
            set_role(field)
        self._show_wrong(left)

    @property
    def is_filled(self) -> bool:
        """Whether anything stands in the form."""
        return any(field.text().strip() for field in (self.breaths, self.oxygen, self.danger))

    def _show_wrong(self, left: SignsJotting | None) -> None:
        questions = dict(sign_questions(left))
        set_role(self.breaths, wrong="breaths" in questions)
        set_role(self.oxygen, wrong="oxygen" in questions)
        self.wrong.setText("\n".join(questions.values()))
        self.wrong.setVisible(bool(questions))

    def _number(self, row: QHBoxLayout, name: str, unit: str, accessible: str) -> QLineEdit:
        field = QLineEdit()
        field.setFixedWidth(62)
        field.setMaxLength(12)
        field.setAccessibleName(accessible)
        field.setToolTip(tooltip("signs", accessible))
        field.textEdited.connect(self._on_edited)
        row.addWidget(label(name, "muted"))
        row.addWidget(field)
        row.addWidget(label(unit, "muted"))
        return field

    @Slot()
    def _on_edited(self) -> None:
        signs, left = read_signs(self.breaths.text(), self.oxygen.text(), self.danger.text())
        self._show_wrong(left)
        self.changed.emit(signs, left)


class WordsCard(Card):
    """The reader's own words for page 1."""

    written = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Your report"), parent)
        self.fields: dict[str, QPlainTextEdit] = {}
        for field, name, hint, height in (
            ("indication", self.tr("Indication"), self.tr("Why was it taken?"), 44),
            ("words", self.tr("Reading"), self.tr("What you see, in your words"), 78),
            ("conclusion", self.tr("Conclusion"), self.tr("What it means for this patient"), 60),
            ("advice", self.tr("Advice"), self.tr("What to do next"), 44),
            ("referral", self.tr("Referral"), self.tr("Where to, how urgent; or “none”"), 44),
        ):
            self.body.addWidget(label(name, "small"))
            edit = QPlainTextEdit()
            edit.setObjectName(field)
            edit.setPlaceholderText(hint)
            edit.setAccessibleName(name)
            edit.setToolTip(tooltip("own_report", hint))
            edit.setTabChangesFocus(True)
            edit.setFixedHeight(height)
            edit.textChanged.connect(self._on_typed)
            self.body.addWidget(edit)
            self.fields[field] = edit

    def show_reading(self, reading: Reading, *, locked: bool) -> None:
        """Fill the fields that nobody is typing in."""
        for name, edit in self.fields.items():
            text = getattr(reading, name)
            if edit.toPlainText() != text and (not edit.hasFocus() or locked):
                edit.blockSignals(True)
                edit.setPlainText(text)
                edit.blockSignals(False)
            edit.setReadOnly(locked)
            set_role(edit)

    def first_empty(self) -> QPlainTextEdit:
        """Return the first field without words as they stand on the page, else the first."""
        fields = tuple(self.fields.values())
        return next((edit for edit in fields if not edit.toPlainText().strip()), fields[0])

    def load(self, reading: Reading, *, locked: bool, image: bool = True) -> None:
        """Fill every field for a newly opened study; without ``image`` nothing was taken or seen."""
        hints = {
            "indication": self.tr("Why was it taken?") if image else self.tr("Why is it asked?"),
            "words": self.tr("What you see, in your words")
            if image
            else self.tr("What you make of the values, in your words"),
        }
        for name, hint in hints.items():
            self.fields[name].setPlaceholderText(hint)
            self.fields[name].setToolTip(tooltip("own_report", hint))
        for edit in self.fields.values():
            edit.clearFocus()
        self.show_reading(reading, locked=locked)

    @Slot()
    def _on_typed(self) -> None:
        edit = self.sender()
        assert isinstance(edit, QPlainTextEdit)
        self.written.emit(edit.objectName(), edit.toPlainText())


def signs_are_asked(case: Case) -> bool:
    """Whether breathing is counted beside an image: not beside a heart, a breast or a smear."""
    if case.unit.header.modality not in _MAY_BE_X_RAY:
        return False
    results = case.analysis.result.results if case.analysis is not None else ()
    spoke = [case.facts.get(pack.stamp.pack_id) for pack in results if pack.status == "ok"]
    read = [frozenset(one.modalities) for one in spoke if one is not None and one.modalities]
    return not read or any(kinds & _X_RAY for kinds in read)
