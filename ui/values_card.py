"""The patient form: values that a model asks for, prefilled from header and measurements."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QUndoCommand
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QWidget

from core.form import PATIENT_FIELDS, FormField
from core.model_facts import ModelFacts
from services.patient_form import forms_for, known_value
from services.typed_table import is_typed
from ui.cases import Case
from ui.controls import Card, KeyButton, label
from ui.desk import Desk
from ui.still_controls import StillComboBox
from ui.tab_order import order_stops
from ui.theme import Theme
from ui.value_field import ValueField


class ValuesCard(Card):
    """Shows the fields of one model at a time; what is typed is kept at once, and counted when asked for.

    Beside an image only models that build on what was measured on it are offered, without one all.
    """

    identity_asked = Signal(bool)  # whether it is the age that is missing
    complained = Signal()  # what is wrong or missing stands beside the button
    typed = Signal()  # another value stands in the form, and is kept

    def __init__(self, theme: Theme, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Values for an estimate"), parent)
        self._theme, self._desk = theme, desk
        self._forms: tuple[ModelFacts, ...] = ()
        self._shown_for: object = None
        self._fields: dict[str, ValueField] = {}
        self._enter: dict[str, KeyButton] = {}  # for what is the patient's own and not known
        self.model = StillComboBox()
        self.model.setAccessibleName(self.tr("Model"))
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.model.currentIndexChanged.connect(self._on_model_chosen)
        self.body.addWidget(self.model)
        self._title = label("", "strong", wrap=True)
        self.body.addWidget(self._title)
        self._why = label("", "muted", wrap=True)
        self.body.addWidget(self._why)
        self._holder = QWidget()
        self.body.addWidget(self._holder)
        self.wrong = label("", "error", wrap=True)
        self.wrong.hide()
        self.body.addWidget(self.wrong)
        self._build_buttons()
        self.setVisible(False)

    def _build_buttons(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.estimate = KeyButton(self.tr("Estimate"))
        self.estimate.clicked.connect(self.submit)
        self.clear = KeyButton(self.tr("Clear"))
        self.clear.clicked.connect(self._on_clear)
        row.addWidget(self.estimate, 1)
        row.addWidget(self.clear)
        self.body.addLayout(row)

    def show_case(self, case: Case, *, opened: bool, locked: bool) -> None:
        """Show the form of a case whose result is open, where a model asks for values."""
        forms = self._forms_of(case) if opened else ()
        another = self._shown_for != case.key
        if another or {one.pack_id: one for one in forms} != {one.pack_id: one for one in self._forms}:
            self._shown_for, self._forms = case.key, forms
            if forms:
                self._list_models(case, keep=not another)
        self.setVisible(bool(forms))
        if not forms:
            return
        self._show_known(case)
        for field in self._fields.values():
            field.lock(locked)
        for enter in self._enter.values():
            enter.setEnabled(not locked)
        self.estimate.setEnabled(not locked)
        self.clear.setEnabled(not locked)

    def _forms_of(self, case: Case) -> tuple[ModelFacts, ...]:
        """Return the models to offer; those offered so far while the models are asked anew."""
        if case.analysis is None and self._shown_for == case.key and not is_typed(case.unit):
            return self._forms
        results = case.analysis.result.results if case.analysis is not None else ()
        return forms_for(case.forms, case.patient, results, typed_alone=is_typed(case.unit))

    def focus_first(self) -> None:
        """Go to the first field without a value, else to the button that asks the model."""
        empty = [field.control for field in self._fields.values() if not field.text()]
        (empty[0] if empty else self.estimate).setFocus()

    def stops(self) -> tuple[QWidget, ...]:
        """Return what Tab goes through, in order: the fields are built anew for each model."""
        return self.model, self._holder, self.estimate, self.clear

    def fields(self) -> dict[str, ValueField]:
        """Return the fields in sight, by code."""
        return dict(self._fields)

    @Slot()
    def submit(self) -> None:
        """Have the model asked; where values are wrong or missing, name them all and go to the first."""
        case = self._desk.case
        if case is None:
            return
        self._keep()
        sentences, fields = self._against(case)
        if not sentences:
            self.wrong.hide()
            self._desk.ask_estimates()
            return
        self._complain(sentences)
        if fields:
            fields[0].control.setFocus()
            self.complained.emit()
        else:
            self.identity_asked.emit(self._needs_age())

    def _against(self, case: Case) -> tuple[list[str], list[ValueField]]:
        """Return a sentence for each wrong value and one for all missing ones, and mark their fields."""
        sentences, missing, marked = [], [], []
        for one in self._form().fields:
            field = self._fields.get(one.code)
            wrong = field.check() if field is not None else ""
            is_missing = not wrong and one.required and not self._is_known(case, one)
            if wrong:
                sentences.append(f"{wrong} {one.help}".strip())
            elif is_missing:
                missing.append(one.title)
            if field is not None and (wrong or is_missing):
                field.mark()
                marked.append(field)
        if missing:
            sentences.append(self.tr("Still needed: {fields}.").format(fields="; ".join(missing)))
        return sentences, marked

    def set_texts(self, texts: dict[str, str]) -> None:
        """Put texts into the fields by code; what is not named is emptied."""
        for code, field in self._fields.items():
            field.set_text(texts.get(code, ""))
        self.wrong.hide()
        self._keep()

    def texts(self) -> dict[str, str]:
        """Return what stands in the fields, by code."""
        return {code: field.text() for code, field in self._fields.items() if field.text()}

    def _complain(self, sentences: list[str]) -> None:
        self.wrong.setText("\n".join(sentences))
        self.wrong.setVisible(bool(sentences))

    def _needs_age(self) -> bool:
        case = self._desk.case
        return case is not None and case.patient.age_years is None

    def _is_known(self, case: Case, one: FormField) -> bool:
        results = case.analysis.result.results if case.analysis is not None else ()
        return one.code in self.texts() or known_value(one, case.patient, results) is not None

    def _keep(self) -> None:
        """Keep what is right of all that stands in the form; other models' values stay as they are."""
        case = self._desk.case
        if case is None:
            return
        kept = {code: one.value for code, one in case.draft.typed.further.items() if code not in self._fields}
        for code, field in self._fields.items():
            value, wrong = field.read()
            if value is not None and not wrong:
                kept[code] = value
        self._desk.jot_values(kept)
        self.typed.emit()

    def _form(self) -> ModelFacts:
        """Return the model whose form is in sight; only where there is one."""
        return self._forms[max(0, self.model.currentIndex())]

    def _list_models(self, case: Case, *, keep: bool) -> None:
        """List the models; the one in sight stays, else the one that most was typed for is shown."""
        chosen = self.model.currentData() if keep else None
        self.model.blockSignals(True)
        self.model.clear()
        for form in self._forms:
            self.model.addItem(form.title, form.pack_id)
        begun = [sum(one.code in case.draft.typed.further for one in form.fields) for form in self._forms]
        place = self.model.findData(chosen) if chosen is not None else -1
        self.model.setCurrentIndex(place if place >= 0 else begun.index(max(begun)))
        self.model.blockSignals(False)
        self.model.setVisible(len(self._forms) > 1)
        self._build_fields()

    def _build_fields(self) -> None:
        form, case = self._form(), self._desk.case
        self._title.setText(form.title)  # the list of models has room for its beginning alone
        self._why.setText(form.intended_use)
        self.model.setToolTip(form.title)
        fresh = QWidget()
        grid = QGridLayout(fresh)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        self._fields, self._enter = {}, {}
        for row, one in enumerate(form.fields):
            if one.code in PATIENT_FIELDS:
                self._build_patient_row(one, grid, row)
                continue
            field = ValueField(one, grid, row, fresh)
            given = case.draft.typed.further.get(one.code) if case is not None else None
            if given is not None:
                field.set_text(f"{given.value:g}" if isinstance(given.value, float) else str(given.value))
            field.edited.connect(self._on_edited)
            field.returned.connect(self._on_returned)
            self._fields[one.code] = field
        self.body.replaceWidget(self._holder, fresh)
        self._holder.deleteLater()
        self._holder = fresh
        self.wrong.hide()
        order_stops(self.stops())

    def _build_patient_row(self, one: FormField, grid: QGridLayout, row: int) -> None:
        """Show what comes from the patient's record; it is changed where the patient is identified."""
        grid.addWidget(label(one.title, "muted", wrap=True), 2 * row, 0)
        known = label("", "body")
        known.setObjectName(f"known-{one.code}")
        grid.addWidget(known, 2 * row, 1, 1, 2, Qt.AlignmentFlag.AlignLeft)
        self._enter[one.code] = enter = KeyButton(self.tr("Enter it"), "identity")
        enter.setAccessibleName(self.tr("Enter: {field}").format(field=one.title))
        enter.clicked.connect(self._on_enter_age if one.code == "age_years" else self._on_enter_identity)
        grid.addWidget(enter, 2 * row + 1, 0, 1, 3)

    def _show_known(self, case: Case) -> None:
        results = case.analysis.result.results if case.analysis is not None else ()
        for one in self._form().fields:
            words = known_value(one, case.patient, results) or ""
            if one.code in self._fields:
                field = self._fields[one.code]
                typed = field.text() or one.code in case.draft.typed.further
                field.show_known("" if typed or not words else self.tr("Used: {value}").format(value=words))
            else:
                known = self._holder.findChildren(QWidget, f"known-{one.code}")
                for shown in known:
                    shown.setProperty("text", words or self.tr("not known"))
                self._enter[one.code].setVisible(not words)

    @Slot()
    def _on_enter_age(self) -> None:
        self.identity_asked.emit(True)

    @Slot()
    def _on_enter_identity(self) -> None:
        self.identity_asked.emit(False)

    @Slot()
    def _on_edited(self) -> None:
        self._keep()
        case = self._desk.case
        if case is not None:
            self._show_known(case)
            if self.wrong.isVisibleTo(self):
                self._complain(self._against(case)[0])

    @Slot()
    def _on_returned(self) -> None:
        """Go to the next empty field at Enter, at the last have the model asked."""
        order = list(self._fields.values())
        place = order.index(self.sender())  # type: ignore[arg-type]
        following = [field for field in order[place + 1 :] if not field.text()]
        if following:
            following[0].control.setFocus()
        else:
            self.submit()

    @Slot(int)
    def _on_model_chosen(self, _place: int) -> None:
        self._build_fields()
        if self._desk.case is not None:
            self._show_known(self._desk.case)

    @Slot()
    def _on_clear(self) -> None:
        """Empty the form; it can be undone with the key of all undoing."""
        before = self.texts()
        if before:
            self._desk.undo.push(_Clearing(self, self._form().pack_id, before, self.tr("clear the values")))

    def put_back(self, pack_id: str, texts: dict[str, str]) -> None:
        """Show a model's form with these texts."""
        place = self.model.findData(pack_id)
        if place >= 0 and self._forms:
            self.model.setCurrentIndex(place)
            self.set_texts(texts)
            if self._desk.case is not None:
                self._show_known(self._desk.case)


class _Clearing(QUndoCommand):
    """The emptying of a form; the stack is emptied when another case is opened."""

    def __init__(self, card: ValuesCard, pack_id: str, before: dict[str, str], text: str) -> None:
        super().__init__(text)
        self._card, self._pack_id, self._before = card, pack_id, before

    def redo(self) -> None:
        """Empty the form."""
        self._card.put_back(self._pack_id, {})

    def undo(self) -> None:
        """Fill it again."""
        self._card.put_back(self._pack_id, self._before)
