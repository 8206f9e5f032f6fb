"""Sentences about a result, the same in the window and on paper."""

from collections.abc import Sequence

from core.model_facts import ModelFacts, TestFigure
from core.patient import Contradiction
from core.result import Finding, Measurement, PackResult, Risk, Side
from core.wording import say

_MEASURING = ("cine", "smear", "few_cells", "tissue", "scale", "tiles")
"""Checks that say how something was measured; all others ask whether a model may look at an image."""


def finding_sentence(finding: Finding) -> str:
    """Return what may be said of a score: above, undecided or below its threshold."""
    from reports.machine_part import position_words

    return position_words(finding)


def site_sentence(finding: Finding) -> str:
    """Return what a score means at this clinic, in natural frequencies; "" where nothing may be said."""
    from reports.site_source import sourced_site_sentence

    return sourced_site_sentence(finding)


def beside_sentences(pack: PackResult, finding: Finding) -> tuple[str, ...]:
    """Return what else was scored beside a finding, a line each; it asks nothing of its own."""
    from reports.model_rows import beside_sentences as told

    return told(pack, finding)


def side_sentence(side: Side) -> str:
    """Return where left and right are known from, or why they are not."""
    return f"{say('reports.row.side')}: {say(f'reports.say.side_{side}')}"


def contradiction_words(entry: Contradiction) -> str:
    """Return what two sources say of one field, and which of them is used."""
    from reports.person_part import contradiction_words as said

    return said(entry)


def measured_words(one: Measurement) -> str:
    """Return a number with its unit and interval."""
    from reports.model_rows import number_words

    return number_words(one)


def range_words(one: Measurement) -> tuple[str, bool]:
    """Return what is usual for a number, and whether it lies outside; empty where it has no reference."""
    from reports.model_rows import range_words as said

    return said(one)


def sources_below(measurements: Sequence[Measurement]) -> tuple[str, ...]:
    """Return what stands below numbers: what a guideline says of one, and who says what is usual."""
    from reports.model_rows import reference_sources

    meanings = (f"{one.label}: {one.meaning}" for one in measurements if one.meaning)
    return (*meanings, *reference_sources(measurements))


def measuring_notes(pack: PackResult) -> tuple[str, ...]:
    """Return what is to be known of how a pack measured, counted or went over tiles."""
    return tuple(one.text for one in pack.quality if one.outcome == "note" and one.gate in _MEASURING)


def cautions(pack: PackResult) -> tuple[str, ...]:
    """Return what speaks against numbers, a score or an estimate; it stands above them."""
    from reports.model_rows import cautions_of

    return cautions_of(pack) if pack.findings or pack.measurements or pack.risks else ()


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
        groups = groups_of(result)
        return group_words(groups) if groups else " ".join(risk_words(risk)[0] for risk in result.risks)
    if result.measurements:
        return "; ".join(f"{one.label}: {measured_words(one)}" for one in result.measurements[:3]) + "."
    if result.masks:
        from reports.model_rows import outline_sentence

        return outline_sentence(result, side)
    return say("reports.say.no_answer")


def group_words(groups: tuple[Risk, ...]) -> str:
    """Return in one sentence which groups the values resemble, as on paper."""
    from reports import risk_words as said

    return said.group_headline(groups)


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


def population_words(figure: TestFigure) -> str:
    """Return on whom a figure was measured, and how many they are, as on paper."""
    from reports.model_rows import population_words as said

    return said(figure)


def threshold_words(facts: ModelFacts | None, finding: Finding) -> str:
    """Return how often a score lay above the threshold in the model's test, with the finding and without.

    Each with its interval; whom the test was on stands there only where the pack says it of these rates.
    """
    point = facts.operating_points.get(finding.code) if facts is not None else None
    if point is None or point.sensitivity is None or point.specificity is None:
        return ""
    value, low, high = point.specificity
    return say(
        "packs.figure.threshold",
        ill=_of_hundred(point.sensitivity),
        well=_of_hundred((1 - value, 1 - high, 1 - low)),
        finding=finding.label.casefold(),
        population=say("packs.figure.measured_on", population=point.measured_on) if point.measured_on else "",
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


def share_words(risk: Risk) -> str:
    """Return how many of 100, as far as whole patients say it, and between which numbers."""
    from reports import risk_words as said

    return said.share_with_interval(risk)


def curve_words(risk: Risk) -> tuple[str, str]:
    """Return the heading over a survival curve, and the name of its axis of days."""
    from reports import risk_words as said

    return said.curve_title(risk), say("risk.chart.days")
