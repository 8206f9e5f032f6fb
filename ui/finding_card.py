"""One finding: what the machine says, and the reader's answer to it."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QWidget

from core.decision import Answer, Decision
from core.result import Finding, PackResult
from core.wording import say
from services.before_signing import is_answer
from services.words import beside_sentences, cautions, finding_sentence, site_sentence
from ui.controls import KeyButton, Switch, enable, label, set_role
from ui.map_choice import MapKey
from ui.own_words import OwnWords
from ui.score_line import ScoreLine
from ui.shortcuts import tooltip
from ui.still_controls import StillSlider
from ui.theme import Theme
from ui.watermarked_card import WatermarkedCard


class FindingCard(WatermarkedCard):
    """One finding: words, then the line, then the map; then the reader's answer."""

    answered = Signal(str, str, str, str, str)  # pack, finding, answer, words, note
    jotted = Signal(str, str, str, str, bool)  # pack, finding, words, note, line for own words is open
    line_opened = Signal()  # the line for own words is open and has the focus
    overlay_changed = Signal(object, bool, int)  # whose map, shown, percent

    def __init__(
        self,
        theme: Theme,
        pack: PackResult,
        finding: Finding,
        *,
        map_shown: bool,
        always_say: Sequence[str] = (),
        rates: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, pack, finding.label, "title", parent)
        self.finding_code = finding.code
        self.is_answerable = is_answer(finding) and not self.is_demonstration
        self._decision: Decision | None = None
        self._shown_once = False
        self.words, self.note = OwnWords(), QPlainTextEdit()
        for caution in cautions(pack):
            self.body.addWidget(label(caution, "warning", wrap=True))
        licence = say("packs.licence.non_commercial")
        warned = [one for one in always_say if self.is_demonstration and one != licence]
        for words in warned:  # what such a model does not notice, before it is read what it says
            self.body.addWidget(label(words, "warning", wrap=True))
        self.body.addWidget(self._sentence(finding))
        if beside := " ".join(one for one in always_say if one not in warned):
            self.body.addWidget(label(beside, "muted", wrap=True))
        self.body.addWidget(ScoreLine(theme, finding))
        for line in (rates, *beside_sentences(pack, finding)):
            if line:
                self.body.addWidget(label(line, "small", wrap=True))
        here = site_sentence(finding)
        if here:
            self.body.addWidget(label(here, "body", wrap=True))
        self.map_row = self._build_map_row(finding, map_shown)
        self._build_answers(finding)
        for part in (*self.buttons.values(), self.note):
            part.setVisible(self.is_answerable)

    @property
    def key(self) -> MapKey:
        """Pack and finding."""
        return self.pack_id, self.finding_code

    def show_at_hand(self, at_hand: bool, *, alone: bool) -> None:
        """Mark the card that the answer keys act on; ``alone`` where there is no other to tell it from."""
        for button in self.buttons.values():
            button.show_key(at_hand)
        marked = at_hand and not alone
        if self.property("hand") is not marked:
            set_role(self, hand=marked)

    def show_decision(self, decision: Decision | None, *, locked: bool, changed: bool = False) -> None:
        """Show the answer that is kept; ``changed`` where one was given to another result."""
        self.changed.setVisible(changed and self.is_answerable)
        for answer, button in self.buttons.items():
            button.setChecked(decision is not None and decision.answer == answer)
            enable(button, not locked, self.tr("Signed: later words go into an addendum"))
        self.words.setVisible((decision is not None and decision.answer == "edited") or self._editing)
        if self._shown_once:
            self._follow(decision, self._decision)
        self._decision, self._shown_once = decision, True
        self.words.setReadOnly(locked)
        self.note.setReadOnly(locked)

    def _follow(self, decision: Decision | None, before: Decision | None) -> None:
        """Show words and note of an answer that was changed elsewhere (undo); what was typed since stays."""
        own, last = (one.words if one is not None else "" for one in (decision, before))
        if own != last and self.words.text().strip() == last:
            self.words.setText(own)
        if decision is None or before is None or self.note.hasFocus():
            return
        if decision.note != self.note.toPlainText().strip():
            self._set_note(decision.note)

    def _set_note(self, note: str) -> None:
        self.note.blockSignals(True)
        self.note.setPlainText(note)
        self.note.blockSignals(False)

    def load(self, words: str, note: str, *, editing: bool = False) -> None:
        """Fill the fields of a newly made card with what is kept; ``editing`` opens the line for words."""
        self.words.setText(words)
        self._editing = editing and bool(words.strip())
        self._set_note(note)

    def answer(self, answer: Answer, *, clicked: bool = False) -> None:
        """Give an answer; own words are taken by Enter or a click on their button, not by its key."""
        if not self.is_answerable or not self.buttons[answer].isEnabled():
            return
        if answer == "edited":
            was_open = self.words.isVisibleTo(self)
            self._set_editing(True)
            self.words.show()
            self.words.setFocus()
            self.line_opened.emit()
            if not clicked or not was_open or not self.words.text().strip():
                edited = self._decision is not None and self._decision.answer == "edited"
                self.buttons["edited"].setChecked(edited)
                return
        else:
            self._set_editing(False)
        self._send(answer)

    def _set_editing(self, editing: bool) -> None:
        """Open or close the line for own words, and have that kept where words stand in it."""
        if editing == self._editing:
            return
        self._editing = editing
        if self.words.text().strip():
            self._on_typed()

    def take_words(self) -> bool:
        """Take own words that were typed without Enter; returns False where the answer has none left."""
        edited = self._decision is not None and self._decision.answer == "edited"
        kept = self._decision.words if self._decision is not None and edited else ""
        own = self.words.text().strip()
        if not (edited or self._editing) or own == kept:
            return True
        if not own:
            self.words.setFocus()
            return False
        self._on_words_entered()
        return True

    def leave_edit(self) -> bool:
        """Leave the line for own words, which closes if it is empty; returns whether one was left."""
        if not self._editing:
            return False
        if self.words.text().strip():
            was_in_it = self.words.hasFocus()
            self.words.clearFocus()
            return was_in_it
        self.close_edit()
        return True

    @property
    def is_editing(self) -> bool:
        """Whether the line for own words is open."""
        return self._editing

    def close_edit(self) -> None:
        """Close the line for own words; those of an answer stay in sight."""
        self._set_editing(False)
        self.words.setVisible(self._decision is not None and self._decision.answer == "edited")

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
        self.switch = Switch(self._theme, self.tr("Map of {finding}").format(finding=finding.label))
        self.switch.setToolTip(tooltip("map"))
        self.slider = StillSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(10, 100)
        self.slider.setAccessibleName(
            self.tr("Strength of the map of {finding}").format(finding=finding.label)
        )
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
        """Set switch and slider without telling anybody; ``shown`` whether this finding's own map is."""
        if self.map_row is None:
            return
        for part in (self.switch, self.slider):
            part.blockSignals(True)
        self.switch.setChecked(shown)
        self.slider.setValue(percent)
        enable(self.slider, shown, self.tr("The map is off: switch it on first"))
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
        self.changed = label(
            self.tr("The result has changed since you answered: answer again."), "warning", wrap=True
        )
        self.changed.hide()
        self.body.addWidget(self.changed)
        self.body.addLayout(row)
        self.words.setPlaceholderText(self.tr("In your own words, then Enter"))
        self.words.setAccessibleName(self.tr("{finding}: in your own words").format(finding=finding.label))
        self.words.returnPressed.connect(self._on_words_entered)
        self.words.textEdited.connect(self._on_typed)
        self.words.hide()
        self.body.addWidget(self.words)
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
        self.answer(self.sender().objectName(), clicked=True)  # type: ignore[arg-type]

    @Slot()
    def _on_words_entered(self) -> None:
        if self.words.text().strip():
            self._set_editing(False)
            self._send("edited")
            self.words.setText(self.words.text())  # taken: from here on undo is that of the answer
            self.words.clearFocus()

    @Slot()
    def _on_typed(self) -> None:
        note = self.note.toPlainText()
        self.jotted.emit(self.pack_id, self.finding_code, self.words.text(), note, self._editing)

    @Slot()
    def _on_overlay_moved(self) -> None:
        self.overlay_changed.emit(self.key, self.switch.isChecked(), self.slider.value())
