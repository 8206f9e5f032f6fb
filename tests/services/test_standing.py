"""An image stands under the most urgent thing that any model said of it, everywhere alike."""

import pytest

from core.result import Status
from services.standing import Said, Standing, standing_of, standing_of_record


def said(status: Status, *positions: str, pack_class: str = "research", reads_values: bool = False) -> Said:
    return Said(pack_class=pack_class, status=status, positions=positions, reads_values=reads_values)


@pytest.mark.parametrize(
    ("models", "failed", "expected"),
    [
        ((said("refused"), said("ok", "above")), False, "above"),
        ((said("ok", "above"), said("ok", "undecided")), False, "above"),
        ((said("refused"), said("ok", "undecided")), False, "undecided"),
        ((said("ok", "below"), said("refused")), False, "refused"),
        ((said("ok", "below"), said("not_applicable")), False, "below"),
        ((said("ok"), said("not_applicable")), False, "answered"),
        ((said("not_applicable"),), False, "not_for_it"),
        ((), False, "not_for_it"),
        ((), True, "failed"),
        ((said("ok", "below"),), True, "failed"),
        ((said("ok", "above"),), True, "above"),
        ((said("ok", "above", pack_class="demonstration"), said("ok", "below")), False, "below"),
        ((said("refused", pack_class="demonstration"),), False, "not_for_it"),
        ((said("refused", reads_values=True), said("ok", "below")), False, "below"),
        ((said("ok", reads_values=True),), False, "answered"),
    ],
)
def test_the_most_urgent_thing_said_counts(
    models: tuple[Said, ...], failed: bool, expected: Standing
) -> None:
    assert standing_of(models, failed=failed) == expected


@pytest.mark.parametrize(
    ("position", "pack_class", "expected"),
    [
        ("above", "research", "above"),
        ("undecided", "research", "undecided"),
        ("below", "research", "below"),
        (None, "research", "answered"),
        ("above", "demonstration", "not_for_it"),
    ],
)
def test_a_count_stands_where_a_score_would(
    position: str | None, pack_class: str, expected: Standing
) -> None:
    pack = {"class": pack_class}
    entry = {"pack": pack, "status": "ok", "findings": [], "measurements": [{"position": position}]}
    assert standing_of_record({"results": [entry], "errors": [], "patient": {}}) == expected
