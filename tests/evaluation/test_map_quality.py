"""A map that marks what the score rests on passes; one that does not fails."""

import numpy as np

from evaluation.map_quality import (
    Case,
    blurred_inside,
    centre_heat,
    correlation,
    cut_out,
    follows_the_map,
    may_be_shown,
    orders,
    pointing,
    removal,
    shifted,
)

SIDE = 32
SPOT = (slice(4, 10), slice(20, 26))


def _score(tensors: np.ndarray) -> np.ndarray:
    return np.asarray(tensors[:, :, SPOT[0], SPOT[1]].mean(axis=(1, 2, 3)), dtype=np.float64)


def _cases(*, true: bool, channels: int = 1) -> list[Case]:
    tensor = np.full((1, channels, SIDE, SIDE), 0.1, np.float32)
    tensor[:, :, SPOT[0], SPOT[1]] = 1.0
    heat = np.zeros((SIDE, SIDE), np.float32)
    place = SPOT if true else (slice(22, 28), slice(4, 10))
    heat[place] = 1.0
    return [Case(tensor=tensor, mask=np.ones((SIDE, SIDE), np.bool_), heat=heat)]


def test_the_score_follows_a_map_that_is_right() -> None:
    for channels in (1, 3):
        areas = removal(_score, _cases(true=True, channels=channels), orders(), cut_out(0.0))
        assert follows_the_map(areas)
        assert may_be_shown(areas, inside=None, shuffled=0.1, repeated=0.95)


def test_the_score_does_not_follow_a_map_that_is_wrong() -> None:
    assert not follows_the_map(removal(_score, _cases(true=False), orders(), cut_out(0.0)))


def test_a_map_of_any_weights_is_not_shown() -> None:
    areas = removal(_score, _cases(true=True), orders(), cut_out(0.0))
    assert not may_be_shown(areas, inside=None, shuffled=0.9, repeated=0.95)
    assert not may_be_shown(areas, inside=0.3, shuffled=0.1, repeated=0.95)


def test_pointing_counts_the_hottest_spot_and_the_middle() -> None:
    heat = np.zeros((20, 20), np.float32)
    heat[3, 4] = 1.0
    boxes = np.zeros((20, 20), np.bool_)
    boxes[2:6, 2:6] = True
    found = pointing(heat, boxes)
    assert found.hits
    assert not found.centre_hits
    assert found.heat_in_boxes == 1.0
    assert found.boxes_share == 0.04
    assert not pointing(np.zeros((20, 20), np.float32), boxes).hits


def test_the_middle_of_a_mask_is_hottest_also_where_it_fills_the_picture() -> None:
    heat = centre_heat(np.ones((21, 21), np.bool_))
    assert int(heat.argmax()) == 10 * 21 + 10
    assert heat[0, 0] < heat[5, 5] < heat[10, 10]


def test_what_is_blurred_keeps_what_lies_outside() -> None:
    case = _cases(true=True)[0]
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[8:24, 8:24] = True
    filled = blurred_inside(Case(tensor=case.tensor, mask=mask, heat=case.heat))
    assert (filled[:, ~mask] == case.tensor[0][:, ~mask]).all()
    assert not (filled[:, mask] == case.tensor[0][:, mask]).all()


def test_a_flat_map_is_like_nothing() -> None:
    flat, mask = np.zeros((8, 8), np.float32), np.ones((8, 8), np.bool_)
    assert correlation(flat, flat, mask) == 0.0


def test_a_shift_moves_every_channel_alike() -> None:
    tensor = np.zeros((1, 3, 100, 100), np.float32)
    tensor[:, :, 50, 50] = 1.0
    moved = shifted(tensor)
    assert [int(plane.argmax()) for plane in moved[0]] == [52 * 100 + 52] * 3
