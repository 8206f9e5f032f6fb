"""What a manifest says of measuring is read strictly."""

import pytest

from core.errors import ManifestError
from inference.manifest_reader import parse_manifest
from tests.services.cine_toys import MANIFEST


def test_a_pack_that_measures_is_read() -> None:
    manifest = parse_manifest(MANIFEST, with_files=False)
    assert manifest.task == "measure"
    assert manifest.measuring is not None
    assert manifest.measuring.rule == "short-axis-cine"
    assert [one.code for one in manifest.measuring.measured] == ["lv_ef", "lv_edv", "lv_mass", "rv_ef"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('rule = "short-axis-cine"', 'rule = "long-axis"', "measure.rule"),
        ("channels = 3", "channels = 1", "needs 3 channels"),
        ('code = "myocardium"', 'code = "wall"', "needs a label 'myocardium'"),
        ('code = "lv_mass"', 'code = "la_volume"', "must be one of lv_ef"),
        ("coverage = 0.9", "coverage = 9", "measure.coverage"),
        ('task = "measure"', 'task = "segment"', "belongs to packs that measure"),
    ],
)
def test_what_does_not_fit_is_named(old: str, new: str, problem: str) -> None:
    assert old in MANIFEST
    with pytest.raises(ManifestError) as caught:
        parse_manifest(MANIFEST.replace(old, new, 1), with_files=False)
    assert problem in caught.value.detail
