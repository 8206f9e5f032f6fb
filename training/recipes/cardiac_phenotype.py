"""The recipe of `cardiac-phenotype`: which study group a heart's measurements resemble.

It is fitted to outlines of people; beside it, measurements of `cardiac-cine` on patients that its network has
not seen are asked.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.figures import share_interval
from inference.table_model import Values
from measure.wall import wall_measurements
from training.cine_patients import CinePatient, held_out, patients
from training.data import data_folder
from training.table_card import TableWords
from training.table_cross import choose_penalty, fit
from training.table_data import Cohort, Floats, centred, raw_terms, standardised
from training.table_form import CC_BY_NC_SA, licence_text, number, term
from training.table_recipe import Beside, TableRecipe

MODELS = Path(__file__).parents[2] / "models"
CODES = ("lv_edv", "lv_ef", "rv_edv", "rv_ef", "lv_mass", "lv_wall_max", "lv_wall_spread")
GROUPS = {
    "NOR": ("group_healthy", "healthy volunteers"),
    "DCM": ("group_dilated", "dilated cardiomyopathy"),
    "HCM": ("group_hypertrophic", "hypertrophic cardiomyopathy"),
    "MINF": ("group_infarct", "earlier infarct, reduced pumping"),
    "RV": ("group_right", "altered right ventricle"),
}
SAME_SCAN = {"patient076": "patient074"}
"""One scan that was labelled twice: both stay in one fold."""
_RIGHT, _MYOCARDIUM, _LEFT = 1, 2, 3
_G_PER_ML, _MM3_PER_ML = 1.05, 1000.0


@cache
def _patients() -> tuple[dict[str, str], ...]:
    with (data_folder() / "cardiac-cine-acdc" / "patients.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(dict(row) for row in csv.DictReader(stream))


@cache
def _measured() -> dict[str, dict[str, float]]:
    return {row["patient"]: _of_reference(row) for row in _patients()}


def _of_reference(row: dict[str, str]) -> dict[str, float]:
    """Measure one patient's reference outlines."""
    arrays = np.load(data_folder() / "cardiac-cine-acdc" / f"{row['patient']}.npz")
    full, empty = arrays["ed_label"], arrays["es_label"]
    side = float(row["spacing_xy_mm"])
    voxel = side * side * float(row["spacing_z_mm"]) / _MM3_PER_ML
    left, right = ((full == part).sum() * voxel for part in (_LEFT, _RIGHT))
    return {
        "lv_edv": float(left),
        "lv_ef": float(100 * (1 - (empty == _LEFT).sum() * voxel / left)),
        "rv_edv": float(right),
        "rv_ef": float(100 * (1 - (empty == _RIGHT).sum() * voxel / right)),
        "lv_mass": float((full == _MYOCARDIUM).sum() * voxel * _G_PER_ML),
        **wall_measurements(full, empty, (side, side)),
    }


def cohort() -> Cohort:
    """Return the patients that were measured."""
    measured = _measured()
    rows = [row for row in _patients() if row["patient"] in measured]
    names = list(GROUPS)
    values: tuple[Values, ...] = tuple(measured[row["patient"]] for row in rows)
    return Cohort(
        model="multinomial",
        ids=tuple(row["patient"] for row in rows),
        group=tuple(SAME_SCAN.get(row["patient"], row["patient"]) for row in rows),
        values=values,
        y=np.array([names.index(row["group"]) for row in rows]),
        days=np.zeros(len(rows)),
        labels=tuple(code for code, _ in GROUPS.values()),
    )


def facts() -> dict[str, Any]:
    """Return counts of the table, and how `cardiac-cine` and this pack do one after the other."""
    here = cohort()
    return {"patients": len(here), "scans": len(set(here.group)), **_after_cine(here)}


def _after_cine(here: Cohort) -> dict[str, Any]:
    """Return counts of the patients that the network has not seen: whose own group was nearest.

    The table is fitted to outlines of people of the network's training patients alone.
    """
    chosen = [patient for patient in patients() if held_out(patient)]
    found = _by_network(chosen)
    names = [patient.name for patient in chosen if patient.name in found]
    raw = raw_terms(here, TERMS)
    left = np.array([here.ids.index(name) for name in names])
    seen = np.array([here.ids.index(one.name) for one in patients() if not held_out(one)])
    terms = centred(raw[seen], TERMS)
    fitted = fit(here, standardised(raw, terms), seen, choose_penalty(here, raw, TERMS, seen, "after-cine"))

    def right(values: Floats) -> int:
        return int((fitted.scores(standardised(values, terms)).argmax(1) == here.y[left]).sum())

    asked = np.array([[found[name][term.input] for term in TERMS] for name in names])
    return {
        "held_out": len(chosen),
        "measured": len(names),
        "right_by_network": right(asked),
        "right_by_people": right(raw[left]),
        "one_is": 100 / len(names),
    }


def _by_network(chosen: list[CinePatient]) -> dict[str, dict[str, float]]:
    """Return what `cardiac-cine` measures of patients through the application; without those it refuses."""
    from training.measure_cine import Asked, ask_all

    values = {one.patient.name: one.values for one in ask_all(Asked(MODELS), chosen)}
    return {name: known for name, known in values.items() if known.keys() >= set(CODES)}


def predicted(found: Mapping[str, Any]) -> list[dict[str, object]]:
    """Return the figure that is asked of this pack: with what `cardiac-cine` measured, not people."""
    right, asked = found["right_by_network"], found["measured"]
    low, high = share_interval(right / asked, asked)
    return [
        {
            "population": "held-out patients (also used to end training), by the outlines of `cardiac-cine`",
            "metric": "accuracy",
            "value": round(right / asked, 4),
            "interval": [round(low, 4), round(high, 4)],
            "patients": asked,
            "images": asked,
        }
    ]


TERMS = tuple(term(code) for code in CODES)
ATTRIBUTION = (
    "Automated Cardiac Diagnosis Challenge (ACDC): Bernard et al., IEEE TMI 37:2514, 2018 (CC BY-NC-SA 4.0)."
)


def _input(
    code: str, title: str, unit: str, can_be: tuple[float, float], seen: tuple[float, float]
) -> dict[str, Any]:
    return {
        **number(code, title, unit, can_be=can_be, seen=seen),
        "help": "Measured on short-axis cine MRI, papillary muscles in the cavity.",
        "measurement": code,
    }


MANIFEST: dict[str, Any] = {
    "schema": "farlight-pack/1",
    "id": "cardiac-phenotype",
    "version": "1.0.0",
    "title": "Which study group a heart's measurements resemble",
    "class": "demonstration",
    "task": "risk",
    "intended_use": "Shows, for teaching and trial, which of five groups of a study the measurements of a "
    "heart resemble, "
    "and by which of them.",
    "not_for": [
        "diagnosis: the groups were told apart by measurements like these",
        "hearts of other kinds: valve disease, athletes, congenital disease, several diseases at once",
        "children",
    ],
    "weak_where": [
        "the study's groups are clear cases of one hospital (Dijon); borderline hearts resemble two groups",
        "measurements by another convention than papillary muscles in the cavity",
    ],
    "not_looked_for": ["any disease outside the five groups", "scar, valves, blood flow"],
    "licence": {
        "spdx": "CC-BY-NC-SA-4.0",
        "commercial_use": False,
        "acceptance": True,
        "attribution": ATTRIBUTION,
    },
    "citations": [{"text": "Bernard et al., IEEE TMI 37:2514, 2018", "doi": "10.1109/TMI.2018.2837502"}],
    "applies": {},
    "uses": {"cardiac-cine": ">=1.0.0,<2.0.0"},
    "outcome": {
        "model": "multinomial",
        "calibration": "Accuracy and calibration in repeated nested cross-validation by patient; see the "
        "card.",
    },
    "inputs": [
        _input("lv_edv", "Left ventricle, end-diastolic volume", "ml", (20, 700), (51, 375)),
        _input("lv_ef", "Left ventricle, ejection fraction", "%", (2, 95), (10, 82)),
        _input("rv_edv", "Right ventricle, end-diastolic volume", "ml", (20, 700), (47, 296)),
        _input("rv_ef", "Right ventricle, ejection fraction", "%", (0, 95), (1, 86)),
        _input("lv_mass", "Left ventricle, mass", "g", (20, 600), (36, 273)),
        _input("lv_wall_max", "Left ventricle, thickest wall at end-diastole", "mm", (3, 50), (6.9, 25)),
        _input(
            "lv_wall_spread",
            "Left ventricle, unevenness of the wall at end-systole",
            "%",
            (2, 100),
            (6.7, 55),
        ),
    ],
    "labels": [{"code": code, "title": title} for code, title in GROUPS.values()],
    "training_data": {
        "text": "All patients of the table; figures come from cross-validation by patient.",
        "population": "80 patients of the ACDC study (Dijon, France): 14 healthy volunteers, 15 with "
        "dilated and 17 with "
        "hypertrophic cardiomyopathy, 18 after infarct, 16 with an altered right ventricle",
    },
}
WORDS = TableWords(
    data="{patients} patients of the ACDC study ({scans} scans: one was labelled twice, and both stay in "
    "one fold). "
    "Measurements are from the outlines of people, but for the first row of the figures. There, with those "
    "of `cardiac-cine` instead: of its {held_out} "
    "held-out patients it measured {measured}, and {right_by_network} of these resembled their own group "
    "most; by the outlines of people {right_by_people} did. (The table was fitted to the other patients "
    "alone; two phases a patient. With so few, one patient is {one_is:.0f} points.)",
    model="Multinomial logistic regression with a ridge penalty on seven measurements: end-diastolic "
    "volume and ejection "
    "fraction of both ventricles, mass, the thickest wall at end-diastole, and how uneven the wall is at "
    "end-systole. "
    "The interval comes from 300 refits to resampled patients.",
    traps="The groups were defined by such measurements (ejection fraction below 40 %, volume, wall "
    "thickness above "
    "15 mm), so that a high accuracy says that the rule was found again, not that disease was recognised. "
    "It is a "
    "resemblance, worded so.",
    on_figures=(
        "**The first row is what the pack is asked for**: the accuracy with what `cardiac-cine` measured, on "
        "its held-out patients, once; its interval is that of a share in so many independent patients "
        "(Wilson). All that follows was measured by people's outlines, in cross-validation.",
    ),
    failures=(
        "Every heart resembles one of five groups, also one that belongs to none: there is no sixth answer.",
        "Size of the body and sex are not taken into account: a large healthy heart can resemble a "
        "diseased one.",
        "80 patients: the intervals of accuracy are wide, and the measures of the wall were chosen on them.",
        "Measurements of another program or convention shift the answer.",
    ),
)
RECIPE = TableRecipe(
    pack="cardiac-phenotype",
    cohort=cohort,
    terms=TERMS,
    manifest=MANIFEST,
    golden=(
        {"lv_edv": 136.0, "lv_ef": 60.0, "rv_edv": 165.0, "rv_ef": 58.0, "lv_mass": 110.0}
        | {"lv_wall_max": 10.5, "lv_wall_spread": 13.0},
        {"lv_edv": 290.0, "lv_ef": 15.0, "rv_edv": 170.0, "rv_ef": 25.0, "lv_mass": 170.0}
        | {"lv_wall_max": 10.7, "lv_wall_spread": 17.0},
        {"lv_edv": 145.0, "lv_ef": 68.0, "rv_edv": 126.0, "rv_ef": 59.0, "lv_mass": 197.0}
        | {"lv_wall_max": 18.0, "lv_wall_spread": 15.0},
    ),
    licence=licence_text(CC_BY_NC_SA, ATTRIBUTION),
    words=WORDS,
    shown=("accuracy", "AUC, one group against the rest, mean"),
    beside=(
        Beside(name="without the two measures of the wall", terms=TERMS[:5]),
        Beside(name="both ejection fractions alone", terms=(TERMS[1], TERMS[3])),
    ),
    facts=facts,
    first=predicted,
    asked_with=", by people's outlines",
)
