"""The right column of reading: what is asked now stands first, signing stands below."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from core.decision import Answer
from core.model_facts import not_looked_for
from ui.begun_card import BegunCard
from ui.cases import Case
from ui.checks_card import ChecksCard
from ui.computer_card import ComputerCard, CorrectionLine, RefusalCard
from ui.controls import label
from ui.desk import Desk
from ui.duties import who_may
from ui.finding_card import FindingCard
from ui.forms import SignsCard, WordsCard
from ui.identity_card import IdentityCard
from ui.impression_card import FinalReadCard, FirstReadLine, ImpressionCard
from ui.sign_foot import SignFoot
from ui.theme import Theme
from ui.words import correction_note

WIDTH = 376


class ReadingColumn(QWidget):
    """Shows the cards for the open case as far as the order of reading allows."""

    sign_asked = Signal()
    retry_asked = Signal()
    overlay_look_changed = Signal(bool, int)
    beside_asked = Signal()

    def __init__(self, theme: Theme, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("column")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(WIDTH)
        self._theme, self._desk = theme, desk
        self._built_for: object = None
        self._identity_wanted = False
        self._image_in_sight = False
        self._look = (True, 62)
        self.findings: list[FindingCard] = []
        self._made: list[QWidget] = []
        self._build_cards(theme)
        self._build()
        self._connect()
        self.refresh()

    # --- from outside

    def set_image_in_sight(self, seen: bool) -> None:
        """Tell whether the image of the open case is displayed."""
        self._image_in_sight = seen
        self._show_ready()

    def _show_ready(self) -> None:
        if self._desk.may_read:
            self.impression.set_ready(self._image_in_sight)
        else:
            self.impression.set_ready(False, who_may("read"))

    def set_overlay_look(self, shown: bool, percent: int) -> None:
        """Show switch and slider as they are."""
        self._look = (shown, percent)
        for card in self.findings:
            card.show_overlay_look(shown, percent)

    def answer(self, answer: Answer) -> None:
        """Give an answer to the first finding that has none, else to the first."""
        card = self._current()
        if card is not None and self._desk.is_open_card:
            card.answer(answer)

    def take_words(self) -> bool:
        """Take own words that were typed without Enter; returns False where an answer has lost its words."""
        return self._desk.is_signed or all(card.take_words() for card in self.findings)

    def focus_note(self) -> None:
        """Go to the note of the finding at hand, else to the reading's words."""
        cards = [card for card in self.findings if self._desk.decision(card.pack_id, card.finding_code)]
        card = cards[-1] if cards else self._current()
        if card is not None and self._desk.is_open_card:
            card.note_focus()
        else:
            self.focus_report()

    def focus_signs(self) -> None:
        """Go to the clinical signs."""
        self._go_to(self.signs, self.signs.breaths)

    def focus_report(self) -> None:
        """Go to the words of page 1."""
        self._go_to(self.words, self.words.fields["words"])

    def _go_to(self, card: QWidget, field: QWidget) -> None:
        self._scroll.ensureWidgetVisible(card)
        self._scroll.ensureWidgetVisible(field)
        field.setFocus()

    def ask_identity(self, *, age: bool = False) -> None:
        """Open the identity form."""
        if self._desk.case is None or self._desk.is_signed:
            return
        self._identity_wanted = True
        self.refresh()
        self._scroll.ensureWidgetVisible(self.identity)
        if age:
            self.identity.ask_age()
        else:
            self.identity.ask_identity()

    def step_back(self) -> bool:
        """Close the form or line that was opened; returns False where there was none."""
        if any(card.leave_edit() for card in self.findings):
            return True
        if self._identity_wanted:
            self._identity_wanted = False
            self.refresh()
            return True
        return False

    def restyle(self) -> None:
        """Build the results again in the theme's colours."""
        self._built_for = None
        self._clear_made()
        self.refresh()

    # --- building

    def _build_cards(self, theme: Theme) -> None:
        self.identity = IdentityCard()
        self.begun = BegunCard(theme)
        self.impression = ImpressionCard()
        self.first_read = FirstReadLine()
        self.first_read.setProperty("role", "muted")
        self.final_read = FinalReadCard()
        self.computer = ComputerCard(theme)
        self.signs = SignsCard()
        self.words = WordsCard()
        self.signed_note = label("", "accent", wrap=True)
        self.foot = SignFoot()
        self.sign, self.missing = self.foot.sign, self.foot.missing

    def _build(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inner = QWidget()
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(14, 14, 14, 14)
        self._column.setSpacing(12)
        for card in (
            self.signed_note,
            self.begun,
            self.identity,
            self.impression,
            self.first_read,
            self.computer,
        ):
            self._column.addWidget(card)
        self._slot = QVBoxLayout()
        self._slot.setSpacing(12)
        self._column.addLayout(self._slot)
        self._column.addWidget(self.final_read)
        self._column.addWidget(self.signs)
        self._after = QVBoxLayout()
        self._after.setSpacing(12)
        self._column.addLayout(self._after)
        self._column.addWidget(self.words)
        self._column.addStretch(1)
        self._scroll.setWidget(self._inner)
        whole.addWidget(self._scroll, 1)
        whole.addWidget(self.foot)

    def _connect(self) -> None:
        self.begun.take_over_asked.connect(self._desk.take_over)
        self.impression.given.connect(self._desk.give_impression)
        self.final_read.given.connect(self._desk.give_final_read)
        self.identity.confirmed.connect(self._on_identity_confirmed)
        self.identity.jotted.connect(self._desk.jot_identity)
        self.signs.changed.connect(self._desk.write_signs)
        self.signs.changed.connect(self._on_signs_changed)
        self.words.written.connect(self._desk.write)
        self.foot.sign_asked.connect(self.sign_asked)
        self.computer.retry_asked.connect(self.retry_asked)
        self._desk.case_opened.connect(self._on_case_opened)
        self._desk.case_closed.connect(self.refresh)
        self._desk.reading_changed.connect(self.refresh)

    # --- showing

    @Slot(object)
    def _on_case_opened(self, _case: object) -> None:
        self._identity_wanted = False
        self._built_for = None
        case = self._desk.case
        if case is not None:
            signs, left = case.draft.reading.signs, case.draft.signs_jotting
            self.signs.load(signs, left, locked=self._desk.is_closed)
            self.words.load(case.draft.reading, locked=self._desk.is_closed)
            jotting = case.draft.identity_jotting
            self._identity_wanted = jotting is not None and not self._desk.is_signed
            self.identity.show_patient(
                case.unit.patient, case.draft.typed, day=case.unit.header.date, jotting=jotting
            )
        self.refresh()
        self._scroll.verticalScrollBar().setValue(0)

    @Slot()
    def refresh(self) -> None:
        """Show what the open case and the order of reading allow."""
        desk, case = self._desk, self._desk.case
        self.setEnabled(case is not None)
        self._inner.setVisible(case is not None)
        self.foot.setVisible(case is not None)
        if case is None:
            self._clear_made()
            self.foot.show_case(None, (), card_open=False)
            return
        opened = desk.is_open_card
        missing = desk.missing()
        needs_identity = any(one.code == "identity" for one in missing)
        unconfirmed = any(one.code == "identity_typed" for one in missing)
        wanted = ((needs_identity or unconfirmed) and not case.error) or self._identity_wanted
        self.identity.setVisible(wanted and not desk.is_signed)
        begun = desk.begun_by
        self.begun.show_reader(begun, may=desk.may_read)
        self._show_ready()
        self.impression.setVisible(desk.reading.first_read is None and not desk.is_signed and not begun)
        self.first_read.show_first_read(None if begun else desk.reading.first_read)
        self.computer.setVisible(not opened or case.analysis is None)
        self.final_read.setVisible(desk.wants_final_read and not begun)
        self.final_read.show_final_read(desk.reading.final_read, locked=desk.is_closed)
        self.computer.show_case(case)
        self._rebuild_results(opened)
        self.signs.show_signs(desk.reading.signs, case.draft.signs_jotting, locked=desk.is_closed)
        self.words.show_reading(desk.reading, locked=desk.is_closed)
        for card in self.findings:
            kept = desk.kept_decision(card.pack_id, card.finding_code)
            stands = desk.decision(card.pack_id, card.finding_code)
            card.show_decision(stands, locked=desk.is_closed, changed=kept != stands)
        self.foot.show_case(case, missing, card_open=opened, may_add=desk.may_read)
        self._show_signature(case)

    def _show_signature(self, case: Case) -> None:
        self.signed_note.setVisible(case.signed is not None)
        if case.signed is not None:
            signature = case.signed.record.signature
            self.signed_note.setText(
                self.tr("Signed by {name}, {role}, {time}").format(
                    name=signature.name, role=signature.role, time=signature.at.strftime("%Y-%m-%d %H:%M")
                )
            )

    def _rebuild_results(self, opened: bool) -> None:
        case = self._desk.case
        assert case is not None
        wanted = (case.key, case.asked, id(case.analysis)) if opened and case.analysis is not None else None
        if wanted == self._built_for and (wanted is None) == (not self._made):
            return
        self._clear_made()
        self._built_for = wanted
        if wanted is None or case.analysis is None:
            self._order_stops()
            return
        self._desk.remember_result_seen()
        note = correction_note(case.analysis.result)
        if note:
            line = CorrectionLine(self._theme, note)
            line.beside_asked.connect(self.beside_asked)
            self._place(self._slot, line)
        for pack in case.analysis.result.results:
            shown = {heat.finding for heat in pack.heatmaps if heat.shown}
            for finding in pack.findings:
                card = FindingCard(self._theme, pack, finding, map_shown=finding.code in shown)
                card.answered.connect(self._on_answered)
                self._load_fields(card)
                card.jotted.connect(self._desk.jot)
                card.overlay_changed.connect(self.overlay_look_changed)
                card.show_overlay_look(*self._look)
                self.findings.append(card)
                self._place(self._slot, card)
            if pack.status == "refused" and pack.refusal is not None:
                refusal = RefusalCard(self._theme, pack)
                refusal.age_asked.connect(self._on_age_asked)
                refusal.retry_asked.connect(self.retry_asked)
                self._place(self._slot, refusal)
        result = case.analysis.result
        spoke = [one.stamp.pack_id for one in result.results if one.status == "ok"]
        facts = [case.facts[pack] for pack in spoke if pack in case.facts]
        checks = ChecksCard(self._theme, result, not_looked_for(facts, result.results))
        self._place(self._after, checks)
        self._order_stops()

    def _order_stops(self) -> None:
        """Have Tab go the way of the work: impression, answers, signs, words, signature; then the checks."""
        path = (self.impression, *self.findings, self.final_read, self.signs, self.words, self.foot)
        others = [card for card in self._made if card not in path]
        stops = [stop for card in (*path, *others) for stop in _stops(card)]
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)

    def _load_fields(self, card: FindingCard) -> None:
        """Fill a new card with what was typed into it, else with what its answer says."""
        typed = self._desk.jotting(card.pack_id, card.finding_code)
        kept = typed or self._desk.kept_decision(card.pack_id, card.finding_code)
        if kept is not None:
            card.load(kept.words, kept.note, editing=typed is not None and typed.editing)

    def _place(self, layout: QVBoxLayout, card: QWidget) -> None:
        layout.addWidget(card)
        self._made.append(card)

    def _clear_made(self) -> None:
        for card in self._made:
            card.hide()
            card.setParent(None)
            card.deleteLater()
        self._made.clear()
        self.findings.clear()
        self._built_for = None

    def _current(self) -> FindingCard | None:
        answerable = [card for card in self.findings if card.is_answerable]
        open_ones = [
            card for card in answerable if self._desk.decision(card.pack_id, card.finding_code) is None
        ]
        focused = [card for card in answerable if card.isAncestorOf(self.focusWidget() or self)]
        chosen = focused or open_ones or answerable
        return chosen[0] if chosen else None

    @Slot()
    def _on_signs_changed(self) -> None:
        """Bring the sentence about what cannot be recorded into sight, once it has its room."""
        if self.signs.wrong.isVisible():
            QTimer.singleShot(0, self, self._show_sign_sentence)

    @Slot()
    def _show_sign_sentence(self) -> None:
        self._scroll.ensureWidgetVisible(self.signs.wrong)

    @Slot()
    def _on_age_asked(self) -> None:
        self.ask_identity(age=True)

    @Slot(str, str, str, str, str)
    def _on_answered(self, pack: str, finding: str, answer: Answer, words: str, note: str) -> None:
        self._desk.decide(pack, finding, answer, words=words, note=note)

    @Slot(object, object)
    def _on_identity_confirmed(self, typed: object, confirmed: object) -> None:
        self._identity_wanted = False
        self._desk.identify(typed, confirmed)  # type: ignore[arg-type]
        case = self._desk.case
        if case is not None:
            self.identity.show_patient(case.unit.patient, case.draft.typed, day=case.unit.header.date)
        self.refresh()
        window = self.window()
        window.setFocus()
        self._scroll.verticalScrollBar().setValue(0)


def _stops(card: QWidget) -> list[QWidget]:
    """Return where Tab may stop within a card, in the order in which it was built."""
    return [part for part in card.findChildren(QWidget) if part.focusPolicy() & Qt.FocusPolicy.TabFocus]
