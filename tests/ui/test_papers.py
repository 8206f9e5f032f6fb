"""Papers that leave the window: the original once, then copies; and what is said of each."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel

from core.errors import ReportError, ReportNotPrintedError
from services.pdf_pages import page_count
from services.printing import PrintJob
from tests.ui.hands import begun, press, ready, sign_the_open_case
from tests.ui.stage import wait_until, write_chest
from ui.controls import KeyButton
from ui.printing import Order

pytestmark = pytest.mark.display
Stage = Callable[..., Any]


def words_of(path: Path) -> str:
    """Return the text of a PDF."""
    document = pypdfium2.PdfDocument(path)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def export(window: Any, path: Path) -> Path:
    """Export the report in sight, as by button and dialog."""
    window.report._export.click()
    window.findChild(QFileDialog).reject()
    window.reporting.export_to(str(path))
    wait_until(path.exists)
    wait_until(lambda: window.pools.running() == ())
    return path


def order(window: Any, kind: QPrinter.OutputFormat, *, file: Path | None = None, copies: int = 1) -> Order:
    """Return the order of the report in sight, as the dialog of printing would fill it."""
    printer = QPrinter(QPrinter.PrinterMode.ScreenResolution)
    printer.setOutputFormat(kind)
    if file is not None:
        printer.setOutputFileName(str(file))
    printer.setCopyCount(copies)
    source = window.reporting._paper_source("print", window.report.pdf)
    return Order(paper=window.report.paper(), give_out=source, apart=True, printer=printer)


def print_to(window: Any, path: Path, copies: int = 1) -> None:
    """Print the report in sight into a file, as by the dialog of printing."""
    kind = QPrinter.OutputFormat.PdfFormat
    window.reporting.printing.carry_out(order(window, kind, file=path, copies=copies))
    wait_until(lambda: any("Sent to" in text for text in window.notices.texts()))


@pytest.fixture(autouse=True)
def a_printer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the system know a printer."""
    monkeypatch.setattr("ui.reporting.has_printer", lambda: True)


class Queue:
    """A print queue of the test: it takes what it is given, or nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, works: bool = True) -> None:
        self.jobs: list[tuple[bytes, PrintJob]] = []
        self._works = works
        monkeypatch.setattr("ui.printing.can_print_pdf", lambda: True)
        monkeypatch.setattr("ui.printing.print_pdf", self.take)

    def take(self, pdf: bytes, job: PrintJob) -> None:
        """Take a job as the system's queue does."""
        if not self._works:
            raise ReportNotPrintedError("off")
        self.jobs.append((pdf, job))


def hand_to_queue(window: Any, copies: int = 1) -> None:
    """Print the report in sight on the system's printer, as by the dialog of printing."""
    wanted = order(window, QPrinter.OutputFormat.NativeFormat, copies=copies)
    window.reporting.printing.carry_out(wanted)
    wait_until(lambda: window.pools.running() == ())


def notices(window: Any) -> str:
    """Return all that stands in the notices."""
    return " ".join(one.text() for one in window.notices.findChildren(QLabel))


def test_the_first_export_of_a_signed_report_is_the_original_and_the_second_says_copy(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    case = sign_the_open_case(window)
    assert window.report._next.whole() == "The next paper is the original"
    first = export(window, tmp_path / "first.pdf")
    assert first.read_bytes() == case.signed.pdf
    assert "the original" in notices(window)
    assert window.report._next.whole() == "The next paper says COPY: the original has left"
    second = export(window, tmp_path / "second.pdf")
    assert "COPY" in words_of(second)
    assert "COPY" not in words_of(first)
    assert "copy 1" in notices(window)


def test_the_first_paper_of_a_signed_report_is_the_original_on_the_size_chosen_and_the_preview_follows(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    sign_the_open_case(window)
    shape = [page.pixmap().height() / page.pixmap().width() for page in window.report._pages]
    window.report._paper.setCurrentText("Letter")
    wait_until(lambda: window.report.pdf is not None)
    letter = [page.pixmap().height() / page.pixmap().width() for page in window.report._pages]
    assert shape[0] > 1.4 > letter[0]
    assert window.report.paper() == "Letter"
    assert window.report._next.whole() == "The next paper is the original"
    assert window._workplace.settings.text("paper") == "A4"
    assert "COPY" not in words_of(export(window, tmp_path / "letter.pdf"))
    assert "the original" in notices(window)
    window.show_page("worklist")
    window.show_page("report")
    wait_until(lambda: window.report.pdf is not None)
    assert window.report.paper() == "Letter", "the size of the original is what copies begin with"
    window.report._paper.setCurrentText("A4")
    wait_until(lambda: window.report.pdf is not None)
    assert window.report._next.whole() == "The next paper says COPY: the original has left"
    assert "the original is on Letter" in words_of(export(window, tmp_path / "copy.pdf"))


def test_without_a_printer_that_is_said_and_the_export_offered(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.reporting.has_printer", lambda: False)
    window = stage(write_chest(tmp_path, "1.dcm"))
    sign_the_open_case(window)
    window.report._print.click()
    assert "No printer is set up on this computer." in window.notices.texts()
    assert window.findChild(QPrintDialog) is None
    assert not window.reporting.printing.busy
    next(one for one in window.notices.findChildren(KeyButton) if "Export" in one.accessibleName()).click()
    window.findChild(QFileDialog).reject()
    assert window.report._next.whole() == "The next paper is the original"


def test_the_offer_to_export_instead_goes_with_its_patient(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.reporting.has_printer", lambda: False)
    write_chest(tmp_path / "stick", "1.dcm", patient="SAMPLE^Amina")
    write_chest(tmp_path / "stick", "2.dcm", patient="SAMPLE^Joseph", number="K-014")
    window = stage(tmp_path / "stick")
    wait_until(lambda: len(window.book) == 2 and not window.intake.scanning)
    ready(window)
    press(window, Qt.Key.Key_2)
    window.show_page("report")
    wait_until(lambda: window.report.pdf is not None)
    window.report._print.click()
    said = "No printer is set up on this computer."
    assert said in window.notices.texts()
    act = next(one for one in window.notices.findChildren(KeyButton) if "Export" in one.accessibleName())
    other = next(case for case in window.book.cases() if case is not window.desk.case)
    own = window.desk.case.key
    window.open_case(own)
    assert said in window.notices.texts(), "it stays while its own study is open"
    window.open_case(other.key)
    assert said not in window.notices.texts()
    act.click()
    assert window.findChild(QFileDialog) is None
    assert window.turner.is_shown("read")


def test_the_next_export_begins_in_the_folder_of_the_last_one(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path / "stick", "amina-sample.dcm"))
    case = sign_the_open_case(window)
    (tmp_path / "reports").mkdir()
    export(window, tmp_path / "reports" / "one.pdf")
    window.report._export.click()
    dialog = window.findChild(QFileDialog)
    chosen = Path(dialog.selectedFiles()[0])
    dialog.reject()
    assert chosen == tmp_path / "reports" / f"2026-03-14-chest-ap-report-{case.signed.report_id}.pdf"


def test_printing_says_to_which_printer_and_how_many_pages_and_can_be_taken_back(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    case = sign_the_open_case(window)
    print_to(window, tmp_path / "printed.pdf")
    pages = page_count((tmp_path / "printed.pdf").read_bytes())
    assert pages == page_count(case.signed.pdf)
    assert f"{pages} pages" in notices(window)
    assert "printed.pdf" in notices(window)
    assert window.report._next.whole() == "The next paper says COPY: the original has left"
    notice = window.notices._notices[-1]
    notice._on_act_clicked()
    assert window.report._next.whole() == "The next paper is the original"


def test_an_export_that_cannot_be_written_is_no_paper(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    sign_the_open_case(window)
    window.report._export.click()
    window.findChild(QFileDialog).reject()
    window.reporting.export_to(str(tmp_path / "no folder" / "report.pdf"))
    wait_until(lambda: window.pools.running() == ())
    window.reporting.show()
    assert window.report._next.whole() == "The next paper is the original"


def test_an_unsigned_report_says_so_beside_its_paper(stage: Stage, tmp_path: Path) -> None:
    window = begun(stage, tmp_path)
    window.show_page("report")
    wait_until(lambda: window.report.pdf is not None)
    assert window.report._next.whole() == "Says UNSIGNED on every page"
    export(window, tmp_path / "draft.pdf")
    assert "unsigned" in notices(window)


def test_the_print_queue_gets_the_signed_pdf_itself_and_then_a_copy(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue(monkeypatch)
    window = stage(write_chest(tmp_path, "1.dcm"))
    case = sign_the_open_case(window)
    hand_to_queue(window)
    assert queue.jobs[0][0] == case.signed.pdf
    assert (queue.jobs[0][1].paper, queue.jobs[0][1].copies) == ("A4", 1)
    assert "Sent to" in notices(window)
    hand_to_queue(window)
    (tmp_path / "second.pdf").write_bytes(queue.jobs[1][0])
    assert "COPY" in words_of(tmp_path / "second.pdf")


def test_two_copies_of_a_signed_report_are_one_original_and_one_copy(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue(monkeypatch)
    window = stage(write_chest(tmp_path, "1.dcm"))
    case = sign_the_open_case(window)
    hand_to_queue(window, copies=2)
    wait_until(lambda: len(queue.jobs) == 2 and window.pools.running() == ())
    assert [job.copies for _, job in queue.jobs] == [1, 1]
    assert queue.jobs[0][0] == case.signed.pdf
    (tmp_path / "second.pdf").write_bytes(queue.jobs[1][0])
    assert "COPY" in words_of(tmp_path / "second.pdf")


def test_the_copies_of_one_patient_stay_hers_while_the_next_report_is_asked_for(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue(monkeypatch)
    begun, hold = threading.Event(), threading.Event()

    def take_late(pdf: bytes, job: PrintJob) -> None:
        begun.set()
        hold.wait(20)
        queue.take(pdf, job)

    monkeypatch.setattr("ui.printing.print_pdf", take_late)
    write_chest(tmp_path / "stick", "1.dcm", patient="SAMPLE^Amina")
    write_chest(
        tmp_path / "stick",
        "2.dcm",
        patient="SAMPLE^Joseph",
        number="K-014",
        pixels=np.eye(200, dtype=np.uint8),
    )
    window = stage(tmp_path / "stick")
    first = sign_the_open_case(window)
    second = next(case for case in window.book.cases() if case is not first)
    window.open_case(second.key)
    sign_the_open_case(window)
    window.open_case(first.key)
    window.show_page("report")
    wait_until(lambda: window.report.pdf is not None)
    window.reporting.printing.carry_out(order(window, QPrinter.OutputFormat.NativeFormat, copies=2))
    wait_until(begun.is_set)
    window.open_case(second.key)
    window.show_page("report")
    wait_until(lambda: window.report.pdf is not None)
    window.report._print.click()
    assert [one for one in window.findChildren(QDialog) if one.isVisible()] == []
    assert "Another report is still being printed." in window.notices.texts()
    hold.set()
    wait_until(lambda: len(queue.jobs) == 2 and window.pools.running() == ())
    assert queue.jobs[0][0] == first.signed.pdf
    (tmp_path / "second.pdf").write_bytes(queue.jobs[1][0])
    assert "Amina" in words_of(tmp_path / "second.pdf")
    assert "COPY" in words_of(tmp_path / "second.pdf")
    assert window._workplace.papers.papers(second.signed.report_id) == ()


def test_a_print_dialog_that_was_left_prints_nothing_and_can_be_opened_again(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue(monkeypatch)
    window = stage(write_chest(tmp_path, "1.dcm"))
    sign_the_open_case(window)
    for _ in range(2):
        window.report._print.click()
        (dialog,) = (one for one in window.findChildren(QDialog) if one.isVisible())
        dialog.reject()
    assert not window.reporting.printing.busy
    assert queue.jobs == []


def test_a_file_takes_one_paper_however_many_copies_were_asked_for(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    case = sign_the_open_case(window)
    print_to(window, tmp_path / "printed.pdf", copies=2)
    wait_until(lambda: window.pools.running() == ())
    assert (tmp_path / "printed.pdf").read_bytes() == case.signed.pdf
    assert [one.copy_number for one in window._workplace.papers.papers(case.signed.report_id)] == [0]


def test_pages_that_could_not_be_drawn_are_no_paper(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_pdf: bytes, _dots_per_inch: float) -> None:
        raise ReportError

    window = stage(write_chest(tmp_path, "1.dcm"))
    sign_the_open_case(window)
    monkeypatch.setattr("ui.printing.can_print_pdf", lambda: False)
    monkeypatch.setattr("ui.printing.page_pictures", fail)
    hand_to_queue(window)
    assert ReportError().title in window.notices.texts()
    window.reporting.show()
    assert window.report._next.whole() == "The next paper is the original"


def test_no_page_of_the_last_patient_stays_while_the_report_of_the_next_is_made(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_chest(tmp_path / "stick", "1.dcm", patient="SAMPLE^Amina")
    write_chest(tmp_path / "stick", "2.dcm", patient="SAMPLE^Joseph", number="K-014")
    window = stage(tmp_path / "stick")
    ready(window)
    _, second = window.book.cases()
    press(window, Qt.Key.Key_2)
    window.show_page("report")
    wait_until(lambda: window.report.pdf is not None)
    hold = threading.Event()
    monkeypatch.setattr("ui.report_page.page_pictures", lambda *_: hold.wait(20) and ())
    window.desk.write("conclusion", "Old scar")
    window.reporting.show()
    assert window.report._pages != []
    window.open_case(second.key)
    ready(window)
    press(window, Qt.Key.Key_2)
    window.show_page("report")
    assert "Joseph" in window.banner.text()
    assert window.report._pages == []
    hold.set()
    wait_until(lambda: window.report.pdf is not None)


def test_what_the_print_queue_did_not_take_is_no_paper(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Queue(monkeypatch, works=False)
    window = stage(write_chest(tmp_path, "1.dcm"))
    sign_the_open_case(window)
    hand_to_queue(window)
    assert ReportNotPrintedError("off").title in window.notices.texts()
    window.reporting.show()
    assert window.report._next.whole() == "The next paper is the original"


def test_an_addendum_is_told_and_makes_the_next_paper_a_copy(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    sign_the_open_case(window)
    window.show_page("read")
    window.read.column.sign.click()
    wait_until(lambda: window.signing.dialog is not None)
    window.signing.dialog.text.setText("Seen again on Monday.")
    window.signing.dialog.pin.setText("2580")
    window.signing.dialog.yes.click()
    wait_until(lambda: window.signing.dialog is None)
    assert "addendum" in notices(window)
    window.show_page("report")
    assert window.report._next.whole() == "The next paper says COPY: an addendum was added"
    wait_until(lambda: window.report.pdf is not None)
    (tmp_path / "preview.pdf").write_bytes(window.report.pdf)
    assert "Seen again on Monday." in words_of(tmp_path / "preview.pdf")
    assert window._workplace.papers.papers(window.desk.case.signed.report_id) == ()
    assert "Seen again on Monday." in words_of(export(window, tmp_path / "with addendum.pdf"))


def test_what_was_done_for_one_patient_is_not_told_under_the_banner_of_the_next(
    stage: Stage, tmp_path: Path
) -> None:
    for number, name in enumerate(("Mary", "Joseph")):
        write_chest(tmp_path / "stick", f"{number}.dcm", patient=f"SAMPLE^{name}", number=str(number))
    window = stage(tmp_path / "stick")
    first = sign_the_open_case(window)
    window.tell_error(ReportError())
    window.open_case(first.key)
    window.show_page("report")
    wait_until(lambda: window.report.pdf is not None)
    export(window, tmp_path / "first.pdf")
    window.after_signing.on_added(first)
    assert window.notices.texts() == (ReportError().title, "The addendum is kept.")
    assert "Mary" not in notices(window)
    assert window.notices._notices[-1].passing.isActive()
    print_to(window, tmp_path / "printed.pdf")
    assert len(window.notices.texts()) == 2
    other = next(case for case in window.book.cases() if case is not first)
    window.open_case(other.key)
    assert window.notices.texts() == (ReportError().title,)
