"""What a user waits for is timed on drawn inputs, through the application, and put into a pack."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from inference.packs import PackLibrary, load_pack
from training import speed
from training.speed_inputs import drawn_for
from training.through_application import COMBINATIONS

MODELS = Path(__file__).parents[2] / "models"
PACKS = sorted(folder.name for folder in MODELS.iterdir() if folder.is_dir())


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time each way once."""
    monkeypatch.setattr(speed, "LEAST_RUNS", 1)
    monkeypatch.setattr(speed, "MOST_RUNS", 1)


@pytest.mark.usefixtures("once")
def test_a_network_is_timed_in_every_engine_and_precision_one_of_them_the_default() -> None:
    found = speed.measure("chest-lungs", MODELS, load=0.4)
    rows = found["rows"]
    assert [(row["engine"], row["precision"]) for row in rows] == list(COMBINATIONS)
    assert sum(row["default"] for row in rows) == 1
    assert all(0 < row["low_ms"] <= row["median_ms"] <= row["high_ms"] for row in rows)
    assert all(row["checks"] for row in rows)
    assert found["load"] == 0.4
    assert found["machine"]["cores"] >= found["machine"]["threads"] >= 1


@pytest.mark.usefixtures("once")
def test_an_estimate_is_timed_without_any_engine() -> None:
    pytest.importorskip("scipy", reason="tables need scipy")
    (row,) = speed.measure("breast-recurrence", MODELS, load=0.0)["rows"]
    assert (row["engine"], row["precision"], row["default"]) == (None, None, False)
    assert "7 values" in row["what"]


@pytest.mark.usefixtures("once")
def test_a_smear_is_timed_by_the_cell_once_its_cells_are_counted() -> None:
    rows = speed.measure("malaria-cell", MODELS, load=0.0)["rows"]
    smears = [row for row in rows if row.get("counted") == "cell"]
    assert len(smears) == len(COMBINATIONS)
    assert all(row["count"] > 200 for row in smears)


def test_what_did_not_answer_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("scipy", reason="tables need scipy")
    monkeypatch.setattr(speed, "_told", lambda _result, _drawn: False)
    with pytest.raises(RuntimeError, match="says nothing of one estimate"):
        speed.measure("breast-recurrence", MODELS, load=0.0)


@pytest.mark.parametrize("pack", [pack for pack in PACKS if not pack.startswith("biopsy-")])
def test_each_pack_has_something_to_be_timed_on_without_any_data(
    pack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FARLIGHT_DATA", raising=False)
    found = PackLibrary([MODELS]).get(pack)
    if found.manifest.reads_values:
        pytest.importorskip("scipy", reason="tables need scipy")
    assert list(drawn_for(found, tmp_path))


def test_keeping_the_speed_changes_no_other_figure_and_leaves_a_pack_that_loads(tmp_path: Path) -> None:
    folder = tmp_path / "breast-recurrence"
    shutil.copytree(MODELS / folder.name, folder)
    file = folder / "figures.json"
    before = json.loads(file.read_text(encoding="utf-8"))
    before.pop("speed", None)
    speed.keep(folder, {"rows": []})
    after = json.loads(file.read_text(encoding="utf-8"))
    assert after.pop("speed") == {"rows": []}
    assert after == before
    assert load_pack(folder).id == folder.name


@pytest.mark.parametrize("pack", PACKS)
def test_each_shipped_pack_says_how_fast_it_is(pack: str) -> None:
    kept = json.loads((MODELS / pack / "figures.json").read_text(encoding="utf-8"))
    assert kept["speed"]["rows"]
    assert kept["speed"]["machine"]["processor"]


@pytest.mark.parametrize("pack", PACKS)
def test_a_map_is_shown_only_where_its_measured_quality_passed(pack: str) -> None:
    manifest = tomllib.loads((MODELS / pack / "pack.toml").read_text(encoding="utf-8"))
    kept = json.loads((MODELS / pack / "figures.json").read_text(encoding="utf-8"))
    quality = kept.get("map_quality", {})
    for label in (*manifest["labels"], *manifest.get("findings", ())):
        if "map_shown" in label:
            passed = quality.get(label["code"], quality)["passes"]
            assert label["map_shown"] == (passed and not label.get("beside"))
