"""A dot goes into a network's frame and comes back to where it was, whatever the rule of resizing."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.framing import frame_of
from inference.manifest import InputSpec, Intensity, Normalise, Outline, Resize, WholeRegion
from inference.postprocess import map_at
from inference.prepare import WHOLE, in_whole_picture, outlines_at, prepare

SIDES = st.integers(24, 200)
RULES: tuple[Resize, ...] = ("stretch", "fit", "crop")
OUTLINE = Outline(threshold=0.5, smallest_part=0.0)


def _spec(size: tuple[int, int], rule: Resize, pad: float = 0.0) -> InputSpec:
    return InputSpec(
        name="image",
        size=size,
        channels=1,
        region=WholeRegion(),
        intensity=Intensity(low=0, high=100, within="image", rule="full"),
        resize=rule,
        pad=pad,
    )


def _peak(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the middle of all that is bright, in shares of height and width."""
    rows, columns = np.indices(values.shape) + 0.5
    weight = values / values.sum()
    return np.array([(rows * weight).sum() / values.shape[0], (columns * weight).sum() / values.shape[1]])


@pytest.mark.parametrize("rule", RULES)
@settings(deadline=None, max_examples=40)
@given(
    rows=SIDES, columns=SIDES, height=SIDES, width=SIDES, down=st.floats(0.3, 0.7), right=st.floats(0.3, 0.7)
)
def test_a_dot_goes_there_and_back(
    rule: Resize, rows: int, columns: int, height: int, width: int, down: float, right: float
) -> None:
    picture = np.zeros((rows, columns), dtype=np.float32)
    top, left = int(down * (rows - 6)), int(right * (columns - 6))
    picture[top : top + 6, left : left + 6] = 1.0
    frame = frame_of((rows, columns), (height, width), rule)
    shown = picture[frame.shown_rows, frame.shown_columns]
    assume(shown.sum() == picture.sum())
    prepared = prepare(picture, _spec((height, width), rule), {})
    assert prepared.tensor.shape == (1, height, width)
    back = map_at(prepared.tensor[0], box=prepared.box, shape=(rows, columns))
    coarsest = max(
        (frame.box.bottom - frame.box.top) * rows / height,
        (frame.box.right - frame.box.left) * columns / width,
        1.0,
    )
    far = np.abs(_peak(back) - _peak(picture)) * (rows, columns)
    assert far.max() < 0.75 * coarsest
    outline = outlines_at(prepared.tensor, OUTLINE, (rows, columns), prepared.box)[0]
    if coarsest < 2.5:
        assert (
            np.abs(_peak(outline.astype(np.float32)) - _peak(picture)).max() * max(rows, columns)
            < 2 * coarsest
        )


@settings(deadline=None)
@given(rows=SIDES, columns=SIDES, height=SIDES, width=SIDES)
def test_fit_and_crop_keep_the_aspect_to_a_pixel(rows: int, columns: int, height: int, width: int) -> None:
    for rule in ("fit", "crop"):
        frame = frame_of((rows, columns), (height, width), rule)
        shown = (
            frame.shown_rows.stop - frame.shown_rows.start,
            frame.shown_columns.stop - frame.shown_columns.start,
        )
        placed = (frame.rows.stop - frame.rows.start, frame.columns.stop - frame.columns.start)
        scales = (placed[0] / shown[0], placed[1] / shown[1])
        assert abs(scales[0] / scales[1] - 1) <= 1.1 / min(*shown, *placed)
        if rule == "fit":
            assert shown == (rows, columns)
            assert placed[0] == height or placed[1] == width
        else:
            assert placed == (height, width)
            assert shown[0] == rows or shown[1] == columns


def test_stretching_shows_all_and_fills_the_frame() -> None:
    assert frame_of((40, 60), (16, 16), "stretch").box == WHOLE


def test_what_lies_around_a_fitted_picture_is_the_pad_and_belongs_to_no_outline() -> None:
    prepared = prepare(np.ones((20, 40), dtype=np.float32), _spec((32, 32), "fit", pad=0.25), {})
    np.testing.assert_array_equal(prepared.tensor[0, :8], 0.25)
    np.testing.assert_array_equal(prepared.tensor[0, 8:24], 1.0)
    everything = np.ones((1, 32, 32), dtype=np.float32)
    assert outlines_at(everything, OUTLINE, (20, 40), prepared.box).all()


def test_what_was_cut_away_belongs_to_no_outline_and_has_no_heat() -> None:
    prepared = prepare(np.ones((20, 40), dtype=np.float32), _spec((32, 32), "crop"), {})
    everything = np.ones((1, 32, 32), dtype=np.float32)
    outline = outlines_at(everything, OUTLINE, (20, 40), prepared.box)[0]
    assert outline[:, 10:30].all()
    assert not outline[:, :10].any()
    assert not outline[:, 30:].any()
    soft = in_whole_picture(everything, prepared.box)[0]
    assert (soft[:, 8:24] == 1.0).all()
    assert soft.sum() == 16 * 32


def test_the_percentiles_are_those_of_the_picture_without_its_pad() -> None:
    spec = _spec((32, 32), "fit", pad=0.0)
    stretched = InputSpec(
        name="image",
        size=(32, 32),
        channels=1,
        region=WholeRegion(),
        intensity=Intensity(low=0, high=100, within="image"),
        resize="fit",
    )
    picture = np.linspace(0.4, 0.6, 20 * 40, dtype=np.float32).reshape(20, 40)
    assert prepare(picture, spec, {}).tensor.max() < 0.61
    inside = prepare(picture, stretched, {}).tensor[0, 8:24]
    assert (inside.min(), inside.max()) == (0.0, 1.0)


def test_grey_is_repeated_and_colour_is_kept_then_both_are_normalised() -> None:
    base = _spec((16, 16), "stretch")
    spec = InputSpec(
        name="image",
        size=(16, 16),
        channels=3,
        region=base.region,
        intensity=base.intensity,
        normalise=Normalise(scale=255.0, mean=(0.0, 51.0, 102.0), std=(51.0, 51.0, 25.5)),
    )
    grey = np.full((16, 16), 0.4, dtype=np.float32)
    np.testing.assert_allclose(prepare(grey, spec, {}).tensor[:, 3, 3], [2.0, 1.0, 0.0], atol=1e-5)
    colour = np.zeros((16, 16, 3), dtype=np.float32)
    colour[...] = (0.2, 0.6, 0.5)
    np.testing.assert_allclose(prepare(colour, spec, {}).tensor[:, 3, 3], [1.0, 2.0, 1.0], atol=1e-5)
