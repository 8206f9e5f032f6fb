"""Write `docs/models.md`, all packs with their figures: `python -m training.models_page`."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.card_tables import UNITS, table

PAGE, MODELS = Path("docs/models.md"), Path("models")
_HEAD = """# The model packs

Written by `make models-page` from what the packs say of themselves and from the figures that their
evaluation kept; a test fails where it is not current. A pack's whole card, with each population,
calibration, what it refuses and where it fails, is one click away."""
_HOW_TO_READ = """**All figures are of public data sets, of images that the weights have not seen, and of
patients that they have not seen where the set names patients. None was measured in a clinic.** Expect
worse elsewhere, and measure on your own images ([how](evaluating-packs.md)).

- **Class.** `assist`: on by default. `research`: labelled wherever it speaks. `demonstration`: off until it
  is enabled, and never in triage or on a signed page.
- **95 % interval.** Where the figure would lie with other patients of the same hospitals. It says nothing of
  other hospitals. Where a set names no patients (source tiles, groups of near-duplicates), one patient may
  stand in it several times, and the interval is too narrow.
- **All.** Pictures that the pack would refuse are counted with the others.
- **AUC.** How often a person with the finding scores higher than one without: 0.5 is chance, 1 always.
  **C-index**: the same for who dies earlier. **Accuracy**: the share that is right.
- **Dice.** How far two outlines overlap: 0 not at all, 1 wholly. The mean shows failures that the median
  hides.
- **Seen when training was ended, chosen with an eye on it.** Nothing was fitted to these patients, but their
  figures were seen while the pack was made, and are flattered by that. Cards say more.
- **Cross-validated.** Each patient by a network, a layer or a table that was made without them: for the heart
  and for tuberculosis mostly another than the one that ships. Cards say which.
- **Calibration error.** How far stated chances lie from what happened, on average: 0.05 is five in a
  hundred. Chance alone moves it upwards, and resampled patients more than all of them: its interval lies too
  high, and its lower end is never above the figure."""
_ALONE = """## What can be told without looking at the disease

The same figure of models that only weigh and add: a picture's border, how much of each grey or colour there
is, or the coarse picture. None can know a disease by its look. Where one comes near the pack, the data give
the answer away by other means (stain, machine, hospital), and the pack's own figure may rest on that too."""
_KINDS = {
    frozenset(("CR", "DX", "RG", "XR")): "X-ray",
    frozenset(("MR",)): "MRI",
    frozenset(("US",)): "ultrasound",
    frozenset(("GM", "SM", "XC")): "microscopy, photographs",
}
_OLDEST = 110.0
_OWN_TERMS = "LicenseRef-"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pack:
    """What a folder says of its pack: its manifest, and what its evaluation kept."""

    manifest: Mapping[str, Any]
    kept: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.manifest["id"])

    @property
    def figures(self) -> Sequence[Mapping[str, Any]]:
        """The figures that the manifest states."""
        return tuple(self.manifest.get("figures", ()))


def page(models: Path) -> str:
    """Return the page for the packs in a folder."""
    packs = [_read(folder) for folder in sorted(models.iterdir()) if (folder / "pack.toml").is_file()]
    head = (
        "pack",
        "what",
        "class",
        "images",
        "main figure (95 % interval)",
        "from",
        "licence of the weights",
    )
    figures = table(
        ("pack", "population", "figure", "value", "95 % interval", "from"),
        [
            (f"`{pack.id}`", figure["population"], figure["metric"], *_numbers(figure), _from(pack, figure))
            for pack in packs
            for figure in pack.figures
        ],
    )
    alone = table(
        ("pack", "what the model saw", "figure", "value", "95 % interval", "the pack itself"),
        [row for pack in packs for row in _alone(pack)],
    )
    parts = (_HEAD, table(head, [_row(pack) for pack in packs]), _HOW_TO_READ)
    return "\n\n".join([*parts, "## All figures", figures, _ALONE, alone]) + "\n"


def _read(folder: Path) -> _Pack:
    kept = folder / "figures.json"
    return _Pack(
        manifest=tomllib.loads((folder / "pack.toml").read_text(encoding="utf-8")),
        kept=json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {},
    )


def _row(pack: _Pack) -> tuple[str, ...]:
    manifest, figure = pack.manifest, _main_figure(pack)
    value, interval = _numbers(figure)
    return (
        f"[`{pack.id}`](../models/{pack.id}/card.md) {manifest['version']}",
        manifest["title"],
        manifest["class"],
        _images(manifest),
        f"{figure['metric']} **{value}** ({interval}), {figure['population']}",
        _from(pack, figure),
        _licence(manifest),
    )


def _main_figure(pack: _Pack) -> Mapping[str, Any]:
    """Return the first figure, but a mean where a median of the same comes first: it hides failures."""
    first = pack.figures[0]
    metric = str(first["metric"]).replace("median", "mean")
    means = (
        one for one in pack.figures if (one["population"], one["metric"]) == (first["population"], metric)
    )
    return next(means, first)


def _images(manifest: Mapping[str, Any]) -> str:
    applies = manifest.get("applies") or {}
    modalities = applies.get("modalities") or ()
    named = _KINDS.get(frozenset(modalities), "")
    kind = f"{named} ({', '.join(modalities)})" if modalities else "none: values of the patient"
    ages = applies.get("age_years")
    return f"{kind.strip()}; {_ages(ages)}" if ages else kind.strip()


def _ages(ages: Mapping[str, float]) -> str:
    low, high = ages["minimum"], ages["maximum"]
    return f"{low:g} years and over" if high >= _OLDEST else f"{low:g} to {int(high)} years"


def _licence(manifest: Mapping[str, Any]) -> str:
    licence = manifest["licence"]
    name, own = str(licence["spdx"]), str(licence["spdx"]).startswith(_OWN_TERMS)
    terms = name.removeprefix(_OWN_TERMS).replace("-", " ") if own else name
    linked = f"[{terms}](../models/{manifest['id']}/LICENSE)" if own else terms
    return linked + ("" if licence["commercial_use"] else ", **not commercial**")


def _from(pack: _Pack, figure: Mapping[str, Any]) -> str:
    """Return how many patients (or what else was kept apart) and pictures a figure is from."""
    unit = UNITS[figure.get("unit", "patients")]
    sees = bool((pack.manifest.get("applies") or {}).get("modalities"))
    counts = {unit: figure.get("patients"), "images": figure.get("images") if sees else None}
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count is not None)


def _numbers(figure: Mapping[str, Any]) -> tuple[str, str]:
    """Return value and interval; percent and points with one digit, all else with three."""
    digits = 1 if any(unit in figure["metric"] for unit in ("(%)", "points")) else 3
    interval = figure.get("interval")
    shown = "not stated" if interval is None else f"{interval[0]:.{digits}f} to {interval[1]:.{digits}f}"
    return f"{figure['value']:.{digits}f}", shown


def _alone(pack: _Pack) -> Iterator[tuple[str, ...]]:
    for one in pack.kept.get("baselines", ()):
        own = next((figure for figure in pack.figures if figure["metric"] == one["metric"]), None)
        saw = one["population"].removeprefix("linear model, ")
        yield f"`{pack.id}`", saw, one["metric"], *_numbers(one), "" if own is None else _numbers(own)[0]


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(MODELS), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
