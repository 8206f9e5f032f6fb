"""Composed smears hold what they say, and what is measured on them is what the pack says."""

import json
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inference.manifest_reader import parse_manifest
from measure.smear import find_cells
from training.composed_smears import Composed, Scene, compose, well_cut

PACK = Path(__file__).parents[2] / "models" / "malaria-cell"
SCENE = Scene(diameter=40.0, columns=900, rows=700, shade=0.3)


def drawn_cell(*, dot: bool) -> NDArray[np.uint8]:
    cell = np.zeros((50, 50), np.uint8)
    cv2.circle(cell, (25, 25), 24, 165, cv2.FILLED)
    if dot:
        cv2.circle(cell, (18, 30), 4, 90, cv2.FILLED)
    return cell


@pytest.fixture(scope="module")
def smear() -> Composed:
    cells = [drawn_cell(dot=False), drawn_cell(dot=False), drawn_cell(dot=True)]
    return compose(cells, np.array([False, False, True]), 0.1, SCENE, seed=1)


def test_a_composed_smear_has_the_share_that_was_asked_for_and_says_where_each_cell_lies(
    smear: Composed,
) -> None:
    assert smear.percent == pytest.approx(10, abs=0.5)
    assert set(smear.source[smear.ill].tolist()) == {2}
    for (x, y), inside in zip(smear.centres, smear.whole, strict=True):
        if inside:
            assert smear.grey[round(float(y)), round(float(x))] < 0.9 * float(np.percentile(smear.grey, 95))
    again = compose([drawn_cell(dot=False)] * 3, np.array([False, False, True]), 0.1, SCENE, seed=1)
    assert np.array_equal(again.centres, smear.centres)


def test_what_lies_on_a_composed_smear_is_found(smear: Composed) -> None:
    found = find_cells(smear.grey, side=50)
    assert len(found.cells) + found.clumped_cells == pytest.approx(smear.counted, rel=0.05)


def test_a_cell_that_was_cut_raggedly_is_not_laid_on_a_smear() -> None:
    ragged = drawn_cell(dot=False)
    ragged[:22, 20:30] = 0
    assert well_cut(drawn_cell(dot=True))
    assert not well_cut(ragged)


def test_the_manifest_counts_with_what_was_measured_and_the_card_says_on_what() -> None:
    text = (PACK / "pack.toml").read_text(encoding="utf-8")
    counting = parse_manifest(text).counting
    kept = json.loads((PACK / "figures.json").read_text(encoding="utf-8"))
    assert counting is not None
    assert all(kept["smears"][key] == value for key, value in tomllib.loads(text)["count"].items())
    card = (PACK / "card.md").read_text(encoding="utf-8")
    assert "No photograph of a whole smear was ever seen" in card
    for level in kept["smears"]["levels"]:
        assert f"| {level['percent']:g} % | {level['smears']} |" in card


def test_threshold_and_rates_are_taken_by_patient() -> None:
    pytest.importorskip("torch", reason="training needs PyTorch")
    from training.smears import Counted, rates_among, threshold_for

    def counted(patient: str, sound: list[float], ill: list[float]) -> Counted:
        return Counted(
            patient=patient,
            percent=10.0,
            lay=len(sound) + len(ill),
            ill=len(ill),
            scores=np.array(sound + ill),
            truth=np.array([False] * len(sound) + [True] * len(ill)),
            matched=len(sound) + len(ill),
            apart=0,
            refused=False,
            scene=SCENE,
        )

    one = counted("one", [0.1] * 198 + [0.6, 0.8], [0.9, 0.7])
    other = counted("other", [0.1] * 20, [0.9] * 4)
    threshold = threshold_for([one, other])
    assert threshold == pytest.approx(0.6)
    rates = rates_among([one, other], 0.75)
    assert rates.sensitivity[0] == pytest.approx(0.75)
    assert rates.specificity[0] == pytest.approx((199 / 200 + 1) / 2, abs=1e-3)
    assert rates.sensitivity[1] < rates.sensitivity[0] < rates.sensitivity[2]
