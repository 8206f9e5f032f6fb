"""The recipe of `heart-failure-risk`: death within 180 days in known heart failure, by a Cox model.

Follow-up time is the outcome's time and never a predictor; what it would pretend to give is in the card.
"""

from __future__ import annotations

import csv
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.table_model import Term, Values
from training.data import data_folder
from training.table_card import TableWords
from training.table_data import Cohort
from training.table_form import CC_BY, licence_text, number, term, yes_no
from training.table_recipe import Beside, TableRecipe
from training.table_scores import true_share
from training.table_subgroups import by_choice, halves_by

HORIZON = 180.0
_YES_NO = {"0": "no", "1": "yes"}
_TRUTHS = {"anaemia": "anemia", "hypertension": "high_blood_pressure"}
_FURTHER_TRUTHS = {"diabetes": "diabetes", "smoking": "smoking"}


@cache
def _rows() -> tuple[dict[str, str], ...]:
    file = data_folder() / "tables" / "heart_failure_299.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


def _values(row: dict[str, str]) -> Values:
    values: dict[str, float | str] = {
        "age_years": float(row["age"]),
        "ejection_fraction": float(row["ejection_fraction"]),
        "serum_creatinine": float(row["serum_creatinine"]),
        "serum_sodium": float(row["serum_sodium"]),
        "platelets": float(row["platelets"]) / 1000,
        "creatine_kinase": float(row["creatinine_phosphokinase"]),
        "male": row["sex"],
        "time": float(row["time"]),
    }
    return values | {code: _YES_NO[row[name]] for code, name in (_TRUTHS | _FURTHER_TRUTHS).items()}


def cohort() -> Cohort:
    """Return the 299 patients; a patient is a row."""
    rows = _rows()
    ids = tuple(f"row-{index}" for index in range(len(rows)))
    return Cohort(
        model="cox",
        ids=ids,
        group=ids,
        values=tuple(_values(row) for row in rows),
        y=np.array([int(row["DEATH_EVENT"]) for row in rows]),
        days=np.array([float(row["time"]) for row in rows]),
        horizon=HORIZON,
        labels=("death",),
    )


def facts() -> dict[str, Any]:
    """Return counts of the table."""
    here = cohort()
    died, early = here.y > 0, here.days <= HORIZON
    return {
        "patients": len(here),
        "deaths": int(died.sum()),
        "deaths_in_time": int((died & early).sum()),
        "censored_in_time": int((~died & (here.days < HORIZON)).sum()),
        "followed_on": int((here.days > HORIZON).sum()),
        "risk": round(true_share(here, np.arange(len(here))), 4),
        "first_day": int(here.days.min()),
        "last_day": int(here.days.max()),
    }


TERMS = (
    term("age_years"),
    term("ejection_fraction", "below", 45.0),
    term("serum_creatinine", "log"),
    term("serum_sodium"),
    term("anaemia", choice="yes"),
    term("hypertension", choice="yes"),
)
ALL_TERMS = (
    *TERMS,
    term("platelets"),
    term("creatine_kinase", "log"),
    term("diabetes", choice="yes"),
    term("smoking", choice="yes"),
    Term(input="male", function="equals", centre=0.0, scale=1.0, choice="1"),
)


def subgroups(here: Cohort) -> dict[str, NDArray[np.bool_]]:
    """Return the parts of the patients that the card tells apart."""
    return {
        **by_choice(here, "male", {"0": "women", "1": "men"}),
        **halves_by(here, "age_years", "age (years)"),
        **halves_by(here, "ejection_fraction", "ejection fraction (%)"),
    }


ATTRIBUTION = (
    "Heart failure clinical records of 299 patients: Ahmad et al., PLoS ONE 12:e0181001, 2017; Chicco, "
    "Jurman, "
    "BMC Medical Informatics and Decision Making 20:16, 2020 (CC BY 4.0)."
)
MANIFEST: dict[str, Any] = {
    "schema": "farlight-pack/1",
    "id": "heart-failure-risk",
    "version": "1.0.0",
    "title": "Death within 180 days in known heart failure",
    "class": "demonstration",
    "task": "risk",
    "intended_use": "Shows, for teaching and trial, what a table of 299 patients with known, advanced "
    "heart failure "
    "says of death within 180 days.",
    "not_for": [
        "people without known heart failure",
        "deciding on treatment, admission or end-of-life care",
        "ages under 40 or over 95",
        "comparing hospitals",
    ],
    "weak_where": [
        "one hospital pair in one city (Faisalabad, 2015), all with reduced pumping and severe symptoms",
        "follow-up was short: about a third of the patients were censored before day 180",
        "ejection fraction that was measured by another method than echocardiography",
    ],
    "not_looked_for": ["other causes of death", "what treatment would change"],
    "licence": {"spdx": "CC-BY-4.0", "commercial_use": True, "attribution": ATTRIBUTION},
    "citations": [
        {
            "text": "Chicco, Jurman, BMC Medical Informatics and Decision Making 20:16, 2020",
            "doi": "10.1186/s12911-020-1023-5",
        },
        {"text": "Ahmad et al., PLoS ONE 12:e0181001, 2017", "doi": "10.1371/journal.pone.0181001"},
    ],
    "applies": {"age_years": {"minimum": 40.0, "maximum": 95.99}},
    "uses": {"cardiac-cine": ">=1.0.0,<2.0.0"},
    "outcome": {
        "model": "cox",
        "horizon_days": 180,
        "prevalence": 0.346,
        "calibration": "Predicted risk and Kaplan-Meier compared in fifths of the patients, in repeated "
        "nested "
        "cross-validation; see the card.",
    },
    "inputs": [
        number("age_years", "Age", "years", can_be=(0, 120), seen=(40, 95)),
        {
            **number(
                "ejection_fraction",
                "Ejection fraction of the left ventricle",
                "%",
                can_be=(5, 90),
                seen=(14, 80),
            ),
            "help": "As in the last report, or as measured here.",
            "measurement": "lv_ef",
            "method": "echocardiography",
        },
        {
            **number("serum_creatinine", "Creatinine in serum", "mg/dl", can_be=(0.1, 15), seen=(0.5, 9.4)),
            "help": "1 mg/dl is 88.4 µmol/l: divide µmol/l by 88.4.",
        },
        {
            **number("serum_sodium", "Sodium in serum", "mmol/l", can_be=(95, 180), seen=(113, 148)),
            "help": "1 mEq/l is 1 mmol/l.",
        },
        yes_no("anaemia", "Anaemia", "Haematocrit below 36 %, as in the table."),
        yes_no("hypertension", "Hypertension", "Known high blood pressure."),
    ],
    "labels": [{"code": "death", "title": "Death"}],
    "training_data": {
        "text": "All 299 patients of the table; figures come from cross-validation.",
        "population": "299 patients of 40 to 95 years with heart failure, left ventricular systolic "
        "dysfunction and "
        "severe symptoms (NYHA III or IV), Faisalabad, Pakistan, April to December 2015; 96 died",
    },
}
WORDS = TableWords(
    data="{patients} patients with known heart failure (Faisalabad, 2015), {deaths} deaths, followed for "
    "{first_day} to "
    "{last_day} days. Within 180 days {deaths_in_time} died, {censored_in_time} were lost to follow-up "
    "alive before, "
    "and {followed_on} were followed beyond: Kaplan-Meier risk {risk:.3f}. So this is a survival problem, "
    "not a yes or "
    "no: leaving the lost ones out, or counting them as alive, would bias every figure.",
    model="Cox proportional hazards with a ridge penalty, six values: age, ejection fraction (each point "
    "below 45 %), "
    "the logarithm of creatinine, sodium, anaemia, hypertension: those that the first authors of the table "
    "report, and "
    "that a rural site can have. They were not chosen inside the folds; all eleven values of the table "
    "stand beside it. "
    "How sure an estimate is: see below.",
    traps="The column `time` is how long a patient was followed; who died early has a short one. As a "
    "predictor it "
    "lifts every figure (above), and nobody knows it when the question is asked: it is never used. "
    "Figures near 1 on this table are to be read with that in mind.",
    on_interval="Of {censored_in_time} of {patients} patients, who were lost alive before the horizon, "
    "nobody knows whether the event came by then: the bounds are fitted to the others, each weighted by how "
    "likely that was not to happen (inverse probability of censoring), which is right where the lost were "
    "like those who stayed. Shares that had the event are by Kaplan-Meier.",
    failures=(
        "One place, one year, severe heart failure: expect worse elsewhere, and other absolute risks with "
        "today's "
        "treatment.",
        "An ejection fraction of 45 % or more counts as 45 %.",
        "Ejection fraction in the table is from echocardiography; cardiac MRI reads several points apart, "
        "and the "
        "pack says so where it takes a measurement of Farlight.",
        "With 89 deaths within 180 days the interval is wide, and tells the chance of the sample alone.",
        "No blood pressure, natriuretic peptide, treatment or cause of heart failure: a clinician knows "
        "more.",
    ),
)
RECIPE = TableRecipe(
    pack="heart-failure-risk",
    cohort=cohort,
    terms=TERMS,
    manifest=MANIFEST,
    golden=(
        {"age_years": 60.0, "ejection_fraction": 38.0, "serum_creatinine": 1.1, "serum_sodium": 137.0}
        | {"anaemia": "no", "hypertension": "no"},
        {"age_years": 85.0, "ejection_fraction": 20.0, "serum_creatinine": 2.7, "serum_sodium": 128.0}
        | {"anaemia": "yes", "hypertension": "yes"},
        {"age_years": 44.0, "ejection_fraction": 60.0, "serum_creatinine": 0.7, "serum_sodium": 141.0}
        | {"anaemia": "no", "hypertension": "yes"},
    ),
    licence=licence_text(CC_BY, ATTRIBUTION),
    words=WORDS,
    shown=("C-index", "time-dependent AUC at 180 days", "calibration error at 180 days, 5 groups"),
    beside=(
        Beside(name="all eleven values of the table", terms=ALL_TERMS),
        Beside(name="age alone", terms=(term("age_years"),)),
        Beside(name="ejection fraction and creatinine", terms=(TERMS[1], TERMS[2])),
        Beside(name="WRONG on purpose: with follow-up time as a predictor", terms=(*TERMS, term("time"))),
    ),
    facts=facts,
    subgroups=subgroups,
)
