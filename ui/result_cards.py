"""The cards of an analysis: what was put right, findings, refusals, checks."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.model_facts import ModelFacts, not_looked_for
from core.reading_order import is_for_others
from core.result import PackResult, Result
from services.analyze import Analysis
from services.patient_form import older_values
from services.words import threshold_words
from ui.cases import Case
from ui.checks_card import ChecksCard
from ui.computer_card import CorrectionLine, OthersCard, RefusalCard
from ui.desk import Desk
from ui.finding_card import FindingCard
from ui.measure_card import MeasureCard
from ui.risk_card import RiskCard
from ui.theme import Theme
from ui.words import correction_note


class ResultCards(QObject):
    """Makes the cards of one analysis and takes them away again; ``findings`` are some of ``made``."""

    answered = Signal(str, str, str, str, str)
    line_opened = Signal()
    overlay_look_changed = Signal(object, bool, int)
    beside_asked = Signal()
    age_asked = Signal()
    retry_asked = Signal()
    phase_asked = Signal(int)

    def __init__(self, theme: Theme, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._theme, self._desk = theme, desk
        self.slot, self.after = _column(), _column()
        self.findings: list[FindingCard] = []
        self.made: list[QWidget] = []

    def build(self, case: Case, analysis: Analysis) -> None:
        """Make the cards."""
        note = correction_note(analysis.result)
        if note:
            line = CorrectionLine(self._theme, note)
            line.beside_asked.connect(self.beside_asked)
            self._place(self.slot, line)
        others = _for_other_images(analysis.result)
        for pack in analysis.result.results:
            self._add_findings(pack, case.facts.get(pack.stamp.pack_id))
            if pack.risks:
                self._place(self.slot, RiskCard(self._theme, pack, case.facts.get(pack.stamp.pack_id)))
            if pack.measurements:
                card = MeasureCard(self._theme, pack, case.facts.get(pack.stamp.pack_id))
                card.phase_asked.connect(self.phase_asked)
                self._place(self.slot, card)
            if pack.status == "refused" and pack.refusal is not None and pack not in others:
                refusal = RefusalCard(self._theme, pack, age_known=case.patient.age_years is not None)
                refusal.age_asked.connect(self.age_asked)
                refusal.retry_asked.connect(self.retry_asked)
                self._place(self.slot, refusal)
        if others:
            self._place(self.slot, OthersCard(others))
        result = analysis.result
        spoke = [one.stamp.pack_id for one in result.results if one.status == "ok"]
        facts = [case.facts[pack] for pack in spoke if pack in case.facts]
        checks = ChecksCard(self._theme, result, not_looked_for(facts, result.results))
        if checks.says_something:
            self._place(self.after, checks)
        else:
            checks.deleteLater()

    def show_phase(self, phase: int | None) -> None:
        """Mark on the curves the phase of the beat that is in sight."""
        for card in self.made:
            if isinstance(card, MeasureCard):
                card.show_phase(phase)

    def show_older(self, case: Case, *, locked: bool) -> None:
        """Say on each estimate from which values it was counted, where others stand in the form now."""
        counted = case.analysis.result if case.analysis is not None else None
        for card in self.made:
            if not isinstance(card, RiskCard):
                continue
            form = next((one for one in case.forms if one.pack_id == card.pack_id), None)
            if counted is None or form is None or locked:
                card.show_older(())
            else:
                card.show_older(older_values(form, counted.patient, case.patient, counted.results))

    def clear(self) -> None:
        """Take all cards away."""
        for card in self.made:
            card.hide()
            card.setParent(None)
            card.deleteLater()
        self.made.clear()
        self.findings.clear()

    def _add_findings(self, pack: PackResult, facts: ModelFacts | None) -> None:
        """Add a card for each finding; what is always said of the model stands on its first."""
        shown = {heat.finding for heat in pack.heatmaps if heat.shown}
        for number, finding in enumerate(pack.findings):
            said = facts.always_say if facts is not None and number == 0 else ()
            card = FindingCard(
                self._theme,
                pack,
                finding,
                map_shown=finding.code in shown,
                always_say=said,
                rates=threshold_words(facts, finding),
            )
            card.answered.connect(self.answered)
            card.line_opened.connect(self.line_opened)
            self._load_fields(card)
            card.jotted.connect(self._desk.jot)
            card.overlay_changed.connect(self.overlay_look_changed)
            self.findings.append(card)
            self._place(self.slot, card)

    def _load_fields(self, card: FindingCard) -> None:
        """Fill a new card with what was typed into it, else with what its answer says."""
        typed = self._desk.jotting(card.pack_id, card.finding_code)
        kept = typed or self._desk.kept_decision(card.pack_id, card.finding_code)
        if kept is not None:
            card.load(kept.words, kept.note, editing=typed is not None and typed.editing)

    def _place(self, layout: QVBoxLayout, card: QWidget) -> None:
        layout.addWidget(card)
        self.made.append(card)


def _for_other_images(result: Result) -> tuple[PackResult, ...]:
    """Return the models, where they are several, that are for other images, whoever the patient is."""
    others = [(pack, pack.refusal) for pack in result.results if is_for_others(pack)]
    strange = [pack for pack, refusal in others if refusal and refusal.gate not in {"age", "sex"}]
    return tuple(strange) if len(strange) > 1 else ()


def _column() -> QVBoxLayout:
    made = QVBoxLayout()
    made.setSpacing(12)
    return made
