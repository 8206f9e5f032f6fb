"""Venn-Abers tables and conformal sets of table models: measured without the outcomes they speak of."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs scipy")

from evaluation.calibration import Table, fit_table
from inference.packs import load_pack
from inference.risk_reading import load_table
from training import table_bounds
from training.recipe import recipe_of
from training.table_bounds import (
    bounds_table_of,
    conformal_threshold,
    nested_bounds,
    nested_sets,
    set_threshold_of,
)
from training.table_cross import OutOfFold, cross_validate
from training.table_data import Cohort, Floats, part_of
from training.table_form import term
from training.table_recipe import TableRecipe, sureness
from training.table_scores import censoring_weights, true_share

MODELS = Path(__file__).parents[2] / "models"
with_data = pytest.mark.skipif("FARLIGHT_DATA" not in os.environ, reason="FARLIGHT_DATA names no data folder")
TERMS = [term("x")]


def drawn(count: int = 150, slope: float = 2.0, labels: int = 1) -> Cohort:
    """Draw patients whose outcome depends on x by `slope`: 0 is noise."""
    random = np.random.default_rng(7)
    x = random.normal(size=count)
    cuts = np.linspace(-0.7, 0.7, labels)
    y = (slope * x + random.logistic(size=count))[:, None] > slope * cuts
    names = tuple(map(str, range(count)))
    return Cohort(
        model="logistic" if labels == 1 else "multinomial",
        ids=names,
        group=names,
        values=tuple({"x": float(value)} for value in x),
        y=y.sum(axis=1).astype(np.int64),
        days=np.zeros(count),
        labels=("e",) if labels == 1 else tuple(map(str, range(labels + 1))),
    )


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.figures.RESAMPLES", 5)
    monkeypatch.setattr(table_bounds, "REPEATS", 1)


def _held(cohort: Cohort, repeats: int = 1) -> dict[str, float]:
    found = nested_bounds(cohort, TERMS, cross_validate(cohort, TERMS, repeats=repeats))
    return {name: float(str(value)) for name, value in found.items()}


def test_no_outcome_is_in_the_bounds_that_speak_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = drawn(slope=0.0)
    asked: list[set[str]] = []

    def noted(cohort: Cohort, _terms: object) -> Table:
        asked.append(set(cohort.ids))
        return fit_table(np.linspace(-1, 1, len(cohort)), cohort.y)

    monkeypatch.setattr(table_bounds, "bounds_table_of", noted)
    _held(noise)
    assert len(asked) == 5
    left = [set(noise.ids) - seen for seen in asked]
    assert sorted(name for fold in left for name in fold) == sorted(noise.ids)


def test_the_measured_bounds_are_those_of_the_function_that_makes_the_packs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cohort = drawn()
    table = bounds_table_of(cohort, TERMS)
    kept = sureness(cohort, TERMS)["bounds"]
    assert kept["logits"] == table.logits.tolist()
    assert kept["lower"] == pytest.approx(table.lower, abs=1e-9)
    assert kept["upper"] == pytest.approx(table.upper, abs=1e-9)
    whole = Table(logits=np.array([-9.0, 9.0]), lower=np.array([0.0, 0.0]), upper=np.array([1.0, 1.0]))
    monkeypatch.setattr(table_bounds, "bounds_table_of", lambda *_: whole)
    found = _held(cohort, repeats=2)
    assert (found["mean_lower"], found["mean_upper"], found["mean_width"]) == (0.0, 1.0, 1.0)
    assert (found["repeats"], found["groups"], found["groups_covered"]) == (2, 20, 20)


def test_an_estimate_outside_the_table_s_bounds_is_within_what_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    narrow = Table(logits=np.array([-9.0, 9.0]), lower=np.array([0.5, 0.5]), upper=np.array([0.5, 0.5]))
    monkeypatch.setattr(table_bounds, "bounds_table_of", lambda *_: narrow)
    found = _held(drawn(300))
    assert found["mean_lower"] < 0.5 < found["mean_upper"]


def lost(count: int = 400) -> Cohort:
    """Draw patients who die at a rate that grows with x, of whom half are lost before the horizon."""
    random, cohort = np.random.default_rng(3), drawn(count)
    x = np.array([float(values["x"]) for values in cohort.values])
    died = random.exponential(100 / np.exp(1.2 * x))
    left = random.uniform(20, 160, count)
    return replace(
        cohort,
        model="cox",
        y=(died <= left).astype(np.int64),
        days=np.minimum(died, left),
        horizon=90.0,
        labels=("death",),
    )


def test_of_a_cox_model_those_who_were_lost_count_for_nothing_and_the_others_for_more() -> None:
    cohort = lost()
    truth, weights = table_bounds._at_horizon(cohort)
    gone = (cohort.y == 0) & (cohort.days < cohort.horizon)
    assert gone.sum() > 80
    assert not weights[gone].any()
    assert weights[~gone].min() >= 1
    assert weights.sum() == pytest.approx(len(cohort), rel=0.05)
    assert truth.tolist() == ((cohort.y == 1) & (cohort.days <= cohort.horizon)).tolist()


def _share_told(cohort: Cohort) -> float:
    """Return the mean of the table's middle over the patients that it speaks of."""
    sums = cross_validate(cohort, TERMS, 1, "bounds-").sums[0, :, 0]
    return float(bounds_table_of(cohort, TERMS).bounds(sums).mean())


def test_the_table_of_a_cox_model_follows_kaplan_meier_as_it_would_not_without_the_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cohort = lost(800)
    true = true_share(cohort, np.arange(len(cohort)))
    assert _share_told(cohort) == pytest.approx(true, abs=0.03)
    known = (censoring_weights(cohort) > 0).astype(np.float64)
    monkeypatch.setattr(table_bounds, "censoring_weights", lambda _: known)
    assert _share_told(cohort) > true + 0.05, "those who were lost count for nothing"
    monkeypatch.setattr(table_bounds, "censoring_weights", lambda _: np.ones(len(cohort)))
    assert _share_told(cohort) < true - 0.05, "those who were lost count as survivors"


def test_bounds_of_a_cox_model_hold_and_those_of_a_shifted_one_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cohort = lost()
    found = _held(cohort)
    assert found["groups_covered"] >= 9
    assert found["mean_lower"] < found["share_ill"] < found["mean_upper"]
    sure = sureness(cohort, TERMS)
    assert set(sure) == {"bounds"}
    low = Table(logits=np.array([-9.0, 9.0]), lower=np.array([0.0, 0.0]), upper=np.array([0.01, 0.01]))
    monkeypatch.setattr(table_bounds, "bounds_table_of", lambda *_: low)
    shifted = OutOfFold(
        sums=np.full((1, len(cohort), 1), -6.0), scores=np.full((1, len(cohort)), -6.0), penalties=(1.0,)
    )
    assert float(str(nested_bounds(cohort, TERMS, shifted)["groups_covered"])) == 0


def test_each_fold_has_bounds_of_its_own_so_that_they_lie_wider_than_those_of_all_together() -> None:
    cohort = drawn()
    table = bounds_table_of(cohort, TERMS)
    sums = cross_validate(cohort, TERMS, 1, "bounds-").sums[0, :, 0]
    together = fit_table(sums, cohort.y)
    mine, theirs = (one.bounds(sums) for one in (table, together))
    assert (mine[:, 1] - mine[:, 0]).mean() > 2 * (theirs[:, 1] - theirs[:, 0]).mean()


def test_bounds_of_a_true_model_hold_and_the_share_lies_between_them() -> None:
    cohort = drawn(300)
    right = _held(cohort)
    assert right["groups_covered"] >= 9
    assert right["mean_lower"] <= cohort.y.mean() <= right["mean_upper"]


def test_the_count_without_any_bounds_is_told_beside_that_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    cohort = drawn(300)
    found = cross_validate(cohort, TERMS, repeats=1)
    shifted = replace(found, sums=found.sums + 3)  # says far too much of everybody
    points = float(str(nested_bounds(cohort, TERMS, shifted)["groups_covered_by_points"]))
    assert points <= 5 < _held(cohort)["groups_covered_by_points"]


@pytest.mark.parametrize(
    ("own", "threshold"),
    [
        (np.arange(1, 20) / 20, 0.1),  # rank 18 of 19
        (np.arange(1, 11) / 20, 0.05),  # rank 10 of 10
        (np.full(8, 0.9), 0.0),  # of eight none ranks ninth
    ],
)
def test_the_threshold_is_what_nine_of_ten_and_one_more_reach(own: Floats, threshold: float) -> None:
    assert conformal_threshold(own) == pytest.approx(threshold)


def test_sets_hold_the_own_group_of_nine_of_ten_and_more_groups_where_groups_are_alike() -> None:
    sizes = []
    for slope in (8.0, 1.0):
        cohort = drawn(200, slope, labels=2)
        found = nested_sets("p", cohort, TERMS, cross_validate(cohort, TERMS, repeats=1))
        held, size = (float(figure["value"]) for figure in found["figures"])
        assert 0.83 <= held <= 0.97
        assert sum(found["sizes"].values()) == pytest.approx(1, abs=1e-3)
        sizes.append(size)
    assert sizes[0] < 1.3 < sizes[1]


def test_no_patient_is_in_the_threshold_that_sorts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    cohort = drawn(60, labels=2)
    asked: list[set[str]] = []

    def noted(part: Cohort, _terms: object) -> float:
        asked.append(set(part.ids))
        return 0.0

    monkeypatch.setattr(table_bounds, "set_threshold_of", noted)
    found = nested_sets("p", cohort, TERMS, cross_validate(cohort, TERMS, repeats=1))
    left = [set(cohort.ids) - seen for seen in asked]
    assert sorted(name for fold in left for name in fold) == sorted(cohort.ids)
    assert [figure["value"] for figure in found["figures"]] == [1.0, 3.0]


@with_data
@pytest.mark.parametrize(
    "pack", ["thyroid-recurrence", "breast-recurrence", "cardiac-phenotype", "heart-failure-risk"]
)
def test_the_shipped_bounds_are_what_the_recipe_fits(pack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    recipe = recipe_of(pack)
    assert isinstance(recipe, TableRecipe)
    cohort, table = recipe.asked(), load_table(load_pack(MODELS / pack))
    if table.bounds is None:
        assert table.set_threshold == pytest.approx(set_threshold_of(cohort, recipe.terms), abs=1e-6)
        return
    fitted, kept = bounds_table_of(cohort, recipe.terms), table.bounds
    assert kept.logits == pytest.approx(fitted.logits, abs=1e-6)
    assert kept.lower == pytest.approx(fitted.lower, abs=1e-6)
    assert kept.upper == pytest.approx(fitted.upper, abs=1e-6)


@pytest.mark.parametrize("pack", ["thyroid-recurrence", "breast-recurrence", "heart-failure-risk"])
def test_the_card_tells_how_often_bounds_hold_and_how_often_no_bounds_would(pack: str) -> None:
    measured = json.loads((MODELS / pack / "figures.json").read_text(encoding="utf-8"))
    card = (MODELS / pack / "card.md").read_text(encoding="utf-8")
    bounds = measured["bounds"]
    assert f"Of {bounds['groups']} groups of equal size" in card
    assert f"the bounds hold in {bounds['groups_covered']}, sampling error allowed for" in card
    assert f"without any bounds, hold in {bounds['groups_covered_by_points']} of the same" in card
    assert "draws" not in json.loads((MODELS / pack / "table.json").read_text(encoding="utf-8"))


def test_the_card_of_groups_tells_how_often_the_named_ones_hold_the_own() -> None:
    measured = json.loads((MODELS / "cardiac-phenotype" / "figures.json").read_text(encoding="utf-8"))
    card = (MODELS / "cardiac-phenotype" / "card.md").read_text(encoding="utf-8")
    held, size = measured["sets"]["figures"]
    assert f"own group among those named, share | {held['value']:.3f}" in card
    assert f"groups named, mean | {size['value']:.3f}" in card


def test_models_are_asked_with_the_values_of_use_and_fitted_to_the_others() -> None:
    cohort = drawn(200, 8.0, labels=2)
    turned = replace(cohort, asked=tuple({"x": -float(values["x"])} for values in cohort.values))
    plain, other = (cross_validate(one, TERMS, repeats=1) for one in (cohort, turned))
    assert plain.penalties == other.penalties
    right = (plain.probabilities("multinomial")[0].argmax(1) == cohort.y).mean()
    wrong = (other.probabilities("multinomial")[0].argmax(1) == cohort.y).mean()
    assert right > 0.8
    assert wrong < 0.5
    assert part_of(turned, np.arange(3)).asked == turned.asked[:3]


def test_a_group_in_which_none_had_the_event_is_held_by_what_chance_allows() -> None:
    bounds = np.full((1, 60, 2), 0.02)
    nobody = replace(drawn(60), y=np.zeros(60, np.int64))
    assert table_bounds._groups_held(bounds, nobody) == 10
    assert table_bounds._groups_held(bounds + 0.9, nobody) == 0
