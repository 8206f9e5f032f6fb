"""Table rows of page 2: what a pack saw, what is known of its model, and which engine ran it."""

import re
from collections import Counter
from collections.abc import Sequence

from core.digits import measured_number
from core.model_facts import ModelFacts, OperatingPoint, TestFigure, not_looked_for
from core.result import Finding, Measurement, PackResult, Reference, Result, Side
from core.wording import has_sentence, say
from reports.records import Row
from reports.site_words import site_sentence
from reports.text import clean, clean_line, in_sentence, number, score, scores_apart

_SIDED = re.compile(r"^(left|right)_")
_TILES_TOLD = 5
_CAUTIONS = ("age", "cine", "few_cells")
"""Gates whose notes speak against an answer."""
_NAMED_SENSITIVITY = re.compile(r"sensitivity-(\d+)")


def pack_title(label: str, pack: PackResult) -> str:
    """Return a label with the class of the pack, where it is not plain assistance."""
    kind = pack.stamp.pack_class
    return label if kind == "assist" else f"{label} ({say(f'reports.class.{kind}')})"


def outline_sentence(pack: PackResult, side: Side) -> str:
    """Return what a pack outlined; left and right are named only where the side is verified."""
    organs = Counter(_SIDED.sub("", mask.code) for mask in pack.masks)
    labels, sentence = [], "outline_list"
    for mask in pack.masks:
        organ = _SIDED.sub("", mask.code)
        without_side = f"reports.unsided.{organ}_{organs[organ]}"
        if side == "verified" or not has_sentence(without_side):
            labels.append(in_sentence(clean_line(mask.label)))
        else:
            labels.append(say(without_side))
            sentence = "outline_unsided"
    return say(f"reports.say.{sentence}", labels=", ".join(dict.fromkeys(labels)))


def outline_rows(pack: PackResult, result: Result, said: frozenset[str] = frozenset()) -> tuple[Row, ...]:
    """Return what a pack that only outlines shows: it supports the others' answers.

    ``said`` are sentences that stand beside the answers already. The checks are those of the whole result,
    counted as the window counts them.
    """
    good = len(result.good_checks)
    counted = [say("reports.say.quality_count", count=good)] if good else []
    sentences = [outline_sentence(pack, result.side), *_unusual(pack, said), *counted]
    outline = Row(label=say("reports.row.outline"), text=" ".join(sentences))
    return (outline, *(row for row in _put_right_rows(pack) if row.text not in said))


def said_of_image(pack: PackResult) -> frozenset[str]:
    """Return the sentences about the image that stand beside a pack's own answer."""
    rows = _put_right_rows(pack)
    return frozenset((*(row.text for row in rows), *(clean_line(check.text) for check in pack.quality)))


def cautions_of(pack: PackResult) -> tuple[str, ...]:
    """Return what speaks against an answer: it stands above it, not among the checks alone."""
    return tuple(
        clean_line(one.text) for one in pack.quality if one.gate in _CAUTIONS and one.outcome == "note"
    )


def seen_rows(pack: PackResult) -> tuple[Row, ...]:
    """Return measurements, quality checks and what was put right."""
    rows = [Row(label=clean_line(item.label), text=_measurement(item)) for item in pack.measurements]
    if pack.tiles:
        rows.append(Row(label=say("reports.row.tiles"), text=tile_words(pack)))
    rows.append(Row(label=say("reports.row.quality"), text=_quality(pack)))
    return (*rows, *_put_right_rows(pack))


def tile_words(pack: PackResult) -> str:
    """Return the scores of the highest tiles of a slide, and where they lie."""
    tiles = (
        say(
            "reports.say.tile" if tile.position == "above" else f"reports.say.tile_{tile.position}",
            score=score(tile.probability),
            down=str(tile.top),
            across=str(tile.left),
        )
        for tile in pack.tiles[:_TILES_TOLD]
    )
    return say("reports.say.tiles", tiles="; ".join(tiles), side=str(pack.tiles[0].side))


def _put_right_rows(pack: PackResult) -> tuple[Row, ...]:
    rows = []
    if pack.gates_skipped:
        against = [clean_line(check.text) for check in pack.quality if check.outcome == "refused"]
        if against:
            text = "; ".join(against)
            rows.append(Row(label=say("reports.row.would_refuse"), text=text))
    if pack.correction:
        rows.append(Row(label=say("reports.row.correction"), text=clean(pack.correction.text)))
    return tuple(rows)


def _quality(pack: PackResult) -> str:
    """Return what is out of the ordinary in its own words, and the names of what is as it should be."""
    stated = {clean(pack.correction.text)} if pack.correction else set()
    if pack.refusal:
        stated.add(clean(pack.refusal.reason))
    sentences = _unusual(pack, frozenset(stated))
    good = dict.fromkeys(
        clean_line(check.name).casefold() for check in pack.quality if check.outcome == "good"
    )
    if good:
        sentences.append(say("reports.say.quality_good", names=", ".join(good)))
    return " ".join(sentences)


def _unusual(pack: PackResult, said: frozenset[str]) -> list[str]:
    """Return what is out of the ordinary and was not said elsewhere, as sentences."""
    texts = [clean_line(check.text) for check in pack.quality if check.outcome != "good"]
    return [f"{text.rstrip('.')}." for text in texts if text not in said]


def limit_rows(facts: ModelFacts | None, others: tuple[PackResult, ...] = ()) -> tuple[Row, ...]:
    """Return how well the model did on test, and where its answer ends.

    ``others`` are all that is printed: what one of them answered on was looked for.
    """
    if facts is None:
        return (Row(label=say("reports.row.model"), text=say("reports.say.facts_missing")),)
    return (
        Row(label=say("reports.row.figures"), text=_figures_by_population(facts.figures)),
        Row(label=say("reports.row.not_looked_for"), text="; ".join(not_looked_for((facts,), others))),
        Row(label=say("reports.row.not_for"), text="; ".join(facts.not_for)),
        Row(label=say("reports.row.weak_where"), text="; ".join(facts.weak_where)),
    )


def origin_rows(facts: ModelFacts | None) -> tuple[Row, ...]:
    """Return what the model is for and what it learned from."""
    if facts is None:
        return ()
    return (
        Row(label=say("reports.row.intended_use"), text=facts.intended_use),
        Row(label=say("reports.row.trained_on"), text=facts.training_population),
    )


def interval_rows(pack: PackResult, facts: ModelFacts | None) -> tuple[Row, ...]:
    """Return scores with their intervals, and the prevalence they were calibrated at."""
    intervals = [_named(pack, finding, _interval(finding)) for finding in pack.findings if finding.interval]
    told = any(site_sentence(finding) for finding in pack.findings)
    scale = say(f"reports.say.scale{'_site' if told else ''}")
    text = f"{'; '.join(intervals)}. {scale}" if intervals else ""
    return (
        Row(label=say("reports.row.interval"), text=text),
        Row(label=say("reports.row.calibration"), text=_calibration(pack, facts)),
    )


def beside_sentences(pack: PackResult, finding: Finding) -> tuple[str, ...]:
    """Return what else was scored beside a finding, a line each; it asks nothing of its own."""
    return tuple(
        say("reports.say.beside", label=in_sentence(clean_line(one.label)), score=_score_and_interval(one))
        for one in pack.beside
        if one.beside == finding.code
    )


def engine_rows(pack: PackResult) -> tuple[Row, ...]:
    """Return which model ran where, with its whole hash."""
    stamp = pack.stamp
    engine = say(f"reports.engine.{stamp.engine}") if stamp.engine else ""
    run = (f"{stamp.pack_id} {stamp.version}", engine, (stamp.precision or "").upper(), stamp.device)
    model = ", ".join(part for part in run if part)
    digest = say("reports.say.source_hash", sha256=stamp.sha256)
    return (Row(label=say("reports.row.model"), text=f"{model}; {digest}"),)


def present(*rows: Row) -> tuple[Row, ...]:
    """Return the rows that say something."""
    return tuple(row for row in rows if row.text)


def threshold_text(finding: Finding, point: OperatingPoint | None) -> str:
    """Return a threshold, how it was chosen, and what it gave on test."""
    _, value = scores_apart(finding.probability, finding.threshold)
    if point is None:
        return f"{value}, {clean_line(finding.threshold_source)}" if finding.threshold_source else value
    sensitivity = _NAMED_SENSITIVITY.fullmatch(point.name)
    if sensitivity:
        how = say("reports.say.threshold_sensitivity", percent=sensitivity[1], chosen_on=point.chosen_on)
    else:
        how = say("reports.say.threshold_named", name=point.name, chosen_on=point.chosen_on)
    parts = [say("reports.say.threshold", value=value, how=how), say("reports.say.threshold_site")]
    if point.sensitivity and point.specificity:
        parts.append(
            say(
                "reports.say.threshold_measured",
                sensitivity=_value_with_interval(*point.sensitivity),
                specificity=_value_with_interval(*point.specificity),
            )
        )
    return "; ".join(parts)


def _named(pack: PackResult, finding: Finding, text: str) -> str:
    return f"{in_sentence(clean_line(finding.label))} {text}" if len(pack.findings) > 1 else text


def _value_with_interval(value: float, low: float, high: float) -> str:
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _score_and_interval(finding: Finding) -> str:
    value = score(finding.probability)
    if finding.interval is None:
        return value
    low, high = (score(bound) for bound in finding.interval)
    return say("reports.say.interval", score=value, low=low, high=high)


def _interval(finding: Finding) -> str:
    assert finding.interval is not None
    low, high = (score(bound) for bound in finding.interval)
    value, _ = scores_apart(finding.probability, finding.threshold)
    return say("reports.say.interval", score=value, low=low, high=high)


def _calibration(pack: PackResult, facts: ModelFacts | None) -> str:
    mix = "prevalence" if facts is None or facts.counts_patients else "prevalence_images"
    known = [
        _named(
            pack,
            finding,
            say(f"reports.say.{mix}", count=f"{100 * finding.calibrated_at_prevalence:.3g}"),
        )
        for finding in pack.findings
        if finding.calibrated_at_prevalence is not None
    ]
    return f"{'; '.join(known)}, {say('reports.say.calibration')}" if known else ""


def _figures_by_population(figures: tuple[TestFigure, ...]) -> str:
    populations: dict[str, list[str]] = {}
    for figure in figures:
        populations.setdefault(population_words(figure), []).append(_figure(figure))
    lines = [
        say("reports.say.figure_population", population=population, figures=", ".join(texts))
        for population, texts in populations.items()
    ]
    return lines[0] if len(lines) == 1 else "\n".join(f"– {line}" for line in lines)


def population_words(figure: TestFigure) -> str:
    """Return on whom a figure was measured, and how many they are."""
    counts = [say(f"reports.say.{figure.unit}", count=figure.patients)] if figure.patients else []
    counts += [say("reports.say.images", count=figure.images)] if figure.images else []
    return f"{figure.population} ({', '.join(counts)})" if counts else figure.population


def _figure(figure: TestFigure) -> str:
    value = f"{figure.value:.3g}"
    if figure.interval is None:
        return say("reports.say.figure", metric=figure.metric, value=value)
    low, high = (f"{bound:.3g}" for bound in figure.interval)
    return say("reports.say.figure_interval", metric=figure.metric, value=value, low=low, high=high)


def number_words(item: Measurement) -> str:
    """Return a measured number with its unit and interval."""
    written, _, interval = measured_number(item.value, item.interval).partition(" ")
    return " ".join(part for part in (written, item.unit, interval) if part)


def _measurement(item: Measurement) -> str:
    """Return a number, then how it lies to what is usual and what that means, last how it was measured."""
    first, *further = filter(None, (number_words(item), reference_words(item), item.meaning, item.method))
    return ". ".join(part.rstrip(".") for part in (first, *further)) + ("." if further else "")


def reference_words(item: Measurement) -> str:
    """Return how a number lies to what is usual and who says so, or why that is left out; else nothing."""
    usual = _range(item)
    if item.reference is None or not usual:
        return item.no_reference
    sourced = say("reports.row.measurement_sourced", range=usual, source=item.reference.source)
    return say(f"reports.row.measurement_{_place(item, item.reference)}", range=sourced)


def range_words(item: Measurement) -> tuple[str, bool]:
    """Return how a number lies to what is usual, or why that is left out, and whether it lies outside."""
    usual = _range(item)
    if item.reference is None or not usual:
        return item.no_reference, False
    place = _place(item, item.reference)
    return say(f"reports.row.measurement_{place}", range=usual), not place.startswith("inside")


def _place(item: Measurement, reference: Reference) -> str:
    """Return ``inside``, ``below`` or ``above``, with ``_unsure`` where the interval crosses an end of it."""
    ends = item.interval or (item.value, item.value)
    reaches_in = (reference.low is None or ends[1] >= reference.low) and (
        reference.high is None or ends[0] <= reference.high
    )
    if _within(item.value, reference):
        return "inside" if all(_within(end, reference) for end in ends) else "inside_unsure"
    side = "below" if reference.low is not None and item.value < reference.low else "above"
    return f"{side}_unsure" if reaches_in else side


def reference_sources(items: Sequence[Measurement]) -> tuple[str, ...]:
    """Return a sentence for each source of the ranges, with the numbers that it speaks of."""
    sources: dict[str, list[str]] = {}
    for item in items:
        if item.reference is not None and _range(item):
            sources.setdefault(item.reference.source, []).append(clean_line(item.label))
    return tuple(
        say("reports.row.measurement_source", labels=", ".join(labels), source=source)
        for source, labels in sources.items()
    )


def _range(item: Measurement) -> str:
    reference = item.reference
    if reference is None or (reference.low is None and reference.high is None):
        return ""
    low = number(reference.low) if reference.low is not None else "…"
    high = number(reference.high) if reference.high is not None else "…"
    return f"{low} to {high}"


def _within(value: float, reference: Reference) -> bool:
    return (reference.low is None or value >= reference.low) and (
        reference.high is None or value <= reference.high
    )
