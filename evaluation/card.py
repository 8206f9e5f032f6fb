"""The card of any pack: generated from what it says of itself and from what was measured.

What people wrote by hand between the two markers is kept, to the letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.card_tables import Measured, figure_table, refusal_table, reliability_table, table

BEGIN, END = "<!-- by hand: begin -->", "<!-- by hand: end -->"
_NOTHING_YET = "What the figures cannot say belongs here: known failures, how data were labelled, who looked."


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """What a pack's manifest says, as a card repeats it."""

    id: str
    version: str
    title: str
    pack_class: str
    intended_use: str
    not_for: Sequence[str]
    weak_where: Sequence[str]
    not_looked_for: Sequence[str]
    licence: str
    attribution: str
    training_text: str
    training_population: str


def card(facts: CardFacts, measured: Measured, earlier: str = "") -> str:
    """Return the card; ``earlier`` is the one that it replaces, whose hand-written part stays.

    A card without markers was written by hand: it is kept whole.
    """
    parts = [
        f"# {facts.title} (`{facts.id}` {facts.version}, {facts.pack_class})",
        f"**Intended use.** {facts.intended_use}",
        *_listed("Not for", facts.not_for),
        *_listed("Weak where", facts.weak_where),
        *_listed("Not looked for", facts.not_looked_for),
        f"**Trained on.** {_sentence(facts.training_text)} {_sentence(facts.training_population)}",
        f"**Licence of the weights.** {facts.licence}. {facts.attribution}",
        f"{BEGIN}\n{by_hand(earlier) or _NOTHING_YET}\n{END}",
        "## Measured",
        _set_words(measured),
        figure_table(measured["figures"]) if measured["figures"] else "No figure could be stated; see below.",
        *_notes(measured),
        *_refused(measured),
        *_labels(measured),
        *_precisions(measured),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def by_hand(text: str) -> str:
    """Return the hand-written part of a card; all of a card that has no markers."""
    _, begin, rest = text.partition(BEGIN)
    return rest.partition(END)[0].strip() if begin else text.strip()


def _listed(name: str, items: Sequence[str]) -> list[str]:
    return [f"**{name}.** {'; '.join(items)}."] if items else []


def _set_words(measured: Measured) -> str:
    about = measured["set"]
    gates = "on" if about["gates"] else "off (no image was refused)"
    words = (
        f"{about['name']}: {about['images']} images of {about['patients']} patients, "
        f"{measured['engine']} {measured['precision']}, gates {gates}. Intervals: 95 %, 1,000 bootstraps of "
        'patients. "All": gates off; "answered": what the pack does not refuse.'
    )
    if any(figure.get("interval_by") == "exact" for figure in measured["figures"]):
        words += (
            ' "(exact)": all resamples agree, as where all were found; the interval is that of a share in as '
            "many patients (Clopper-Pearson; for an AUC, in as many pairs of patients)."
        )
    calibrated = measured.get("calibrated")
    if calibrated:
        words += (
            f" Calibration, prevalence and thresholds come from {calibrated['images']} other images of "
            f"{calibrated['patients']} other patients of the same set; no patient stands in both."
        )
    return words


def _notes(measured: Measured) -> list[str]:
    notes = measured.get("notes") or ()
    return ["Not stated:\n\n" + "\n".join(f"- {note}" for note in notes)] if notes else []


def _refused(measured: Measured) -> list[str]:
    rows = {measured["set"]["name"]: measured["refused"]}
    unread = measured["set"]["unread"]
    words = f"\n\n{unread} further images could not be read." if unread else ""
    return ["## Refused", refusal_table(rows) + words]


def _labels(measured: Measured) -> list[str]:
    parts: list[str] = []
    for entry in measured.get("labels", ()):
        if entry.get("reliability") or entry.get("map_quality"):
            parts += [f"## {entry['title']}: scores against the truth"]
        if entry.get("reliability"):
            parts += [
                f"Share with the finding: {entry['share_ill']:.1%}. Undecided (the interval crosses the "
                f"threshold): {entry['undecided']:.1%}.",
                reliability_table(entry["reliability"]),
            ]
        if entry.get("baselines"):
            parts += [
                "Beside it, what the set gives away: linear models that see 48 x 48 pixels, each score by a "
                "model that has not seen the patient.",
                figure_table(entry["baselines"]),
            ]
        if entry.get("map_quality"):
            parts += ["### The map", map_table(entry["map_quality"])]
    return parts


def _precisions(measured: Measured) -> list[str]:
    rows = measured.get("precisions") or ()
    if not rows:
        return []
    head = ("finding", "precision", "AUC", "largest difference of a score", "on the other side")
    body = [
        (
            str(row["title"]),
            str(row["precision"]),
            f"{row['AUC']:.4f}" if row["AUC"] is not None else "",
            f"{row['largest_difference']:.4f}",
            f"{row['other_side']:.2%}",
        )
        for row in rows
    ]
    return [
        "## INT8 beside FP32",
        table(head, body),
        "Both read the same prepared inputs in ONNX Runtime; differences are those from FP32. On the other "
        "side: images whose score lies on the other side of the threshold in force.",
    ]


def map_table(rows: Mapping[str, Any]) -> str:
    """Return what was measured of a map."""
    lines: list[tuple[str, str]] = []
    if "hottest_spot_in_box" in rows:
        lines += [
            (
                f"hottest spot in a drawn box ({rows['boxed_images']} images): map, middle of the picture",
                f"{rows['hottest_spot_in_box']:.3f}, {rows['middle_in_box']:.3f}",
            ),
            (
                "share of heat in the boxes (the boxes' share of the picture)",
                f"{rows['heat_in_boxes']:.3f} ({rows['boxes_share']:.3f})",
            ),
        ]
    if "deletion_area" in rows:
        deletion, insertion = rows["deletion_area"], rows["insertion_area"]
        lines += [
            (
                f"deletion area, {rows['fill']}, lower is better: map, random, centre",
                ", ".join(f"{deletion[order]:.3f}" for order in ("map", "random", "centre")),
            ),
            (
                f"insertion area, {rows['fill']}, higher is better: map, random, centre",
                ", ".join(f"{insertion[order]:.3f}" for order in ("map", "random", "centre")),
            ),
            ("correlation with maps of shuffled weights", f"{rows['correlation_with_random_weights']:.3f}"),
            ("correlation under small shifts", f"{rows['correlation_under_small_shifts']:.3f}"),
        ]
        if rows.get("heat_inside_region") is not None:
            lines.append(
                (
                    "share of heat inside the region (the region's share of the input)",
                    f"{rows['heat_inside_region']:.3f} ({rows['region_share']:.3f})",
                )
            )
    if "passes" in rows:
        beside = f"no: the score is told beside that of `{rows.get('beside')}`"
        lines.append(
            ("may be shown", "no" if not rows["passes"] else beside if rows.get("beside") else "yes")
        )
    return table(("measure", f"value ({rows['images']} images with the finding)"), lines)


def _sentence(text: str) -> str:
    """Return a text that ends as a sentence does."""
    plain = text.strip()
    return plain if plain.endswith((".", "!", "?")) or not plain else f"{plain}."
