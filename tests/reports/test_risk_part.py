"""Estimates on paper: in natural frequencies, with curve and bars."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest

from core.clock import FixedClock
from core.decision import PaperSize, Reading
from core.patient import Patient, Sourced
from core.result import Result, Source
from inference.packs import load_pack
from inference.risk_reading import assess, load_table
from reports.content import build_report
from reports.pdf import compose, render_pdf
from reports.records import Clinic
from reports.risk_words import group_headline, groups_of, of_hundred, share_with_interval
from reports.sheet import FORMATS, BoxMark
from services.facts import facts_of
from tests.inference.toy_tables import make_groups, make_risk

NOW = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
SOURCE = Source(
    path="p.json", files=1, sha256="0" * 64, modality=None, study_uid=None, series_uids=(), frames=0
)
PATIENT = Patient(
    age_years=Sourced(value=72.0, source="file"),
    further={"ejection_fraction": Sourced(value=25.0, source="file")},
)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    root = tmp_path_factory.mktemp("packs")
    packs = [
        load_pack(make(root / name)) for make, name in ((make_risk, "toy-risk"), (make_groups, "toy-groups"))
    ]
    return Result(
        source=SOURCE,
        patient=PATIENT,
        results=tuple(assess(pack, load_table(pack), PATIENT) for pack in packs),
    )


def _text(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return " ".join(text.split())


@pytest.mark.parametrize("paper", ["A4", "A5"])
def test_the_paper_says_the_estimate_its_sources_and_that_it_is_a_demonstration(
    result: Result, paper: PaperSize
) -> None:
    content = build_report(
        result=result,
        reading=Reading(),
        signature=None,
        clinic=Clinic(name="House"),
        clock=FixedClock(instant=NOW),
    )
    text = _text(render_pdf(content, paper))
    risk = result.results[0].risks[0]
    assert (
        f"Death within 180 days: of 100 patients of the study with such values, for about "
        f"{of_hundred(risk.probability)}" in text
    )
    assert "72 years (file)" in text
    assert "not given" in text
    assert group_headline(groups_of(result.results[1])) in text
    assert "not a diagnosis" in text
    assert "Demonstration only" in text
    assert "Report on values" in text
    assert "Side" not in text


def test_a_value_that_cannot_be_is_marked_on_the_first_page_and_a_yes_is_written_as_one(
    tmp_path: Path, result: Result
) -> None:
    pack = load_pack(make_risk(tmp_path / "toy-risk"))
    given: dict[str, Sourced[float | str | bool]] = {
        "ejection_fraction": Sourced(value=0.25, source="file"),
        "smoking": Sourced(value=True, source="file"),
    }
    content = build_report(
        result=replace(result, patient=replace(PATIENT, further=given)),
        reading=Reading(),
        signature=None,
        clinic=Clinic(name="House"),
        clock=FixedClock(instant=NOW),
        facts={"toy-risk": facts_of(pack)},
    )
    for truth, said in ((1.0, "Smoking Yes"), (0.0, "Smoking No"), (False, "Smoking No")):
        other = replace(PATIENT, further={"smoking": Sourced(value=truth, source="file")})
        again = build_report(
            result=replace(result, patient=other),
            reading=Reading(),
            signature=None,
            clinic=Clinic(name="House"),
            clock=FixedClock(instant=NOW),
            facts={"toy-risk": facts_of(pack)},
        )
        assert any(said in field.value and "cannot be" not in field.value for field in again.fields)
    (values,) = [field.value for field in content.fields if "Ejection fraction" in field.value]
    assert "0.25 % (cannot be: 5 to 90)" in values.replace("\u00a0", " ")
    assert "Smoking Yes" in values


def test_bars_to_the_right_raise_and_are_dark(result: Result) -> None:
    content = build_report(
        result=result,
        reading=Reading(),
        signature=None,
        clinic=Clinic(name="House"),
        clock=FixedClock(instant=NOW),
    )
    chart = content.demonstration[0].findings[0].charts[0]
    assert max(abs(bar.length) for bar in chart.bars) == pytest.approx(1.0)
    raising = sum(bar.length > 0 for bar in chart.bars)
    dark = [
        mark
        for sheet in compose(content, FORMATS["A4"])
        for mark in sheet.marks
        if isinstance(mark, BoxMark) and mark.fill == (27, 36, 43) and mark.height > 5
    ]
    groups = content.demonstration[1].findings[0].charts[1]
    assert len(dark) == raising + sum(bar.length >= 0 for bar in groups.bars) + sum(
        bar.length == 0 for bar in chart.bars
    )


def test_groups_that_cannot_be_told_apart_are_named_the_most_alike_first(result: Result) -> None:
    groups = groups_of(result.results[1])
    first, second, *_ = groups
    shares = [of_hundred(one.probability) for one in groups]
    both = tuple(replace(one, in_set=place < 2) for place, one in enumerate(groups))
    assert group_headline(both) == (
        f"The groups are not told apart: {first.label} {shares[0]}, {second.label} {shares[1]} (of 100)."
    )
    alone = tuple(replace(one, in_set=place < 1) for place, one in enumerate(groups))
    assert group_headline(alone) == f'Resembles the study group "{first.label}" ({shares[0]} of 100).'
    none = tuple(replace(one, in_set=False) for one in groups)
    assert group_headline(none) == (
        f'Resembles none of the study\'s groups clearly; nearest: "{first.label}" ({shares[0]} of 100).'
    )
    for said in (both, alone, none):
        for word in ("diagnos", "positive", "negative", "normal", "ruled out", "most"):
            assert word not in group_headline(said).lower()


def test_a_group_whose_interval_reaches_the_only_one_named_is_told_beside_it(result: Result) -> None:
    first, second, third, *_ = groups_of(result.results[1])
    named = replace(first, in_set=True, probability=0.7, interval=(0.4, 0.9))
    near = replace(second, in_set=False, probability=0.2, interval=(0.05, 0.45))
    far = replace(third, in_set=False, probability=0.1, interval=(0.0, 0.3))
    said = f'Resembles the study group "{first.label}" (70 of 100).'
    assert group_headline((named, near, far)) == (
        f"{said} Not clearly apart from it: {second.label} 20 (of 100); their intervals overlap."
    )
    assert group_headline((named, replace(near, interval=(0.05, 0.39)), far)) == said
    assert group_headline((named, replace(near, interval=None), far)) == said


def test_groups_without_a_set_are_named_by_more_than_half_alone(result: Result) -> None:
    first, second, *_ = (replace(one, in_set=None) for one in groups_of(result.results[1]))
    clear = (replace(first, probability=0.61), replace(second, probability=0.39))
    assert group_headline(clear).startswith("Resembles the study group")
    close = (replace(first, probability=0.45), replace(second, probability=0.4))
    assert group_headline(close).startswith("Resembles none of the study's groups clearly; nearest")


def test_a_share_has_its_interval_in_numbers_where_that_says_more(result: Result) -> None:
    group = groups_of(result.results[1])[0]
    assert share_with_interval(replace(group, probability=0.61, interval=(0.4, 0.73))) == "61 (40 to 73)"
    assert share_with_interval(replace(group, probability=0.001, interval=(0.0, 0.02))) == (
        "fewer than 1 (0 to 2)"
    )
    assert share_with_interval(replace(group, probability=0.001, interval=(0.0, 0.002))) == "fewer than 1"
    assert share_with_interval(replace(group, probability=0.5, interval=None)) == "50"


def test_shares_at_the_ends_are_said_in_words() -> None:
    assert (of_hundred(0.001), of_hundred(0.5), of_hundred(0.999)) == ("fewer than 1", "50", "more than 99")
