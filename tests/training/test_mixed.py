"""The table of a mixed folder counts what answered, and marks what should not have."""

from collections import Counter
from pathlib import Path

import numpy as np

from training.data import read_colour
from training.kept_apart import SETS, PictureSet, evenly, write
from training.mixed import AGES, NOTHING, page_part

PICTURE = np.zeros((20, 30), np.uint8)
ROOT = Path(__file__).parents[2]


def test_an_answer_of_a_pack_for_another_kind_is_counted_and_bold() -> None:
    tiles = PictureSet(
        name="tiles",
        pictures=lambda: iter(()),
        right=frozenset({"biopsy-lung"}),
        siblings=frozenset({"biopsy-colon"}),
    )
    cats = PictureSet(name="cats", pictures=lambda: iter(()), right=frozenset())
    chosen = [(tiles, (PICTURE, PICTURE)), (cats, (PICTURE, PICTURE, PICTURE))]
    counts = {
        "tiles": Counter({"biopsy-lung": 2, "biopsy-colon": 1}),
        "cats": Counter({"biopsy-lung": 1, NOTHING: 2}),
    }
    lines = page_part(chosen, counts).splitlines()
    assert lines[0] == (
        "5 pictures; answers of a pack for another kind, in bold: 1; "
        "of one for a sibling kind, in italics: 1."
    )
    assert lines[-2:] == ["| tiles | 2 | *1* | 2 |  |", "| cats | 3 |  | **1** | 2 |"]


def test_pictures_are_chosen_evenly_and_written_as_they_are(tmp_path: Path) -> None:
    pixels = [np.full((4, 4), value, np.uint8) for value in range(9)]
    assert [int(one[0, 0]) for one in evenly(pixels, 3) if not isinstance(one, Path)] == [0, 4, 8]
    assert len(evenly(pixels, 20)) == 9
    colour = np.zeros((5, 5, 3), np.uint8)
    colour[..., 0] = 200
    file = write(colour, tmp_path / "a")
    assert read_colour(file)[0, 0].tolist() == [200, 0, 0]
    assert write(file, tmp_path / "b").read_bytes() == file.read_bytes()


def test_the_sets_name_packs_that_exist_and_ages_at_which_they_are_asked() -> None:
    packs = {folder.parent.name for folder in (ROOT / "models").glob("*/pack.toml")}
    for one in SETS:
        assert one.right | one.siblings <= packs
        assert one.age is None or one.age in AGES


def test_the_page_holds_the_table_of_all_sets() -> None:
    text = (ROOT / "docs" / "mixed-folders.md").read_text(encoding="utf-8")
    for one in SETS:
        assert f"\n| {one.name} | " in text
