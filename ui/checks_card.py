"""What was looked at before a model spoke, and what nobody looked for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from core.result import Result
from services.words import pack_sentence, side_sentence
from ui.controls import Card, IconLabel, label
from ui.theme import Theme


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
