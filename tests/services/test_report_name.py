"""Names of exported reports: telling, safe on every file system, and silent about the patient."""

from datetime import date

import pytest

from core.image import StudyHeader
from services.report_name import report_name

DAY = date(2026, 3, 15)


def named(number: int | None = 12, **header: str) -> str:
    """Return the name of a report of a study whose header says this."""
    return report_name(StudyHeader(**header), number=number, signed_on=DAY, key="3fa9b2c411")  # type: ignore[arg-type]


def test_day_what_was_examined_and_number_stand_in_the_name() -> None:
    told = named(date="20260314", body_part="CHEST", view="AP")
    assert told == "2026-03-14-chest-ap-report-12.pdf"
    assert named(date="20260314", modality="CT") == "2026-03-14-ct-report-12.pdf"


def test_without_a_header_there_are_the_day_of_the_signature_and_the_number() -> None:
    assert named() == "2026-03-15-report-12.pdf"
    assert named(date="20261399") == "2026-03-15-report-12.pdf"


def test_an_unsigned_report_says_so_in_its_name() -> None:
    assert named(None, body_part="CHEST") == "2026-03-15-chest-unsigned-3fa9b2c4.pdf"


def test_free_text_that_may_name_a_patient_stays_out() -> None:
    free = {
        "description": "Amina Sample",
        "series_description": "Amina",
        "accession_number": "SAMPLE 2041-77",
    }
    assert named(12, **free) == "2026-03-15-report-12.pdf"


@pytest.mark.parametrize("part", ["../../etc/passwd", "CON", 'a<b>:"|?*', "صدر", "x" * 400, " . "])
def test_whatever_the_header_says_the_name_is_one_safe_part(part: str) -> None:
    name = named(body_part=part, accession_number=part)
    assert set(name) <= set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.")
    assert name.startswith("2026-03-15-")
    assert name.endswith("report-12.pdf")
    assert name.count(".") == 1
    assert len(name) < 100
