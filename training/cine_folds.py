"""What networks that have not seen a patient measure of that patient's heart; torch-free.

The networks of the folds are trained as the shipped one is, more shortly, and do not ship. What the
application measured with them stands in a file of the pack; `make evaluate` measures it again.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.figures import Figure, measured, share_interval
from training.cine_manifest import COVERAGE, NUMBERS
from training.cine_patients import GROUPS, ONE_SCAN_TWICE, STRUCTURES, CinePatient, fold, person, truth_of

FILE = "folds.json"
_DIGITS = 4
Widths = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heart:
    """One patient: what was measured, by code, and the Dice of each structure at both ends of the beat.

    Both are empty where the pack refused, and `refused` is by which gate.
    """

    patient: CinePatient
    values: Mapping[str, float]
    overlaps: Mapping[str, tuple[float, ...]]
    refused: str | None = None

    @property
    def truth(self) -> dict[str, float]:
        """The reference numbers by code."""
        return truth_of(self.patient)


def write_hearts(hearts: Sequence[Heart], file: Path) -> None:
    """Keep what was measured."""
    rows = [
        {
            "patient": one.patient.name,
            "fold": fold(one.patient),
            "refused": one.refused,
            "values": {code: round(value, _DIGITS) for code, value in one.values.items()},
            "dice": {name: [round(value, _DIGITS) for value in both] for name, both in one.overlaps.items()},
        }
        for one in hearts
    ]
    file.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", encoding="utf-8")


def kept_hearts(file: Path, everyone: Sequence[CinePatient]) -> list[Heart]:
    """Return what was measured by the networks of the folds.

    Raises:
        ValueError: a patient stands in another fold now, or one is missing.
    """
    rows = {row["patient"]: row for row in json.loads(file.read_text(encoding="utf-8"))}
    asked = [patient for patient in everyone if fold(patient)]
    if {patient.name: fold(patient) for patient in asked} != {
        name: row["fold"] for name, row in rows.items()
    }:
        raise ValueError(f"{file.name} is of other folds than these: train again")
    return [
        Heart(
            patient=patient,
            values=rows[patient.name]["values"],
            overlaps={name: tuple(both) for name, both in rows[patient.name]["dice"].items()},
            refused=rows[patient.name]["refused"],
        )
        for patient in asked
    ]


def largest_difference(hearts: Sequence[Heart], kept: Sequence[Heart]) -> float:
    """Return how far a number lies at most from the kept one, in its unit; infinity where one is missing."""
    far, by_name = 0.0, {other.patient.name: other for other in kept}
    for one in hearts:
        other = by_name[one.patient.name]
        if one.values.keys() != other.values.keys() or one.refused != other.refused:
            return math.inf
        far = max([far, *(abs(one.values[code] - other.values[code]) for code in one.values)])
    return round(far, _DIGITS - 1)


def widths_of(hearts: Sequence[Heart]) -> dict[str, tuple[float, float]]:
    """Return half widths of intervals, (absolute, relative) by code, from errors on some patients.

    Percentages have an absolute width; volumes a relative one. The rule is the conformal one: of n errors the
    ceil((n + 1) COVERAGE)-th smallest, or the largest. A scan that was labelled twice counts once.
    """
    widths = {}
    for code, _, unit in NUMBERS:
        errors = np.sort(_errors(hearts, code, relative=unit != "%"))
        place = min(math.ceil((len(errors) + 1) * COVERAGE), len(errors)) - 1
        width = float(f"{errors[place]:.3g}") if len(errors) else 0.0
        widths[code] = (width, 0.0) if unit == "%" else (0.0, min(width, 1.0))
    return widths


def coverage(everyone: Sequence[Heart]) -> list[dict[str, Any]]:
    """Return how often the intervals held the truth, by number, of patients who set no width of theirs.

    `shipped` counts the patients of fold 0 with widths from all others: the intervals of the pack that ships.
    `crossed` counts the patients of every fold with widths from the other folds. `set_by` is of how many
    errors the widths were taken that ship.
    """
    folds = sorted({fold(one.patient) for one in everyone})
    parts = {number: [one for one in everyone if fold(one.patient) == number] for number in folds}
    others = [one for one in everyone if fold(one.patient)]
    widths = {number: widths_of([one for k in folds if k != number for one in parts[k]]) for number in folds}
    rows = []
    for code, title, unit in NUMBERS:
        held = {number: _held(parts[number], widths[number], code) for number in folds}
        rows.append(
            {
                "number": title,
                "unit": unit,
                "half_width": max(widths[0][code]),
                "set_by": len(_errors(others, code, relative=unit != "%")),
                "shipped": _share(held[0]),
                "crossed": _share(np.concatenate([held[number] for number in folds])),
            }
        )
    return rows


def fold_figures(hearts: Sequence[Heart], population: str) -> list[Figure]:
    """Return Dice and the errors of the ejection fractions, of all patients and by group of the study."""
    figures = []
    for name, chosen in {"all": tuple(GROUPS), **{words: (code,) for code, words in GROUPS.items()}}.items():
        part = [one for one in hearts if one.patient.group in chosen and one.refused is None]
        for structure in STRUCTURES:
            both = np.array([one.overlaps[structure] for one in part])
            who = [person(one.patient) for one in part for _ in range(both.shape[1])]
            figures.append(_mean(f"{population}, {name}, {structure}", "mean Dice", who, both.ravel()))
        for code, title, _ in (row for row in NUMBERS if row[2] == "%"):
            known = [one for one in part if code in one.values]
            off = np.array([one.values[code] - one.truth[code] for one in known])
            who = [person(one.patient) for one in known]
            words = f"{population}, {name}"
            figures.append(_mean(words, f"{title}, mean absolute error (points)", who, np.abs(off)))
            figures.append(_mean(words, f"{title}, mean error (points)", who, off))
    return figures


def refused_row(hearts: Sequence[Heart]) -> dict[str, Any]:
    """Return how many were refused, and by which gate."""
    gates = Counter(one.refused for one in hearts if one.refused is not None)
    return {"images": len(hearts), "refused": gates.total() / len(hearts), "by_gate": dict(gates)}


def _mean(population: str, metric: str, who: Sequence[str], values: NDArray[np.float64]) -> Figure:
    return measured(population, metric, who, lambda chosen: float(values[chosen].mean()))


def _errors(hearts: Sequence[Heart], code: str, *, relative: bool) -> NDArray[np.float64]:
    """Return how far numbers lie from the truth: by themselves, or by what was measured."""
    errors = [
        abs(one.values[code] - one.truth[code]) / (one.values[code] if relative else 1.0)
        for one in _scans_once(hearts)
        if one.values.get(code, 0.0) > 0
    ]
    return np.array(errors)


def _scans_once(hearts: Sequence[Heart]) -> list[Heart]:
    """Leave out the second labelling of a scan whose first one was measured."""
    measured_ = {one.patient.name for one in hearts if one.refused is None}
    return [one for one in hearts if ONE_SCAN_TWICE.get(one.patient.name) not in measured_]


def _held(hearts: Sequence[Heart], widths: Widths, code: str) -> NDArray[np.bool_]:
    """Tell for each patient with a number whether its interval holds the truth."""
    absolute, relative = widths[code]
    known = [one for one in _scans_once(hearts) if code in one.values]
    return np.array(
        [
            abs(one.values[code] - one.truth[code]) <= max(absolute, relative * one.values[code])
            for one in known
        ],
        np.bool_,
    )


def _share(held: NDArray[np.bool_]) -> dict[str, Any]:
    low, high = share_interval(float(held.mean()), len(held))
    return {"held": int(held.sum()), "patients": len(held), "interval": [round(low, 4), round(high, 4)]}
