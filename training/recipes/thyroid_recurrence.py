"""The recipe of `thyroid-recurrence`: recurrence of differentiated thyroid cancer, from 364 patients.

The column `Response` tells how the treatment went, and so nearly the answer: it is measured beside the pack
and left out of it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.table_model import Values
from training.data import data_folder
from training.table_card import TableWords
from training.table_data import Cohort
from training.table_form import CC_BY, choice, each_choice, licence_text, number, term, yes_no
from training.table_recipe import Beside, TableRecipe
from training.table_subgroups import by_choice, halves_by

_YES_NO = {"No": "no", "Yes": "yes"}
_ADENOPATHY = {"No": "no", "Left": "one_side", "Right": "one_side"}
_T = {f"T{size}": f"T{size}" for size in ("1a", "1b", "2", "3a", "3b", "4a", "4b")}
PATHOLOGY = choice(
    "pathology",
    "Kind of tumour",
    {
        "papillary": "Papillary",
        "micropapillary": "Papillary microcarcinoma",
        "follicular": "Follicular",
        "hurthle_cell": "Hürthle cell",
    },
    "From the pathologist's report after surgery.",
)
FOCALITY = choice(
    "focality", "Foci of the tumour", {"one": "One focus", "several": "Several foci"}, "After surgery."
)
ADENOPATHY = choice(
    "adenopathy",
    "Enlarged neck lymph nodes",
    {"no": "None felt", "one_side": "One side", "more": "Both sides, posterior or extensive"},
    "On examination before surgery.",
)
ATA_RISK = choice(
    "ata_risk",
    "Risk class after surgery",
    {"low": "Low", "intermediate": "Intermediate", "high": "High"},
    "American Thyroid Association's classes, given after surgery and before any follow-up.",
)
T = choice("t_stage", "Tumour (T)", {name: name for name in _T}, "Of the TNM classification, after surgery.")
N = choice("n_stage", "Nodes (N)", {name: name for name in ("N0", "N1a", "N1b")})
M = choice("m_stage", "Spread (M)", {name: name for name in ("M0", "M1")})
SEX = choice("sex", "Sex", {"F": "Female", "M": "Male"})
_FUNCTION = {name: name for name in ("euthyroid", "hyperthyroid", "hypothyroid")}
_RESPONSE = {name: name for name in ("excellent", "indeterminate", "biochemical", "structural")}


@cache
def _all_rows() -> tuple[tuple[tuple[str, str], ...], ...]:
    file = data_folder() / "tables" / "thyroid_diff_semicolon.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        return tuple(tuple(row.items()) for row in csv.DictReader(stream, delimiter=";"))


def _values(row: Mapping[str, str]) -> Values:
    return {
        "age_years": float(row["Age"]),
        "sex": row["Gender"],
        "smoking": _YES_NO[row["Smoking"]],
        "radiotherapy": _YES_NO[row["Hx Radiothreapy"]],
        "pathology": row["Pathology"].lower().replace("hurthel", "hurthle").replace(" ", "_"),
        "focality": "one" if row["Focality"] == "Uni-Focal" else "several",
        "adenopathy": _ADENOPATHY.get(row["Adenopathy"], "more"),
        "ata_risk": row["Risk"].lower(),
        "t_stage": row["T"],
        "n_stage": row["N"],
        "m_stage": row["M"],
        "function": row["Thyroid Function"].split()[-1].lower().replace("ism", "").removesuffix("o"),
        "response": row["Response"].split()[0].lower(),
    }


def cohort() -> Cohort:
    """Return the patients, each row once."""
    return _cohort(tuple(dict.fromkeys(_all_rows())))


def with_duplicates() -> Cohort:
    """Return all rows; equal ones are still one patient's for the folds, or the same would be seen twice."""
    return _cohort(_all_rows())


def _cohort(rows: tuple[tuple[tuple[str, str], ...], ...]) -> Cohort:
    names = {row: f"row-{number}" for number, row in enumerate(dict.fromkeys(rows))}
    return Cohort(
        model="logistic",
        ids=tuple(f"line-{number}" for number in range(len(rows))),
        group=tuple(names[row] for row in rows),
        values=tuple(_values(dict(row)) for row in rows),
        y=np.array([int(dict(row)["Recurred"] == "Yes") for row in rows]),
        days=np.zeros(len(rows)),
        labels=("recurrence",),
    )


def facts() -> dict[str, Any]:
    """Return counts of the table."""
    here = cohort()
    responses = [values["response"] for values in here.values]
    structural = [bool(y) for y, response in zip(here.y, responses, strict=True) if response == "structural"]
    return {
        "rows": len(_all_rows()),
        "patients": len(here),
        "duplicates": len(_all_rows()) - len(here),
        "recurred": int(here.y.sum()),
        "structural": len(structural),
        "structural_recurred": sum(structural),
        "high_risk": sum(values["ata_risk"] == "high" for values in here.values),
        "high_risk_recurred": int(
            sum(y for y, values in zip(here.y, here.values, strict=True) if values["ata_risk"] == "high")
        ),
    }


TERMS = (
    term("age_years"),
    term("sex", choice="M"),
    term("smoking", choice="yes"),
    term("radiotherapy", choice="yes"),
    *each_choice(PATHOLOGY),
    term("focality", choice="several"),
    *each_choice(ADENOPATHY),
    *each_choice(ATA_RISK),
    *each_choice(T),
    *each_choice(N),
    term("m_stage", choice="M1"),
)


def subgroups(here: Cohort) -> dict[str, NDArray[np.bool_]]:
    """Return the parts of the patients that the card tells apart."""
    size = {name: "T1 or T2" if name < "T3" else "T3 or T4" for name in _T}
    return {
        **by_choice(here, "sex", {"F": "women", "M": "men"}),
        **halves_by(here, "age_years", "age (years)"),
        **by_choice(here, "t_stage", size),
        **by_choice(here, "n_stage", {"N0": "N0", "N1a": "N1", "N1b": "N1"}),
        **by_choice(here, "m_stage", {"M1": "M1"}),
        **by_choice(
            here, "ata_risk", {name: f"risk class {name}" for name in ("low", "intermediate", "high")}
        ),
    }


RESPONSE_TERMS = tuple(term("response", choice=value) for value in _RESPONSE)
ATTRIBUTION = (
    "Differentiated thyroid cancer recurrence: Borzooei, Tarokhian, UCI Machine Learning Repository, 2023 "
    "(CC BY "
    "4.0)."
)
MANIFEST: dict[str, Any] = {
    "schema": "farlight-pack/1",
    "id": "thyroid-recurrence",
    "version": "1.0.0",
    "title": "Recurrence of differentiated thyroid cancer",
    "class": "demonstration",
    "task": "risk",
    "intended_use": "Shows, for teaching and trial, what a table of 364 patients says of recurrence, after "
    "surgery when "
    "the tumour's stage is known and before the response to treatment is.",
    "not_for": [
        "people without proven differentiated thyroid cancer",
        "use before surgery, or after the response to treatment is known",
        "deciding on radioiodine, surgery or the pace of follow-up",
        "ages under 15 or over 82",
    ],
    "weak_where": [
        "one centre, one country; patients were followed at least ten years, so treated as was usual then",
        "anaplastic and medullary cancer: there are none in the table",
    ],
    "not_looked_for": ["death", "when a recurrence comes", "what treatment would change"],
    "licence": {"spdx": "CC-BY-4.0", "commercial_use": True, "attribution": ATTRIBUTION},
    "citations": [
        {
            "text": "Borzooei, Tarokhian, Differentiated Thyroid Cancer Recurrence, UCI Machine Learning "
            "Repository, 2023",
            "doi": "10.24432/C5632J",
        }
    ],
    "applies": {"age_years": {"minimum": 15.0, "maximum": 82.99}},
    "outcome": {
        "model": "logistic",
        "prevalence": 0.297,
        "calibration": "Predicted and observed recurrences compared in fifths of the "
        "patients, in repeated nested cross-validation; see the card.",
    },
    "inputs": [
        number("age_years", "Age", "years", can_be=(0, 120), seen=(15, 82)),
        SEX,
        T,
        N,
        M,
        ATA_RISK,
        ADENOPATHY,
        FOCALITY,
        PATHOLOGY,
        yes_no("smoking", "Smokes now"),
        yes_no(
            "radiotherapy", "Radiotherapy to head or neck in the past", "Before the thyroid cancer was found."
        ),
    ],
    "labels": [{"code": "recurrence", "title": "Recurrence"}],
    "training_data": {
        "text": "All 364 patients of the table; figures come from cross-validation.",
        "population": "364 patients of 15 to 82 years with differentiated thyroid cancer, one centre, "
        "followed for at "
        "least ten years; 108 recurred",
    },
}
WORDS = TableWords(
    data="{rows} rows; {duplicates} are exact copies of others and were removed: {patients} patients with "
    "differentiated thyroid cancer, {recurred} recurred during a follow-up that the table does not give "
    "(at least ten "
    "years, say its authors). So the answer has no horizon.",
    model="Logistic regression with a ridge penalty on eleven values that are known after surgery: age, "
    "sex, smoking, "
    "earlier radiotherapy, kind of tumour, foci, lymph nodes felt, T, N, M, and the risk class. The "
    "overall stage (a "
    "function of age and TNM), thyroid function and the kind of goitre are left out. Its interval "
    "is made by Venn-Abers predictors, crossed: see below.",
    traps="`Response` is how the treatment went, months to years later: {structural_recurred} of "
    "{structural} patients "
    "with a structurally incomplete response are counted as recurred, since that is what recurrence means. "
    "It is left "
    "out of the pack, which therefore may be asked only before it is known; what it would add stands "
    "above. Even "
    "without it the figures flatter: the risk class is made by the same clinicians with the same facts, "
    "and all "
    "{high_risk_recurred} of {high_risk} patients in the class high recurred. Rows that stand twice are in "
    "one fold "
    "where they are kept at all.",
    failures=(
        "One centre: expect worse elsewhere.",
        "Persistence and recurrence are not told apart in the table.",
        "A cohort of past decades: staging and treatment have changed since.",
        "Categories with few patients (Hürthle cell, T4b, earlier radiotherapy) say little; their "
        "intervals are wide.",
        "How recurrence depends on treatment cannot be told: no treatment is in the table.",
    ),
)
_LOW: dict[str, float | str] = {"age_years": 34.0, "sex": "F", "smoking": "no", "radiotherapy": "no"}
_HIGH: dict[str, float | str] = {"age_years": 68.0, "sex": "M", "smoking": "yes", "radiotherapy": "no"}
RECIPE = TableRecipe(
    pack="thyroid-recurrence",
    cohort=cohort,
    terms=TERMS,
    manifest=MANIFEST,
    golden=(
        _LOW
        | {"pathology": "papillary", "focality": "one", "adenopathy": "no", "ata_risk": "low"}
        | {"t_stage": "T2", "n_stage": "N0", "m_stage": "M0"},
        _HIGH
        | {"pathology": "follicular", "focality": "several", "adenopathy": "more", "ata_risk": "high"}
        | {"t_stage": "T4a", "n_stage": "N1b", "m_stage": "M1"},
    ),
    licence=licence_text(CC_BY, ATTRIBUTION),
    words=WORDS,
    shown=("AUC", "calibration error, 5 groups of equal size"),
    beside=(
        Beside(name="LEAK on purpose: with the response to treatment", terms=(*TERMS, *RESPONSE_TERMS)),
        Beside(name="the response to treatment alone", terms=RESPONSE_TERMS),
        Beside(name="without the risk class", terms=tuple(one for one in TERMS if one.input != "ata_risk")),
        Beside(name="the risk class alone", terms=each_choice(ATA_RISK)),
        Beside(
            name="age, T, N and M alone",
            terms=(TERMS[0], *each_choice(T), *each_choice(N), term("m_stage", choice="M1")),
        ),
        Beside(name="all 383 rows, copies in one fold", terms=TERMS, cohort=with_duplicates),
    ),
    facts=facts,
    subgroups=subgroups,
)
