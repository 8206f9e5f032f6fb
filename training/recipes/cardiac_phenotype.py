"""The recipe of `cardiac-phenotype`: which study group a heart's measurements resemble.

It is fitted to outlines of people; beside it, measurements of `cardiac-cine` on patients that its network has
not seen are asked.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from inference.table_model import Values
from measure.wall import wall_measurements
from training import cine_patients
from training.cine_folds import FILE, kept_hearts
from training.cine_manifest import PACK as CINE
from training.cine_patients import held_out, patients
from training.data import data_folder
from training.table_card import TableWords
from training.table_data import Cohort, part_of
from training.table_form import CC_BY_NC_SA, licence_text, number, term
from training.table_recipe import Beside, TableRecipe

MODELS = Path(__file__).parents[2] / "models"
CODES = ("lv_edv", "lv_ef", "rv_edv", "rv_ef", "lv_mass", "lv_wall_max", "lv_wall_spread")
_LABELS = {
    "NOR": "group_healthy",
    "DCM": "group_dilated",
    "HCM": "group_hypertrophic",
    "MINF": "group_infarct",
    "RV": "group_right",
}
GROUPS = {group: (_LABELS[group], title) for group, title in cine_patients.GROUPS.items()}
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


def in_use() -> Cohort:
    """Return the patients of whom networks that have not seen them measured all values, asked with those.

    The shipped `cardiac-cine` measured those whom it has not seen, the networks of its folds all others.
    """
    here, found = cohort(), _by_network()
    measured = part_of(here, np.array([place for place, name in enumerate(here.ids) if name in found]))
    return replace(measured, asked=tuple(dict(found[name]) for name in measured.ids))


def facts() -> dict[str, Any]:
    """Return counts of the table, and of whom networks measured all values."""
    here = cohort()
    return {"patients": len(here), "scans": len(set(here.group)), "measured": len(in_use())}


@cache
def _by_network() -> dict[str, Mapping[str, float]]:
    """Return what networks that have not seen the patients measure; without those that were refused."""
    from training.measure_cine import Asked, ask_all, hearts

    everyone = patients()
    shipped = hearts(ask_all(Asked(MODELS), [one for one in everyone if held_out(one)]))
    kept = kept_hearts(MODELS / CINE / FILE, everyone)
    return {one.patient.name: one.values for one in (*shipped, *kept) if one.values.keys() >= set(CODES)}


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
    "applies": {"trained_on_ages": {"minimum": 18.0, "maximum": 150.0}},
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
    "one fold). The table is fitted to measurements of the outlines of people. It is asked, here as in use, "
    "with those of `cardiac-cine`: of networks that had not seen the patient (the shipped one on the "
    "patients whom it had not seen, those of its folds on all others), through the application. They "
    "measured {measured} patients; the others were refused, or no right ventricle was found. Two phases a "
    "patient.",
    model="Multinomial logistic regression with a ridge penalty on seven measurements: end-diastolic "
    "volume and ejection "
    "fraction of both ventricles, mass, the thickest wall at end-diastole, and how uneven the wall is at "
    "end-systole. "
    "The interval of each group comes from 300 refits to resampled patients; which groups cannot be told "
    "apart, from a conformal threshold: see below.",
    traps="The groups were defined by such measurements (ejection fraction below 40 %, volume, wall "
    "thickness above "
    "15 mm), so that a high accuracy says that the rule was found again, not that disease was recognised. "
    "It is a "
    "resemblance, worded so.",
    on_figures=(
        "**Whoever has no answer** (refused, or no right ventricle found) is left out of all rows but that "
        "which counts them as wrong. What the table makes of people's outlines stands beside it. No network "
        "measured a patient that it had seen; but those that measured the patients who set the threshold of "
        "the groups that are named had seen the patient who is left out, which may flatter its count a "
        "little.",
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
        Beside(name="all patients, by people's outlines", terms=TERMS, cohort=cohort),
        Beside(name="without the two measures of the wall", terms=TERMS[:5]),
        Beside(name="both ejection fractions alone", terms=(TERMS[1], TERMS[3])),
    ),
    facts=facts,
    in_use=in_use,
    asked_with=", by outlines of networks that had not seen them",
)
