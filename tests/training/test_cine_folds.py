"""Intervals of a heart's numbers: widths from some patients, counted on others who set none of them."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs scipy")

from inference.packs import load_pack
from training import cine_folds
from training.cine_folds import (
    Heart,
    coverage,
    fold_figures,
    kept_hearts,
    largest_difference,
    refused_row,
    widths_of,
    write_hearts,
)
from training.cine_manifest import COVERAGE, NUMBERS, PACK
from training.cine_patients import FOLDS, GROUPS, STRUCTURES, CinePatient, fold, held_out, patients

_FLAT = np.zeros((1, 2, 2), np.uint8)


def drawn(count: int = 400, spread: float = 3.0, seed: int = 5) -> list[Heart]:
    """Draw patients whose ejection fractions are measured with an error of this spread."""
    random = np.random.default_rng(seed)
    hearts = []
    for number in range(count):
        group = list(GROUPS)[number % len(GROUPS)]
        volumes = {"lv_edv": 150.0, "lv_esv": 60.0, "rv_edv": 160.0, "rv_esv": 80.0}
        patient = CinePatient(
            name=f"drawn{number:04}",
            group=group,
            spacing_mm=1.5,
            slice_distance_mm=8.0,
            images=(_FLAT, _FLAT),
            labels=(_FLAT + 2, _FLAT),
            volumes_ml=volumes,
        )
        plain = Heart(patient=patient, values={}, overlaps={})
        values = {code: max(1.0, plain.truth[code] + spread * random.normal()) for code, _, _ in NUMBERS}
        overlaps = dict.fromkeys(STRUCTURES, (0.9, 0.8))
        hearts.append(replace(plain, values=values, overlaps=overlaps))
    return hearts


def row(rows: list[dict[str, object]], title: str) -> dict[str, object]:
    return next(one for one in rows if one["number"] == title)


def test_every_patient_is_in_one_fold_and_the_first_is_those_whom_the_shipped_weights_have_not_seen() -> None:
    hearts = drawn()
    assert {fold(one.patient) for one in hearts} == set(range(FOLDS))
    assert all((fold(one.patient) == 0) == held_out(one.patient) for one in hearts)


def test_one_scan_that_was_labelled_twice_stands_in_one_fold() -> None:
    one, other = (replace(drawn(1)[0].patient, name=name) for name in ("patient074", "patient076"))
    assert fold(one) == fold(other)


def test_intervals_hold_about_as_often_as_is_aimed_at_where_patients_are_alike() -> None:
    for title in ("LV ejection fraction", "RV end-diastolic volume"):
        found = row(coverage(drawn()), title)["crossed"]
        assert isinstance(found, dict)
        assert found["patients"] == 400
        assert abs(found["held"] / 400 - COVERAGE) < 0.05


def test_a_fold_measured_worse_than_the_others_shows_in_the_count() -> None:
    worse = [
        replace(one, values={**one.values, "lv_ef": one.truth["lv_ef"] + 30})
        if held_out(one.patient)
        else one
        for one in drawn()
    ]
    found = row(coverage(worse), "LV ejection fraction")
    shipped, crossed = found["shipped"], found["crossed"]
    assert isinstance(shipped, dict)
    assert isinstance(crossed, dict)
    assert shipped["held"] == 0, "the widths came from these patients themselves"
    assert crossed["held"] > 0.7 * crossed["patients"]


def test_widths_are_absolute_for_percentages_and_relative_for_volumes() -> None:
    widths = widths_of(drawn())
    assert widths["lv_ef"][0] > 0
    assert widths["lv_ef"][1] == 0
    assert widths["lv_edv"][0] == 0
    assert 0 < widths["lv_edv"][1] < 0.1


def test_what_was_refused_is_left_out_of_figures_and_counted() -> None:
    hearts = drawn(40)
    hearts[3] = replace(hearts[3], values={}, overlaps={}, refused="familiarity")
    figures = fold_figures(hearts, "drawn")
    whole = next(f for f in figures if f.population == "drawn, all, left ventricle")
    assert whole.value == pytest.approx(0.85)
    assert (whole.patients, whole.images) == (39, 78)
    assert refused_row(hearts) == {"images": 40, "refused": 1 / 40, "by_gate": {"familiarity": 1}}


def test_the_file_gives_back_what_was_measured_and_is_refused_where_the_folds_are_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hearts = [one for one in drawn(60) if fold(one.patient)]
    everyone = [one.patient for one in drawn(60)]
    file = tmp_path / cine_folds.FILE
    write_hearts(hearts, file)
    again = kept_hearts(file, everyone)
    assert [one.patient.name for one in again] == [one.patient.name for one in hearts]
    assert again[0].values == pytest.approx(hearts[0].values, abs=1e-4)
    assert again[0].overlaps == hearts[0].overlaps
    monkeypatch.setattr(cine_folds, "fold", lambda patient: 1 + len(patient.name) % 2)
    with pytest.raises(ValueError, match="other folds"):
        kept_hearts(file, everyone)


@pytest.mark.skipif("FARLIGHT_DATA" not in os.environ, reason="FARLIGHT_DATA names no data folder")
def test_the_pack_s_intervals_are_as_wide_as_the_folds_were_wrong() -> None:
    folder = Path(__file__).parents[2] / "models" / PACK
    widths = widths_of(kept_hearts(folder / cine_folds.FILE, patients()))
    measuring = load_pack(folder).manifest.measuring
    assert measuring is not None
    shipped = {one.code: (one.error, one.relative_error) for one in measuring.measured}
    assert shipped.keys() == widths.keys()
    assert list(shipped.values()) == [pytest.approx(widths[code]) for code in shipped]


def test_a_number_that_is_missing_lies_infinitely_far_from_the_kept_one() -> None:
    hearts = drawn(6)
    nearly = [replace(one, values={**one.values, "lv_ef": one.values["lv_ef"] + 0.25}) for one in hearts]
    assert largest_difference(nearly, hearts[::-1]) == pytest.approx(0.25)
    refused = [*nearly[:5], replace(hearts[5], values={}, overlaps={}, refused="cine")]
    assert largest_difference(refused, hearts) == float("inf")
