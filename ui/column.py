"""The right column of reading: what is asked now stands first, signing stands below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from core.decision import Answer
from services.before_signing import Missing, why_final_read
from services.drafts import IdentityJotting
from services.typed_table import is_typed
from ui.at_hand import at_hand
from ui.begun_card import BegunCard
from ui.cases import Case
from ui.column_page import MARGIN, ColumnPage
from ui.computer_card import ComputerCard
from ui.controls import label
from ui.desk import Desk
from ui.duties import who_may
from ui.finding_card import FindingCard
from ui.forms import SignsCard, WordsCard, signs_are_asked
from ui.identity_card import IdentityCard
from ui.impression_card import FinalReadCard, FirstReadLine, ImpressionCard
from ui.map_choice import MapChoice, MapKey
from ui.result_cards import ResultCards
from ui.sign_foot import SignFoot
from ui.signer import what_is_missing
from ui.tab_order import order_stops
from ui.theme import Theme
from ui.values_card import ValuesCard
from ui.words import a_model_spoke, signed_by

WIDTH = 376


class ReadingColumn(QWidget):
    """Shows the cards for the open case as far as the order of reading allows."""

    sign_asked = Signal()
    retry_asked = Signal()
    overlay_look_changed = Signal(object, bool, int)  # whose map, shown, percent
    beside_asked = Signal()
    phase_asked = Signal(int)  # of a beating heart
    all_answered = Signal()  # a key was to answer, and no finding is at hand

    def __init__(
        self, theme: Theme, desk: Desk, map_choice: MapChoice, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("column")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(WIDTH)
        self._desk, self._map_choice = desk, map_choice
        self._built_for: object = None
        self._was_open = False
        self._answered: tuple[object, ...] | None = None
        self._identity_wanted = False
        self._image_in_sight = False
        self._look = (True, 62)
        self._phase: int | None = None
        self._signs_wanted = False
        self._cards = ResultCards(theme, desk, self)
        self._build_cards(theme)
        self._build()
        self._connect()
        self.refresh()

    # --- from outside

    @property
    def findings(self) -> list[FindingCard]:
        """The cards of the findings in sight."""
        return self._cards.findings

    def set_image_in_sight(self, seen: bool) -> None:
        """Tell whether the image of the open case is displayed."""
        self._image_in_sight = seen
        self._show_ready()

    def set_wide(self, wide: bool, why: str = "") -> None:
        """Have the whole page, the forms beside what is said of them; ``why`` there is no image."""
        self._no_image.setText(why)
        self._no_image.setVisible(wide)
        if wide == self.page.is_wide:
            return
        self.page.move_forms((self._no_image, self.identity, self.values), beside=wide)
        if not wide:
            self._place_forms()

    def _place_forms(self) -> None:
        """Put the forms where they stand in a column beside an image."""
        self._column.insertWidget(self._column.indexOf(self.begun) + 1, self.identity)
        self._column.insertWidget(self._column.indexOf(self._cards.slot) + 1, self.values)
        self._column.insertWidget(0, self._no_image)

    def _show_ready(self) -> None:
        if self._desk.may_read:
            self.impression.set_ready(self._image_in_sight)
        else:
            self.impression.set_ready(False, who_may("read"))

    def set_overlay_look(self, shown: bool, percent: int) -> None:
        """Show switch and slider as they are."""
        self._look = (shown, percent)
        self._show_map_choice()

    @Slot()
    def _show_map_choice(self) -> None:
        """Switch on the map that lies over the image, at its own finding alone."""
        shown, percent = self._look
        chosen = self._map_choice.chosen()
        for card in self.findings:
            card.show_overlay_look(shown and card.key == chosen, percent)

    def go_to_values(self) -> None:
        """Where there is no image, go to what is asked next: who it is, then the values."""
        if self._desk.asks_impression or self._desk.is_closed:
            return
        if self.identity.isVisibleTo(self):
            self.ask_identity()
        elif self.values.isVisibleTo(self):
            self.values.focus_first()
            self.page.show_focused_soon()

    def answer(self, answer: Answer) -> None:
        """Give an answer to the finding at hand; ``all_answered`` where none of several is."""
        card = self._current()
        if card is not None and self._desk.is_open_card:
            card.answer(answer)
        elif (
            self._desk.is_open_card
            and not self._desk.is_closed
            and any(one.is_answerable for one in self.findings)
        ):
            self.all_answered.emit()

    def map_in_hand(self) -> MapKey | None:
        """Return the finding at hand, where it has a map."""
        card = self._current()
        return card.key if card is not None and card.map_row is not None else None

    def take_words(self) -> bool:
        """Take own words that were typed without Enter; returns False where an answer has lost its words."""
        taken = self._desk.is_signed or all(card.take_words() for card in self.findings)
        self.page.show_focused_soon()
        return taken

    def focus_note(self) -> None:
        """Go to the note of the finding at hand, else to the reading's words."""
        cards = [card for card in self.findings if self._desk.decision(card.pack_id, card.finding_code)]
        card = cards[-1] if cards else self._current()
        if card is not None and self._desk.is_open_card:
            self._go_to(card.note)
        else:
            self._go_to(self.words.fields["words"])

    def focus_signs(self) -> None:
        """Go to the clinical signs, also where no model asks for them."""
        if self._desk.case is not None:
            self._signs_wanted = True
            self.refresh()
            self._go_to(self.signs.breaths)

    def focus_report(self) -> None:
        """Go to the first line of the report that is empty, else to its first."""
        self._go_to(self.words.first_empty())

    def _go_to(self, field: QWidget) -> None:
        field.setFocus()
        self.page.show_focused()
        self.page.show_focused_soon()

    def ask_identity(self, *, age: bool = False) -> None:
        """Open the identity form."""
        if self._desk.case is None or self._desk.is_signed:
            return
        self._identity_wanted = True
        self.refresh()
        self.page.ensureWidgetVisible(self.identity)
        if age:
            self.identity.ask_age()
        else:
            self.identity.ask_identity()
        self.page.show_focused_soon()

    def show_phase(self, phase: int | None) -> None:
        """Mark on the curves the phase of the beat that is in sight."""
        self._phase = phase
        self._cards.show_phase(phase)

    def step_back(self) -> bool:
        """Close the form or line that was opened; returns False where there was none."""
        if any(card.leave_edit() for card in self.findings):
            return True
        if self._identity_wanted:
            self._identity_wanted = False
            self.refresh()
            return True
        return False

    def open_lines(self) -> tuple[tuple[FindingCard, ...], bool]:
        """Return the cards whose line for own words is open, and whether the identity form was asked for."""
        return tuple(card for card in self.findings if card.is_editing), self._identity_wanted

    def close_lines(self, but: tuple[tuple[FindingCard, ...], bool]) -> None:
        """Close again what was opened since."""
        cards, identity = but
        for card in self.findings:
            if card.is_editing and card not in cards:
                card.close_edit()
        if self._identity_wanted and not identity:
            self._identity_wanted = False
            self.refresh()

    def restyle(self) -> None:
        """Build the results again in the theme's colours."""
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
        self.values = ValuesCard(theme, self._desk)
        self.signs = SignsCard()
        self.words = WordsCard()
        self.signed_note = label("", "accent", wrap=True)
        self._no_image = label("", "muted", wrap=True)
        self.foot = SignFoot()
        self.sign, self.missing = self.foot.sign, self.foot.missing

    def _build(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self.page = ColumnPage()
        self._column = self.page.cards
        self._no_image.hide()
        for card in (
            self.signed_note,
            self.begun,
            self.impression,
            self.first_read,
            self.computer,
        ):
            self._column.addWidget(card)
        self._column.addLayout(self._cards.slot)
        self._column.addWidget(self.final_read)
        self._column.addWidget(self.signs)
        self._column.addLayout(self._cards.after)
        self._column.addWidget(self.words)
        self._column.addStretch(1)
        self._place_forms()
        whole.addWidget(self.page, 1)
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
        self.values.identity_asked.connect(self._on_values_need_identity)
        self.values.complained.connect(self._on_values_complained)
        self.values.typed.connect(self._on_values_typed)
        self.foot.sign_asked.connect(self.sign_asked)
        self.computer.retry_asked.connect(self.retry_asked)
        self._cards.answered.connect(self._on_answered)
        self._cards.line_opened.connect(self.page.show_focused_soon)
        self._cards.overlay_look_changed.connect(self.overlay_look_changed)
        self._cards.beside_asked.connect(self.beside_asked)
        self._cards.phase_asked.connect(self.phase_asked)
        self._cards.age_asked.connect(self._on_age_asked)
        self._cards.retry_asked.connect(self.retry_asked)
        self._map_choice.changed.connect(self._show_map_choice)
        self._desk.case_opened.connect(self._on_case_opened)
        self._desk.case_closed.connect(self.refresh)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._mark_at_hand)
        self._desk.reading_changed.connect(self.refresh)

    @Slot(bool)
    def _on_values_need_identity(self, age: bool) -> None:
        self.ask_identity(age=age)

    @Slot()
    def _on_values_complained(self) -> None:
        self.page.show_soon(self.values.wrong, self.values.estimate)

    @Slot()
    def _on_values_typed(self) -> None:
        """Tell on the estimates at once that they are of older values, with the field in sight."""
        if self._desk.case is not None:
            self._cards.show_older(self._desk.case, locked=self._desk.is_closed)
            self.page.show_focused()

    # --- showing

    @Slot(object)
    def _on_case_opened(self, _case: object) -> None:
        self._identity_wanted = self._signs_wanted = False
        self._built_for = None
        self._was_open = self._desk.is_open_card
        case = self._desk.case
        if case is not None:
            signs, left = case.draft.reading.signs, case.draft.signs_jotting
            self.signs.load(signs, left, locked=self._desk.is_closed)
            with_image = self._desk.asks_impression
            self.words.load(case.draft.reading, locked=self._desk.is_closed, image=with_image)
            jotting = case.draft.identity_jotting
            self._identity_wanted = jotting is not None and not self._desk.is_signed
            self._fill_identity(case, jotting)
        self.refresh()
        self.page.to_top()

    @Slot()
    def refresh(self) -> None:
        """Show what the open case and the order of reading allow."""
        desk, case = self._desk, self._desk.case
        self.setEnabled(case is not None)
        self.page.inner.setVisible(case is not None)
        self.foot.setVisible(case is not None)
        if case is None:
            self._clear_made()
            self.foot.show_case(None, (), card_open=False)
            return
        opened, missing = desk.is_open_card, desk.missing()
        self._show_identity(case, missing)
        self._show_first_read()
        self._show_computer(case, opened)
        self._show_own_part(case)
        self._show_answers()
        besides = what_is_missing(desk.signer()) if not missing else ""
        self.foot.show_case(case, missing, card_open=opened, may_add=desk.may_read, besides=besides)
        self._show_signature(case)
        if opened and not self._was_open:
            QTimer.singleShot(0, self, self._show_result)
        self._was_open = opened

    def _show_identity(self, case: Case, missing: Sequence[Missing]) -> None:
        """Ask who it is where that is not known or not confirmed, or where the form was opened."""
        asked = any(one.code in {"identity", "identity_typed"} for one in missing) and not case.error
        self.identity.setVisible((asked or self._identity_wanted) and not self._desk.is_signed)

    def _show_first_read(self) -> None:
        """Show who has begun, and ask for the first impression or show it."""
        desk = self._desk
        begun = desk.begun_by
        self.begun.show_reader(begun, may=desk.may_read)
        self._show_ready()
        unread = desk.reading.first_read is None and desk.asks_impression
        self.impression.setVisible(unread and not desk.is_signed and not begun)
        self.first_read.show_first_read(None if begun else desk.reading.first_read)

    def _show_computer(self, case: Case, opened: bool) -> None:
        """Show what models said, as far as it is open, and the values that further ones ask for."""
        silent = _is_silent(case)
        spoken = case.analysis is not None and (not silent or (is_typed(case.unit) and bool(case.forms)))
        self.computer.setVisible(not opened or not spoken or case.exchanged)
        self.computer.show_case(case)
        self._place_computer(first=silent)
        self._rebuild_results(opened)
        self.values.show_case(case, opened=opened, locked=self._desk.is_closed)
        self._cards.show_older(case, locked=self._desk.is_closed)

    def _show_own_part(self, case: Case) -> None:
        """Show the final read, the clinical signs and the words of the report."""
        desk, reading = self._desk, self._desk.reading
        self.final_read.setVisible(desk.wants_final_read and not desk.begun_by)
        if case.analysis is not None:
            self.final_read.show_why(why_final_read(case.analysis))
        self.final_read.show_final_read(reading.final_read, locked=desk.is_closed)
        self.signs.show_signs(reading.signs, case.draft.signs_jotting, locked=desk.is_closed)
        asked = not _is_silent(case) and desk.asks_impression and signs_are_asked(case)
        self.signs.setVisible(asked or self._signs_wanted or self.signs.is_filled)
        self.words.show_reading(reading, locked=desk.is_closed)

    def _show_answers(self) -> None:
        """Show on each finding what was answered, which one is at hand, and its map over the image."""
        desk = self._desk
        for card in self.findings:
            kept, stands = desk.kept_decision(*card.key), desk.decision(*card.key)
            card.show_decision(stands, locked=desk.is_closed, changed=kept != stands)
        self._mark_at_hand()
        self._follow_with_map()

    def _fill_identity(self, case: Case, jotting: IdentityJotting | None = None) -> None:
        self.identity.show_patient(
            case.unit.patient,
            case.draft.typed,
            day=case.unit.header.date,
            jotting=jotting,
            image=not is_typed(case.unit),
        )

    def _place_computer(self, *, first: bool) -> None:
        """Put the sentence that no model looked at the image above all forms, else below the impression."""
        above = self.signed_note if first else self.first_read
        if self._column.indexOf(self.computer) != self._column.indexOf(above) + 1:
            self._column.removeWidget(self.computer)
            self._column.insertWidget(self._column.indexOf(above) + 1, self.computer)

    def _show_signature(self, case: Case) -> None:
        self.signed_note.setVisible(case.signed is not None)
        if case.signed is not None:
            self.signed_note.setText(signed_by(case.signed.record.signature))

    @Slot()
    def _show_result(self) -> None:
        """Bring the result that has just opened into sight with its heading, once it has its room."""
        opened = [card for card in (self.computer, *self._cards.made) if card.isVisible()]
        if opened:
            self.page.show_whole(min(opened, key=QWidget.y))

    def _rebuild_results(self, opened: bool) -> None:
        case = self._desk.case
        assert case is not None
        wanted = (case.key, case.asked, id(case.analysis)) if opened and case.analysis is not None else None
        if wanted == self._built_for and (wanted is not None or not self._cards.made):
            return
        self._clear_made()
        self._built_for = wanted
        if wanted is not None and case.analysis is not None:
            self._desk.remember_result_seen()
            self._cards.build(case, case.analysis)
            self._cards.show_phase(self._phase)
            self._show_map_choice()
        self._order_stops()

    def _order_stops(self) -> None:
        """Have Tab go the way of the work: impression, answers, signs, words, signature; then the checks."""
        path = (
            self.identity,
            self.impression,
            *self.findings,
            self.final_read,
            *self.values.stops(),
            self.signs,
            self.words,
            self.foot,
        )
        others = [card for card in self._cards.made if card not in path]
        order_stops((*path, *others))

    def _clear_made(self) -> None:
        self._cards.clear()
        self._built_for = None

    def _current(self) -> FindingCard | None:
        return at_hand(self.findings, self._desk, self.focusWidget() or self)

    @Slot()
    def _mark_at_hand(self) -> None:
        """Show on which card the answer keys act."""
        answerable = [card for card in self.findings if card.is_answerable]
        if answerable:
            current = self._current()
            for card in answerable:
                card.show_at_hand(card is current, alone=len(answerable) == 1)

    def _follow_with_map(self) -> None:
        """Lay the map of the finding in hand over the image after an answer was given or taken back."""
        answers = [self._desk.decision(*card.key) for card in self.findings]
        given = (self._built_for, *(one and (one.pack_id, one.finding, one.answer) for one in answers))
        before, self._answered = self._answered, given
        current = self._current()
        if before is None or before[0] != self._built_for or before == given:
            return
        if current is not None and not self._desk.is_closed:
            self._map_choice.follow(current.key)

    @Slot()
    def _on_signs_changed(self) -> None:
        """Bring the sentence about what cannot be recorded into sight, once it has its room."""
        if self.signs.wrong.isVisible():
            self.page.show_soon(self.signs.wrong)

    @Slot()
    def _on_age_asked(self) -> None:
        self.ask_identity(age=True)

    @Slot(str, str, str, str, str)
    def _on_answered(self, pack: str, finding: str, answer: Answer, words: str, note: str) -> None:
        self._desk.decide(pack, finding, answer, words=words, note=note)
        following = self._current()
        if following is not None and following.key != (pack, finding):
            QTimer.singleShot(0, self, self._show_at_hand)

    @Slot()
    def _show_at_hand(self) -> None:
        """Bring the finding that the keys act on now into sight."""
        card = self._current()
        if card is not None:
            self.page.ensureWidgetVisible(card, 0, MARGIN)

    @Slot(object, object)
    def _on_identity_confirmed(self, typed: object, confirmed: object) -> None:
        self._identity_wanted = False
        self._desk.identify(typed, confirmed)  # type: ignore[arg-type]
        case = self._desk.case
        if case is not None:
            self._fill_identity(case)
        self.refresh()
        window = self.window()
        window.setFocus()
        self.page.to_top()
        self.go_to_values()


def _is_silent(case: Case) -> bool:
    """Whether models were asked about an image, and none of them spoke."""
    return case.analysis is not None and not a_model_spoke(case.analysis.result)
