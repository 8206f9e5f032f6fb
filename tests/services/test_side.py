"""Left and right: the header says it, and what was outlined must agree."""

import numpy as np
import pytest

from core.image import ImageRef
from core.result import Mask, Side
from services.side import side_of

REF = ImageRef(file="x")


def _mask(code: str, row: int, column: int) -> Mask:
    pixels = np.zeros((60, 80), dtype=bool)
    pixels[row : row + 20, column : column + 10] = True
    return Mask(code=code, label=code, pixels=pixels, image=REF)


def _lungs(left: tuple[int, int], right: tuple[int, int]) -> tuple[Mask, Mask]:
    return _mask("left_lung", *left), _mask("right_lung", *right)


USUAL = _lungs((20, 60), (18, 10))
MIRRORED = _lungs((20, 10), (20, 60))
ON_ITS_SIDE = _lungs((5, 40), (38, 30))


@pytest.mark.parametrize(
    ("orientation", "masks", "expected"),
    [
        (None, USUAL, "unverified"),
        (("A", "F"), USUAL, "unverified"),
        (("L", "F"), USUAL, "verified"),
        (("L", "F"), (), "verified"),
        (("L", "F"), USUAL[:1], "verified"),
        (("R", "F"), USUAL, "contradicted"),
        (("R", "F"), MIRRORED, "verified"),
        (("L", "F"), MIRRORED, "contradicted"),
        (("L", "F"), ON_ITS_SIDE, "contradicted"),
        (("F", "R"), ON_ITS_SIDE, "verified"),
        (("F", "L"), ON_ITS_SIDE, "contradicted"),
        (("LA", "F"), USUAL, "verified"),
    ],
)
def test_the_side_is_known_where_header_and_outline_agree(
    orientation: tuple[str, str] | None, masks: tuple[Mask, ...], expected: Side
) -> None:
    assert side_of(orientation, masks) == expected


def test_an_empty_outline_says_nothing_of_the_side() -> None:
    nothing = Mask(code="right_lung", label="", pixels=np.zeros((60, 80), dtype=bool), image=REF)
    assert side_of(("L", "F"), (USUAL[0], nothing)) == "verified"
