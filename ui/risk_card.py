"""An estimate from values: the words first, then the curve, then what each value contributed."""

from __future__ import annotations

from PySide6.QtWidgets import QGraphicsOpacityEffect, QHBoxLayout, QVBoxLayout, QWidget

from core.model_facts import ModelFacts
from core.result import PackResult, Risk
from core.wording import say
from services.words import (
    cautions,
    contribution_words,
    curve_words,
    group_words,
    groups_of,
    measured_figure,
    risk_words,
    share_words,
)
from ui.controls import label
from ui.risk_charts import BarRow, BarsView, CurveView
from ui.theme import Theme
from ui.watermarked_card import WatermarkedCard

_DIMMED = 0.4


class RiskCard(WatermarkedCard):
    """What one pack that reads values says."""

    def __init__(
        self, theme: Theme, pack: PackResult, facts: ModelFacts | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, pack, pack.title, "strong", parent)
        self.older = label("", "warning-strong", wrap=True)
        self.older.hide()
        self.body.addWidget(self.older)
        self._said = QWidget()
        self._lines = QVBoxLayout(self._said)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(self.body.spacing())
        self.body.addWidget(self._said)
        self._say(pack, facts)

    def _say(self, pack: PackResult, facts: ModelFacts | None) -> None:
        for caution in cautions(pack):
            self._lines.addWidget(label(caution, "warning", wrap=True))
        groups = groups_of(pack)
        for risk in groups[:1] or pack.risks:
            self._add_risk(risk, groups)
        for sentence in (*measured_figure(facts), *(facts.always_say if facts else ())):
            self._lines.addWidget(label(sentence, "small", wrap=True))

    def _add_risk(self, risk: Risk, groups: tuple[Risk, ...]) -> None:
        first, further = risk_words(risk)
        first = group_words(groups) if groups else first
        self._lines.addWidget(label(first, "strong", wrap=True))
        self._lines.addWidget(label(further, "muted", wrap=True))
        if risk.survival and risk.horizon_days is not None:
            heading, unit = curve_words(risk)
            self._lines.addWidget(label(heading, "small", wrap=True))
            curve = CurveView(self._theme, risk.survival, float(risk.horizon_days), unit)
            curve.setAccessibleName(f"{heading}. {first}")
            self._lines.addWidget(curve)
        if groups:
            self._add_bars(
                [
                    BarRow(
                        name=one.label,
                        text=share_words(one),
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
        self._lines.addWidget(label(heading, "small", wrap=True))
        ends = QHBoxLayout()
        ends.addWidget(label(f"‹ {low}", "small"))
        ends.addStretch(1)
        ends.addWidget(label(f"{high} ›", "small"))
        self._lines.addLayout(ends)
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
        self._lines.addWidget(bars)
        return bars

    def show_older(self, values: tuple[str, ...]) -> None:
        """Dim the estimate where it was counted from values that are others now, and say which they were."""
        told = say("risk.say.older", values="; ".join(values)) if values else ""
        if told == self.older.text():
            return
        self.older.setText(told)
        self.older.setVisible(bool(told))
        self.setAccessibleDescription(told)
        dimmed = QGraphicsOpacityEffect(self._said) if told else None
        if dimmed is not None:
            dimmed.setOpacity(_DIMMED)
        self._said.setGraphicsEffect(dimmed)  # type: ignore[arg-type]  # None takes it away
