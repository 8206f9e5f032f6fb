"""Printed reports, read back by poppler."""

import dataclasses
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.decision import PaperSize
from core.result import ErrorRecord, Refusal
from reports.content import Clinic, as_copy
from reports.pdf import compose, render_pdf
from reports.records import ReportContent
from reports.sheet import FORMATS, BoxMark, DotMark, PictureMark, RuleMark, TextMark
from tests.reports import studies
from tests.reports.conftest import Printed, poppler

Print = Callable[..., Printed]
PAPERS: tuple[PaperSize, ...] = ("A4", "Letter", "A5")
UNSIGNED = "UNSIGNED: computer output, not read by a clinician"


def busy() -> ReportContent:
    """An unsigned report with all that can be on one."""
    packs = (
        studies.lungs(),
        studies.turned(),
        studies.refused(),
        studies.pneumonia("below", gates_skipped=True),
        studies.demonstration(),
    )
    name = "Wolfeschlegelsteinhausenbergerdorff-Ångström " * 3 + "محمد عبد الرحمن"
    of = studies.result(
        *packs,
        of=studies.patient(name=name, identity="X" * 90),
        errors=(ErrorRecord(code="E104", message="Bad."),),
    )
    notes = "A long note about one lower zone. " * 120 + "w" * 400
    return studies.report(of, signature=None, reading=studies.reading(words=notes, indication=notes[:900]))


@pytest.mark.parametrize(
    ("paper", "size"),
    [("A4", "595.28 x 841.89 pts (A4)"), ("Letter", "612 x 792 pts (letter)"), ("A5", "419.53 x 595.28 pts")],
)
def test_prints_on_each_paper(printed: Print, paper: PaperSize, size: str) -> None:
    info = poppler("pdfinfo", str(printed(studies.report(), paper).path))
    assert size in info


def test_the_first_page_is_for_people_and_the_second_is_the_computers(printed: Print) -> None:
    report = printed(studies.report())
    first, second = report.words(1), report.words(2)
    assert all(word in first for word in ("SAMPLE Amina", "2041-77", "Findings fit pneumonia.", "N. Otieno"))
    assert "score" not in first
    assert all(word in second for word in ("Computer assistance", "score 91", "threshold 41", "sha256"))


def test_without_a_clinic_the_report_begins_with_its_title(printed: Print) -> None:
    words = printed(studies.report(clinic=Clinic(name=""))).words(1)
    assert words.startswith("Chest X-ray report 14 March 2026")
    assert words.count("Chest X-ray report") == 1


def test_an_ordinary_report_is_two_pages(printed: Print) -> None:
    assert printed(studies.report()).pages == 2


@pytest.mark.parametrize("paper", PAPERS)
def test_every_page_says_research_use_its_number_and_when_unsigned_that(
    printed: Print, paper: PaperSize
) -> None:
    report = printed(busy(), paper)
    assert report.pages > 3
    for page in range(1, report.pages + 1):
        words = report.words(page)
        assert words.count(UNSIGNED) == 1
        assert words.count("Research use only: not a medical device.") == 1
        assert f"Page {page} of {report.pages}" in words


def test_a_signed_report_never_says_unsigned_and_a_copy_says_so_on_every_page(printed: Print) -> None:
    signed = printed(studies.report())
    copy = printed(as_copy(studies.report(), number=1, made_at=studies.NOW, paper="A4", original_on="A4"))
    assert "UNSIGNED" not in signed.text()
    assert "COPY" not in signed.text()
    assert all("COPY" in copy.words(page) for page in range(1, copy.pages + 1))


@pytest.mark.parametrize("paper", PAPERS)
def test_the_mark_of_a_copy_moves_nothing_of_the_page(paper: PaperSize) -> None:
    report = studies.report()
    copy = as_copy(report, number=12, made_at=studies.NOW, paper=paper, original_on="A4", clock_doubted=True)
    sheet = FORMATS[paper]
    for page, copied in zip(compose(report, sheet), compose(copy, sheet), strict=True):
        *same, box, text = copied.marks
        assert same == page.marks
        assert isinstance(box, BoxMark)
        assert isinstance(text, TextMark)
        assert box.x >= sheet.left - 0.1
        assert box.y > 8
        assert box.y + box.height <= sheet.margin


@pytest.mark.parametrize("paper", PAPERS)
def test_nothing_is_printed_outside_the_margins(printed: Print, paper: PaperSize) -> None:
    boxes = poppler("pdftotext", "-bbox", str(printed(busy(), paper).path), "-")
    sheet = FORMATS[paper]
    words = [
        (float(x1), float(y1), float(x2), float(y2), text)
        for x1, y1, x2, y2, text in re.findall(
            r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>', boxes
        )
    ]
    assert len(words) > 500
    outside = [
        word
        for word in words
        if word[4] != "DEMONSTRATION"
        and (
            word[0] < sheet.left - 0.6
            or word[2] > sheet.right + 0.6
            or word[1] < sheet.margin - 2
            or word[3] > sheet.height - sheet.margin + 2
        )
    ]
    assert outside == []


@pytest.mark.parametrize("paper", PAPERS)
def test_nothing_of_the_content_runs_into_the_foot(paper: PaperSize) -> None:
    sheet = FORMATS[paper]
    for page in compose(busy(), sheet):
        bottoms = []
        for mark in page.marks:
            match mark:
                case TextMark(degrees=0.0):
                    bottoms.append(mark.y)
                case BoxMark() | PictureMark():
                    bottoms.append(mark.y + mark.height)
                case RuleMark():
                    bottoms.append(max(mark.y1, mark.y2))
                case DotMark():
                    bottoms.append(mark.y + mark.radius)
        foot = max(mark.y1 for mark in page.marks if isinstance(mark, RuleMark))
        below = [bottom for bottom in bottoms if bottom > foot + 0.1]
        assert 2 <= len(below) <= 4
        assert max(bottoms) <= sheet.height - sheet.margin


@pytest.mark.parametrize("paper", PAPERS)
def test_the_identity_stands_whole_beside_the_number_of_each_page(printed: Print, paper: PaperSize) -> None:
    content = busy()
    report = printed(content, paper)
    for page in range(1, report.pages + 1):
        lines = [" ".join(line.split()) for line in report.text(page).splitlines() if line.strip()]
        assert lines[-1].endswith(f"report {content.short_id} · Page {page} of {report.pages}")


@pytest.mark.parametrize("paper", PAPERS)
def test_the_patient_comes_first_however_long_the_name_is(printed: Print, paper: PaperSize) -> None:
    long = studies.patient(name="Maria Aparecida Conceição " * 8, identity="2041-77 " * 12)
    words = printed(studies.report(studies.result(studies.pneumonia(), of=long)), paper).words(1)
    fields = ("Patient ·", "ID ·", "Sex ·", "Examination", "Indication", "READING")
    assert sorted(words.index(label) for label in fields) == [words.index(label) for label in fields]


def test_long_names_and_notes_are_printed_to_the_last_letter(printed: Print) -> None:
    text = re.sub(r"\s", "", printed(busy(), "A5").text())
    assert "Wolfeschlegelsteinhausenbergerdorff-Ångström" in text
    assert text.count("Alongnoteaboutonelowerzone.") >= 120
    assert "w" * 300 in re.sub(r"Page\d+of\d+", "", text) or text.count("w" * 60) >= 3
    assert "X" * 90 in text or text.count("X") >= 90


def test_the_same_content_gives_the_same_bytes() -> None:
    assert render_pdf(busy(), "A4") == render_pdf(busy(), "A4")


def test_the_same_content_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    script = (
        "import sys; from tests.reports.test_pdf import busy; from reports.pdf import render_pdf; "
        "open(sys.argv[1], 'wb').write(render_pdf(busy(), 'A5'))"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", script, str(tmp_path / seed)], check=True, env=environment)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_importing_the_report_loads_nothing_heavy_until_it_is_warmed_up() -> None:
    script = (
        "import sys, reports.content, reports.figures, reports.pdf; "
        "heavy = {'fpdf', 'cv2', 'uharfbuzz', 'PIL', 'fontTools'}; "
        "before = heavy & set(sys.modules); reports.pdf.warm_up(); "
        "print(sorted(before), sorted(heavy & set(sys.modules) - {'PIL', 'cv2'}))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[] ['fontTools', 'fpdf', 'uharfbuzz']"


def test_metadata_names_no_patient_and_carries_the_clocks_date(printed: Print) -> None:
    report = printed(studies.report())
    info = poppler("pdfinfo", str(report.path))
    assert "Amina" not in info
    assert "2041" not in info
    assert "Mar 14" in info
    assert b"Amina" not in report.path.read_bytes()
    assert b"/Lang (en)" in report.path.read_bytes()


def test_all_fonts_are_embedded_and_subset(printed: Print) -> None:
    lines = poppler("pdffonts", str(printed(busy()).path)).splitlines()[2:]
    assert len(lines) >= 4
    assert all(re.search(r"Identity-H\s+yes yes yes", line) for line in lines)


def test_an_ordinary_report_is_a_small_file(printed: Print) -> None:
    assert printed(studies.report()).path.stat().st_size < 400_000


def test_a_refusal_alone_and_an_error_alone_are_printed(printed: Print) -> None:
    refusal = printed(studies.report(studies.result(studies.refused()), signature=None))
    assert "Not answered. The patient is 9 years old" in refusal.words(2)
    error = ErrorRecord(code="E104", message="The file is damaged.")
    failed = printed(studies.report(studies.result(errors=(error,)), signature=None))
    assert "Error E104 The file is damaged." in failed.words(2)


def test_demonstration_output_is_watermarked_on_pages_of_its_own(printed: Print) -> None:
    report = printed(
        studies.report(studies.result(studies.pneumonia(), studies.demonstration()), signature=None)
    )
    assert [page for page in range(1, report.pages + 1) if "MALIGNANT" in report.text(page)] == [3]
    faint = [np.mean(np.isin(page_pixels(report.path, page), range(226, 236))) for page in (2, 3)]
    assert faint[1] > faint[0] + 0.015


def test_a_table_row_is_never_cut_by_a_page_end(printed: Print) -> None:
    many = tuple(
        dataclasses.replace(
            studies.refused(),
            refusal=Refusal(gate="age", reason="Why.", advice=f"begin{n}x {'to be done ' * 30} end{n}x"),
        )
        for n in range(24)
    )
    report = printed(studies.report(studies.result(*many)), "A5")
    pages = [report.text(page) for page in range(1, report.pages + 1)]
    for n in range(24):
        assert [f"begin{n}x" in page for page in pages] == [f"end{n}x" in page for page in pages]
    assert sum("begin" in page for page in pages) > 4


def test_a_row_longer_than_a_page_flows_on(printed: Print) -> None:
    long = Refusal(gate="age", reason="Why.", advice=f"begin {'to be done ' * 900} end")
    report = printed(
        studies.report(studies.result(dataclasses.replace(studies.refused(), refusal=long))), "A5"
    )
    assert report.words().count("to be done") + report.words().count("to be begin") > 850
    assert report.pages > 3


def test_heat_and_outline_stay_visible_on_a_grey_printer(printed: Print) -> None:
    pixels = page_pixels(printed(studies.report()).path, 2, dots_per_inch=150).astype(float)
    height, width = pixels.shape
    left = pixels[int(height * 0.11) : int(height * 0.3), int(width * 0.08) : int(width * 0.48)]
    right = pixels[int(height * 0.11) : int(height * 0.3), int(width * 0.52) : int(width * 0.92)]
    assert np.ptp(right) > 0
    assert abs(np.abs(np.diff(right, axis=1)).sum() / np.abs(np.diff(left, axis=1)).sum()) > 1.3


def test_text_is_dark_enough_for_a_grey_printer() -> None:
    for page in compose(busy(), FORMATS["A4"]):
        for mark in page.marks:
            if isinstance(mark, TextMark) and not mark.degrees:
                red, green, blue = mark.colour
                assert 0.299 * red + 0.587 * green + 0.114 * blue < 115


def page_pixels(path: Path, page: int, dots_per_inch: int = 80) -> Any:
    """The page as grey pixels, as poppler draws it."""
    target = path.with_name(f"{path.stem}-{page}")
    poppler(
        "pdftoppm",
        "-f",
        str(page),
        "-l",
        str(page),
        "-r",
        str(dots_per_inch),
        "-gray",
        "-singlefile",
        str(path),
        str(target),
    )
    return np.asarray(Image.open(target.with_suffix(".pgm")))
