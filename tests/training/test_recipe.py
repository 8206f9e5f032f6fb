import json
import re
import tomllib
from pathlib import Path

import pytest

from training import recipe
from training.models_page import page
from training.samples import split

MODELS = Path(__file__).parents[2] / "models"
PACKS = sorted(folder.name for folder in MODELS.iterdir() if folder.is_dir())


def test_every_shipped_pack_has_a_recipe() -> None:
    assert set(PACKS) <= set(recipe.pack_ids())


@pytest.mark.parametrize("pack", recipe.pack_ids())
def test_each_recipe_can_train_build_measure_and_write_its_card(pack: str) -> None:
    pytest.importorskip("torch", reason="training needs PyTorch")
    found = recipe.recipe_of(pack)
    assert all(callable(getattr(found, step)) for step in ("train", "build", "measure", "card"))


@pytest.mark.parametrize("pack", PACKS)
def test_the_manifest_repeats_figures_that_the_evaluation_kept(pack: str) -> None:
    manifest = tomllib.loads((MODELS / pack / "pack.toml").read_text(encoding="utf-8"))
    measured = json.loads((MODELS / pack / "figures.json").read_text(encoding="utf-8"))
    kept = [*measured["figures"], *measured.get("over_folds", ())]
    values = {(row["population"], row["metric"]): row["value"] for row in kept}
    assert manifest["figures"]
    for row in manifest["figures"]:
        assert values[row["population"], row["metric"]] == pytest.approx(row["value"], abs=1e-4)


def test_the_page_of_all_packs_is_current() -> None:
    written = (MODELS.parent / "docs" / "models.md").read_text(encoding="utf-8")
    assert written == page(MODELS), "run `make models-page`"


@pytest.mark.parametrize("pack", PACKS)
def test_the_page_has_a_row_for_each_pack_with_what_a_reader_asks_for(pack: str) -> None:
    manifest = tomllib.loads((MODELS / pack / "pack.toml").read_text(encoding="utf-8"))
    (row,) = [line for line in page(MODELS).splitlines() if line.startswith(f"| [`{pack}`]")]
    named, title, kind, images, figure, source, licence = (cell.strip() for cell in row.strip("|").split("|"))
    assert named.endswith(manifest["version"])
    assert (title, kind) == (manifest["title"], manifest["class"])
    assert images
    assert re.search(r"\*\*\d\.\d{3}\*\* \(\d\.\d{3} to \d\.\d{3}\), \w", figure)
    assert re.match(r"\d+ (patients|source tiles|groups)", source)
    assert ("not commercial" in licence) == (not manifest["licence"]["commercial_use"])


def test_the_page_says_what_a_resemblance_is_worth_with_the_program_s_own_outlines() -> None:
    (row,) = [line for line in page(MODELS).splitlines() if line.startswith("| [`cardiac-phenotype`]")]
    kept = json.loads((MODELS / "cardiac-phenotype" / "figures.json").read_text(encoding="utf-8"))
    of_all, by_network, by_people = kept["figures"][0], kept["figures"][1], kept["beside"][0]
    assert (by_network["metric"], by_people["metric"]) == ("accuracy", "accuracy")
    assert "by outlines of networks that had not seen them" in by_network["population"]
    assert "by people's outlines" in by_people["population"]
    assert f"**{of_all['value']:.3f}**" in row, "those without an answer count as wrong where the page leads"
    assert "without an answer counted as wrong" in of_all["population"]
    assert of_all["images"] == kept["facts"]["patients"]
    assert by_network["images"] == kept["facts"]["measured"] < kept["facts"]["patients"]
    (whole,) = [one for one in kept["figures"] if "counted as wrong" in one["population"]]
    share = kept["facts"]["measured"] / kept["facts"]["patients"]
    assert whole["value"] == pytest.approx(by_network["value"] * share, abs=1e-4)
    assert (whole["patients"], whole["images"]) == (kept["facts"]["scans"], kept["facts"]["patients"])
    low, high = whole["interval"]
    assert high - low > by_network["interval"][1] - by_network["interval"][0], "who is refused is chance too"


def test_a_unit_serves_one_part_and_the_parts_have_the_sizes_that_were_asked_for() -> None:
    parts = [split(f"unit {number}", salt="any", calibrate=0.15, test=0.25) for number in range(4000)]
    assert parts == [split(f"unit {n}", salt="any", calibrate=0.15, test=0.25) for n in range(4000)]
    assert parts.count("test") / 4000 == pytest.approx(0.25, abs=0.03)
    assert parts.count("calibrate") / 4000 == pytest.approx(0.15, abs=0.03)
