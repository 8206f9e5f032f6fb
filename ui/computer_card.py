"""What the computer says where it gives no finding: its state, a refusal, what was put right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.image import ReadingUnit
from core.result import PackResult, Result
from services.signed_result import signed_sentences
from services.typed_table import is_typed
from ui.cases import Case
from ui.controls import Card, IconLabel, KeyButton, label
from ui.theme import Theme
from ui.words import seconds_left, silence


class ComputerCard(Card):
    """Where the analysis stands while the results are closed."""

    retry_asked = Signal()
    reopen_asked = Signal()

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
        self.reopen = KeyButton(self.tr("Open the medium again"))
        self.reopen.clicked.connect(self.reopen_asked)
        self.body.addWidget(self.retry)
        self.body.addWidget(self.reopen)

    def show_case(self, case: Case) -> None:
        """Show where the analysis of a case stands."""
        self.reopen.setVisible(case.exchanged)
        if case.signed is not None and case.analysis is None:
            self._show_signed(case)
        elif case.error:
            self._show_state(case.error, "circle-alert", "critical", failed=True)
        elif case.analysis is None:
            looking = self.tr("Waiting for its turn …")
            if case.analysing:
                typed = is_typed(case.unit)
                looking = self.tr("Asking the models …") if typed else self.tr("Looking at the image …")
            self._show_state(looking, "clock", "muted")
        else:
            self._show_results(case.unit, case.analysis.result)

    def show_tiles(self, done: int, total: int, left_s: float) -> None:
        """Show how far a slide is that is looked at now; ``left_s`` below 0 is not known."""
        text = self.tr("Looking at the slide: tile {done} of {total}").format(done=done, total=total)
        if left_s >= 0:
            text = f"{text} · {seconds_left(left_s)}"
        self._show_state(text, "clock", "muted")

    def _show_signed(self, case: Case) -> None:
        """Show what was signed, while the image is looked at again or where that says something else."""
        assert case.signed is not None
        if case.error:
            state = self.tr("The image cannot be looked at again now.")
        elif case.today == "another_model":
            state = self.tr("Another model is installed now, so no map is shown; what was signed stays.")
        elif case.today == "otherwise":
            state = self.tr("The models on this computer answer otherwise today; what was signed stays.")
        else:
            state = self.tr("Looking at the image again, to show the map …")
        said = signed_sentences(case.signed.result) or (self.tr("No model had answered."),)
        self._show_state("\n".join((self.tr("As signed:"), *said, state)), "clock", "muted")

    def _show_results(self, unit: ReadingUnit, result: Result) -> None:
        count = sum(1 for one in result.results if one.status == "ok")
        refused = sum(1 for one in result.results if one.status == "refused")
        if not count and not refused:
            self._show_state(silence(unit, result), "circle-slash", "muted")
            return
        text = (
            self.tr("1 result ready, closed")
            if count == 1
            else self.tr("{count} results ready, closed").format(count=count)
        )
        if refused:
            text += self.tr(" · {count} not answered").format(count=refused)
        self._show_state(text, "check", "accent")

    def _show_state(self, text: str, icon: str, token: str, *, failed: bool = False) -> None:
        """Show one sentence, and the way to try again where the analysis failed."""
        self.retry.setVisible(failed)
        self._icon.set_face(icon, token)
        self._words.setText(text)
        self.setAccessibleDescription(text)

    def text(self) -> str:
        """Return the sentence."""
        return self._words.text()


class RefusalCard(Card):
    """A refusal, calm and useful: what, why, and what to do."""

    age_asked = Signal()
    retry_asked = Signal()

    def __init__(
        self, theme: Theme, pack: PackResult, *, age_known: bool = False, parent: QWidget | None = None
    ) -> None:
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
        if pack.refusal.gate == "age" or "age_years" in pack.refusal.fields:
            words = self.tr("Change the age") if age_known else self.tr("Enter the age")
            button = KeyButton(words)
            button.clicked.connect(self.age_asked)
            self.body.addWidget(button)
        if pack.refusal.gate == "failed":
            again = KeyButton(self.tr("Try again"), "retry")
            again.clicked.connect(self.retry_asked)
            self.body.addWidget(again)


class OthersCard(Card):
    """Several models that are for images of another kind, a line each: there is nothing to do about them."""

    def __init__(self, packs: Sequence[PackResult], parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.body.addWidget(label(self.tr("Models for other images"), "strong"))
        for pack in packs:
            assert pack.refusal is not None
            line = self.tr("{title}: {reason}").format(title=pack.title, reason=pack.refusal.reason)
            self.body.addWidget(label(line, "small", wrap=True))


class CorrectionLine(QWidget):
    """What was put right for the models; the image is shown as stored and, beside it, as the model saw it."""

    beside_asked = Signal()

    def __init__(self, theme: Theme, note: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(IconLabel(theme, "rotate-cw", "warning"), 0, Qt.AlignmentFlag.AlignTop)
        self.words = label(note, "strong", wrap=True)
        row.addWidget(self.words, 1)
        beside = KeyButton(self.tr("Beside"), "beside")
        beside.clicked.connect(self.beside_asked)
        row.addWidget(beside, 0, Qt.AlignmentFlag.AlignTop)
