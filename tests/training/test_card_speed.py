"""A card says how long a user waits, on which machine, and whether other work ran beside."""

from typing import Any

import pytest

from training.card_speed import kept_speed, speed_parts
from training.table_card import TableWords, card_text

MACHINE = {"processor": "Made-Up 9000", "cores": 4, "threads": 2}


def a_row(**changed: Any) -> dict[str, Any]:
    row = {
        "what": "one drawn smear",
        "checks": True,
        "engine": "openvino",
        "precision": "int8",
        "default": True,
        "median_ms": 1234.5,
        "low_ms": 1200.04,
        "high_ms": 1300.0,
        "runs": 9,
    }
    return {**row, **changed}


def said(*rows: dict[str, Any], load: float = 0.2, beside: float = 0.0) -> str:
    speed = {"machine": MACHINE, "load": load, "beside": beside, "rows": list(rows)}
    return "\n\n".join(speed_parts({"speed": speed}))


def test_a_pack_whose_speed_was_not_measured_has_no_such_section() -> None:
    assert speed_parts({"figures": []}) == []
    assert kept_speed({"figures": []}) == {}


def test_the_section_names_the_machine_and_says_that_the_numbers_are_its_own() -> None:
    text = said(a_row())
    assert text.startswith("## Speed\n\n")
    assert "Made-Up 9000, 4 cores, 2 threads. These numbers are that machine's" in text


def test_a_row_says_engine_precision_median_and_range() -> None:
    assert "| one drawn smear | OpenVINO INT8 (the default) | 1,234 | 1,200 to 1,300 |  | 9 |" in said(
        a_row()
    )


@pytest.mark.parametrize(
    ("milliseconds", "written"), [(0.836, "0.84"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12,346")]
)
def test_a_number_keeps_the_digits_that_count(milliseconds: float, written: str) -> None:
    assert f"| {written} | 1,200 to 1,300 |" in said(a_row(median_ms=milliseconds))


def test_what_is_in_it_many_times_has_its_own_number() -> None:
    assert "| 4.94 a cell |" in said(a_row(count=250, counted="cell"))


def test_an_estimate_from_values_needs_no_engine() -> None:
    assert "| none is needed |" in said(a_row(engine=None, precision=None, default=False))


@pytest.mark.parametrize(("load", "beside"), [(1.01, 0.0), (5.2, 1.4), (0.1, 0.3)])
def test_a_busy_machine_is_told(load: float, beside: float) -> None:
    text = said(a_row(), load=load, beside=beside)
    told = f"(load average {load:.1f} before the start, {beside:.1f} cores taken by others meanwhile)"
    assert f"**Other work may have slowed it** {told}" in text


@pytest.mark.parametrize("load", [0.0, 1.0])
def test_a_quiet_machine_needs_no_such_word(load: float) -> None:
    assert "Other work" not in said(a_row(), load=load)


def test_checks_that_were_not_heeded_are_told_where_there_are_any() -> None:
    assert "(*)" not in said(a_row())
    text = said(a_row(), a_row(what="one drawn heart", checks=False))
    assert "| one drawn heart (*) |" in text
    assert text.endswith("they were made, but not heeded.")


def test_measuring_figures_again_keeps_the_speed() -> None:
    assert kept_speed({"figures": [], "speed": {"rows": []}}) == {"speed": {"rows": []}}


def test_a_card_prints_the_section_before_its_known_failures() -> None:
    manifest = {
        "title": "Toy",
        "id": "toy",
        "version": "1.0.0",
        "class": "demonstration",
        "intended_use": "Tests.",
        "not_for": ["patients"],
        "inputs": [],
    }
    words = TableWords(data="None.", model="None.", traps="None.", failures=("All.",))
    measured = {
        "facts": {},
        "figures": [],
        "beside": [],
        "penalties": [],
        "groups": [],
        "application": {"patients": 0, "refused": 0, "largest_difference": 0.0},
    }
    assert "## Speed" not in card_text(manifest, words, measured)
    speed = {"machine": MACHINE, "load": 0.0, "beside": 0.0, "rows": [a_row()]}
    card = card_text(manifest, words, {**measured, "speed": speed})
    assert card.index("## Speed") < card.index("## Known failures")
