"""A card's figures count as reproduced only where all that the card prints was measured alike."""

import copy
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training import evaluate
from training.recipe import Steps, pack_ids, recipe_of
from training.reproduced import differences, report

MODELS = Path(__file__).parents[2] / "models"
KEPT: dict[str, Any] = {
    "pack": {"version": "1.0.0", "parameters": 170},
    "figures": [
        {"population": "all", "metric": "AUC", "value": 0.9, "interval": [0.8, 0.95], "patients": 30},
        {"population": "all", "metric": "number", "value": 4.0, "patients": 30},
    ],
    "engines": {"onnxruntime int8": {"AUC": 0.91, "largest_difference": 0.2}},
    "own_refused": {"apart": {"images": 100, "refused": 0.02, "by_gate": {"familiarity": 2}}},
    "map_quality": {"passes": True, "deletion_area": {"map": 0.4}},
    "smears": {"levels": [{"percent": 5.0, "held": 0.89}], "chosen_on": "patients that calibrate"},
    "speed": {"first_s": 1.0},
}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    other = copy.deepcopy(KEPT)
    change(other)
    return other


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda one: one["figures"][0].update(value=0.93), "figures.all; AUC.value"),
        (lambda one: one["figures"][0]["interval"].__setitem__(0, 0.7), "figures.all; AUC.interval[0]"),
        (lambda one: one["figures"].pop(), "figures.all; number"),
        (lambda one: one["engines"]["onnxruntime int8"].update(largest_difference=0.3), "largest_difference"),
        (lambda one: one["own_refused"]["apart"]["by_gate"].update(sharpness=1), "by_gate.sharpness"),
        (lambda one: one["map_quality"].update(passes=False), "map_quality.passes"),
        (lambda one: one["map_quality"]["deletion_area"].update(map=0.45), "deletion_area.map"),
        (lambda one: one["smears"]["levels"][0].update(held=0.8), "smears.levels[0].held"),
        (lambda one: one["smears"].update(chosen_on="patients kept apart"), "smears.chosen_on"),
        (lambda one: one.update(slides={"passes": True}), "slides"),
        (lambda one: one.pop("engines"), "engines"),
        (lambda one: one["own_refused"]["apart"].update(images=101 * 2), "own_refused.apart.images"),
    ],
)
def test_a_difference_anywhere_is_named_with_both_values_and_the_exit_is_1(
    change: Callable[[dict[str, Any]], object], path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(KEPT, changed(change)) == 1
    said = capsys.readouterr().err
    (line,) = [line for line in said.splitlines() if ": kept " in line]
    assert path in line.partition(": kept ")[0]
    assert ", measured " in line
    assert "reproduced" not in said


def test_the_same_within_the_tolerance_is_reproduced_and_times_and_order_do_not_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = changed(lambda one: one["figures"][0].update(value=0.904))
    other["figures"][1]["value"] = 4.03
    other["figures"].reverse()
    other["speed"]["first_s"] = 9.0
    other["pack"]["parameters"] = 171
    assert list(differences(KEPT, other)) == []
    assert report(KEPT, other) == 0
    assert "the card's figures are reproduced" in capsys.readouterr().err


def test_a_tuple_and_numbers_that_json_holds_otherwise_are_no_difference() -> None:
    assert report({"counts": {"500": [1, 2]}}, {"counts": {500: (1, 2)}}) == 0


def test_yes_is_not_one_and_what_is_no_number_on_both_sides_is_the_same() -> None:
    assert list(differences({"a": True}, {"a": 1}))
    assert not list(differences({"a": float("nan")}, {"a": float("nan")}))
    assert list(differences({"a": float("nan")}, {"a": 0.0}))


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of a small pack, measured by a recipe that measures what was kept."""
    name = "breast-recurrence"
    shutil.copytree(MODELS / name, tmp_path / name)
    kept = json.loads((tmp_path / name / "figures.json").read_text(encoding="utf-8"))

    def written(measured: dict[str, Any]) -> str:
        return f"Said: {measured['groups']}\n![Reliability](reliability.png)\n"

    recipe = Steps(
        pack=name,
        trained=lambda work, _models, _resume: work,
        built=lambda _weights, _models: None,
        measured=lambda _models: {key: value for key, value in kept.items() if key != "pack"},
        written=written,
    )
    monkeypatch.setattr(evaluate, "recipe_of", lambda _pack: recipe)
    return tmp_path / name


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *further: str) -> int:
    arguments = ["evaluate", folder.name, "--models", str(folder.parent), *further]
    monkeypatch.setattr(sys, "argv", arguments)
    return evaluate.main()


def test_a_card_that_its_figures_do_not_give_is_not_reproduced_until_it_is_written_again(
    pack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, pack) == 1
    assert "card.md is not what" in capsys.readouterr().err
    plot = (pack / "reliability.png").read_bytes()
    (pack / "reliability.png").unlink()
    figures = (pack / "figures.json").read_bytes()
    assert run(monkeypatch, pack, "--card") == 0
    assert (pack / "card.md").read_text(encoding="utf-8").startswith("Said: [")
    assert (pack / "reliability.png").read_bytes() == plot
    assert (pack / "figures.json").read_bytes() == figures
    assert run(monkeypatch, pack) == 0


def test_a_nested_figure_that_was_kept_otherwise_fails_the_command(
    pack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = json.loads((pack / "figures.json").read_text(encoding="utf-8"))
    kept["groups"][2]["true"] += 0.1
    (pack / "figures.json").write_text(json.dumps(kept), encoding="utf-8")
    assert run(monkeypatch, pack, "--card") == 0
    capsys.readouterr()
    assert run(monkeypatch, pack) == 1
    assert "groups[2].true: kept " in capsys.readouterr().err


@pytest.mark.parametrize("name", pack_ids())
def test_each_shipped_card_is_what_its_figures_and_the_recipe_s_words_give(name: str) -> None:
    pytest.importorskip("torch", reason="training needs PyTorch")
    pytest.importorskip("scipy", reason="training needs scipy")
    card = recipe_of(name).card(evaluate.kept_figures(MODELS / name))
    assert (MODELS / name / "card.md").read_text(encoding="utf-8") == card, "run training.evaluate --card"
