"""Intervals and subgroups of table models: counted on drawn patients whose truth is known, and as shipped."""

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs scipy")

from training.recipe import recipe_of
from training.table_cross import OutOfFold, refits
from training.table_data import Cohort, raw_terms
from training.table_form import term
from training.table_scores import event_figures, kaplan_meier, reliability_groups
from training.table_subgroups import by_choice, halves_by, subgroup_figures

ROOT = Path(__file__).parents[2]


def drawn(count: int = 300) -> Cohort:
    """Draw patients whose chance is 1 / (1 + exp(-x))."""
    random = np.random.default_rng(11)
    x = random.normal(size=count)
    y = (random.uniform(size=count) < 1 / (1 + np.exp(-1.5 * x))).astype(np.int64)
    names = tuple(map(str, range(count)))
    values = tuple({"x": float(one), "kind": "rare" if n < 12 else "usual"} for n, one in enumerate(x))
    return Cohort(
        model="logistic", ids=names, group=names, values=values, y=y, days=np.zeros(count), labels=("e",)
    )


def answers(cohort: Cohort, sums: np.ndarray) -> OutOfFold:
    return OutOfFold(sums=sums[:, :, None], scores=sums, penalties=(1.0,))


def test_refits_take_whole_groups_of_those_seen_alone() -> None:
    cohort = drawn(80)
    x = raw_terms(cohort, [term("x")])
    lost = x.copy()
    lost[40:] = 1e6
    seen = np.arange(40)
    one, other = (refits(cohort, one, seen, 1.0, np.random.default_rng(2), 5) for one in (x, lost))
    assert one.shape == (5, 1, 2)
    np.testing.assert_array_equal(one, other)


def test_each_repeat_counts_for_slope_error_and_fifths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.figures.RESAMPLES", 2)
    cohort = drawn()
    x = np.array([float(row["x"]) for row in cohort.values]) * 1.5
    single = {f.metric: f.value for f in event_figures("p", cohort, answers(cohort, np.stack([x])))}
    doubled = {f.metric: f.value for f in event_figures("p", cohort, answers(cohort, np.stack([2 * x])))}
    both = {f.metric: f.value for f in event_figures("p", cohort, answers(cohort, np.stack([x, 2 * x])))}
    for metric in ("calibration slope", "calibration error, 5 groups of equal size", "Brier score"):
        assert both[metric] == pytest.approx((single[metric] + doubled[metric]) / 2)
    assert single["calibration slope"] == pytest.approx(2 * doubled["calibration slope"])
    rows = [reliability_groups(cohort, answers(cohort, np.stack(one))) for one in ([x], [2 * x], [x, 2 * x])]
    said = [float(str(own[4]["said"])) for own in rows]
    assert said[2] == pytest.approx((said[0] + said[1]) / 2, abs=1e-4)


def test_kaplan_meier_counts_patients_with_the_same_day_together() -> None:
    days = np.array([2.0, 2.0, 2.0, 5.0])
    event = np.array([True, True, False, True])
    assert kaplan_meier(days, event, 4.0) == pytest.approx(0.5)
    assert kaplan_meier(days, event, 1.0) == 1.0


def test_a_part_with_too_few_is_named_and_has_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.figures.RESAMPLES", 5)
    cohort = drawn()
    x = np.array([float(row["x"]) for row in cohort.values]) * 1.5
    groups = {
        **by_choice(cohort, "kind", {"rare": "rare ones", "usual": "usual ones"}),
        **halves_by(cohort, "x", "value"),
    }
    found = subgroup_figures(cohort, answers(cohort, np.stack([x + 2])), groups)
    assert [row["population"] for row in found["too_few"]] == ["rare ones"]
    assert found["too_few"][0]["patients"] == 12
    excess = {f["population"]: f["value"] for f in found["figures"] if f["metric"].startswith("said minus")}
    assert len(excess) == 3
    assert all(float(str(value)) > 0.05 for value in excess.values())


def test_the_card_tells_how_many_were_lost_and_what_the_bounds_do_about_it() -> None:
    folder = ROOT / "models" / "heart-failure-risk"
    facts = json.loads((folder / "figures.json").read_text(encoding="utf-8"))["facts"]
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert f"Of {facts['censored_in_time']} of {facts['patients']} patients, who were lost alive" in card
    assert "inverse probability of censoring" in card


@pytest.mark.parametrize("pack", ["heart-failure-risk", "thyroid-recurrence", "breast-recurrence"])
def test_the_card_names_every_part_of_the_patients(pack: str) -> None:
    folder = ROOT / "models" / pack
    kept = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert all(row["population"] in card for row in kept["subgroups"]["too_few"])
    assert all(row["population"] in card for row in kept["subgroups"]["figures"])


def test_the_page_on_estimates_names_the_counts_of_the_cards() -> None:
    text = re.sub(r"\s+", " ", (ROOT / "docs" / "risk.md").read_text(encoding="utf-8"))
    kept = {
        pack: json.loads((ROOT / "models" / pack / "figures.json").read_text(encoding="utf-8"))
        for pack in ("heart-failure-risk", "thyroid-recurrence", "breast-recurrence", "cardiac-phenotype")
    }
    for pack in ("thyroid-recurrence", "breast-recurrence", "heart-failure-risk"):
        bounds = kept[pack]["bounds"]
        assert f"{bounds['groups_covered']} (`{pack}`)" in text
        assert f"of {bounds['groups']} groups" in text
    held, named = (figure["value"] for figure in kept["cardiac-phenotype"]["sets"]["figures"])
    assert f"{100 * held:.0f} % of the patients had their own group" in text
    assert f"{named:.2f} groups were named in the mean" in text


@pytest.mark.parametrize(
    "pack", ["heart-failure-risk", "thyroid-recurrence", "breast-recurrence", "cardiac-phenotype"]
)
def test_the_shipped_form_is_the_recipe_s(pack: str) -> None:
    manifest = tomllib.loads((ROOT / "models" / pack / "pack.toml").read_text(encoding="utf-8"))
    asked = recipe_of(pack).manifest["inputs"]  # type: ignore[attr-defined]
    assert [one["title"] for one in manifest["inputs"]] == [one["title"] for one in asked]


def test_no_field_of_a_form_is_called_by_a_letter() -> None:
    for file in ROOT.glob("models/*/pack.toml"):
        manifest = tomllib.loads(file.read_text(encoding="utf-8"))
        assert all(len(one["title"]) > 2 for one in manifest.get("inputs", ())), file
