"""Sentences about a result, the same in the window and on paper."""

from core.model_facts import ModelFacts
from core.result import Finding, Measurement, PackResult, Risk, Side
from core.wording import say

_MEASURING = ("cine", "smear", "tissue", "scale", "tiles")
"""Checks that say how something was measured; all others ask whether a model may look at an image."""


def finding_sentence(finding: Finding) -> str:
    """Return what may be said of a score: above, undecided or below its threshold."""
    from reports.machine_part import position_words

    return position_words(finding)


def site_sentence(finding: Finding) -> str:
    """Return what a score means at this clinic, in natural frequencies; "" where nothing may be said."""
    from reports.site_source import sourced_site_sentence

    return sourced_site_sentence(finding)


def side_sentence(side: Side) -> str:
    """Return where left and right are known from, or why they are not."""
    return f"{say('reports.row.side')}: {say(f'reports.say.side_{side}')}"


def measured_words(one: Measurement) -> str:
    """Return a number with its unit and interval."""
    from reports.model_rows import number_words

    return number_words(one)


def reference_words(one: Measurement) -> str:
    """Return what is usual for a number and who says so; empty where it has no reference."""
    from reports.model_rows import reference_words as said

    return said(one)


def measuring_notes(pack: PackResult) -> tuple[str, ...]:
    """Return what is to be known of how a pack measured, counted or went over tiles."""
    return tuple(one.text for one in pack.quality if one.outcome == "note" and one.gate in _MEASURING)


def cautions(pack: PackResult) -> tuple[str, ...]:
    """Return what speaks against the numbers of a heart; it stands above them."""
    return tuple(one.text for one in pack.quality if one.outcome == "note" and one.gate == "cine")


def tile_words(result: PackResult) -> str:
    """Return the scores of the highest tiles of a slide, and where they lie."""
    from reports.model_rows import tile_words as told

    return told(result)


def pack_sentence(result: PackResult, side: Side = "unverified") -> str:
    """Return one line for a pack: what it says, why it refuses, or why it does not apply."""
    if result.refusal is not None:
        return f"{result.refusal.reason} {result.refusal.advice}".strip()
    if result.findings:
        return " ".join(finding_sentence(finding) for finding in result.findings)
    if result.risks:
        return " ".join(risk_words(risk)[0] for risk in groups_of(result)[:1] or result.risks)
    if result.measurements:
        return "; ".join(f"{one.label}: {measured_words(one)}" for one in result.measurements[:3]) + "."
    if result.masks:
        from reports.model_rows import outline_sentence

        return outline_sentence(result, side)
    return say("reports.say.no_answer")


def measured_figure(facts: ModelFacts | None) -> tuple[str, ...]:
    """Return the first figure that was measured of a model, in a sentence; nothing where none was."""
    if facts is None or not facts.figures:
        return ()
    figure = facts.figures[0]
    low_high = figure.interval
    interval = (
        say("packs.figure.interval", low=f"{low_high[0]:.2f}", high=f"{low_high[1]:.2f}") if low_high else ""
    )
    return (
        say(
            "packs.figure.measured",
            metric=figure.metric,
            value=f"{figure.value:.2f}",
            interval=interval,
            population=figure.population,
        ),
    )


def threshold_words(facts: ModelFacts | None, finding: Finding) -> str:
    """Return how often a score lay above the threshold in the model's test, with the finding and without.

    Each with its interval; whom the test was on is the population of the model's first figure.
    """
    point = facts.operating_points.get(finding.code) if facts is not None else None
    if facts is None or not facts.figures or point is None:
        return ""
    if point.sensitivity is None or point.specificity is None:
        return ""
    value, low, high = point.specificity
    return say(
        "packs.figure.threshold",
        ill=_of_hundred(point.sensitivity),
        well=_of_hundred((1 - value, 1 - high, 1 - low)),
        finding=finding.label.casefold(),
        population=facts.figures[0].population,
    )


def _of_hundred(rate: tuple[float, float, float]) -> str:
    value, low, high = (f"{100 * part:.0f}" for part in rate)
    return f"{value}{say('packs.figure.interval', low=low, high=high)}"


def risk_words(risk: Risk) -> tuple[str, str]:
    """Return what was estimated, in natural frequencies of the study, and what belongs beside it."""
    from reports import risk_words as said

    return said.headline(risk), said.further(risk)


def contribution_words(risk: Risk) -> tuple[str, tuple[str, str], tuple[tuple[str, str, float], ...]]:
    """Return the heading over bars, what left and right mean, and name, value and effect of each input."""
    from reports import risk_words as said

    parts = ((part.name, said.value_words(part), part.effect) for part in risk.contributions)
    return said.chart_title(risk), said.ends(risk), tuple(parts)


def groups_of(result: PackResult) -> tuple[Risk, ...]:
    """Return the groups that a pack compared a patient with, the most alike first."""
    from reports import risk_words as said

    return said.groups_of(result)


def share_words(probability: float) -> str:
    """Return how many of 100, as far as whole patients say it."""
    from reports import risk_words as said

    return said.of_hundred(probability)


def curve_words(risk: Risk) -> tuple[str, str]:
    """Return the heading over a survival curve, and the name of its axis of days."""
    from reports import risk_words as said

    return said.curve_title(risk), say("risk.chart.days")
