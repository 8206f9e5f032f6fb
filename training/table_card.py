"""The card of a pack that reads values: words of people beside figures, of which none is typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.card_tables import figure_table, table
from training.card_speed import speed_parts

_WHAT_INTERVAL = "## What the interval of an estimate is, and what it is not"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableWords:
    """Paragraphs of Markdown; `failures` are list items. `facts` of the recipe may be named in braces.

    `on_interval` is what is special of the intervals of this pack.
    """

    data: str
    model: str
    traps: str
    failures: tuple[str, ...]
    on_figures: tuple[str, ...] = ()
    on_interval: str = ""


def card_text(manifest: Mapping[str, Any], words: TableWords, measured: Mapping[str, Any]) -> str:
    """Return the card as Markdown."""
    facts = measured["facts"]
    parts = [
        f"# {manifest['title']} (`{manifest['id']}` {manifest['version']}, {manifest['class']})",
        f"**Intended use.** {manifest['intended_use']}",
        f"**Not for.** {'; '.join(manifest['not_for'])}.",
        f"**Data.** {words.data.format(**facts)}",
        f"**Model.** {words.model.format(**facts)}",
        "## Figures",
        "Repeated nested cross-validation: 10 times 5 folds, the strength of the penalty chosen on 5 inner "
        "folds alone. Each figure is computed in each repeat and is the mean over the repeats; intervals: "
        "1,000 bootstraps of patients, which tell the chance of who was in the table, not what happens in "
        "another hospital.",
        *words.on_figures,
        figure_table(measured["figures"]),
        f"Penalties that the inner folds chose: {', '.join(f'{p:g}' for p in measured['penalties'])}.",
        "## Beside it",
        figure_table(measured["beside"]),
        f"**Traps of the table.** {words.traps.format(**facts)}",
        _calibration(measured),
        *_subgroups(measured),
        *_bounds(measured, words.on_interval.format(**facts)),
        *_sets(measured),
        "## Through the application",
        _application(measured["application"]),
        *speed_parts(measured),
        "## Known failures",
        "\n".join(f"- {failure}" for failure in words.failures),
        "## Inputs",
        _inputs(manifest),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _calibration(measured: Mapping[str, Any]) -> str:
    nearest = ""
    if "confusion" in measured:
        names = measured["confusion"]["labels"]
        counts = [(names[i], *map(str, row)) for i, row in enumerate(measured["confusion"]["rows"])]
        head = "## Which group was nearest (rows: the patient's own; all repeats together)"
        nearest = f"{head}\n\n{table(('group', *names), counts)}\n\n"
    rows = [
        (str(i + 1), str(row["patients"]), f"{row['said']:.3f}", f"{row['true']:.3f}")
        for i, row in enumerate(measured["groups"])
    ]
    whose = "of their nearest group" if nearest else "of them"
    head = (
        f"## Reliability (fifths of the patients, by what was said {whose} out of fold; mean of the repeats)"
    )
    return (
        f"{nearest}{head}\n\n{table(('fifth', 'patients', 'said', 'true'), rows)}\n\n"
        "![What was said and what was true](reliability.png)"
    )


def _subgroups(measured: Mapping[str, Any]) -> list[str]:
    found = measured.get("subgroups")
    if not found:
        return []
    few = [
        f"{row['population']} ({row['with_event']} of {row['patients']} with the event, "
        f"{row['without_event']} known to be without it)"
        for row in found["too_few"]
    ]
    return [
        "## Parts of the patients",
        "By what was said of them out of fold. *Said minus true* is the mean probability less the share that "
        "had the event: above 0 too much was said. Parts were not chosen by their figures; of so many, one "
        "or "
        "two lie apart by chance.",
        figure_table(found["figures"]),
        *([f"Too few to say anything: {'; '.join(few)}."] if few else []),
    ]


def _bounds(measured: Mapping[str, Any], further: str) -> list[str]:
    found = measured.get("bounds")
    if not found:
        return []
    repeats = found["repeats"]
    return [
        _WHAT_INTERVAL,
        "The interval spans Venn-Abers bounds p0 and p1, and the estimate itself where it lies outside: the "
        "share that had the event among patients of the table of whom about as much was said, counted once "
        "as if this patient had not had it and once as if they had. For each fold of three cross-validations "
        "a predictor was fitted to what the model without the fold said of its patients; the bounds are the "
        "mean of theirs (the source merges probabilities instead: its proof does not carry over). The "
        "estimate is the model's own. The interval is no range in which a patient's own risk lies, and knows "
        f"nothing of another hospital. {further}".strip(),
        f"Measured in each outer fold with bounds made, as the pack's are, of the other folds alone: "
        f"{found['mean_lower']:.3f} to {found['mean_upper']:.3f} in the mean (mean width "
        f"{found['mean_width']:.3f}), {found['share_ill']:.3f} have the event. Of {found['groups']} groups "
        f"of equal size ({repeats} repeats of {found['groups'] // repeats}) the bounds hold in "
        f"{found['groups_covered']}, sampling error allowed for. **This count says little of the width**: "
        f"the estimates alone, without any bounds, hold in {found['groups_covered_by_points']} of the same "
        "groups, so large is the allowance in groups so small.",
    ]


def _sets(measured: Mapping[str, Any]) -> list[str]:
    found = measured.get("sets")
    if not found:
        return []
    sizes = ", ".join(f"{size}: {share:.1%}" for size, share in found["sizes"].items() if share)
    rows = [
        (row["group"], str(row["patients"]), f"{row['held']:.3f}", f"{row['named']:.2f}")
        for row in found["by_group"]
    ]
    return [
        "## The groups that cannot be told apart",
        "The pack names every group that is as probable as the own group of nine of ten patients was "
        "(conformal: of n patients the probability that ranks (n + 1) times 0.9, rounded up, from the "
        "highest). The threshold was found anew in each outer fold, as the pack's is, on what models said "
        "out of fold of the patients of the other folds alone. It may be that no group is named: where the "
        "groups lie far apart, this is how a heart that resembles none clearly shows. Nine of ten is for "
        "all patients together, not for those of each group.",
        figure_table(found["figures"]),
        f"How many groups were named: {sizes}.",
        table(("own group", "patients", "among those named", "groups named, mean"), rows),
    ]


def _application(found: Mapping[str, Any]) -> str:
    return (
        f"All {found['patients']} patients of the table were given to the shipped pack by the "
        f"application's own code: "
        f"{found['refused']} refused; the largest distance of a probability from the fitted model is "
        f"{found['largest_difference']:.1g}."
    )


def _inputs(manifest: Mapping[str, Any]) -> str:
    rows = [
        (f"`{one['code']}`", one["title"], one.get("unit", ""), _range(one), one.get("help", ""))
        for one in manifest["inputs"]
    ]
    return table(("code", "title", "unit", "range or choices", "help"), rows)


def _range(one: Mapping[str, Any]) -> str:
    if one["kind"] == "choice":
        return ", ".join(choice["value"] for choice in one["choices"])
    seen = one.get("seen")
    text = f"{one['minimum']:g} to {one['maximum']:g}"
    return f"{text} (seen: {seen[0]:g} to {seen[1]:g})" if seen else text
