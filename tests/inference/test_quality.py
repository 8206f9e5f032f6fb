"""The named measures, on pictures and masks whose measure is known."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.wording import has_sentence
from inference import quality
from inference.quality import GATE_MEASURES, MASK_MEASURES, PICTURE_MEASURES, measure_picture

ALL = tuple(PICTURE_MEASURES)


def _ramp(side: int = 101) -> NDArray[np.float32]:
    return np.tile(np.linspace(0, 1, side, dtype=np.float32), (side, 1))


def _texture(side: int) -> NDArray[np.float32]:
    """Return the same smooth picture at any size."""
    at = (np.arange(side, dtype=np.float32) + 0.5) / side
    waves = np.sin(2 * np.pi * 3 * at)[:, None] * np.cos(2 * np.pi * 2 * at)[None, :]
    return (0.5 + 0.4 * waves).astype(np.float32)


def _masks(*boxes: tuple[slice, slice]) -> NDArray[np.float32]:
    masks = np.zeros((len(boxes), 20, 20), dtype=np.float32)
    for mask, box in zip(masks, boxes, strict=True):
        mask[box] = 0.9
    return masks


LEFT = (slice(5, 15), slice(2, 8))
RIGHT = (slice(5, 15), slice(12, 18))
NOTHING = (slice(0, 0), slice(0, 0))


def test_measures_of_a_ramp_are_what_they_say() -> None:
    ramp = _ramp()
    assert quality.contrast(ramp) == pytest.approx(0.9)
    assert quality.median_grey(ramp) == pytest.approx(0.5)
    assert quality.dark_fraction(ramp) == pytest.approx(3 / 101)
    assert quality.bright_fraction(ramp) == pytest.approx(3 / 101)


def test_an_even_picture_has_measures_too() -> None:
    values = measure_picture(np.full((64, 64), 0.5, dtype=np.float32), ALL)
    assert values["contrast"] == values["sharpness"] == values["noise"] == 0.0


def test_blur_lowers_sharpness_and_contrast_does_not_change_it() -> None:
    picture = np.random.default_rng(5).random((128, 128), dtype=np.float32)
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.0), dtype=np.float32)
    assert quality.sharpness(blurred) < 0.5 * quality.sharpness(picture)
    assert quality.sharpness(0.3 + 0.2 * picture) == pytest.approx(quality.sharpness(picture), abs=1e-3)


def test_noise_is_measured_as_a_share_of_the_contrast() -> None:
    ramp = _ramp(200)
    noisy = ramp + np.random.default_rng(1).normal(0, 0.09, ramp.shape).astype(np.float32)
    assert quality.noise(ramp) == pytest.approx(0.0, abs=1e-3)
    assert quality.noise(noisy) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("name", ["contrast", "median_grey", "dark_fraction", "bright_fraction", "sharpness"])
def test_one_picture_at_two_resolutions_measures_nearly_the_same(name: str) -> None:
    small, large = (measure_picture(_texture(side), (name,))[name] for side in (448, 1792))
    assert small == pytest.approx(large, abs=0.01)


def test_what_is_known_of_a_picture_is_not_measured_again() -> None:
    grey = np.random.default_rng(3).random((60, 80), dtype=np.float32)
    names = tuple(PICTURE_MEASURES)
    first = measure_picture(grey, names)
    assert first == {name: measure(grey) for name, measure in PICTURE_MEASURES.items()}
    assert measure_picture(np.zeros_like(grey), names, known=first) == first


def test_sizes_are_measured_as_stored() -> None:
    values = measure_picture(np.zeros((300, 1200), dtype=np.float32), ("short_side", "aspect"))
    assert values == {"short_side": 300.0, "aspect": 4.0}


@given(st.integers(16, 400), st.integers(16, 400), st.integers(0, 2**32 - 1))
def test_every_measure_is_a_finite_number_and_does_not_change_when_turned(
    rows: int, columns: int, seed: int
) -> None:
    picture = np.random.default_rng(seed).random((rows, columns), dtype=np.float32)
    values = measure_picture(picture, ALL)
    turned = measure_picture(np.ascontiguousarray(np.rot90(picture)), ALL)
    assert all(np.isfinite(value) for value in values.values())
    assert turned == pytest.approx(values, abs=1e-3)


def test_measures_of_two_boxes_are_what_they_say() -> None:
    masks = _masks(LEFT, RIGHT)
    assert quality.mask_area(masks) == pytest.approx(120 / 400)
    assert quality.mask_balance(masks) == 1.0
    assert quality.mask_confidence(masks) == pytest.approx(0.9)
    assert quality.mask_doubt(masks) == 0.0
    assert quality.mask_components(masks) == 1.0
    assert quality.mask_edge(masks) == 0.0
    assert quality.mask_overlap(masks) == 0.0
    assert quality.mask_solidity(masks) == pytest.approx(1.0)
    assert quality.mask_height(masks) == pytest.approx(0.5)
    assert quality.mask_width(masks) == pytest.approx(0.8)


def test_an_empty_side_is_seen() -> None:
    masks = _masks(LEFT, NOTHING)
    assert quality.mask_balance(masks) == 0.0
    assert quality.mask_solidity(masks) == 0.0
    assert quality.mask_area(masks) == pytest.approx(60 / 400)


def test_masks_that_are_all_empty_have_measures_too() -> None:
    masks = _masks(NOTHING, NOTHING)
    values = {name: measure(masks) for name, measure in MASK_MEASURES.items()}
    assert all(np.isfinite(value) for value in values.values())
    assert values["mask_area"] == values["mask_components"] == values["mask_confidence"] == 0.0
    assert values["mask_doubt"] == 1.0


def test_overlap_pieces_and_a_cut_off_border_are_seen() -> None:
    assert quality.mask_overlap(_masks(LEFT, LEFT)) == 1.0
    pieces = _masks(LEFT, RIGHT)
    pieces[0, 16:19, 16:19] = 0.9
    assert quality.mask_components(pieces) == 2.0
    assert quality.mask_edge(_masks((slice(0, 20), slice(0, 10)), RIGHT)) == pytest.approx(38 / 76)


def test_a_ragged_mask_is_less_solid() -> None:
    ragged = _masks(LEFT, RIGHT)
    ragged[0, 5:15:2, 2:7] = 0.0
    assert quality.mask_solidity(ragged) < 0.7


def test_grey_that_is_stored_as_rgb_is_not_coloured() -> None:
    grey = np.repeat((_ramp() * 255).astype(np.uint8)[..., None], 3, axis=2)
    assert quality.colourfulness(grey) == 0.0
    tissue = grey.copy()
    tissue[..., 1] //= 2
    assert quality.colourfulness(tissue) > 0.5
    assert quality.colourfulness(np.repeat(np.repeat(tissue, 9, axis=0), 9, axis=1)) > 0.5


@pytest.mark.parametrize("measure", sorted({name for names in GATE_MEASURES.values() for name in names}))
def test_every_measure_has_its_words(measure: str) -> None:
    for case in ("name", "good", "low", "low_advice", "high", "high_advice"):
        assert has_sentence(f"inference.{measure}.{case}"), case
