"""A report goes to the system's print queue as the PDF that it is."""

import sys
from pathlib import Path

import pytest

from core.errors import ReportNotPrintedError
from services.printing import PrintJob, can_print_pdf, print_options, print_pdf, system_environment

needs_shell = pytest.mark.skipif(sys.platform == "win32", reason="lp is no program of Windows")


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an ``lp`` alone on the path, which writes down what it was given."""
    program = tmp_path / "lp"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > "{tmp_path}/arguments"\n/bin/cat > "{tmp_path}/taken"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@needs_shell
def test_the_queue_gets_the_very_bytes_and_no_name(queue: Path) -> None:
    pdf = b"%PDF-1.7\x00\xff" * 100_000
    print_pdf(pdf, PrintJob(paper="A5", printer="Ward 3", copies=2, two_sided=True))
    assert (queue / "taken").read_bytes() == pdf
    assert (queue / "arguments").read_text().splitlines() == [
        *("-d", "Ward 3", "-n", "2", "-t", "Farlight"),
        *("-o", "media=A5", "-o", "sides=two-sided-long-edge", "-o", "print-scaling=none"),
    ]


@needs_shell
def test_a_queue_that_refuses_is_told(queue: Path) -> None:
    (queue / "lp").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(ReportNotPrintedError):
        print_pdf(b"%PDF", PrintJob(paper="A4"))


@needs_shell
def test_where_there_is_no_lp_the_pages_are_drawn_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, queue: Path
) -> None:
    assert can_print_pdf()
    assert not can_print_pdf("win32")
    (queue / "lp").unlink()
    assert not can_print_pdf()
    with pytest.raises(ReportNotPrintedError):
        print_pdf(b"%PDF", PrintJob(paper="A4"))


def test_the_default_printer_needs_no_name() -> None:
    assert print_options(PrintJob(paper="Letter"))[:2] == ("-n", "1")


def test_a_program_of_the_system_does_not_get_the_libraries_of_a_frozen_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert system_environment({"LD_LIBRARY_PATH": "ours", "LD_LIBRARY_PATH_ORIG": "theirs"}) == {
        "LD_LIBRARY_PATH": "theirs"
    }
    assert system_environment({"LD_LIBRARY_PATH": "theirs"}) == {"LD_LIBRARY_PATH": "theirs"}
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert system_environment({"LD_LIBRARY_PATH": "ours", "LANG": "C"}) == {"LANG": "C"}
