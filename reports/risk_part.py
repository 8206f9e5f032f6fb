"""Page 2 for packs that read values: estimates in words, the curve, and what each value contributed."""

from core.model_facts import ModelFacts
from core.result import PackResult, Risk
from core.wording import say
from reports.model_rows import cautions_of
from reports.records import Bar, BarChart, Curve, FindingBlock
from reports.risk_words import (
    chart_title,
    curve_title,
    ends,
    further,
    group_headline,
    groups_of,
    headline,
    risk_title,
    share_with_interval,
    value_words,
)
from reports.text import clean_line


def risk_blocks(pack: PackResult, title: str, facts: ModelFacts | None) -> tuple[FindingBlock, ...]:
    """Return a block for each estimate, and one for all groups; ``title`` is the pack's."""
    always = " ".join((*cautions_of(pack), *(facts.always_say if facts else ())))
    events = [_event(risk, title, always) for risk in pack.risks if risk.kind == "event"]
    groups = groups_of(pack)
    return (*events, *((_groups(groups, title, always),) if groups else ()))


def _event(risk: Risk, title: str, always: str) -> FindingBlock:
    return FindingBlock(
        title=title,
        words=headline(risk),
        further=f"{further(risk)} {always}".strip(),
        curve=_curve(risk),
        charts=(_contributions(risk),),
    )


def _groups(groups: tuple[Risk, ...], title: str, always: str) -> FindingBlock:
    return FindingBlock(
        title=title,
        words=group_headline(groups),
        further=f"{further(groups[0])} {always}".strip(),
        charts=(_shares(groups), _contributions(groups[0])),
    )


def _curve(risk: Risk) -> Curve | None:
    if not risk.survival or risk.horizon_days is None:
        return None
    return Curve(
        title=curve_title(risk),
        points=risk.survival,
        mark=float(risk.horizon_days),
        unit=say("risk.chart.days"),
        description=risk_title(risk),
    )


def _shares(groups: tuple[Risk, ...]) -> BarChart:
    return BarChart(
        title=say("risk.chart.groups"),
        bars=tuple(
            Bar(
                label=clean_line(risk.label),
                text=share_with_interval(risk),
                length=risk.probability,
                interval=risk.interval,
            )
            for risk in groups
        ),
        ends=None,
    )


def _contributions(risk: Risk) -> BarChart:
    largest = max((abs(part.effect) for part in risk.contributions), default=0.0) or 1.0
    return BarChart(
        title=chart_title(risk),
        bars=tuple(
            Bar(label=clean_line(part.name), text=value_words(part), length=part.effect / largest)
            for part in risk.contributions
        ),
        ends=ends(risk),
    )
