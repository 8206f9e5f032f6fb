"""The picture pyramid shows the same greys as the presentation, and only the part asked for."""

import numpy as np
import pytest

from core.image import Image, ImageRef, Window
from services.display import first_window, presentation
from services.picture import Picture


def image(values: np.ndarray, **facts: object) -> Image:
    """Return an image of these values."""
    return Image(ref=ImageRef(file="x"), values=values, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("inverted", [False, True])
def test_level_zero_shows_what_the_presentation_says(inverted: bool) -> None:
    values = np.linspace(-1000, 3000, 60 * 50, dtype=np.float32).reshape(60, 50).round()
    made = image(values, value_range=(-1000.0, 3000.0), bits_stored=12)
    window = Window(center=400, width=1500)
    shown = Picture(made).render(window, inverted=inverted, level=0, part=(0, 0, 60, 50))
    wanted = presentation(made, window, inverted=inverted)
    assert np.abs(shown.astype(float) - np.asarray(wanted) * 255).max() <= 1.0


def test_fractions_are_shown_within_one_grey() -> None:
    values = np.random.default_rng(1).random((40, 30)).astype(np.float32) * 7.3
    made = image(values, value_range=(0.0, 7.3))
    shown = Picture(made).render(first_window(made), inverted=False, level=0, part=(0, 0, 40, 30))
    assert np.abs(shown.astype(float) - np.asarray(presentation(made)) * 255).max() <= 1.0


def test_a_part_is_cut_from_the_whole() -> None:
    values = np.arange(64 * 64, dtype=np.float32).reshape(64, 64)
    picture = Picture(image(values, value_range=(0.0, 4095.0)))
    window = Window(center=2048, width=4096)
    whole = picture.render(window, inverted=False, level=0, part=(0, 0, 64, 64))
    part = picture.render(window, inverted=False, level=0, part=(10, 20, 30, 50))
    assert np.array_equal(part, whole[10:30, 20:50])


def test_coarser_levels_are_means_and_chosen_by_scale() -> None:
    values = np.zeros((2048, 1024), dtype=np.float32)
    values[:, 512:] = 200
    picture = Picture(image(values, value_range=(0.0, 255.0)))
    assert picture.level_count > 1
    assert picture.level_for(1.0) == 0
    assert picture.level_for(0.5) == 1
    rows, columns = picture.size_at(1)
    assert (rows, columns) == (1024, 512)
    shown = picture.render(Window(center=128, width=256), inverted=False, level=1, part=(0, 0, rows, columns))
    assert shown[5, 5] < shown[5, 500]


def test_colour_stays_colour() -> None:
    values = np.zeros((8, 8, 3), dtype=np.uint8)
    values[..., 0] = 200
    shown = Picture(image(values)).render(
        Window(center=128, width=256), inverted=False, level=0, part=(0, 0, 8, 8)
    )
    assert shown.shape == (8, 8, 3)
    assert shown[0, 0].tolist() == [200, 0, 0]


def test_an_image_of_one_value_or_without_a_number_is_shown() -> None:
    for values in (np.full((5, 5), 7, np.float32), np.full((5, 5), np.nan, np.float32)):
        picture = Picture(image(values))
        assert picture.render(
            Window(center=128, width=256), inverted=False, level=0, part=(0, 0, 5, 5)
        ).shape == (5, 5)
