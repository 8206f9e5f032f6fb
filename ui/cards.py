"""The cards of the reading column: first impression, the computer's state, findings, checks."""

from __future__ import annotations

import html

from PySide6.QtCore import QCoreApplication, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QSlider, QWidget

from core.decision import Answer, Decision, FirstRead, Impression
from core.result import Finding, PackResult, Result
from services.words import finding_sentence, pack_sentence, side_sentence
from ui import words
from ui.controls import Card, Chip, IconLabel, KeyButton, Switch, label
from ui.score_line import ScoreLine
from ui.shortcuts import tooltip
from ui.theme import Theme

IMPRESSIONS: tuple[Impression, ...] = ("nothing_seen", "abnormal", "unsure")


class ImpressionCard(Card):
    """Asks what the reader sees, before anything else is shown."""

    given = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.body.addWidget(label(self.tr("What do you see?"), "title"))
        self.body.addWidget(
            label(
                self.tr("Read the image first. The computer's result opens after your first impression."),
                "muted",
                wrap=True,
            )
        )
        self.body.addSpacing(2)
        names = (self.tr("Nothing seen"), self.tr("Abnormal"), self.tr("Unsure"))
        self.buttons = {}
        for impression, name in zip(IMPRESSIONS, names, strict=True):
            button = KeyButton(name, impression, spread=True)
            button.setProperty("tall", True)
            button.setFixedHeight(44)
            button.setObjectName(impression)
            button.clicked.connect(self._on_clicked)
            self.body.addWidget(button)
            self.buttons[impression] = button

    def set_ready(self, ready: bool) -> None:
        """Let the impression be given only where the image is in sight."""
        for button in self.buttons.values():
            button.setEnabled(ready)

    @Slot()
    def _on_clicked(self) -> None:
        self.given.emit(self.sender().objectName())


def impression_words(first: FirstRead) -> str:
    """Return the impression in words."""
    said = {
        "nothing_seen": QCoreApplication.translate("impression", "nothing seen"),
        "abnormal": QCoreApplication.translate("impression", "abnormal"),
        "unsure": QCoreApplication.translate("impression", "unsure"),
    }
    return said[first.impression]


class FirstReadLine(QLabel):
    """Says which impression was given, and when."""

    def show_first_read(self, first: FirstRead | None) -> None:
        """Show it, or nothing."""
        self.setVisible(first is not None)
        if first is not None:
            self.setTextFormat(Qt.TextFormat.RichText)
            self.setText(
                self.tr("Your first impression: {words} · {time}").format(
                    words=f"<b>{html.escape(impression_words(first))}</b>", time=words.clock_time(first.at)
                )
            )
            self.setProperty("role", "muted")


class ComputerCard(Card):
    """Where the analysis stands while the results are closed."""

    retry_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Computer"), parent)
        row = QHBoxLayout()
        row.setSpacing(10)
        self._icon = IconLabel(theme, "clock", "muted")
        self._words = label("", "muted", wrap=True)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._words, 1)
        self.body.addLayout(row)
        self.retry = KeyButton(self.tr("Try again"), "retry")
        self.retry.clicked.connect(self.retry_asked)
        self.body.addWidget(self.retry)

    def show_state(self, text: str, icon: str, token: str, *, failed: bool = False) -> None:
        """Show one sentence, and the way to try again where the analysis failed."""
        self.retry.setVisible(failed)
        self._icon.set_face(icon, token)
        self._words.setText(text)
        self.setAccessibleDescription(text)

    def text(self) -> str:
        """Return the sentence."""
        return self._words.text()


class FindingCard(Card):
    """One finding: words, then the line, then the map; then the reader's answer."""

    answered = Signal(str, str, str, str, str)  # pack, finding, answer, words, note
    jotted = Signal(str, str, str, str)  # pack, finding, words, note
    overlay_changed = Signal(bool, int)

    def __init__(
        self,
        theme: Theme,
        pack: PackResult,
        finding: Finding,
        *,
        map_shown: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent=parent)
        self.pack_id, self.finding_code = pack.stamp.pack_id, finding.code
        self._theme = theme
        self._decision: Decision | None = None
        self._build_head(pack, finding)
        self.body.addWidget(self._sentence(finding))
        self.body.addWidget(ScoreLine(theme, finding))
        self.map_row = self._build_map_row(finding, map_shown)
        self._build_answers(finding)

    def show_decision(self, decision: Decision | None, *, locked: bool) -> None:
        """Show the answer that is kept."""
        for answer, button in self.buttons.items():
            button.setChecked(decision is not None and decision.answer == answer)
            button.setEnabled(not locked)
        self.words.setVisible((decision is not None and decision.answer == "edited") or self._editing)
        if decision is not None and self._decision is not None:
            self._follow(decision, self._decision)
        self._decision = decision
        self.words.setReadOnly(locked)
        self.note.setReadOnly(locked)

    def _follow(self, decision: Decision, before: Decision) -> None:
        """Show words and note of an answer that was changed elsewhere (undo), but where somebody types."""
        if decision.words != before.words and not self.words.hasFocus():
            self.words.setText(decision.words)
        if decision.note != self.note.toPlainText().strip() and not self.note.hasFocus():
            self._set_note(decision.note)

    def _set_note(self, note: str) -> None:
        self.note.blockSignals(True)
        self.note.setPlainText(note)
        self.note.blockSignals(False)

    def load(self, words: str, note: str) -> None:
        """Fill the fields of a newly made card with what is kept."""
        self.words.setText(words)
        self._set_note(note)

    def answer(self, answer: Answer) -> None:
        """Give an answer, as by its button."""
        if not self.buttons[answer].isEnabled():
            return
        if answer == "edited":
            was_open = self.words.isVisibleTo(self)
            self._editing = True
            self.words.show()
            self.words.setFocus()
            if not was_open or not self.words.text().strip():
                self.buttons["edited"].setChecked(False)
                return
        else:
            self._editing = False
        self._send(answer)

    def note_focus(self) -> None:
        """Go to the note."""
        self.note.setFocus()

    def leave_edit(self) -> bool:
        """Close the line for own words where nothing was kept; returns whether it was open."""
        if not self._editing:
            return False
        self._editing = False
        self.words.hide()
        return True

    def _build_head(self, pack: PackResult, finding: Finding) -> None:
        row = QHBoxLayout()
        row.addWidget(label(finding.label, "title"))
        row.addStretch(1)
        names = {
            "research": self.tr("research"),
            "demonstration": self.tr("demonstration"),
            "assist": self.tr("assist"),
        }
        chip = Chip(names[pack.stamp.pack_class], "plain" if pack.stamp.pack_class == "assist" else "warning")
        chip.setToolTip(f"{pack.title} {pack.stamp.version}")
        row.addWidget(chip)
        self.body.addLayout(row)

    def _sentence(self, finding: Finding) -> QLabel:
        text = finding_sentence(finding)
        first, stop, rest = text.partition(". ")
        tint = {"above": "critical", "undecided": "warning", "below": "ink"}[finding.position]
        color = self._theme.color(tint).name()
        made = QLabel(f'<b style="color:{color}">{html.escape(first + stop)}</b>{html.escape(rest)}')
        made.setWordWrap(True)
        made.setTextFormat(Qt.TextFormat.RichText)
        made.setAccessibleName(text)
        return made

    def _build_map_row(self, finding: Finding, map_shown: bool) -> QWidget | None:
        if not map_shown:
            if finding.position == "above":
                self.body.addWidget(
                    label(self.tr("No map: its measured quality is not good enough."), "small", wrap=True)
                )
            return None
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label(self.tr("Map"), "muted"))
        self.switch = Switch(self._theme, self.tr("Map"))
        self.switch.setToolTip(tooltip("map"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(10, 100)
        self.slider.setAccessibleName(self.tr("Strength of the map"))
        self.slider.setToolTip(self.tr("Fainter [   stronger ]"))
        self._percent = label("", "muted")
        self._percent.setFixedWidth(42)
        self._percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.switch)
        row.addWidget(self.slider, 1)
        row.addWidget(self._percent)
        self.switch.toggled.connect(self._on_overlay_moved)
        self.slider.valueChanged.connect(self._on_overlay_moved)
        self.body.addWidget(holder)
        return holder

    def show_overlay_look(self, shown: bool, percent: int) -> None:
        """Set switch and slider without telling anybody."""
        if self.map_row is None:
            return
        for part in (self.switch, self.slider):
            part.blockSignals(True)
        self.switch.setChecked(shown)
        self.slider.setValue(percent)
        self.slider.setEnabled(shown)
        self._percent.setText(f"{percent} %")
        for part in (self.switch, self.slider):
            part.blockSignals(False)

    def _build_answers(self, finding: Finding) -> None:
        self._editing = False
        row = QHBoxLayout()
        row.setSpacing(8)
        names: tuple[tuple[Answer, str, str], ...] = (
            ("agree", "agree", self.tr("Agree")),
            ("disagree", "disagree", self.tr("Disagree")),
            ("edited", "edit", self.tr("Edit")),
        )
        self.buttons: dict[Answer, KeyButton] = {}
        for answer, act, name in names:
            button = KeyButton(name, act)
            button.setCheckable(True)
            button.setObjectName(answer)
            button.clicked.connect(self._on_answer_clicked)
            row.addWidget(button, 1)
            self.buttons[answer] = button
        self.body.addLayout(row)
        self.words: QLineEdit = QLineEdit()
        self.words.setPlaceholderText(self.tr("In your own words, then Enter"))
        self.words.setAccessibleName(self.tr("{finding}: in your own words").format(finding=finding.label))
        self.words.returnPressed.connect(self._on_words_entered)
        self.words.textEdited.connect(self._on_typed)
        self.words.hide()
        self.body.addWidget(self.words)
        self.note = QPlainTextEdit()
        self.note.setPlaceholderText(self.tr("Note …"))
        self.note.setAccessibleName(self.tr("{finding}: note").format(finding=finding.label))
        self.note.setToolTip(tooltip("note"))
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(46)
        self.note.textChanged.connect(self._on_typed)
        self.body.addWidget(self.note)

    def _send(self, answer: Answer) -> None:
        own = self.words.text().strip() if answer == "edited" else ""
        self.answered.emit(self.pack_id, self.finding_code, answer, own, self.note.toPlainText().strip())

    @Slot()
    def _on_answer_clicked(self) -> None:
        self.answer(self.sender().objectName())  # type: ignore[arg-type]

    @Slot()
    def _on_words_entered(self) -> None:
        if self.words.text().strip():
            self._send("edited")
            self._editing = False
            self.words.clearFocus()

    @Slot()
    def _on_typed(self) -> None:
        self.jotted.emit(self.pack_id, self.finding_code, self.words.text(), self.note.toPlainText())

    @Slot()
    def _on_overlay_moved(self) -> None:
        self.overlay_changed.emit(self.switch.isChecked(), self.slider.value())


class RefusalCard(Card):
    """A refusal, calm and useful: what, why, and what to do."""

    age_asked = Signal()
    retry_asked = Signal()

    def __init__(self, theme: Theme, pack: PackResult, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        assert pack.refusal is not None
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(IconLabel(theme, "ban", "warning"), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(
            label(self.tr("Not answered: {title}").format(title=pack.title), "strong", wrap=True), 1
        )
        self.body.addLayout(row)
        self.body.addWidget(label(pack.refusal.reason, "body", wrap=True))
        self.body.addWidget(label(pack.refusal.advice, "muted", wrap=True))
        if pack.refusal.gate == "age":
            button = KeyButton(self.tr("Enter the age"), "identity")
            button.clicked.connect(self.age_asked)
            self.body.addWidget(button)
        if pack.refusal.gate == "failed":
            again = KeyButton(self.tr("Try again"), "retry")
            again.clicked.connect(self.retry_asked)
            self.body.addWidget(again)


class CorrectionLine(QWidget):
    """What was put right for the models and stays as it is in the image in sight."""

    def __init__(self, theme: Theme, notes: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(IconLabel(theme, "rotate-cw", "warning"), 0, Qt.AlignmentFlag.AlignTop)
        self.words = label("\n".join(notes), "strong", wrap=True)
        row.addWidget(self.words, 1)


class ChecksCard(Card):
    """What was looked at before a model spoke, and what nobody looked for."""

    def __init__(
        self, theme: Theme, result: Result, not_looked_for: tuple[str, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(self.tr("Checks"), parent)
        self._theme = theme
        self._show_good(result)
        self._show_notes(result)
        self._show_contradictions(result)
        self._show_silent(result)
        if not_looked_for:
            text = self.tr("Not looked for: {list}").format(list=", ".join(not_looked_for))
            self._line("circle-slash", "warning", text)
        for error in result.errors:
            self._line("circle-alert", "critical", error.message)

    def _show_good(self, result: Result) -> None:
        """Fold all that is as it should be into one line; its sentences stand in the tooltip."""
        good = [check for pack in result.results for check in pack.quality if check.outcome == "good"]
        names = dict.fromkeys(check.name.casefold() for check in good)
        if names:
            line = self._line(
                "check", "accent", self.tr("Quality good: {list}").format(list=", ".join(names))
            )
            line.setToolTip("\n".join(dict.fromkeys(check.text for check in good)))
        for pack in result.results:
            if pack.status == "ok" and not pack.findings and pack.masks:
                self._line("check", "accent", pack_sentence(pack, result.side))

    def _show_notes(self, result: Result) -> None:
        notes = [check.text for pack in result.results for check in pack.quality if check.outcome == "note"]
        for text in dict.fromkeys(notes):
            self._line("triangle-alert", "warning", text)
        corrections = [pack.correction.text for pack in result.results if pack.correction is not None]
        for text in dict.fromkeys(corrections):
            self._line("rotate-cw", "warning", text)
        if result.side == "contradicted":
            self._line("triangle-alert", "warning", side_sentence(result.side))

    def _show_contradictions(self, result: Result) -> None:
        for contradiction in result.patient.contradictions:
            self._line(
                "triangle-alert",
                "warning",
                self.tr("{field}: “{used}” is used, the other source says “{other}”").format(
                    field=contradiction.field.replace("_", " "),
                    used=contradiction.used,
                    other=contradiction.other,
                ),
            )

    def _show_silent(self, result: Result) -> None:
        for pack in result.results:
            if pack.status == "not_applicable":
                self._line("circle-slash", "muted", f"{pack.title}: {pack_sentence(pack)}")
        if not any(pack.status in {"ok", "refused"} for pack in result.results):
            self._line(
                "circle-slash", "muted", self.tr("No model looked at this image: nothing was looked for.")
            )

    def _line(self, icon: str, token: str, text: str) -> QLabel:
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(IconLabel(self._theme, icon, token, 16), 0, Qt.AlignmentFlag.AlignTop)
        words = label(text, "muted", wrap=True)
        row.addWidget(words, 1)
        self.body.addLayout(row)
        return words
