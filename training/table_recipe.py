"""The recipe of packs that read values: from a cohort and its terms to folder, figures and card.

Fits take milliseconds, so that `make evaluate` makes every cross-validation anew; nothing of it is kept.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.form import FormField
from core.patient import Patient, Sourced
from evaluation.figures import Figure, measured
from inference.manifest_reader import parse_manifest
from inference.packs import load_pack
from inference.risk_golden import write_golden_table
from inference.risk_reading import assess, load_table
from inference.table_model import Term, Values
from inference.table_reader import TABLE_SCHEMA, parse_table
from training.manifest_text import toml_text
from training.pack_files import write_manifest
from training.table_bounds import bounds_table_of, nested_bounds, nested_sets, set_threshold_of
from training.table_card import TableWords, card_text
from training.table_cross import Final, OutOfFold, cross_validate, final_model, probabilities
from training.table_data import Cohort, Floats, raw_terms, standardised
from training.table_scores import (
    confusion,
    event_figures,
    group_figures,
    reliability_bins,
    reliability_groups,
    survival_figures,
)
from training.table_subgroups import subgroup_figures

_FIGURES: Mapping[str, Callable[[str, Cohort, OutOfFold, int | None], list[Figure]]] = {
    "cox": survival_figures,
    "logistic": event_figures,
    "multinomial": group_figures,
}
_MOST_DAYS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A further model that is measured beside the pack's own: other terms, or other patients, and why."""

    name: str
    terms: tuple[Term, ...]
    cohort: Callable[[], Cohort] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRecipe:
    """How one pack that reads values is made and measured.

    `manifest` is all of it but figures and files. `golden` are invented patients. `shown` are the metrics
    that the manifest repeats. `facts` are counts of the table for the card. `in_use` are the patients with
    the values that the pack is asked with where the application measures them itself, and `asked_with` says
    whose they are: figures, and how sure the pack says that it is, are of these.
    """

    pack: str
    cohort: Callable[[], Cohort]
    terms: tuple[Term, ...]
    manifest: dict[str, Any]
    golden: tuple[Values, ...]
    licence: str
    words: TableWords
    shown: tuple[str, ...]
    beside: tuple[Beside, ...] = ()
    facts: Callable[[], dict[str, Any]] = field(default=dict)
    in_use: Callable[[], Cohort] | None = None
    asked_with: str = ""
    subgroups: Callable[[Cohort], Mapping[str, NDArray[np.bool_]]] | None = None

    def train(self, work: Path, models: Path, resume: bool) -> Path:
        """Fit all patients, and to them what tells how sure the model is; return the table's file."""
        del models, resume
        cohort = self.cohort()
        final, sure = final_model(cohort, self.terms), sureness(self.asked(), self.terms)
        file = work / "table.json"
        file.write_text(table_text(cohort, final, sure), encoding="utf-8")
        return file

    def asked(self) -> Cohort:
        """Return the patients as the pack is asked about them in use."""
        return self.in_use() if self.in_use else self.cohort()

    def build(self, weights: Path, models: Path) -> None:
        """Write the pack's folder around a fitted table."""
        folder = models / self.pack
        folder.mkdir(parents=True, exist_ok=True)
        data = weights.read_bytes()
        (folder / "table.json").write_bytes(data)
        (folder / "LICENSE").write_text(self.licence, encoding="utf-8")
        manifest = parse_manifest(toml_text(self.manifest), with_files=False)
        write_golden_table(folder, manifest, parse_table(data, manifest), list(self.golden))
        write_manifest(folder, self.manifest)

    def measure(self, models: Path) -> dict[str, Any]:
        """Return every figure of the card, all made anew."""
        everyone, cohort = self.cohort(), self.asked()
        found = cross_validate(cohort, self.terms)
        population = f"{len(set(cohort.group))} patients, cross-validated{self.asked_with}"
        beside: list[Figure] = []
        sure: dict[str, Any] = {}
        if cohort.model == "multinomial":
            sure["sets"] = nested_sets(population, cohort, self.terms, found)
        else:
            sure["bounds"] = nested_bounds(cohort, self.terms, found)
        figures = _FIGURES[cohort.model](population, cohort, found, None)
        if len(cohort) < len(everyone):
            figures.insert(0, _of_everyone(everyone, cohort, found, self.asked_with))
        for other in self.beside:
            theirs = other.cohort() if other.cohort else cohort
            out = cross_validate(theirs, other.terms)
            beside += _FIGURES[cohort.model](other.name, theirs, out, 2)
        answer: dict[str, Any] = {
            "figures": [figure.as_table() for figure in figures],
            "beside": [figure.as_table() for figure in beside],
            "manifest_figures": [figure.as_table() for figure in figures if figure.metric in self.shown],
            "penalties": sorted(set(found.penalties)),
            "application": self._through_application(everyone, models / self.pack),
            "facts": self.facts(),
            **sure,
        }
        groups = reliability_groups(cohort, found)
        answer |= {"groups": groups, "reliability": reliability_bins(groups)}
        if cohort.model == "multinomial":
            return {**answer, "confusion": {"labels": list(cohort.labels), "rows": confusion(cohort, found)}}
        if self.subgroups:
            answer["subgroups"] = subgroup_figures(cohort, found, self.subgroups(cohort))
        return answer

    def card(self, measured: dict[str, Any]) -> str:
        """Return the card."""
        return card_text(self.manifest, self.words, measured)

    def _through_application(self, cohort: Cohort, folder: Path) -> dict[str, Any]:
        """Return how far the application's answers lie from the fit's, and whom it refuses of its own."""
        pack = load_pack(folder)
        table, codes = load_table(pack), pack.manifest.codes
        fields = {one.code: one for one in pack.manifest.inputs}
        x = standardised(raw_terms(cohort, table.terms), table.terms)
        sums = table.intercepts + x @ table.coefficients.T
        expected = probabilities(sums, cohort.model)
        largest, refused = 0.0, 0
        for index, values in enumerate(cohort.values):
            result = assess(pack, table, patient_of(values, fields))
            if result.status != "ok":
                refused += 1
                continue
            largest = max(
                largest,
                *(abs(risk.probability - expected[index, codes.index(risk.code)]) for risk in result.risks),
            )
        return {"patients": len(cohort), "refused": refused, "largest_difference": round(largest, 9)}


def _of_everyone(everyone: Cohort, answered: Cohort, found: OutOfFold, with_whose: str) -> Figure:
    """Return the accuracy over all patients, those without an answer counted as wrong."""
    nearest = found.probabilities(answered.model).argmax(axis=2) == answered.y
    right = dict(zip(answered.ids, nearest.mean(axis=0), strict=True))
    each = np.array([right.get(name, 0.0) for name in everyone.ids])
    population = (
        f"all {len(set(everyone.group))} patients, those without an answer counted as wrong{with_whose}"
    )
    return measured(population, "accuracy", everyone.group, lambda chosen: float(each[chosen].mean()))


def patient_of(values: Values, fields: Mapping[str, FormField]) -> Patient:
    """Return a patient record with these values, as a patient file would give them."""
    own: dict[str, Any] = {}
    further: dict[str, Sourced[float | str | bool]] = {}
    for code, value in values.items():
        if code in ("age_years", "sex", "height_cm", "weight_kg"):
            own[code] = Sourced(value=value, source="file")
        elif code in fields:
            further[code] = Sourced(value=value, source="file")
    return Patient(**own, further=further)


def sureness(cohort: Cohort, terms: Sequence[Term]) -> dict[str, Any]:
    """Return what of `table.json` tells how sure a model is, besides fits to resampled patients."""
    if cohort.model == "multinomial":
        return {"set_threshold": round(set_threshold_of(cohort, terms), 9)}
    table = bounds_table_of(cohort, terms)
    # logits as they are: rounding could make two of them one
    ends = {"lower": _rounded(table.lower), "upper": _rounded(table.upper)}
    return {"bounds": {"logits": [float(logit) for logit in table.logits], **ends}}


def table_text(cohort: Cohort, final: Final, sure: Mapping[str, Any]) -> str:
    """Return the text of `table.json`; `sure` is what `sureness` says."""
    fitted = final.fitted
    content: dict[str, Any] = {"schema": TABLE_SCHEMA, "terms": [_term(term) for term in final.terms]}
    intercepts = fitted.intercepts
    if cohort.model == "cox":
        content["baseline"], intercepts = _baseline(final, cohort.horizon)
    content["labels"] = [
        {
            "code": label,
            "intercept": float(intercepts[row]),
            "coefficients": _rounded(fitted.coefficients[row]),
        }
        for row, label in enumerate(cohort.labels)
    ]
    content |= sure
    if final.draws is not None:
        content["draws"] = [_rounded(draw.ravel(), 6) for draw in final.draws]
    lines = [f'"{key}": {_value_text(value)}' for key, value in content.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _value_text(value: object) -> str:
    """Return a value as JSON, lists of lists and of tables a line each."""
    if isinstance(value, list):
        return "[\n" + ",\n".join(json.dumps(item) for item in value) + "\n]"
    return json.dumps(value)


def _term(term: Term) -> dict[str, Any]:
    written: dict[str, Any] = {"input": term.input, "function": term.function}
    if term.function == "equals":
        written["choice"] = term.choice
    elif term.function in ("steps", "above", "below"):
        written["number"] = term.number
    return {**written, "centre": round(term.centre, 9), "scale": round(term.scale, 9)}


def _baseline(final: Final, horizon: float) -> tuple[dict[str, list[float]], Floats]:
    fitted = final.fitted
    assert fitted.days is not None
    days = sorted({0.0, *map(float, fitted.days), horizon})[:_MOST_DAYS]
    survival = [round(math.exp(-fitted.hazard_at(day)), 9) for day in days]
    alive = survival[days.index(horizon)]
    return {"days": days, "survival": survival}, np.array([math.log(-math.log(alive))])


def _rounded(values: Sequence[float] | Floats, places: int = 9) -> list[float]:
    return [round(float(value), places) for value in values]
