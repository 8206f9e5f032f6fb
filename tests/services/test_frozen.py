"""What a report says, frozen and thawed."""

from typing import Any

import numpy as np
import pytest

from core.errors import StoreDamagedError
from reports.records import Figure, Picture, ReportContent
from services.frozen import freeze, thaw
from tests.reports import studies


def _words(value: Any) -> Any:
    """Return a record without its pixels."""
    if isinstance(value, Picture):
        return "picture"
    if isinstance(value, tuple):
        return tuple(_words(item) for item in value)
    if hasattr(value, "__slots__") and hasattr(type(value), "__dataclass_fields__"):
        return {name: _words(getattr(value, name)) for name in type(value).__dataclass_fields__}
    return value


def _figures(content: ReportContent) -> list[Figure]:
    figures = [figure for block in content.blocks for figure in block.figures]
    return [content.key_figure, *figures] if content.key_figure else figures


def test_every_word_comes_back() -> None:
    content = studies.report(studies.result(studies.lungs(), studies.pneumonia(), studies.refused()))
    assert _words(thaw(freeze(content))) == _words(content)


def test_pictures_come_back_as_they_look_and_those_shown_twice_are_kept_once() -> None:
    content = studies.report()
    again = thaw(freeze(content))
    pairs = list(zip(_figures(content), _figures(again), strict=True))
    assert len(pairs) == 3
    for before, after in pairs:
        difference = np.abs(before.picture.pixels.astype(float) - after.picture.pixels)
        assert after.picture.pixels.shape == before.picture.pixels.shape
        assert difference.mean() < 2
    assert _figures(again)[0].picture is _figures(again)[1].picture


def test_a_large_picture_is_kept_no_finer_than_paper_shows_and_in_its_shape() -> None:
    tall = Picture(pixels=np.zeros((3001, 1500), dtype=np.uint8), pixel_aspect=1.25)
    content = studies.report(pictures={"key": tall})
    kept = _figures(thaw(freeze(content)))[0].picture
    assert max(kept.pixels.shape) == 1000
    rows, columns = kept.pixels.shape
    assert rows * kept.pixel_aspect / columns == pytest.approx(3001 * 1.25 / 1500)


def test_the_same_content_freezes_to_the_same_bytes() -> None:
    assert freeze(studies.report()) == freeze(studies.report())


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip", None])
def test_what_is_damaged_is_told_as_damage(damage: bytes | None) -> None:
    frozen = freeze(studies.report())
    with pytest.raises(StoreDamagedError):
        thaw(frozen[: len(frozen) // 2] if damage is None else damage)
