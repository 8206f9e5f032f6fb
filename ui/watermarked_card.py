"""The card of a model's answer: across that of a demonstration stands that it is one."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from core.result import PackResult
from core.wording import say
from ui.controls import Card, label
from ui.result_head import result_head
from ui.theme import Theme, interface_font

_PX, _DEGREES, _EVERY = 34, -24, 260


class WatermarkedCard(Card):
    """A card with a head; a demonstration says first whom it is for, and what it is across the whole card."""

    def __init__(
        self, theme: Theme, pack: PackResult, words: str, role: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        self._theme = theme
        self.pack_id = pack.stamp.pack_id
        self.is_demonstration = pack.stamp.pack_class == "demonstration"
        self.body.addLayout(result_head(words, role, pack))
        if self.is_demonstration:
            self.body.addWidget(label(say("reports.say.demonstration_note"), "critical", wrap=True))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the card, and across it that it is a demonstration: under its words, and fainter than they."""
        super().paintEvent(event)
        if not self.is_demonstration:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(interface_font(_PX, bold=True))
        painter.setPen(self._theme.color("watermark"))
        words = self.tr("DEMONSTRATION")
        width = painter.fontMetrics().horizontalAdvance(words)
        for middle in range(_EVERY // 2, max(self.height(), _EVERY), _EVERY):
            painter.save()
            painter.translate(self.width() / 2, middle)
            painter.rotate(_DEGREES)
            painter.drawText(QPointF(-width / 2, 0), words)
            painter.restore()
