"""What a manifest says of slides is read strictly."""

import pytest

from core.errors import ManifestError
from inference.manifest_reader import parse_manifest
from tests.inference.toy_packs import FINDING_TOML, OUTLINE_TOML

TILES = """
[tiles]
side = 160
um_per_pixel = 1.1
scale_source = "estimated"
stored_side = 768
smallest_picture = 1536
"""


def test_a_table_of_tiles_is_read_with_its_defaults() -> None:
    tiling = parse_manifest(FINDING_TOML + TILES, with_files=False).tiling
    assert tiling is not None
    assert (tiling.side, tiling.um_per_pixel, tiling.stored_side) == (160, 1.1, 768)
    assert (tiling.overlap, tiling.least_tissue, tiling.batch, tiling.map_shown) == (0.0, 0.5, 16, False)
    assert parse_manifest(FINDING_TOML, with_files=False).tiling is None


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        (TILES.replace("1.1", "0.001"), "tiles.um_per_pixel"),
        (TILES.replace('scale_source = "estimated"\n', ""), "tiles.scale_source"),
        (TILES + "overlap = 1.0\n", "tiles.overlap"),
        (TILES + "colour = true\n", "tiles.colour"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(wrong: str, place: str) -> None:
    with pytest.raises(ManifestError) as told:
        parse_manifest(FINDING_TOML + wrong, with_files=False)
    assert place in told.value.detail


def test_a_pack_that_outlines_reads_no_slides() -> None:
    with pytest.raises(ManifestError) as told:
        parse_manifest(OUTLINE_TOML + TILES, with_files=False)
    assert "belongs to packs that classify" in told.value.detail
