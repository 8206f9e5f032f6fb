"""Fits and figures of packs that read values: against answers known by hand, drawn ones, and as shipped."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs scipy")

from core.form import PATIENT_FIELDS
from inference.packs import load_pack
from inference.risk_reading import load_table
from training.recipe import recipe_of
from training.table_card import card_text
from training.table_cross import OutOfFold, cross_validate, fit
from training.table_data import Cohort, centred, folds_of, raw_terms, standardised
from training.table_fit import fit_cox, fit_logistic, fit_multinomial
from training.table_form import term
from training.table_recipe import TableRecipe
from training.table_scores import (
    censoring_weights,
    kaplan_meier,
    reliability_groups,
    survival_figures,
)

PACKS = ("heart-failure-risk", "thyroid-recurrence", "breast-recurrence", "cardiac-phenotype")
MODELS = Path(__file__).parents[2] / "models"
with_data = pytest.mark.skipif("FARLIGHT_DATA" not in os.environ, reason="FARLIGHT_DATA names no data folder")


def _survivors(count: int = 1500) -> Cohort:
    """Draw patients whose hazard is known: exp(0.8 x) a hundred days, censored at random."""
    random = np.random.default_rng(3)
    x = random.normal(size=count)
    died, left = random.exponential(100 / np.exp(0.8 * x)), random.uniform(20, 260, count)
    return Cohort(
        model="cox",
        ids=tuple(map(str, range(count))),
        group=tuple(map(str, range(count))),
        values=tuple({"x": float(value)} for value in x),
        y=(died <= left).astype(np.int64),
        days=np.ceil(np.minimum(died, left)),
        horizon=100.0,
        labels=("death",),
    )


def test_a_cox_fit_finds_the_hazard_that_was_drawn_and_its_baseline() -> None:
    cohort = _survivors()
    x = raw_terms(cohort, [term("x")])
    fitted = fit_cox(x, cohort.days, cohort.y.astype(float), 1e-6, 100.0)
    assert fitted.coefficients[0, 0] == pytest.approx(0.8, abs=0.1)
    assert fitted.hazard_at(100.0) == pytest.approx(1.0, abs=0.12)
    shrunk = fit_cox(x, cohort.days, cohort.y.astype(float), 1e4, 100.0)
    assert abs(shrunk.coefficients[0, 0]) < 0.2


def test_logistic_and_softmax_fits_of_two_labels_agree() -> None:
    random = np.random.default_rng(5)
    x = random.normal(size=(600, 2))
    y = (random.uniform(size=600) < 1 / (1 + np.exp(-(0.5 + x @ [1.0, -0.7])))).astype(np.int64)
    one = fit_logistic(x, y.astype(float), 1e-6)
    two = fit_multinomial(x, y, 2, 1e-6)
    assert one.coefficients[0] == pytest.approx([1.0, -0.7], abs=0.3)
    assert two.coefficients[1] - two.coefficients[0] == pytest.approx(one.coefficients[0], abs=1e-3)


def test_kaplan_meier_and_the_weights_of_the_censored_are_as_by_hand() -> None:
    days = np.array([1.0, 2.0, 3.0, 4.0])
    event = np.array([True, False, True, False])
    assert kaplan_meier(days, event, 3.0) == pytest.approx(0.75 * 0.5)
    cohort = Cohort(
        model="cox", ids=tuple("abcd"), group=tuple("abcd"), values=({},) * 4,
        y=event.astype(np.int64), days=days, horizon=3.5, labels=("death",),
    )  # fmt: skip
    assert censoring_weights(cohort) == pytest.approx([1.0, 0.0, 1.5, 1.5])


def test_figures_of_a_true_model_are_good_and_of_guesses_are_those_of_guesses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("evaluation.figures.RESAMPLES", 5)
    cohort = _survivors(400)
    true = np.array([values["x"] for values in cohort.values], dtype=np.float64) * 0.8
    guess = np.random.default_rng(1).normal(size=400)
    named = {}
    for name, scores in (("true", true), ("guess", guess)):
        sums = np.repeat(scores[None, :, None], 2, axis=0)
        found = OutOfFold(sums=sums, scores=sums[:, :, 0], penalties=(1.0,))
        named[name] = {figure.metric: figure.value for figure in survival_figures("p", cohort, found)}
    assert named["true"]["C-index"] > 0.68
    assert named["guess"]["C-index"] == pytest.approx(0.5, abs=0.06)
    assert named["true"]["time-dependent AUC at 100 days"] > 0.7
    assert named["true"]["calibration slope"] == pytest.approx(1.0, abs=0.2)
    assert named["true"]["calibration error at 100 days, 5 groups"] < 0.08


def test_folds_keep_groups_together_and_spread_outcomes() -> None:
    ids = tuple(f"p{number}" for number in range(60))
    group = tuple(f"g{number // 2}" for number in range(60))
    y = np.array([int(number // 2 % 3 == 0) for number in range(60)])
    cohort = Cohort(
        model="logistic", ids=ids, group=group, values=({},) * 60, y=y, days=np.zeros(60), labels=("e",)
    )
    folds = folds_of(cohort, 5, "salt")
    assert all(folds[place] == folds[place + 1] for place in range(0, 60, 2))
    assert [int(y[folds == fold].sum()) for fold in range(5)] == [4] * 5
    assert not np.array_equal(folds, folds_of(cohort, 5, "other"))


def test_out_of_fold_answers_say_nothing_of_noise() -> None:
    random = np.random.default_rng(9)
    cohort = Cohort(
        model="logistic", ids=tuple(map(str, range(120))), group=tuple(map(str, range(120))),
        values=tuple({"x": float(value)} for value in random.normal(size=120)),
        y=(random.uniform(size=120) < 0.5).astype(np.int64), days=np.zeros(120), labels=("e",),
    )  # fmt: skip
    found = cross_validate(cohort, [term("x")], repeats=2)
    assert np.corrcoef(found.scores[0], cohort.y)[0, 1] < 0.2
    groups = reliability_groups(cohort, found)
    assert sum(int(str(row["patients"])) for row in groups) == 120


@pytest.mark.parametrize("pack", PACKS)
def test_the_card_holds_the_measured_figures_and_the_manifest_repeats_some(pack: str) -> None:
    folder = MODELS / pack
    measured = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    recipe = recipe_of(pack)
    assert isinstance(recipe, TableRecipe)
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert card == card_text(recipe.manifest, recipe.words, measured)
    shown = [(one.metric, one.value) for one in load_pack(folder).manifest.figures]
    assert shown == [(one["metric"], float(one["value"])) for one in measured["manifest_figures"]]


@pytest.mark.parametrize("pack", PACKS)
def test_what_is_no_predictor_is_none(pack: str) -> None:
    codes = {field.code for field in load_pack(MODELS / pack).manifest.inputs}
    assert not codes & {"time", "response", "days"}
    assert codes - set(PATIENT_FIELDS)


@with_data
@pytest.mark.parametrize("pack", PACKS)
def test_the_shipped_table_is_what_its_recipe_fits(pack: str) -> None:
    recipe = recipe_of(pack)
    assert isinstance(recipe, TableRecipe)
    cohort, table = recipe.cohort(), load_table(load_pack(MODELS / pack))
    raw = raw_terms(cohort, recipe.terms)
    terms = centred(raw, recipe.terms)
    assert [one.centre for one in table.terms] == pytest.approx([one.centre for one in terms], abs=1e-6)
    x = standardised(raw, terms)
    everyone = np.arange(len(cohort))
    nearest = min(
        float(np.abs(fit(cohort, x, everyone, penalty).coefficients - table.coefficients).max())
        for penalty in (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
    )
    assert nearest < 1e-4
