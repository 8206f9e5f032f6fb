"""What cards and manifests say of parts of the data is what the evaluation counted."""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.card_tables import UNITS
from training.card import largest_int8_change
from training.card_words import figure_of
from training.samples import Sample, counts_of

MODELS = Path(__file__).parents[2] / "models"


def kept(pack: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads((MODELS / pack / "figures.json").read_text(encoding="utf-8"))
    return figures


def card(pack: str) -> str:
    return (MODELS / pack / "card.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("pack", "units", "words"),
    [
        ("biopsy-colon", "units", "source tiles"),
        ("biopsy-lung", "units", "source tiles"),
        ("malaria-cell", "units", "patients"),
        ("breast-ultrasound", "groups", "groups of near-duplicates"),
    ],
)
def test_thresholds_were_chosen_on_what_calibrates_not_on_what_gives_the_figures(
    pack: str, units: str, words: str
) -> None:
    manifest = tomllib.loads((MODELS / pack / "pack.toml").read_text(encoding="utf-8"))
    wanted = f"{words} that calibrate ({kept(pack)['parts']['calibrate'][units]})"
    labels = [*manifest["labels"], *manifest.get("findings", ())]
    points = [point for label in labels for point in label.get("operating_points", ())]
    assert points
    assert {point["chosen_on"] for point in points} == {wanted}


@pytest.mark.parametrize("pack", sorted(folder.name for folder in MODELS.iterdir()))
def test_figures_of_data_without_patients_say_in_manifest_and_card_what_was_counted(pack: str) -> None:
    manifest = tomllib.loads((MODELS / pack / "pack.toml").read_text(encoding="utf-8"))
    unit = {
        "biopsy-colon": "source_tiles",
        "biopsy-lung": "source_tiles",
        "breast-ultrasound": "near_duplicates",
    }.get(pack, "patients")
    assert {figure.get("unit", "patients") for figure in manifest["figures"]} == {unit}
    assert kept(pack).get("unit", "patients") == unit
    head = "| population | metric | value | 95 % interval | {} | images |"
    assert head.format(UNITS[unit]) in card(pack)


def test_counts_are_of_units_and_pictures_by_part_and_group() -> None:
    grey = np.zeros((2, 2), np.uint8)
    samples = [
        Sample(grey=grey, unit=unit, truth=0, group=group)
        for unit, group in (("a", "x"), ("a", "x"), ("b", "x"), ("c", "y"))
    ]
    counts = counts_of({"test": samples, "train": []})
    assert counts["test"]["units"] == 3
    assert counts["test"]["images"] == 4
    assert counts["test"]["groups"] == {"x": {"units": 2, "images": 3}, "y": {"units": 1, "images": 1}}
    assert counts["train"] == {"units": 0, "images": 0, "groups": {}}


def test_the_card_of_single_cells_counts_the_patients_of_its_figures() -> None:
    parts = kept("malaria-cell")["parts"]
    healthy = parts["test"]["groups"]["healthy"]
    text = card("malaria-cell")
    assert f"{parts['test']['units']} (17%) give the figures" in text
    assert f"{healthy['units']} of them healthy with {healthy['images']} cells" in text
    manifest = tomllib.loads((MODELS / "malaria-cell" / "pack.toml").read_text(encoding="utf-8"))
    said = manifest["training_data"]["text"]
    assert all(str(parts[part]["units"]) in said for part in ("train", "calibrate", "test"))


def test_the_breast_card_says_on_how_few_it_was_calibrated_and_what_the_point_reached() -> None:
    measured, text = kept("breast-ultrasound"), card("breast-ultrasound")
    reached = figure_of(measured, "groups kept apart, all", "sensitivity at sensitivity-95")
    failures = text.partition("## Known failures")[2]
    assert f"rest on {measured['parts']['calibrate']['malignant']} malignant images" in failures
    assert f"reached {reached['value']:.3f}" in failures


@pytest.mark.parametrize("pack", ["biopsy-colon", "biopsy-lung", "malaria-cell", "chest-tb-adult"])
def test_the_card_says_how_far_int8_may_move_a_score(pack: str) -> None:
    assert largest_int8_change(kept(pack)) in card(pack).partition("## Known failures")[2]


def test_of_all_int8_rows_the_farthest_counts() -> None:
    rows = {
        "onnxruntime int8": {"largest_difference": 0.1},
        "openvino int8": {"largest_difference": 0.25},
        "openvino fp32": {"largest_difference": 0.5},
    }
    assert "up to 0.250" in largest_int8_change({"engines": rows})


def test_each_population_of_tuberculosis_says_how_it_was_measured() -> None:
    measured = kept("chest-tb-adult")
    populations = {row["population"] for row in measured["figures"]}
    within = {name for name in populations if name.startswith("Shenzhen")}
    assert within == {"Shenzhen, cross-validated by patient, all"}
    explained = (
        card("chest-tb-adult").partition("**Two populations, measured unlike.**")[2].partition("\n")[0]
    )
    assert "*Shenzhen, cross-validated by patient*: the network that ships" in explained
    assert not any(name.endswith("answered") for name in within)
    assert all("chosen with an eye on it" in name for name in populations - within)
    assert all(
        any(word in name for word in ("gates were set", "eye on it")) for name in measured["own_refused"]
    )


def test_a_figure_that_was_not_measured_is_no_empty_word() -> None:
    with pytest.raises(KeyError, match="nothing; AUC"):
        figure_of({"figures": []}, "nothing", "AUC")


def test_names_of_populations_are_plain_and_the_card_of_the_heart_explains_them() -> None:
    figures = [one for pack in MODELS.iterdir() for one in kept(pack.name)["figures"]]
    names = {str(one["population"]) for one in figures}
    assert not any(
        word in name for name in names for word in ("everybody", "by a network that", "the layer of")
    )
    words = card("cardiac-cine")
    manifest = tomllib.loads((MODELS / "cardiac-cine" / "pack.toml").read_text(encoding="utf-8"))
    shown = {figure["population"].partition(", all")[0] for figure in manifest["figures"]}
    assert any(name.startswith("ACDC patients kept apart, seen when training was ended") for name in shown)
    assert "ACDC patients measured, cross-validated" in shown
    assert "eye on these held-out patients**, seen when training was ended" in words
    assert "## All patients, cross-validated\n\nEach patient by a network that has not seen them" in words
