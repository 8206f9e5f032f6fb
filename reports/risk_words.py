"""What a risk or a resemblance to a group is said to be, in the same words in the window and on paper."""

from core.digits import measured_number
from core.patient import ValueSource
from core.result import Contribution, PackResult, Risk
from core.wording import say
from reports.text import clean_line, number

_CLEARLY = 0.5
"""Probability below which no single group is resembled."""
_WHOLE = 1000


def groups_of(pack: PackResult) -> tuple[Risk, ...]:
    """Return the groups that a pack compared a patient with, the most alike first."""
    groups = [risk for risk in pack.risks if risk.kind == "group"]
    return tuple(sorted(groups, key=lambda risk: -risk.probability))


def headline(risk: Risk) -> str:
    """Return the sentence that says how many had an event, in natural frequencies of the study's patients."""
    low, high = risk.interval or (risk.probability, risk.probability)
    count = of_hundred(risk.probability)
    words = {"count": count, "low": of_hundred(low), "high": of_hundred(high)}
    case = "event" if count.isdigit() else "event_far"
    return say(f"risk.say.{case}", label=risk_title(risk), **words)


def further(risk: Risk) -> str:
    """Return what has to be known beside the estimate."""
    if risk.kind == "group":
        return say("risk.say.not_diagnosis")
    average = "" if risk.average is None else say("risk.say.average", average=of_hundred(risk.average))
    return f"{average} {say('risk.say.not_here')}".strip()


def group_headline(groups: tuple[Risk, ...]) -> str:
    """Return which groups the values resemble, the most alike first: those that are told apart or are not.

    A group is named where it is as probable as the own group of nine of ten patients of the study was; where
    that was not worked out, where it is more probable than all others together. A group whose interval
    overlaps with that of the only one named is told beside it.
    """
    known = any(risk.in_set is not None for risk in groups)
    named = [risk for risk in groups if (risk.in_set if known else risk.probability >= _CLEARLY)]
    if len(named) > 1:
        return say("risk.say.group_more", labels=", ".join(_share(risk) for risk in named))
    case = "group_one" if named else "group_none"
    nearest = (*named, *groups)[0]
    words = say(f"risk.say.{case}", label=clean_line(nearest.label), count=of_hundred(nearest.probability))
    near = [risk for risk in groups if risk is not nearest and _overlap(risk, nearest)] if named else []
    if not near:
        return words
    return f"{words} {say('risk.say.group_near', labels=', '.join(_share(risk) for risk in near))}"


def share_with_interval(risk: Risk) -> str:
    """Return how many of 100, and between which numbers."""
    count = of_hundred(risk.probability)
    low, high = (round(100 * bound) for bound in risk.interval or (0.0, 0.0))
    return count if low == high else say("risk.say.interval", count=count, low=low, high=high)


def _overlap(one: Risk, other: Risk) -> bool:
    if one.interval is None or other.interval is None:
        return False
    return one.interval[0] <= other.interval[1] and other.interval[0] <= one.interval[1]


def _share(risk: Risk) -> str:
    return say("risk.say.group_share", label=clean_line(risk.label), count=of_hundred(risk.probability))


def risk_title(risk: Risk) -> str:
    """Return what was estimated, with its horizon."""
    label = clean_line(risk.label)
    if risk.horizon_days is None:
        return label
    return say("risk.say.within_days", label=label, days=risk.horizon_days)


def chart_title(risk: Risk) -> str:
    """Return the heading over the bars of contributions."""
    if risk.kind == "group":
        return say("risk.chart.contributions_group", label=clean_line(risk.label))
    return say("risk.chart.contributions")


def curve_title(risk: Risk) -> str:
    """Return the heading over a curve of survival."""
    case = "survival_alive" if risk.code == "death" else "survival"
    return say(f"risk.chart.{case}", days=risk.horizon_days)


def ends(risk: Risk) -> tuple[str, str]:
    """Return what bars to the left and to the right mean."""
    if risk.kind == "group":
        return say("risk.chart.speaks_against"), say("risk.chart.speaks_for")
    return say("risk.chart.lowers"), say("risk.chart.raises")


def value_words(part: Contribution) -> str:
    """Return an input's value with its unit and where it came from."""
    if part.source is None:
        return say("risk.chart.not_given")
    value = part.value if isinstance(part.value, str) else _number(part.value, part.source)
    unit = f"\u00a0{part.unit}" if part.unit else ""
    return f"{clean_line(value)}{unit} ({say(f'risk.chart.source_{part.source}')})"


def of_hundred(probability: float) -> str:
    """Return how many of 100, as far as whole patients say it."""
    count = round(100.0 * probability)
    if count == 0:
        return say("risk.say.fewer")
    return say("risk.say.more") if count == 100 else str(count)


def _number(value: float, source: ValueSource) -> str:
    if source == "measured":
        return measured_number(value)
    return f"{value:,.0f}" if abs(value) >= _WHOLE else number(value)
