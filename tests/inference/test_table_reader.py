"""``table.json`` and the manifest of packs that read values: what is not right is named by its place."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ManifestError, PackDependencyError, RiskTableError
from inference.archive import open_archive
from inference.build import build_pack
from inference.calibration import table_fault
from inference.manifest import Manifest
from inference.manifest_reader import parse_manifest
from inference.packs import PackLibrary, load_pack
from inference.risk_reading import load_table
from inference.signature import new_private_key
from inference.table_model import TableModel
from inference.table_reader import parse_table
from inference.verify import verify_pack
from tests.inference.toy_tables import (
    BOUNDS,
    GROUPS_TABLE,
    GROUPS_TOML,
    INTERCEPT,
    ODDS_TABLE,
    ODDS_TOML,
    RISK_TABLE,
    RISK_TOML,
    make_groups,
    make_odds,
    make_risk,
)

MANIFEST = parse_manifest(RISK_TOML, with_files=False)
BOUNDED_TABLE = {**{key: value for key, value in RISK_TABLE.items() if key != "draws"}, "bounds": BOUNDS}


def _parsed(change: Callable[[dict[str, Any]], object]) -> None:
    table = deepcopy(RISK_TABLE)
    change(table)
    parse_table(json.dumps(table).encode(), MANIFEST)


def test_a_right_table_is_read_with_its_terms_draws_and_baseline() -> None:
    model = parse_table(json.dumps(RISK_TABLE).encode(), MANIFEST)
    assert model.coefficients.tolist() == [[0.5, 0.04, 0.3]]
    assert model.draws is not None
    assert model.draws.shape == (120, 1, 4)
    assert model.bounds is None
    assert model.set_threshold is None
    assert model.baseline is not None
    assert model.baseline.survival[3] == 0.8


def test_a_cox_model_may_have_bounds_in_place_of_draws() -> None:
    model = parse_table(json.dumps(BOUNDED_TABLE).encode(), MANIFEST)
    assert model.draws is None
    assert model.bounds is not None
    (estimate,) = model.estimate({"age_years": 75.0, "ejection_fraction": 20.0, "smoking": "yes"})
    logit = INTERCEPT + estimate.score
    at = [float(np.interp(logit, BOUNDS["logits"], BOUNDS[end])) for end in ("lower", "upper")]
    assert estimate.low == pytest.approx(min(at[0], estimate.probability), abs=1e-6)
    assert estimate.high == pytest.approx(max(at[1], estimate.probability), abs=1e-6)


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "schema": lambda t: t.update(schema="farlight-table/2"),
    "extra": lambda t: t.update(extra=1),
    "terms": lambda t: t.update(terms=[]),
    "terms[0].input": lambda t: t["terms"][0].update(input="height"),
    "terms[0].function": lambda t: t["terms"][0].update(function="exec"),
    "terms[0].scale": lambda t: t["terms"][0].update(scale=0),
    "terms[0].centre": lambda t: t["terms"][0].update(centre="60"),
    "terms[2].choice": lambda t: t["terms"][2].update(choice="often"),
    "does not use the input 'smoking'": lambda t: t["terms"][2].update(
        input="age_years", function="identity", choice=None
    ),
    "terms[1].number": lambda t: t["terms"][1].pop("number"),
    "labels[0].coefficients": lambda t: t["labels"][0]["coefficients"].pop(),
    "labels": lambda t: t["labels"].append(t["labels"][0]),
    "labels[0].intercept": lambda t: t["labels"][0].update(intercept=0.5),
    "draws": lambda t: t.update(draws=t["draws"][:5]),
    "draws[7]": lambda t: t["draws"][7].append(1.0),
    "draws[3]": lambda t: t["draws"].__setitem__(3, [True, 0, 0, 0]),
    "draws[4]": lambda t: t["draws"].__setitem__(4, [10**400, 0, 0, 0]),
    "baseline": lambda t: t.pop("baseline"),
    "baseline.days": lambda t: t["baseline"].update(days=[0, 30, 20, 180, 270]),
    "must have the horizon": lambda t: t["baseline"].update(days=[0, 30, 90, 181, 270]),
    "baseline.survival": lambda t: t["baseline"].update(survival=[1.0, 0.9, 0.95, 0.8, 0.7]),
}


@pytest.mark.parametrize("place", WRONG)
def test_what_is_wrong_in_a_table_is_named_by_its_place(place: str) -> None:
    with pytest.raises(RiskTableError) as caught:
        _parsed(WRONG[place])
    assert place in caught.value.detail


ODDS, GROUPS = (parse_manifest(text, with_files=False) for text in (ODDS_TOML, GROUPS_TOML))
SURE: dict[str, tuple[Any, dict[str, Any], Callable[[dict[str, Any]], object]]] = {
    "bounds: is missing": (ODDS, ODDS_TABLE, lambda t: t.pop("bounds")),
    "bounds: must be a table": (ODDS, ODDS_TABLE, lambda t: t.update(bounds=[1])),
    "bounds.extra": (ODDS, ODDS_TABLE, lambda t: t["bounds"].update(extra=1)),
    "bounds.upper: is missing": (ODDS, ODDS_TABLE, lambda t: t["bounds"].pop("upper")),
    "bounds: logits, lower and upper must be of one length": (
        ODDS, ODDS_TABLE, lambda t: t["bounds"]["logits"].pop(),
    ),
    "bounds: needs two logits": (
        ODDS, ODDS_TABLE, lambda t: t.update(bounds={"logits": [0], "lower": [0.1], "upper": [0.2]}),
    ),
    "bounds: logits must ascend": (
        ODDS, ODDS_TABLE, lambda t: t["bounds"].update(logits=[-6, -2, -2, 0, 2]),
    ),
    "bounds.logits": (ODDS, ODDS_TABLE, lambda t: t["bounds"]["logits"].__setitem__(4, 10**400)),
    "bounds: lower must not fall": (
        ODDS, ODDS_TABLE, lambda t: t["bounds"]["lower"].__setitem__(2, 0.05),
    ),
    "bounds: upper must not fall": (
        ODDS, ODDS_TABLE, lambda t: t["bounds"]["upper"].__setitem__(4, 0.45),
    ),
    "bounds: lower must not lie above upper": (
        ODDS, ODDS_TABLE, lambda t: t["bounds"]["lower"].__setitem__(0, 0.06),
    ),
    "bounds.lower: has a number": (
        ODDS, ODDS_TABLE, lambda t: t["bounds"]["lower"].__setitem__(0, -0.1),
    ),
    "bounds.upper: has a number": (
        ODDS, ODDS_TABLE, lambda t: t["bounds"]["upper"].__setitem__(4, 1.1),
    ),
    "bounds.upper: must be a list of numbers": (
        ODDS, ODDS_TABLE, lambda t: t["bounds"]["upper"].__setitem__(4, True),
    ),
    "2000 are allowed": (
        ODDS, ODDS_TABLE,
        lambda t: t.update(
            bounds={"logits": [*range(2001)], "lower": [0.1] * 2001, "upper": [0.2] * 2001}
        ),
    ),
    "draws: belongs to the model 'cox' or 'multinomial'": (
        ODDS, ODDS_TABLE, lambda t: t.update(draws=RISK_TABLE["draws"]),
    ),
    "bounds: belongs to the model 'logistic' or 'cox'": (
        GROUPS, GROUPS_TABLE, lambda t: t.update(bounds=BOUNDS),
    ),
    "draws: stands beside bounds": (MANIFEST, RISK_TABLE, lambda t: t.update(bounds=BOUNDS)),
    "draws: has 0 entries": (MANIFEST, BOUNDED_TABLE, lambda t: t.pop("bounds")),
    "set_threshold: is missing": (GROUPS, GROUPS_TABLE, lambda t: t.pop("set_threshold")),
    "set_threshold: is 1.5": (GROUPS, GROUPS_TABLE, lambda t: t.update(set_threshold=1.5)),
    "set_threshold: must be a number, is True": (
        GROUPS, GROUPS_TABLE, lambda t: t.update(set_threshold=True),
    ),
    "set_threshold: must be a number, is 1000": (
        GROUPS, GROUPS_TABLE, lambda t: t.update(set_threshold=10**400),
    ),
    "set_threshold: belongs to the model 'multinomial'": (
        MANIFEST, RISK_TABLE, lambda t: t.update(set_threshold=0.2),
    ),
    "baseline: belongs to the model 'cox'": (
        GROUPS, GROUPS_TABLE, lambda t: t.update(baseline=RISK_TABLE["baseline"]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", SURE)
def test_what_is_wrong_in_what_tells_how_sure_a_model_is_is_named_by_its_place(place: str) -> None:
    manifest, right, change = SURE[place]
    table = deepcopy(right)
    parse_table(json.dumps(table).encode(), manifest)
    change(table)
    with pytest.raises(RiskTableError) as caught:
        parse_table(json.dumps(table).encode(), manifest)
    assert place in caught.value.detail


def _read(table: dict[str, Any], manifest: Manifest, place: str) -> TableModel | None:
    """Read a table; None where it was refused, which then is for that place."""
    try:
        return parse_table(json.dumps(table).encode(), manifest)
    except RiskTableError as error:
        if place not in error.detail:
            raise
        return None


VALUES = st.lists(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**320), 10**320),
        st.floats(0, 1), st.none(), st.booleans(), st.text(max_size=3), st.lists(st.floats(0, 1), max_size=2),
    ),
    max_size=6,
)  # fmt: skip


@given(VALUES, VALUES, VALUES)
def test_hostile_bounds_are_refused_by_name_or_sound(
    logits: list[Any], lower: list[Any], upper: list[Any]
) -> None:
    table = {**ODDS_TABLE, "bounds": {"logits": logits, "lower": lower, "upper": upper}}
    found = _read(table, ODDS, "bounds")
    if found is None:
        return
    table_read = found.bounds
    assert table_read is not None
    assert table_fault(table_read.logits, table_read.lower, table_read.upper) is None
    assert all(0 <= low <= high <= 1 for low, high in zip(table_read.lower, table_read.upper, strict=True))


@given(VALUES)
def test_a_hostile_threshold_is_refused_by_name_or_lies_within_0_and_1(values: list[Any]) -> None:
    for value in values:
        model = _read({**GROUPS_TABLE, "set_threshold": value}, GROUPS, "set_threshold")
        if model is not None:
            assert model.set_threshold is not None
            assert 0 <= model.set_threshold <= 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{" * 100_000,
        b"\xff\xfe",
        b'{"schema": NaN}',
        b'{"schema": "a", "schema": "b"}',
        b'{"terms": [1, {"input": []}], "labels": 3, "draws": {"a": 1}, "baseline": []}',
        b"[" + b"1" * 10_000,
    ],
)
def test_bytes_that_are_no_table_are_refused_like_other_faults_of_packs(data: bytes) -> None:
    with pytest.raises(RiskTableError, match=r"table\.json"):
        parse_table(data, MANIFEST)


def test_a_logarithm_of_what_may_be_zero_is_refused() -> None:
    with pytest.raises(RiskTableError, match="age_years may be 0"):
        _parsed(lambda t: t["terms"][0].update(function="log"))


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('kind = "number"\nunit = "years"', 'kind = "text"\nunit = "years"', "inputs[0].kind"),
        ('code = "ejection_fraction"', 'code = "Ejection"', "inputs[1].code"),
        ('code = "ejection_fraction"', 'code = "name"', "inputs[1].code"),
        ('code = "smoking"', 'code = "ejection_fraction"', "twice"),
        ("minimum = 5.0", "minimum = 95.0", "inputs[1].minimum"),
        ("seen = [14.0, 80.0]", "seen = [14.0, 99.0]", "inputs[1].seen"),
        ("required = false", 'required = "no"', "inputs[2].required"),
        ("required = false", "colour = 3", "inputs[2].colour"),
        ('{ value = "yes", title = "Yes" }', '{ value = "no", title = "No" }', "inputs[2].choices"),
        ("horizon_days = 180\n", "", "outcome.horizon_days"),
        ('model = "cox"', 'model = "forest"', "outcome.model"),
        ("prevalence = 0.25", "prevalence = 25", "outcome.prevalence"),
        ("[uses]", "[[limits]]\n[uses]", "limits"),
        ('[uses]\ncardiac-cine = ">=1.0.0,<2.0.0"\n', "", "uses"),
        ("[uses]", "[input]\nname = 1\n[uses]", "input"),
        ('cardiac-cine = ">=1.0.0', 'toy-risk = ">=1.0.0', "uses"),
        ("age_years = { minimum = 40.0", "age_years = { minimum = 99.0", "applies.age_years"),
        ('code = "death"', 'code = "death"\nmap_shown = true', "labels[0].map_shown"),
    ],
)
def test_a_manifest_fault_is_named_by_its_place(old: str, new: str, place: str) -> None:
    assert old in RISK_TOML
    with pytest.raises(ManifestError) as caught:
        parse_manifest(RISK_TOML.replace(old, new, 1), with_files=False)
    assert place in caught.value.detail


def test_keys_of_packs_that_read_values_are_refused_in_packs_that_see_pictures() -> None:
    with pytest.raises(ManifestError, match="belongs to packs of the task 'risk'"):
        parse_manifest(RISK_TOML.replace('task = "risk"', 'task = "classify"'), with_files=False)


def test_groups_need_two_labels_and_no_horizon() -> None:
    one = GROUPS_TOML.replace('\n[[labels]]\ncode = "dcm"\ntitle = "DCM"\n', "").replace(
        '\n[[labels]]\ncode = "hcm"\ntitle = "HCM"\n', ""
    )
    with pytest.raises(ManifestError, match="two groups"):
        parse_manifest(one, with_files=False)
    with pytest.raises(ManifestError, match="horizon_days"):
        parse_manifest(
            GROUPS_TOML.replace('model = "multinomial"', 'model = "multinomial"\nhorizon_days = 9'),
            with_files=False,
        )


def test_a_network_in_a_pack_that_reads_values_is_refused(tmp_path: Path) -> None:
    folder = make_risk(tmp_path / "toy-risk")
    text = (folder / "pack.toml").read_text(encoding="utf-8")
    with pytest.raises(ManifestError, match="do not have"):
        parse_manifest(f'{text}"model.fp32.onnx" = "{"0" * 64}"\n')


def test_verify_proves_each_kind_of_table_against_its_known_answers(tmp_path: Path) -> None:
    for make, name in ((make_risk, "toy-risk"), (make_groups, "toy-groups"), (make_odds, "toy-odds")):
        checks = verify_pack(make(tmp_path / name))
        assert [check.passed for check in checks] == [True, True, True], checks


def test_verify_fails_where_the_known_answers_are_others(tmp_path: Path) -> None:
    from inference.build import write_checksums

    folder = make_risk(tmp_path / "toy-risk")
    golden = json.loads((folder / "golden.json").read_text())
    golden["patients"][0]["expected"]["death"][0] += 1e-3
    (folder / "golden.json").write_text(json.dumps(golden))
    assert not verify_pack(folder)[-1].passed
    write_checksums(folder)
    last = verify_pack(folder)[-1]
    assert not last.passed
    assert "0.001" in last.text


def test_a_changed_table_is_found_by_its_checksum(tmp_path: Path) -> None:
    folder = make_risk(tmp_path / "toy-risk")
    table = folder / "table.json"
    table.write_bytes(table.read_bytes().replace(b"0.5", b"0.6", 1))
    assert {check.code for check in verify_pack(folder) if not check.passed} == {"E203"}


def test_a_built_pack_file_of_a_table_opens_and_holds_the_same(tmp_path: Path) -> None:
    folder = make_risk(tmp_path / "toy-risk")
    archive = build_pack(folder, tmp_path / "out", private_key=new_private_key())
    with open_archive(archive) as opened:
        assert {"table.json", "golden.json"} <= set(opened.entries)
    assert load_table(load_pack(folder)).model == "cox"


def test_no_pack_may_depend_on_one_that_reads_values(tmp_path: Path) -> None:
    make_risk(tmp_path / "toy-risk")
    toml = RISK_TOML.replace("toy-risk", "toy-second").replace(
        "[uses]", '[depends]\ntoy-risk = ">=1.0.0"\n\n[uses]'
    )
    make_risk(tmp_path / "toy-second", toml)
    with pytest.raises(PackDependencyError, match="reads values"):
        PackLibrary([tmp_path]).get("toy-second")


def test_group_tables_follow_the_order_of_the_manifest() -> None:
    swapped = deepcopy(GROUPS_TABLE)
    swapped["labels"].reverse()
    with pytest.raises(RiskTableError, match="labels"):
        parse_table(json.dumps(swapped).encode(), parse_manifest(GROUPS_TOML, with_files=False))
