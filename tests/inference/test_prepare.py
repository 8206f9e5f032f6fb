"""From grey to a network's input, and back to the stored orientation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.result import Correction
from inference.manifest import InputSpec, Intensity, MaskRegion, Outline, WholeRegion
from inference.postprocess import masks_at
from inference.prepare import (
    WHOLE,
    as_stored,
    outlines_at,
    prepare,
    put_right,
    region_shape,
    upright_shape,
    without_small_parts,
)

WHOLE_SPEC = InputSpec(
    name="image",
    size=(16, 16),
    channels=1,
    region=WholeRegion(),
    intensity=Intensity(low=1.0, high=99.0, within="image"),
)
REGION_SPEC = InputSpec(
    name="image",
    size=(16, 16),
    channels=1,
    region=MaskRegion(pack="toy-outline", codes=("left", "right"), margin=0.0, outside=0.25),
    intensity=Intensity(low=0.0, high=100.0, within="region"),
)


def _picture(rows: int = 40, columns: int = 60) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return np.random.default_rng(2).random((rows, columns), dtype=np.float32)


@given(st.floats(0.2, 1.0), st.floats(0.0, 0.5))
def test_a_linear_change_of_the_greys_does_not_change_what_the_network_reads(
    gain: float, offset: float
) -> None:
    changed = (_picture() * np.float32(gain) + np.float32(offset)).astype(np.float32)
    np.testing.assert_allclose(
        prepare(changed, WHOLE_SPEC, {}).tensor, prepare(_picture(), WHOLE_SPEC, {}).tensor, atol=1e-4
    )


def test_a_picture_and_its_enlarged_copy_are_read_the_same() -> None:
    large = np.repeat(np.repeat(_picture(), 8, axis=0), 8, axis=1)
    np.testing.assert_allclose(
        prepare(large, WHOLE_SPEC, {}).tensor, prepare(_picture(), WHOLE_SPEC, {}).tensor, atol=1e-4
    )


def test_the_region_is_cropped_and_its_outside_filled() -> None:
    outlines = {name: np.zeros((40, 60), dtype=np.bool_) for name in ("left", "right")}
    outlines["left"][10:30, 5:15] = True
    outlines["right"][10:30, 45:55] = True
    prepared = prepare(_picture(), REGION_SPEC, outlines)
    box = prepared.box
    assert (box.top, box.bottom, box.left, box.right) == pytest.approx((0.25, 0.75, 5 / 60, 55 / 60))
    assert prepared.tensor.shape == (1, 16, 16)
    np.testing.assert_allclose(prepared.tensor[0, :, 5:11], 0.25)
    assert prepared.region_found


def test_an_empty_region_takes_the_whole_picture_and_says_so() -> None:
    outlines = {name: np.zeros((40, 60), dtype=np.bool_) for name in ("left", "right")}
    prepared = prepare(_picture(), REGION_SPEC, outlines)
    assert prepared.box == WHOLE
    assert not prepared.region_found


@given(st.integers(0, 3), st.booleans(), st.integers(16, 40), st.integers(16, 40))
def test_what_was_put_right_goes_back_to_where_it_was_stored(
    turns: int, inverted: bool, rows: int, columns: int
) -> None:
    correction = Correction(quarter_turns=turns, inverted=inverted)
    stored = _picture(rows, columns)
    upright = put_right(stored, correction)
    assert upright.shape == upright_shape((rows, columns), correction)
    np.testing.assert_array_equal(upright, np.rot90(1 - stored if inverted else stored, turns))
    back = as_stored(upright, correction)
    np.testing.assert_allclose(back, 1 - stored if inverted else stored, atol=1e-6)


def test_outlines_of_a_large_picture_lie_where_those_of_its_small_copy_lie() -> None:
    ramp = np.linspace(0, 1, 96, dtype=np.float32)
    probabilities = np.stack([np.tile(ramp, (96, 1)), np.tile(1 - ramp[:, None], (1, 96))])
    outline = Outline(threshold=0.3, smallest_part=0.0)
    exact = masks_at(probabilities, shape=(1000, 900), threshold=0.3)
    assert (outlines_at(probabilities, outline, (1000, 900)) != exact).mean() < 0.005
    np.testing.assert_array_equal(
        outlines_at(probabilities, outline, (500, 400)),
        masks_at(probabilities, shape=(500, 400), threshold=0.3),
    )


def test_parts_that_are_too_small_are_dropped_and_the_rest_is_kept_to_the_last_bit() -> None:
    probabilities = np.full((1, 40, 40), 0.2, dtype=np.float32)
    probabilities[0, 5:25, 5:25] = 0.9
    probabilities[0, 30:33, 30:33] = 0.8
    cleaned = without_small_parts(probabilities, Outline(threshold=0.5, smallest_part=0.2))
    assert (cleaned[0, 30:33, 30:33] == 0).all()
    cleaned[0, 30:33, 30:33] = 0.8
    np.testing.assert_array_equal(cleaned, probabilities)


def test_outlines_are_handed_on_at_a_bounded_size() -> None:
    assert region_shape((224, 224)) == (224, 224)
    assert region_shape((3000, 1500)) == (512, 256)
    assert region_shape((1, 100000)) == (1, 512)
