"""What packs that read values say of a patient: the numbers by hand, gates, sources, contradictions."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.patient import Contradiction, Patient, Sourced
from core.result import Measurement, ModelStamp, PackResult
from inference.packs import Pack, load_pack
from inference.risk_reading import assess, load_table
from tests.inference.toy_tables import GROUPS_TABLE, GROUPS_TOML, make_groups, make_odds, make_risk


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pack]:
    root = tmp_path_factory.mktemp("packs")
    folders = (make_risk(root / "toy-risk"), make_groups(root / "toy-groups"), make_odds(root / "toy-odds"))
    return {folder.name: load_pack(folder) for folder in folders}


def _patient(age: float | None = 72.0, **further: Any) -> Patient:
    return Patient(
        age_years=None if age is None else Sourced(value=age, source="header"),
        further={code: Sourced(value=value, source="file") for code, value in further.items()},
    )


def _asked(pack: Pack, patient: Patient, upstream: tuple[PackResult, ...] = (), **more: Any) -> PackResult:
    return assess(pack, load_table(pack), patient, upstream, **more)


def _cine(value: float) -> PackResult:
    measured = Measurement(code="lv_ef", label="LV ejection fraction", value=value, unit="%")
    stamp = ModelStamp(pack_id="cardiac-cine", version="1.0.0", sha256="0" * 64, pack_class="research")
    return PackResult(stamp=stamp, title="Heart MR", status="ok", seconds=0.0, measurements=(measured,))


def test_a_cox_risk_is_the_baseline_raised_to_the_hazard_and_its_contributions_sum_to_the_score(
    packs: dict[str, Pack],
) -> None:
    result = _asked(packs["toy-risk"], _patient(72.0, ejection_fraction=25.0, smoking=True))
    (risk,) = result.risks
    score = 0.5 * (72 - 60) / 12 + 0.04 * (20 - 10) + 0.3 * (1 - 0.3)
    assert result.status == "ok"
    assert risk.probability == pytest.approx(1 - 0.8 ** math.exp(score))
    assert risk.score == pytest.approx(score)
    assert sum(part.effect for part in risk.contributions) == pytest.approx(score)
    assert [part.code for part in risk.contributions] == ["age_years", "ejection_fraction", "smoking"]
    assert [part.source for part in risk.contributions] == ["header", "file", "file"]
    assert risk.contributions[2].value == "Yes"
    assert risk.average == pytest.approx(0.2)
    assert dict(risk.survival)[180] == pytest.approx(1 - risk.probability)
    assert risk.survival[0] == (0.0, 1.0)
    assert risk.interval is not None
    assert risk.interval[0] < risk.probability < risk.interval[1]
    assert risk.horizon_days == 180
    assert risk.calibrated_at_prevalence == 0.25


def test_odds_with_their_bounds_and_the_softmax_of_groups_are_as_by_hand(packs: dict[str, Pack]) -> None:
    patient = _patient(60.0, ejection_fraction=35.0, smoking="yes")
    (odds,) = _asked(packs["toy-odds"], patient).risks
    logit = math.log(-math.log(0.8)) + 0.3 * 0.7
    part = logit + 2  # of the way from the knot at -2 to the one at -1
    low, high = 0.1 + 0.1 * part, 0.2 + 0.2 * part
    assert odds.interval == pytest.approx((low, high))
    assert odds.probability == pytest.approx(1 / (1 + math.exp(-logit)))
    assert odds.in_set is None
    assert odds.survival == ()
    assert odds.horizon_days is None
    groups = _asked(packs["toy-groups"], patient).risks
    powers = [math.exp(value) for value in (0.0, -0.5, 0.2 + 0.4 * 0.7)]
    assert [risk.probability for risk in groups] == pytest.approx([one / sum(powers) for one in powers])
    assert {risk.kind for risk in groups} == {"group"}
    for risk in groups:
        assert sum(part.effect for part in risk.contributions) == pytest.approx(risk.score)


@given(st.floats(40, 95), st.floats(5, 90), st.booleans())
def test_venn_abers_bounds_enclose_the_probability_and_rise_with_the_score(
    packs: dict[str, Pack], age: float, fraction: float, smoking: bool
) -> None:
    (risk,) = _asked(packs["toy-odds"], _patient(age, ejection_fraction=fraction, smoking=smoking)).risks
    assert risk.interval is not None
    assert risk.interval[0] <= risk.probability <= risk.interval[1]
    (older,) = _asked(packs["toy-odds"], _patient(95.0, ejection_fraction=fraction, smoking=smoking)).risks
    assert older.interval is not None
    assert risk.probability <= older.probability + 1e-12
    assert risk.interval[0] <= older.interval[0] + 1e-12


def test_the_average_patient_is_calibrated_like_all_others(packs: dict[str, Pack]) -> None:
    average = _asked(packs["toy-odds"], _patient(60.0, ejection_fraction=35.0)).risks[0]
    assert average.score == pytest.approx(0.0)
    assert average.average == pytest.approx(average.probability)


def test_groups_in_the_set_are_those_that_reach_the_threshold_and_may_be_none(packs: dict[str, Pack]) -> None:
    patient = _patient(60.0, ejection_fraction=35.0, smoking="yes")
    table = load_table(packs["toy-groups"])
    found = assess(packs["toy-groups"], table, patient).risks
    assert [risk.in_set for risk in found] == [risk.probability >= 0.25 for risk in found]
    assert 0 < sum(bool(risk.in_set) for risk in found) < 3
    for threshold, count in ((0.0, 3), (1.0, 0)):
        risks = assess(packs["toy-groups"], replace(table, set_threshold=threshold), patient).risks
        assert sum(bool(risk.in_set) for risk in risks) == count


def test_values_that_are_missing_refuse_and_are_named_all_together(packs: dict[str, Pack]) -> None:
    result = _asked(packs["toy-risk"], _patient(None))
    assert result.refusal is not None
    assert result.refusal.gate == "inputs"
    assert "Age (years), Ejection fraction (%)" in result.refusal.advice
    assert "Smoking" not in result.refusal.advice
    assert "ejection_fraction" not in result.refusal.advice, "codes are for files, not for a reader"
    assert result.refusal.fields == ("age_years", "ejection_fraction")
    assert result.risks == ()


def test_what_is_not_required_may_be_left_out_counts_as_average_and_is_told(packs: dict[str, Pack]) -> None:
    result = _asked(packs["toy-risk"], _patient(60.0, ejection_fraction=35.0))
    (risk,) = result.risks
    assert risk.probability == pytest.approx(0.2)
    assert any("average patient" in check.text for check in result.quality)
    assert risk.contributions[-1].source is None


@pytest.mark.parametrize(("age", "gate"), [(39.9, "age"), (96.0, "age"), (40.0, None), (95.0, None)])
def test_an_age_outside_the_range_refuses(packs: dict[str, Pack], age: float, gate: str | None) -> None:
    result = _asked(packs["toy-risk"], _patient(age, ejection_fraction=35.0))
    assert (result.refusal.gate if result.refusal else None) == gate


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.25, "5 to 90 %"), (250.0, "5 to 90 %"), ("low", 'is "low"'), (True, "must be a number")],
)
def test_a_number_that_cannot_be_refuses_and_says_why(
    packs: dict[str, Pack], value: object, words: str
) -> None:
    result = _asked(packs["toy-risk"], _patient(70.0, ejection_fraction=value))
    assert result.refusal is not None
    assert result.refusal.gate == "inputs"
    assert words in result.refusal.reason
    assert "Ejection fraction" in result.refusal.advice


def test_a_choice_that_is_not_known_refuses_and_names_the_choices(packs: dict[str, Pack]) -> None:
    result = _asked(packs["toy-risk"], _patient(70.0, ejection_fraction=30.0, smoking="often"))
    assert result.refusal is not None
    assert "one of no, yes" in result.refusal.reason


def test_values_that_cannot_be_refuse_also_without_gates_while_the_age_does_not(
    packs: dict[str, Pack],
) -> None:
    assert _asked(packs["toy-risk"], _patient(70.0), use_gates=False).status == "refused"
    young = _asked(packs["toy-risk"], _patient(20.0, ejection_fraction=30.0), use_gates=False)
    assert young.status == "ok"
    assert young.gates_skipped
    assert any(check.outcome == "refused" for check in young.quality)


def test_a_value_beyond_the_patients_seen_is_taken_as_their_last_and_told(packs: dict[str, Pack]) -> None:
    far = _asked(packs["toy-risk"], _patient(70.0, ejection_fraction=8.0))
    near = _asked(packs["toy-risk"], _patient(70.0, ejection_fraction=14.0))
    assert far.risks[0].probability == near.risks[0].probability
    assert any(
        f'"{far.title}" was made from' in check.text and "It took this as 14 %" in check.text
        for check in far.quality
    )
    assert far.risks[0].contributions[0].value == 8.0


def test_a_model_that_refuses_says_nothing_of_how_values_were_taken_or_measured(
    packs: dict[str, Pack],
) -> None:
    cine = (_cine(8.0),)
    spoke = _asked(packs["toy-risk"], _patient(70.0), cine)
    notes = [check.text for check in spoke.quality if check.outcome == "note"]
    assert len(notes) >= 3
    assert all(spoke.title in text for text in notes), "a note of several models' values names its model"
    refused = _asked(packs["toy-risk"], _patient(9.0), cine)
    assert refused.status == "refused"
    assert [check.text for check in refused.quality if check.outcome == "note"] == []


def test_a_measurement_upstream_stands_for_a_value_and_its_other_method_is_told(
    packs: dict[str, Pack],
) -> None:
    result = _asked(packs["toy-risk"], _patient(70.0), (_cine(31.26),))
    parts = {part.code: part for part in result.risks[0].contributions}
    assert parts["ejection_fraction"].source == "measured"
    assert parts["ejection_fraction"].value == 31.26
    good = [check.text for check in result.quality if check.outcome == "good"]
    assert any(text.startswith('Measured here by "Heart MR": ') and " 31 %" in text for text in good)
    notes = [check.text for check in result.quality if check.outcome == "note"]
    assert any("by echocardiography" in text for text in notes)


def test_what_was_typed_wins_over_what_was_measured_and_the_contradiction_is_told(
    packs: dict[str, Pack],
) -> None:
    result = _asked(packs["toy-risk"], _patient(70.0, ejection_fraction=30.0), (_cine(55.0),))
    parts = {part.code: part for part in result.risks[0].contributions}
    assert parts["ejection_fraction"].value == 30.0
    assert any("30 (patient file) was used; 55 (measured here)" in check.text for check in result.quality)
    agreed = _asked(packs["toy-risk"], _patient(70.0, ejection_fraction=30.0), (_cine(31.0),))
    assert not any("was used;" in check.text for check in agreed.quality)


def test_a_contradiction_of_header_and_typed_age_is_told(packs: dict[str, Pack]) -> None:
    other = Contradiction(
        field="age_years", used="70.0", used_source="typed", other="50", other_source="header"
    )
    patient = Patient(
        age_years=Sourced(value=70.0, source="typed"),
        further={"ejection_fraction": Sourced(value=30.0, source="typed")},
        contradictions=(other,),
    )
    result = _asked(packs["toy-risk"], patient)
    assert any("50 (image header) says otherwise" in check.text for check in result.quality)


def test_a_refused_measurement_is_not_taken(packs: dict[str, Pack]) -> None:
    result = _asked(packs["toy-risk"], _patient(70.0), (replace(_cine(31.0), status="refused"),))
    assert result.status == "refused"


def test_a_pack_that_nobody_named_is_silent_without_values_of_its_own(packs: dict[str, Pack]) -> None:
    assert _asked(packs["toy-risk"], _patient(70.0), asked=False).status == "not_applicable"
    assert _asked(packs["toy-risk"], _patient(70.0), (_cine(30.0),), asked=False).status == "ok"
    assert _asked(packs["toy-risk"], _patient(70.0, smoking="no"), asked=False).status == "refused"


def test_no_machine_sentence_of_a_risk_names_a_verdict(packs: dict[str, Pack]) -> None:
    result = _asked(packs["toy-risk"], _patient(70.0, ejection_fraction=8.0), (_cine(55.0),))
    words = " ".join(check.text for check in result.quality).lower()
    for word in ("positive", "negative", "normal", "benign", "ruled out"):
        assert word not in words


def test_an_age_that_the_table_never_learned_from_is_told_beside_the_estimate(tmp_path: Path) -> None:
    toml = GROUPS_TOML.replace("age_years = {", "trained_on_ages = {", 1)
    groups = load_pack(make_risk(tmp_path / "toy-groups", toml, GROUPS_TABLE))
    for age, told in ((96.0, True), (50.0, False)):
        result = _asked(groups, _patient(age, ejection_fraction=25.0, smoking=True))
        assert result.status == "ok"
        told_of = "The patient is 96 years old. This model was trained on patients of 40 to 95 years;"
        assert any(check.text.startswith(told_of) for check in result.quality) is told


def test_the_interval_holds_the_estimate_also_where_it_lies_outside_the_bounds(
    packs: dict[str, Pack],
) -> None:
    model = load_table(packs["toy-odds"])
    assert model.bounds is not None
    above = replace(model, bounds=replace(model.bounds, lower=(0.9,) * 5, upper=(0.95,) * 5))
    (estimate,) = above.estimate({})
    assert estimate.low == estimate.probability < 0.9 < estimate.high
