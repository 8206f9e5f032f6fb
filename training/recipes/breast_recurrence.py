"""The recipe of `breast-recurrence`: recurrence of breast cancer, from a table of 1988."""

from __future__ import annotations

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

UNKNOWN = ("?", "nan")
_MENOPAUSE = {"premeno": "premenopausal", "ge40": "at_40_or_later", "lt40": "before_40"}
MENOPAUSE = choice(
    "menopause",
    "Menopause",
    {
        "premenopausal": "Before menopause",
        "before_40": "After it, came before 40 years",
        "at_40_or_later": "After it, came at 40 years or later",
    },
    "When the cancer was found.",
)
GRADE = choice(
    "grade",
    "Grade of malignancy",
    {"1": "1", "2": "2", "3": "3"},
    "Histological, from the pathologist's report.",
)
QUADRANTS = ("left_up", "left_low", "right_up", "right_low", "central")
Row = tuple[str, ...]


@cache
def _all_rows() -> tuple[Row, ...]:
    text = (data_folder() / "tables" / "breast-cancer.csv").read_text(encoding="utf-8")
    return tuple(
        tuple(cell.strip().strip("'") for cell in line.split(","))
        for line in text.splitlines()
        if line.strip()
    )


def _first(interval: str) -> float:
    """Return the lower end of an interval such as 30-34."""
    return float(interval.split("-", 1)[0])


def _values(row: Row) -> Values:
    age, menopause, size, nodes, caps, grade, breast, quadrant, irradiated, _ = row
    return {
        "age_years": _first(age),
        "menopause": _MENOPAUSE[menopause],
        "tumour_size": _first(size),
        "nodes": _first(nodes),
        "node_capsule": caps,
        "grade": grade,
        "breast": breast,
        "quadrant": quadrant,
        "irradiated": irradiated,
    }


def cohort() -> Cohort:
    """Return the patients, each row once, whose values of the pack are all known."""
    return _cohort(tuple(row for row in dict.fromkeys(_all_rows()) if row[4] not in UNKNOWN))


def with_copies() -> Cohort:
    """Return all rows whose values are known; equal rows are in one fold."""
    return _cohort(tuple(row for row in _all_rows() if row[4] not in UNKNOWN))


def with_place() -> Cohort:
    """Return the patients whose breast and quadrant are known too."""
    return _cohort(tuple(row for row in dict.fromkeys(_all_rows()) if not {row[4], row[7]} & set(UNKNOWN)))


def _cohort(rows: tuple[Row, ...]) -> Cohort:
    names = {row: f"row-{number}" for number, row in enumerate(dict.fromkeys(rows))}
    return Cohort(
        model="logistic",
        ids=tuple(f"line-{number}" for number in range(len(rows))),
        group=tuple(names[row] for row in rows),
        values=tuple(_values(row) for row in rows),
        y=np.array([int(row[-1] == "recurrence-events") for row in rows]),
        days=np.zeros(len(rows)),
        labels=("recurrence",),
    )


def facts() -> dict[str, Any]:
    """Return counts of the table."""
    once = tuple(dict.fromkeys(_all_rows()))
    answers: dict[Row, set[str]] = {}
    for row in once:
        answers.setdefault(row[:-1], set()).add(row[-1])
    here = cohort()
    return {
        "rows": len(_all_rows()),
        "copies": len(_all_rows()) - len(once),
        "unknown": sum(row[4] in UNKNOWN for row in once),
        "patients": len(here),
        "recurred": int(here.y.sum()),
        "contradicting": sum(len(found) > 1 for found in answers.values()),
    }


TERMS = (
    term("age_years", "steps", 10.0),
    *each_choice(MENOPAUSE),
    term("tumour_size", "steps", 5.0),
    term("nodes", "steps", 3.0),
    term("node_capsule", choice="yes"),
    *each_choice(GRADE),
    term("irradiated", choice="yes"),
)


def subgroups(here: Cohort) -> dict[str, NDArray[np.bool_]]:
    """Return the parts of the patients that the card tells apart: the table has women alone, no stage."""
    nodes = {
        str(float(count)): "no more than 2 nodes" if count < 3 else "3 nodes or more" for count in range(60)
    }
    return {
        **halves_by(here, "age_years", "age (years, by tens)"),
        **by_choice(here, "grade", {grade: f"grade {grade}" for grade in "123"}),
        **by_choice(here, "nodes", nodes),
    }


PLACE_TERMS = (
    term("breast", choice="left"),
    *(term("quadrant", choice=quadrant) for quadrant in QUADRANTS),
)
ATTRIBUTION = (
    "Breast cancer data of the University Medical Centre, Institute of Oncology, Ljubljana, Yugoslavia; "
    "thanks go to "
    "M. Zwitter and M. Soklic for providing the data (UCI Machine Learning Repository, 1988, CC BY 4.0)."
)

MANIFEST: dict[str, Any] = {
    "schema": "farlight-pack/1",
    "id": "breast-recurrence",
    "version": "1.0.0",
    "title": "Recurrence of breast cancer (table of 1988)",
    "class": "demonstration",
    "task": "risk",
    "intended_use": "Shows, for teaching and trial, what a table of women treated for breast cancer before "
    "1988 says of "
    "recurrence, after surgery.",
    "not_for": [
        "deciding on treatment or follow-up",
        "women treated today: hormone receptors, HER2 and modern treatment are not in the table",
        "men",
        "finding breast cancer",
    ],
    "weak_where": [
        "the table ranks patients poorly: see its figures",
        "one hospital of the nineteen-eighties; every value is a coarse class",
    ],
    "not_looked_for": ["death", "when a recurrence comes", "what treatment would change"],
    "licence": {"spdx": "CC-BY-4.0", "commercial_use": True, "attribution": ATTRIBUTION},
    "citations": [
        {
            "text": "Zwitter, Soklic, Breast Cancer, UCI Machine Learning Repository, 1988",
            "doi": "10.24432/C51P4M",
        }
    ],
    "applies": {"age_years": {"minimum": 20.0, "maximum": 79.99}, "sexes": ["F"]},
    "outcome": {
        "model": "logistic",
        "prevalence": 0.295,
        "calibration": "Predicted and observed recurrences compared in fifths of the "
        "patients, in repeated nested cross-validation; see the card.",
    },
    "inputs": [
        {
            **number("age_years", "Age", "years", can_be=(0, 120), seen=(20, 79.99)),
            "help": "When the cancer was found.",
        },
        MENOPAUSE,
        {
            **number("tumour_size", "Largest diameter of the tumour", "mm", can_be=(0, 150), seen=(0, 54.99)),
            "help": "From the pathologist's report.",
        },
        {
            **number("nodes", "Lymph nodes of the armpit with tumour", "", can_be=(0, 60), seen=(0, 26)),
            "help": "How many; 0 to 2 count alike in the table.",
        },
        yes_no(
            "node_capsule", "Tumour through the capsule of a node", "No where there is no node with tumour."
        ),
        GRADE,
        yes_no(
            "irradiated",
            "Radiotherapy",
            "Given or planned after surgery.",
        ),
    ],
    "labels": [{"code": "recurrence", "title": "Recurrence"}],
    "training_data": {
        "text": "All patients of the table whose values are known; figures come from cross-validation.",
        "population": "264 women of 20 to 79 years treated for breast cancer in Ljubljana before 1988; 78 "
        "recurred",
    },
}
WORDS = TableWords(
    data="{rows} rows; {copies} are copies of others and were removed, though with values as coarse as "
    "these two women "
    "may well share a row; {unknown} further women have no entry for the node's capsule, and were left out "
    "of the fit "
    "(the pack asks for it): {patients} women, {recurred} recurred, during a follow-up that the table does "
    "not give. "
    "So the answer has no horizon.",
    model="Logistic regression with a ridge penalty on seven values: age (by tens), menopause, size (by 5 "
    "mm), nodes "
    "(by threes), capsule, grade, radiotherapy. A value is brought to the table's own class before it "
    "counts. Breast and "
    "quadrant are left out: they say nothing that cross-validation would find (above). "
    "Its interval is made by Venn-Abers predictors, crossed: see below.",
    traps="{contradicting} sets of equal values have both outcomes: the table cannot be told apart better "
    "than so, and "
    'published accuracies lie near what always saying "it will not recur" gives. Equal rows are in one '
    "fold where "
    "copies are kept at all.",
    failures=(
        "A cohort of the nineteen-eighties, one hospital: no receptors, no HER2, no modern treatment. The "
        "absolute "
        "risks are not those of today.",
        "It ranks women poorly; a clinician with the pathologist's report knows more.",
        "Radiotherapy was given to those thought ill: its bar points to the right because of that, not "
        "because it harms.",
        "Menopause and age of women in their forties can contradict each other in the form; nothing checks "
        "that.",
    ),
)
_LOW: dict[str, float | str] = {
    "age_years": 47.0,
    "menopause": "premenopausal",
    "tumour_size": 22.0,
    "nodes": 0.0,
    "node_capsule": "no",
    "grade": "1",
    "irradiated": "no",
}
_HIGH: dict[str, float | str] = {
    "age_years": 63.0,
    "menopause": "at_40_or_later",
    "tumour_size": 41.0,
    "nodes": 9.0,
    "node_capsule": "yes",
    "grade": "3",
    "irradiated": "yes",
}
RECIPE = TableRecipe(
    pack="breast-recurrence",
    cohort=cohort,
    terms=TERMS,
    manifest=MANIFEST,
    golden=(_LOW, _HIGH),
    licence=licence_text(CC_BY, ATTRIBUTION),
    words=WORDS,
    shown=("AUC", "calibration error, 5 groups of equal size"),
    beside=(
        Beside(name="with breast and quadrant", terms=(*TERMS, *PLACE_TERMS), cohort=with_place),
        Beside(name="nodes and grade alone", terms=(term("nodes", "steps", 3.0), *each_choice(GRADE))),
        Beside(name="without radiotherapy", terms=TERMS[:-1]),
        Beside(name="copies kept, in one fold", terms=TERMS, cohort=with_copies),
    ),
    facts=facts,
    subgroups=subgroups,
)
