"""An estimate from values: the words first, then the curve, then what each value contributed."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from core.model_facts import ModelFacts
from core.result import PackResult, Risk
from core.wording import say
from services.words import (
    contribution_words,
    curve_words,
    groups_of,
    measured_figure,
    risk_words,
    share_words,
)
from ui.controls import Card, label
from ui.result_head import result_head
from ui.risk_charts import BarRow, BarsView, CurveView
from ui.theme import Theme, interface_font

_WATERMARK_PX, _WATERMARK_DEGREES, _WATERMARK_EVERY = 34, -24, 260


class RiskCard(Card):
    """What one pack that reads values says; a demonstration says so across the whole card."""

    def __init__(
        self, theme: Theme, pack: PackResult, facts: ModelFacts | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        self._theme = theme
        self._is_demonstration = pack.stamp.pack_class == "demonstration"
        self.body.addLayout(result_head(pack.title, "strong", pack))
        if self._is_demonstration:
            self.body.addWidget(label(say("reports.say.demonstration_note"), "critical", wrap=True))
        groups = groups_of(pack)
        for risk in groups[:1] or pack.risks:
            self._add_risk(risk, groups)
        for sentence in (*measured_figure(facts), *(facts.always_say if facts else ())):
            self.body.addWidget(label(sentence, "small", wrap=True))

    def _add_risk(self, risk: Risk, groups: tuple[Risk, ...]) -> None:
        first, further = risk_words(risk)
        self.body.addWidget(label(first, "body" if groups else "strong", wrap=True))
        self.body.addWidget(label(further, "muted", wrap=True))
        if risk.survival and risk.horizon_days is not None:
            heading, unit = curve_words(risk)
            self.body.addWidget(label(heading, "small", wrap=True))
            curve = CurveView(self._theme, risk.survival, float(risk.horizon_days), unit)
            curve.setAccessibleName(f"{heading}. {first}")
            self.body.addWidget(curve)
        if groups:
            self._add_bars(
                [
                    BarRow(
                        name=one.label,
                        text=share_words(one.probability),
                        length=one.probability,
                        interval=one.interval,
                    )
                    for one in groups
                ],
                two_sided=False,
            )
        self._add_contributions(risk)

    def _add_contributions(self, risk: Risk) -> None:
        heading, (low, high), parts = contribution_words(risk)
        self.body.addWidget(label(heading, "small", wrap=True))
        ends = QHBoxLayout()
        ends.addWidget(label(f"‹ {low}", "small"))
        ends.addStretch(1)
        ends.addWidget(label(f"{high} ›", "small"))
        self.body.addLayout(ends)
        largest = max((abs(effect) for _, _, effect in parts), default=0.0) or 1.0
        bars = self._add_bars(
            [BarRow(name=name, text=text, length=effect / largest) for name, text, effect in parts],
            two_sided=True,
        )
        said = (f"{name} {text}: {high if effect > 0 else low}" for name, text, effect in parts)
        bars.setAccessibleName(f"{heading}. {'; '.join(said)}")

    def _add_bars(self, rows: list[BarRow], *, two_sided: bool) -> BarsView:
        bars = BarsView(self._theme, rows, two_sided=two_sided)
        bars.setAccessibleName("; ".join(f"{row.name} {row.text}" for row in rows))
        self.body.addWidget(bars)
        return bars

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the card, and across it that it is a demonstration."""
        super().paintEvent(event)
        if not self._is_demonstration:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(interface_font(_WATERMARK_PX, bold=True))
        painter.setPen(self._theme.color("line"))
        words = self.tr("DEMONSTRATION")
        width = painter.fontMetrics().horizontalAdvance(words)
        for middle in range(_WATERMARK_EVERY // 2, max(self.height(), _WATERMARK_EVERY), _WATERMARK_EVERY):
            painter.save()
            painter.translate(self.width() / 2, middle)
            painter.rotate(_WATERMARK_DEGREES)
            painter.drawText(QPointF(-width / 2, 0), words)
            painter.restore()
