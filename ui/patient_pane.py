"""The side of the records: the chosen patient, their studies, what is asked, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from core.errors import FarlightError
from services.record_facts import who
from services.typed_table import find_table
from services.workplace import Workplace
from store.records import ListedStudy, PatientRow
from ui.controls import Card, KeyButton, enable, label
from ui.records_model import RecordLine, day_word, state_word, study_word
from ui.tab_order import order_stops
from ui.two_lines import breakable

WIDTH, NARROW = 344, 300
NARROW_WINDOW = 1200
LONGEST_WORD = 22
MOST_STUDIES = 40


class _AsTallAsItsWords(QWidget):
    """A column that asks for the height that its words take at its width, whenever either changes."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height for the present width."""
        column = self.layout()
        asked = super().minimumSizeHint()
        if column is None or not column.hasHeightForWidth():
            return asked
        return QSize(asked.width(), max(asked.height(), column.heightForWidth(self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Ask anew where the width changed: a scroll bar came or went."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()


class PatientPane(QWidget):
    """Speaks of one patient at a time; ``further`` is the place for what other parts add to a patient."""

    open_asked = Signal(object)  # ListedStudy
    report_asked = Signal(object)  # ListedStudy
    study_asked = Signal(int)  # study_id: mark it in the list
    move_asked = Signal(object)  # ListedStudy
    merge_asked = Signal(int, int)  # the patient, and the other one (0: not said)
    apart_asked = Signal(int, int)
    split_asked = Signal(object)  # MergeRow
    line_shown = Signal(object)  # RecordLine, or None
    failed = Signal(object)

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("column")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        self._workplace = workplace
        self.line: RecordLine | None = None
        self._made: list[QWidget] = []
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self._area = area = QScrollArea()
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = _AsTallAsItsWords()
        inner.setMinimumWidth(1)  # never wider than what is in sight: words wrap, buttons elide
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(14, 14, 14, 14)
        self._column.setSpacing(10)
        self._changing = QVBoxLayout()
        self._changing.setSpacing(10)
        self._column.addLayout(self._changing)
        self.further = QVBoxLayout()
        self.further.setSpacing(10)
        self._column.addLayout(self.further)
        self._column.addStretch(1)
        area.setWidget(inner)
        whole.addWidget(area)

    def show_line(self, line: RecordLine | None) -> None:
        """Show a row's patient, or that nobody is chosen."""
        if self.line is None or line is None or self.line.patient_id != line.patient_id:
            self._area.verticalScrollBar().setValue(0)
        self.line = line
        self.line_shown.emit(line)
        for widget in self._made:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        self._made.clear()
        if line is None:
            self._add(label(self.tr("Choose a row to see the patient."), "muted", wrap=True))
            return
        try:
            self._build(line)
        except FarlightError as error:
            self.failed.emit(error)
        held = (self.further.itemAt(number) for number in range(self.further.count()))
        added = (item.widget() for item in held if item is not None)
        order_stops([*self._made, *(widget for widget in added if widget is not None)])

    def _build(self, line: RecordLine) -> None:
        records = self._workplace.records
        patient = records.patient(line.patient_id)
        if patient is None:
            return
        self._add(label(self.tr("RECORD OF"), "heading"))
        head = label(patient.name or self.tr("Name not known"), "title", wrap=True)
        self._add(head)
        self._add(label(self._facts(patient), "muted", wrap=True))
        if line.study is not None:
            self._add(self._study_card(line.study))
        for other in records.perhaps_same(patient.patient_id):
            self._add(self._question(patient, other))
        self._add(self._patient_card(patient, line.study))
        self._add(self._studies_card(records.studies_of(patient.patient_id), line.study))
        for merge, gone in self._workplace.corrections.merges_into(patient.patient_id):
            self._add(self._merge_card(gone, merge))

    def _facts(self, patient: PatientRow) -> str:
        sexes = {"F": self.tr("Female"), "M": self.tr("Male"), "O": self.tr("Other")}
        parts = [self.tr("ID {id}").format(id=patient.number)] if patient.number else []
        if patient.birth_date:
            parts.append(self.tr("born {date}").format(date=day_word(patient.birth_date)))
        parts += [sexes[patient.sex]] if patient.sex in sexes else []
        parts.append(self.tr("record {number}").format(number=patient.patient_id))
        return " · ".join(parts)

    def _study_card(self, study: ListedStudy) -> Card:
        card = Card(self.tr("This study"))
        title = " · ".join(part for part in (study_word(study), day_word(study.study_date)) if part)
        card.body.addWidget(label(title, "strong", wrap=True))
        card.body.addWidget(label(self._standing(study), "muted", wrap=True))
        for told in self._workplace.records.corrections(study.unit_key):
            text = self.tr("Moved on {date} from {before} to {after}, by {name}.").format(
                date=day_word(told.at.date().isoformat()),
                before=told.before,
                after=told.after,
                name=told.name,
            )
            card.body.addWidget(label(f"{text} {told.why}".strip(), "small", wrap=True))
        typed = find_table(study.path) is not None
        what = self.tr("Open the values") if typed else self.tr("Open the image")
        opened = KeyButton(what, "read_this", kind="primary")
        opened.clicked.connect(self._on_open)
        card.body.addWidget(opened)
        report = KeyButton(self.tr("Show the signed report"))
        report.clicked.connect(self._on_report)
        enable(report, study.report_id is not None, self.tr("This study is not signed"))
        card.body.addWidget(report)
        return card

    def _standing(self, study: ListedStudy) -> str:
        if study.signed_at is not None:
            return self.tr("Signed {date}").format(date=day_word(study.signed_at))
        return self.tr("{state} · opened {date}").format(
            state=state_word(study.state), date=day_word(study.last_opened_at)
        )

    def _question(self, patient: PatientRow, other: PatientRow) -> Card:
        card = Card(self.tr("One person?"))
        text = self.tr("{other} has the same number, or the same name and birth date.").format(
            other=who(other)
        )
        card.body.addWidget(label(text, "warning", wrap=True))
        same = KeyButton(self.tr("One person: merge …"))
        same.setProperty("other", other.patient_id)
        same.clicked.connect(self._on_merge)
        two = KeyButton(self.tr("Two people"))
        two.setProperty("other", other.patient_id)
        two.clicked.connect(self._on_apart)
        for button in (same, two):
            self._allow(button)
            card.body.addWidget(button)
        return card

    def _patient_card(self, patient: PatientRow, study: ListedStudy | None) -> Card:
        card = Card(self.tr("Put right"))
        move = KeyButton(self.tr("This study is somebody else's …"))
        move.clicked.connect(self._on_move)
        merge = KeyButton(self.tr("Merge with another record …"))
        merge.setProperty("other", 0)
        merge.clicked.connect(self._on_merge)
        for button in (move, merge):
            self._allow(button)
            card.body.addWidget(button)
        if study is None:
            enable(move, False, self.tr("This patient has no study"))
        return card

    def _allow(self, button: KeyButton) -> None:
        may = self._workplace.session.may("correct_identity")
        enable(button, may, self.tr("A clinician or an administrator may do this"))

    def _studies_card(self, studies: tuple[ListedStudy, ...], chosen: ListedStudy | None) -> Card:
        card = Card(self.tr("Studies of this patient ({count})").format(count=len(studies)))
        for study in studies[:MOST_STUDIES]:
            parts = (day_word(study.study_date), study_word(study), state_word(study.state))
            row = KeyButton(" · ".join(part for part in parts if part), spread=True)
            row.setProperty("study", study.study_id)
            row.clicked.connect(self._on_study)
            if chosen is not None and study.study_id == chosen.study_id:
                enable(row, False, self.tr("This study is chosen"))
            card.body.addWidget(row)
        if len(studies) > MOST_STUDIES:
            more = self.tr("{count} more: search for the ID.").format(count=len(studies) - MOST_STUDIES)
            card.body.addWidget(label(more, "small", wrap=True))
        return card

    def _merge_card(self, gone: str, merge: object) -> Card:
        card = Card(self.tr("Merged into this record"))
        card.body.addWidget(label(gone, "body", wrap=True))
        split = KeyButton(self.tr("Make two records again …"))
        split.setProperty("merge", merge)
        split.clicked.connect(self._on_split)
        self._allow(split)
        card.body.addWidget(split)
        return card

    def fit(self, window_width: int) -> None:
        """Leave more room for the list in a narrow window."""
        self.setFixedWidth(NARROW if window_width < NARROW_WINDOW else WIDTH)

    def _add(self, widget: QWidget) -> None:
        for button in widget.findChildren(KeyButton):
            button.elide_words()
        for words in (widget, *widget.findChildren(QLabel)):
            if isinstance(words, QLabel) and words.wordWrap():
                words.setText(breakable(words.text(), LONGEST_WORD))
                policy = words.sizePolicy()
                policy.setHeightForWidth(True)
                words.setSizePolicy(policy)
        self._made.append(widget)
        self._changing.addWidget(widget)

    # --- what was clicked

    @Slot()
    def _on_open(self) -> None:
        if self.line is not None and self.line.study is not None:
            self.open_asked.emit(self.line.study)

    @Slot()
    def _on_report(self) -> None:
        if self.line is not None and self.line.study is not None:
            self.report_asked.emit(self.line.study)

    @Slot()
    def _on_move(self) -> None:
        if self.line is not None and self.line.study is not None:
            self.move_asked.emit(self.line.study)

    @Slot()
    def _on_merge(self) -> None:
        if self.line is not None:
            self.merge_asked.emit(self.line.patient_id, self.sender().property("other"))

    @Slot()
    def _on_apart(self) -> None:
        if self.line is not None:
            self.apart_asked.emit(self.line.patient_id, self.sender().property("other"))

    @Slot()
    def _on_split(self) -> None:
        self.split_asked.emit(self.sender().property("merge"))

    @Slot()
    def _on_study(self) -> None:
        self.study_asked.emit(self.sender().property("study"))
