"""What was looked at before a model spoke, and what nobody looked for."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.result import PackResult, Result
from services.words import cautions, contradiction_words, measuring_notes, pack_sentence, side_sentence
from ui.controls import Card, IconLabel, PushButton, label
from ui.theme import Theme


class FoldedLines(QWidget):
    """One short line, and a button that shows the sentences behind it."""

    def __init__(
        self, theme: Theme, summary: str, sentences: tuple[str, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(IconLabel(theme, "check", "accent", 16))
        self.summary = label(summary, "muted")
        row.addWidget(self.summary, 1)
        self.more = PushButton(self.tr("Show"))
        self.more.setProperty("kind", "link")
        self.more.setCheckable(True)
        self.more.setCursor(Qt.CursorShape.PointingHandCursor)
        self.more.setAccessibleName(self.tr("Show what was checked"))
        self.more.toggled.connect(self._on_toggled)
        row.addWidget(self.more)
        column.addLayout(row)
        self.details = label("\n".join(sentences), "small", wrap=True)
        self.details.setContentsMargins(26, 0, 0, 0)
        self.details.hide()
        column.addWidget(self.details)

    @Slot(bool)
    def _on_toggled(self, shown: bool) -> None:
        self.details.setVisible(shown)
        self.more.setText(self.tr("Hide") if shown else self.tr("Show"))


def _beside_answers(pack: PackResult) -> tuple[str, ...]:
    """Return the notes that stand on the card of a pack's answer."""
    return (*cautions(pack), *(measuring_notes(pack) if pack.measurements else ()))


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

    @property
    def says_something(self) -> bool:
        """Whether anything stands under the heading."""
        return self.body.count() > 1

    def _show_good(self, result: Result) -> None:
        """Fold all that is as it should be into one line, which opens."""
        sentences = result.good_checks
        if sentences:
            count = len(sentences)
            words = self.tr("1 check good") if count == 1 else self.tr("{count} checks good")
            self.good = FoldedLines(self._theme, words.format(count=count), sentences)
            self.body.addWidget(self.good)
        for pack in result.results:
            if pack.status == "ok" and pack.masks and not pack.findings and not pack.measurements:
                self._line("check", "accent", pack_sentence(pack, result.side))

    def _show_notes(self, result: Result) -> None:
        notes = [
            check.text
            for pack in result.results
            for check in pack.quality
            if check.outcome == "note" and check.text not in _beside_answers(pack)
        ]
        for text in dict.fromkeys(notes):
            self._line("triangle-alert", "warning", text)
        corrections = [pack.correction.text for pack in result.results if pack.correction is not None]
        for text in dict.fromkeys(corrections):
            self._line("rotate-cw", "warning", text)
        if result.side == "contradicted":
            self._line("triangle-alert", "warning", side_sentence(result.side))

    def _show_contradictions(self, result: Result) -> None:
        for contradiction in result.patient.contradictions:
            self._line("triangle-alert", "warning", contradiction_words(contradiction))

    def _show_silent(self, result: Result) -> None:
        for pack in result.results:
            if pack.status == "not_applicable":
                self._line("circle-slash", "muted", f"{pack.title}: {pack_sentence(pack)}")

    def _line(self, icon: str, token: str, text: str) -> QLabel:
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(IconLabel(self._theme, icon, token, 16), 0, Qt.AlignmentFlag.AlignTop)
        words = label(text, "muted", wrap=True)
        row.addWidget(words, 1)
        self.body.addLayout(row)
        return words
