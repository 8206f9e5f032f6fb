"""Prints reports and lets poppler read them back."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.decision import PaperSize
from reports.pdf import render_pdf
from reports.records import ReportContent


@dataclass(frozen=True)
class Printed:
    """A printed report on disk, as poppler reads it."""

    path: Path

    def text(self, page: int | None = None) -> str:
        pages = [] if page is None else ["-f", str(page), "-l", str(page)]
        return poppler("pdftotext", *pages, "-layout", str(self.path), "-")

    def words(self, page: int | None = None) -> str:
        """The text with every run of white space as one space."""
        return " ".join(self.text(page).split())

    @property
    def pages(self) -> int:
        info = poppler("pdfinfo", str(self.path))
        return int(next(line.split()[1] for line in info.splitlines() if line.startswith("Pages:")))


def poppler(program: str, *arguments: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} of poppler-utils is not installed")
    done = subprocess.run([program, *arguments], capture_output=True, check=True)
    assert not done.stderr, done.stderr
    return done.stdout.decode("utf-8")


@pytest.fixture
def printed(tmp_path: Path) -> Callable[..., Printed]:
    """Print a report and return it as poppler reads it."""

    def print_it(content: ReportContent, paper: PaperSize = "A4") -> Printed:
        path = tmp_path / f"report-{len(list(tmp_path.iterdir()))}.pdf"
        path.write_bytes(render_pdf(content, paper))
        return Printed(path)

    return print_it
