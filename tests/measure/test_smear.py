"""Cells are found on drawn smears with known counts, and other pictures are not taken for smears."""

from functools import cache

import cv2
import numpy as np
import pytest

from core.errors import Cancelled
from measure.smear import WORKING_SIDE, find_cells
from tests.measure.smear_toys import drawn_smear


@pytest.mark.parametrize("diameter", [30.0, 48.0, 90.0])
def test_cells_of_any_size_are_found_where_they_lie_under_uneven_light(diameter: float) -> None:
    drawn = drawn_smear(diameter=diameter)
    smear = find_cells(drawn.grey, side=50)
    assert smear.why is None
    assert smear.diameter == pytest.approx(diameter, rel=0.08)
    places = np.array([(cell.x, cell.y) for cell in smear.cells])
    away = np.hypot(*(drawn.middles[:, None] - places[None]).transpose(2, 0, 1)).min(axis=1)
    assert np.mean(away < 0.15 * diameter) > 0.97
    assert len(smear.cells) == pytest.approx(len(drawn.middles), abs=3)
    assert smear.cut == drawn.cut


def test_a_picture_larger_than_what_is_worked_on_gives_places_in_its_own_pixels() -> None:
    drawn = drawn_smear(diameter=48)
    factor = 3
    large = np.asarray(cv2.resize(drawn.grey, None, fx=factor, fy=factor), np.float32)
    assert max(large.shape) > WORKING_SIDE
    smear = find_cells(large, side=50)
    assert len(smear.cells) == pytest.approx(len(drawn.middles), abs=3)
    first = min(
        smear.cells, key=lambda cell: float(np.hypot(*(drawn.middles[0] * factor - (cell.x, cell.y))))
    )
    assert np.hypot(*(drawn.middles[0] * factor - (first.x, first.y))) < 0.15 * 48 * factor
    assert first.picture.shape == (50, 50)


def test_a_cut_out_cell_fills_its_square_and_lies_on_black() -> None:
    cell = find_cells(drawn_smear().grey, side=50).cells[0].picture
    inside = cell > 0
    assert inside.mean() == pytest.approx(np.pi / 4, abs=0.06)
    assert not inside[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    assert inside[0].any()
    assert inside[:, -1].any()


def test_what_is_larger_than_a_cell_is_told_apart_and_not_counted() -> None:
    drawn = drawn_smear(pairs=0)
    cv2.circle(drawn.grey, (300, 300), 75, 0.3, cv2.FILLED)
    before, after = find_cells(drawn_smear(pairs=0).grey, side=50), find_cells(drawn.grey, side=50)
    assert before.clumped == 0
    assert after.clumped >= 1
    assert after.clumped_cells >= 2
    assert len(after.cells) < len(before.cells)


@cache
def _others() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[0:500, 0:600]
    noise = cv2.GaussianBlur(random.random((500, 600), np.float32), (0, 0), 6)
    one = np.zeros((200, 200), np.float32)
    cv2.circle(one, (100, 100), 90, 0.6, cv2.FILLED)
    text = np.full((500, 600), 255, np.uint8)
    for line in range(12):
        cv2.putText(text, "the quick brown fox 0123", (10, 35 + 40 * line), 0, 1.2, 0, 3)
    return {
        "one cell": one,
        "bright and empty": np.full((500, 600), 0.9, np.float32),
        "black": np.zeros((500, 600), np.float32),
        "texture": (noise - noise.min()) / np.ptp(noise),
        "stripes": (0.5 + 0.4 * np.sin(columns / 12)).astype(np.float32),
        "bars": np.where((columns // 25 + rows // 60) % 2, 0.8, 0.4).astype(np.float32),
        "text": text / np.float32(255),
        "light things on a dark ground": 1 - drawn_smear().grey,
        "six cells": drawn_smear(across=3, down=2, pairs=0).grey,
        "cells too small": drawn_smear(across=30, down=20, diameter=16).grey,
    }


@pytest.mark.parametrize("name", list(_others()))
def test_what_is_no_thin_smear_is_told_with_the_reason(name: str) -> None:
    smear = find_cells(np.ascontiguousarray(_others()[name], np.float32), side=50)
    assert smear.why is not None
    assert smear.cells == ()


def test_it_stops_when_asked() -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        find_cells(drawn_smear().grey, side=50, stop=stop)
