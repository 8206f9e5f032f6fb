"""Write a pack's card from its manifest, its recipe's words and its figures.

No measured number is typed by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.card import map_table
from evaluation.card_tables import UNITS, Measured, figure_table, refusal_table, reliability_table, table
from training.card_speed import speed_parts
from training.card_words import CardWords

RELIABILITY = "reliability.png"
GATES = '"All": gates off; "answered": on.'
"""What the words of a population say."""


def scores_card(
    manifest: Mapping[str, Any],
    words: CardWords,
    measured: Measured,
    *,
    notes: Sequence[str] = (),
) -> str:
    """Return the card of a pack that scores findings."""
    facts = words.facts(measured)
    on = {section: text.format(**facts) for section, text in words.on.items()}
    unit = measured.get("unit", "patients")
    usual = f"INT8 in ONNX Runtime; intervals: 1,000 bootstraps of {UNITS[unit]}. {GATES}"
    parts = [
        f"# {manifest['title']} (`{manifest['id']}` {manifest['version']}, {manifest['class']})",
        f"**Intended use.** {manifest['intended_use']}",
        _listed("Not for", manifest["not_for"]),
        _listed("Weak where", manifest.get("weak_where", ())),
        _listed("Not looked for", manifest.get("not_looked_for", ())),
        f"**Data.** {words.data.format(**facts)}",
        f"**Network.** {words.network.format(**measured['pack'])}",
        f"**Licence of the weights.** {_licence(manifest['licence'])}",
        f"**Calibration.** {words.calibration}",
        "## Scores",
        on.get("scores", usual),
        figure_table(measured["figures"], unit),
        *_answers(measured, on),
        *_beside(measured, on),
        *notes,
        *speed_parts(measured),
        "## Known failures",
        "\n".join(f"- {failure.format(**facts)}" for failure in words.failures),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _answers(measured: Measured, on: Mapping[str, str]) -> list[str]:
    return [
        "## Reliability",
        on.get("reliability", ""),
        f"![Reliability]({RELIABILITY})",
        reliability_table(measured["reliability"]),
        f"Undecided{on.get('undecided', '')} (the interval crosses the threshold): "
        f"{measured['undecided']:.1%}. {bounds_in_words(measured['bounds'], on.get('bounds', ''))}",
        "## Engines and precisions",
        on.get("engines", ""),
        score_engine_table(measured["engines"]),
        "## Own images refused",
        on.get("own", ""),
        refusal_table(measured["own_refused"]),
        *_strangers_part(measured),
    ]


def bounds_in_words(bounds: Measured, on: str = "") -> str:
    """Return how often Venn-Abers bounds hold; `on` says of what they are, where that is not what all is."""
    return (
        f"Venn-Abers bounds{on}: {bounds['mean_lower']:.3f} to {bounds['mean_upper']:.3f} in the mean (mean "
        f"width {bounds['mean_width']:.3f}), {bounds['share_ill']:.3f} have the finding; of "
        f"{bounds['groups']} groups of equal size the bounds hold in {bounds['groups_covered']}, sampling "
        "error allowed for."
    )


def _strangers_part(measured: Measured) -> list[str]:
    if "strangers_refused" not in measured:
        return []
    return [
        "## Strangers refused",
        "Resampled to one size, grey, full contrast, with no header that could give them away.",
        stranger_table(measured["strangers_refused"]),
    ]


def _beside(measured: Measured, on: Mapping[str, str]) -> list[str]:
    parts = []
    if measured.get("baselines"):
        head = "## Beside it: what the data gives away"
        parts += [head, on.get("baselines", ""), _baselines(measured)]
    for code, rows in map_qualities(measured).items():
        parts += [f"## The map: {code}" if code else "## The map", on.get("map", ""), map_table(rows)]
    return parts


def _baselines(measured: Measured) -> str:
    return figure_table(measured["baselines"], measured.get("unit", "patients"))


def map_qualities(measured: Measured) -> Mapping[str, Measured]:
    """Return what was measured of maps by finding; one without a name is that of a pack's only finding."""
    found = measured.get("map_quality") or {}
    return {"": found} if "passes" in found else found


def score_engine_table(rows: Measured) -> str:
    """Return AUC in every engine and precision, and how far scores lie from the reference."""
    head = ("engine, precision", "AUC", "largest difference of a score from FP32")
    return table(head, [(n, f"{r['AUC']:.4f}", f"{r['largest_difference']:.4f}") for n, r in rows.items()])


def largest_int8_change(measured: Measured) -> str:
    """Return in words how much a score may change by the precision of the weights."""
    far = max(row["largest_difference"] for name, row in measured["engines"].items() if "int8" in name)
    return (
        f"INT8 weights change a score by up to {far:.3f} against FP32, on the images of the table of "
        f"engines: "
        "so much may a score change by precision alone, and one near the threshold its side."
    )


def _listed(name: str, items: Sequence[str]) -> str:
    return f"**{name}.** {'; '.join(items)}." if items else ""


def _licence(licence: Mapping[str, Any]) -> str:
    use = "" if licence["commercial_use"] else " Not for commercial use."
    return f"{licence['spdx']}.{use} {licence['attribution']}"


def stranger_table(rows: Measured) -> str:
    """Return, for each kind of stranger and for all together, the share that was refused."""
    body = [
        (name, str(r["images"]), "yes" if r["kind_trained_on"] else "no", f"{r['refused']:.1%}")
        for name, r in rows.items()
    ]
    for trained, name in ((True, "all kinds trained on"), (False, "all kinds not trained on")):
        chosen = [r for r in rows.values() if r["kind_trained_on"] == trained]
        total = sum(r["images"] for r in chosen)
        refused = sum(r["images"] * r["refused"] for r in chosen) / total
        body.append((f"**{name}**", str(total), "yes" if trained else "no", f"**{refused:.1%}**"))
    return table(("kind", "images", "kind trained on", "refused"), body)
