"""What a manifest says of counting is read strictly."""

import pytest

from core.errors import ManifestError
from inference.manifest_reader import parse_manifest
from tests.inference.toy_packs import FINDING_TOML

COUNT = """
[count]
rule = "thin-smear"
cell_pixels = 50
threshold = 0.75
chosen_on = "toy smears"
sensitivity = [0.8, 0.6, 0.9]
specificity = [0.99, 0.97, 1.0]
"""


def test_a_pack_that_counts_is_read_and_others_count_nothing() -> None:
    counting = parse_manifest(FINDING_TOML + COUNT, with_files=False).counting
    assert counting is not None
    assert (counting.rule, counting.cell_pixels, counting.threshold, counting.few) == (
        "thin-smear",
        50,
        0.75,
        500,
    )
    assert (counting.specificity.value, counting.specificity.low) == (0.99, 0.97)
    assert parse_manifest(FINDING_TOML, with_files=False).counting is None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('rule = "thin-smear"', 'rule = "thick-smear"', "count.rule"),
        ("cell_pixels = 50", "cell_pixels = 4", "count.cell_pixels"),
        ("threshold = 0.75", "threshold = 75", "count.threshold"),
        ("[0.8, 0.6, 0.9]", "[0.8, 0.9, 0.6]", "count.sensitivity: must be value, low, high"),
        ("[0.8, 0.6, 0.9]", "[0.8, 0.6]", "count.sensitivity"),
        ("[0.99, 0.97, 1.0]", "[0.3, 0.2, 0.4]", "no better than chance"),
        ('chosen_on = "toy smears"', 'chosen_by = "nobody"', "count.chosen_on"),
    ],
)
def test_what_does_not_fit_is_named(old: str, new: str, problem: str) -> None:
    assert old in COUNT
    with pytest.raises(ManifestError) as caught:
        parse_manifest(FINDING_TOML + COUNT.replace(old, new, 1), with_files=False)
    assert problem in caught.value.detail
