"""Windows, tables and photometric sense, and what happens when they make no sense."""

import numpy as np
import pytest
from numpy.typing import NDArray

from core.image import Image, ImageRef, VoiTable, Window
from imaging import display


def image_of(values: NDArray[np.float32], **further: object) -> Image:
    plain = {"value_range": (0.0, 4095.0), "bits_stored": 12}
    return Image(ref=ImageRef(file="a"), values=values, **{**plain, **further})  # type: ignore[arg-type]


RAMP = np.arange(4096, dtype=np.float32).reshape(64, 64)


def test_a_linear_window_is_the_standards() -> None:
    values = np.array([[-200, -160, 40, 239, 240, 999]], np.float32)
    grey = display.apply_window(values, Window(center=40, width=400))
    assert grey.ravel() == pytest.approx([0, 0.0, 0.5 + 0.5 / 399, 1, 1, 1], abs=2e-3)


def test_an_exact_window_and_a_sigmoid_are_the_standards() -> None:
    values = np.array([[0, 50, 100]], np.float32)
    exact = display.apply_window(values, Window(center=50, width=100, function="LINEAR_EXACT"))
    assert exact.ravel() == pytest.approx([0, 0.5, 1])
    curve = display.apply_window(values, Window(center=50, width=100, function="SIGMOID"))
    assert curve.ravel() == pytest.approx([1 / (1 + np.exp(2)), 0.5, 1 / (1 + np.exp(-2))])


def test_a_window_of_one_is_a_threshold() -> None:
    grey = display.apply_window(np.array([[9, 10, 11]], np.float32), Window(center=10, width=1))
    assert grey.ravel().tolist() == [0, 1, 1]


def test_the_files_first_window_is_used_and_another_can_be_named() -> None:
    windows = (Window(center=1000, width=500), Window(center=2000, width=100))
    image = image_of(RAMP, windows=windows)
    assert np.array_equal(display.presentation(image), display.apply_window(RAMP.copy(), windows[0]))
    assert np.array_equal(
        display.presentation(image, windows[1]), display.apply_window(RAMP.copy(), windows[1])
    )


@pytest.mark.parametrize(
    "window",
    [
        Window(center=9000, width=10),
        Window(center=-5000, width=100),
        Window(center=float("nan"), width=100),
        Window(center=100, width=0),
        Window(center=100, width=float("inf")),
    ],
)
def test_an_absurd_window_is_not_used(window: Window) -> None:
    image = image_of(RAMP, windows=(window,))
    assert display.window_is_absurd(image)
    assert np.allclose(display.presentation(image), RAMP / 4095, atol=1e-6)


def test_a_voi_table_is_used() -> None:
    table = VoiTable(first=100.0, outputs=np.linspace(0, 1, 11, dtype=np.float32) ** 2)
    image = image_of(np.array([[0, 100, 105, 110, 999]], np.float32), voi_tables=(table,))
    assert display.presentation(image).ravel() == pytest.approx([0, 0, 0.25, 1, 1])


def test_low_values_are_bright_where_the_image_is_inverted() -> None:
    assert np.allclose(display.presentation(image_of(RAMP, inverted=True)), 1 - RAMP / 4095, atol=1e-6)


def test_the_presets_of_ct_are_named_and_others_have_none() -> None:
    labels = [preset.label for preset in display.presets("ct")]
    assert {"Lung", "Soft tissue", "Bone", "Brain"} <= set(labels)
    assert display.presets(None) == display.presets("XX") == ()
