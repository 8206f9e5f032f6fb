"""The window as a whole: opening, media, errors, drafts that survive, a second start."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Photo
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from core.errors import DamagedImageError, FarlightError, MediumGoneError
from services.scan import Medium
from tests.ui.hands import begun, press, ready
from tests.ui.stage import StandInAnalyzer, let_pass, wait_until, write_chest

pytestmark = pytest.mark.display
Stage = Callable[..., Any]
ROOT = Path(__file__).resolve().parent.parent.parent


def test_an_empty_start_teaches_and_offers_the_sample(stage: Stage) -> None:
    window = stage()
    assert window.pages.currentWidget() is window.worklist
    assert window.worklist.empty.isVisible()
    assert window.worklist.empty.sample.isEnabled()
    assert window.banner.text().strip() == "No patient open"


def test_dropped_files_are_opened(stage: Stage, tmp_path: Path) -> None:
    window = stage()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(write_chest(tmp_path / "drop", "1.dcm")))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))
    ready(window)
    assert "Amina" in window.banner.text()


def test_a_stick_is_listed_by_itself_when_nothing_is_open(stage: Stage, tmp_path: Path) -> None:
    write_chest(tmp_path / "stick", "1.dcm")
    window = stage()
    window.intake._on_media_listed((Medium(path=tmp_path / "stick", name="XRAY1"),))
    ready(window)
    assert "Amina" in window.banner.text()


def test_a_stick_is_only_offered_while_someone_reads(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path / "a", "1.dcm"))
    ready(window)
    write_chest(tmp_path / "stick", "2.dcm", patient="SAMPLE^Joseph", number="2")
    window.intake._on_media_listed((Medium(path=tmp_path / "stick", name="XRAY1"),))
    assert any("XRAY1" in text for text in window.notices.texts())
    assert len(window.book) == 1
    assert "Amina" in window.banner.text()


def test_a_stick_pulled_out_is_told_and_nothing_is_lost(stage: Stage, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    window = stage(write_chest(stick, "1.dcm"))
    ready(window)
    medium = Medium(path=stick, name="XRAY1")
    window.intake.media = (medium,)
    window.intake._on_media_listed(())
    assert any("taken out" in text for text in window.notices.texts())
    assert "Amina" in window.banner.text()


def test_an_unreadable_file_is_named_with_what_to_do(stage: Stage, tmp_path: Path) -> None:
    bad = tmp_path / "letter.dcm"
    bad.write_bytes(b"this is no image at all")
    window = stage(bad)
    wait_until(window.notices.texts)
    assert any("letter.dcm" in text for text in window.notices.texts())


def test_a_path_that_is_not_there_is_named_and_the_others_are_opened(stage: Stage, tmp_path: Path) -> None:
    wrong = tmp_path / "no such folder" / "letter.dcm"
    window = stage(wrong)
    wait_until(window.notices.texts)
    assert window.notices.texts() == ("“letter.dcm” is not there.",)
    assert window.worklist.empty.isVisible()
    window.opening.open_paths((str(wrong), str(write_chest(tmp_path, "1.dcm"))))
    ready(window)
    assert "Amina" in window.banner.text()


def test_an_error_is_told_with_its_code(stage: Stage) -> None:
    from PySide6.QtWidgets import QLabel

    window = stage()
    window.tell_error(DamagedImageError())
    texts = " ".join(one.text() for one in window.notices.findChildren(QLabel))
    assert "E104" in texts
    assert DamagedImageError().hint in texts


def test_an_exception_that_nobody_caught_is_told_without_its_text(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    from ui.application import _Hook

    window = stage()
    try:
        raise ValueError("SAMPLE " + "amina".title())
    except ValueError as error:
        _Hook(window)(ValueError, error, error.__traceback__)
    assert FarlightError().title in window.notices.texts()
    assert "Amina" not in caplog.text
    assert "ValueError" in caplog.text


def test_esc_goes_one_step_back(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    press(window, Qt.Key.Key_Question)
    assert window.turner.sheet.isVisible()
    press(window, Qt.Key.Key_Escape)
    assert not window.turner.sheet.isVisible()
    window.read.column.focus_note()
    noting = QApplication.focusWidget()
    for away in (Qt.Key.Key_Escape, Qt.Key.Key_F1):
        press(window, Qt.Key.Key_F1)
        assert window.turner.sheet.hasFocus()
        press(window, away)
        assert QApplication.focusWidget() is noting
    reading = window.desk.reading
    press(window, Qt.Key.Key_F1)
    for tried in (Qt.Key.Key_1, Qt.Key.Key_A, Qt.Key.Key_D):
        press(window, tried)
    assert window.desk.reading == reading
    press(window, Qt.Key.Key_Escape)
    assert not window.turner.sheet.isVisible()
    assert window.pages.isEnabled()
    press(window, Qt.Key.Key_Escape)
    assert window.read.viewer.hasFocus()
    assert window.pages.currentWidget() is window.read
    press(window, Qt.Key.Key_Escape)
    assert window.pages.currentWidget() is window.worklist


def test_the_report_is_shown_unsigned_and_exported(stage: Stage, tmp_path: Path) -> None:
    window = begun(stage, tmp_path)
    press(window, Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    wait_until(lambda: window.report.pdf is not None)
    assert window.report.pdf.startswith(b"%PDF")
    assert len(window.report._pages) >= 2
    window.report._export.click()
    window.findChild(QFileDialog).reject()
    window.reporting.export_to(str(tmp_path / "out.pdf"))
    wait_until((tmp_path / "out.pdf").exists)
    wait_until(lambda: any("exported" in text for text in window.notices.texts()))


def test_pages_go_to_the_printer(stage: Stage, tmp_path: Path) -> None:
    from PySide6.QtGui import QImage
    from PySide6.QtPrintSupport import QPrinter

    from services.pdf_pages import page_count
    from ui.printing import print_pages

    stage()
    printer = QPrinter(QPrinter.PrinterMode.ScreenResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "printed.pdf"))
    page = QImage(300, 424, QImage.Format.Format_RGB888)
    page.fill(Qt.GlobalColor.white)
    assert print_pages(printer, (page, page))
    assert page_count((tmp_path / "printed.pdf").read_bytes()) == 2


def test_theme_and_size_are_remembered(stage: Stage, tmp_path: Path) -> None:
    from ui.window_look import keep_look

    window = stage(profile=tmp_path / "one")
    window.choices.toggle_theme()
    window.resize(1200, 700)
    let_pass(50)
    keep_look(window, window.read, window._workplace)
    text = (tmp_path / "one" / "settings.json").read_text()
    assert '"theme": "light"' in text
    assert "window.geometry" in text


def test_a_killed_window_brings_everything_back(stage: Stage, tmp_path: Path) -> None:
    profile, image = tmp_path / "killed", write_chest(tmp_path, "1.dcm")
    script = tmp_path / "reader.py"
    script.write_text(KILLED, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script), str(profile), str(image)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "kept"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
    process.stdout.close()
    window = stage(profile=profile, reader=False)
    ready(window)
    reading = window.desk.reading
    assert "Amina" in window.banner.text()
    assert reading.first_read.impression == "abnormal"
    assert [one.answer for one in reading.decisions] == ["disagree"]
    assert reading.conclusion == "Rib fracture, old"
    assert window.read.column.words.fields["conclusion"].toPlainText() == "Rib fracture, old"
    assert window.read.column.findings != []


KILLED = """
import sys
sys.path.insert(0, ".")
from pathlib import Path
from PySide6.QtTest import QTest
from tests.opening import open_workplace
from tests.ui.stage import StandInAnalyzer, let_pass, wait_until
from ui.application import make_application, make_window
make_application()
workplace = open_workplace(Path(sys.argv[1]))
workplace.analyzers._analyzer = StandInAnalyzer()
window = make_window(workplace, (sys.argv[2],))
window.show()
wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)
wait_until(lambda: not window.intake.scanning)
window.desk.give_impression("abnormal")
window.desk.decide("chest-pneumonia-child", "pneumonia", "disagree")
window.read.column.words.fields["conclusion"].setPlainText("Rib fracture, old")
let_pass(1500)
print("kept", flush=True)
while True:
    let_pass(50)
"""


def test_what_was_typed_into_the_identity_form_is_there_again_after_a_kill_and_identifies_nobody(
    stage: Stage, tmp_path: Path
) -> None:
    profile, image = tmp_path / "killed", tmp_path / "photo.png"
    Photo.linear_gradient("L").save(image)
    script = tmp_path / "reader.py"
    script.write_text(KILLED_TYPING, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script), str(profile), str(image)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "typed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
    process.stdout.close()
    window = stage(profile=profile)
    ready(window)
    form = window.read.column.identity
    wait_until(form.isVisible)
    assert form.fields["name"].text() == "SAMPLE Amina"
    assert form.fields["id"].text() == "2041-7"
    assert (form.age.text(), form.sex.currentData()) == ("3", "F")
    assert window.desk.case.draft.confirmed == ()
    assert "Amina" not in window.banner.text()
    form.submit()
    assert "Amina" in window.banner.text()
    assert window.desk.case.draft.identity_jotting is None


KILLED_TYPING = (
    KILLED[: KILLED.index("window.desk.give_impression")]
    + """
form = window.read.column.identity
QTest.keyClicks(form.fields["name"], "SAMPLE Amina")
QTest.keyClicks(form.fields["id"], "2041-7")
QTest.keyClicks(form.age, "3")
form.sex.setCurrentIndex(form.sex.findData("F"))
let_pass(1500)
print("typed", flush=True)
while True:
    let_pass(50)
"""
)


def test_a_second_start_on_one_profile_says_so(stage: Stage, tmp_path: Path) -> None:
    stage(profile=tmp_path / "shared")
    process = subprocess.Popen(
        [sys.executable, "-c", SECOND, str(tmp_path / "shared")], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "already open" in said


SECOND = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from ui.application import make_application, run
make_application()
QTimer.singleShot(1500, QApplication.closeAllWindows)
sys.exit(run(profile=Path(sys.argv[1])))
"""


def test_nothing_heavy_is_loaded_before_the_window_is_seen(application: Any, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.opening import open_workplace\n"
        "from ui.application import make_application, make_window\n"
        "make_application()\n"
        "window = make_window(open_workplace(Path(sys.argv[1])))\n"
        "heavy = {'onnxruntime', 'openvino', 'cv2', 'pydicom', 'fpdf', 'scipy', 'pypdfium2'}\n"
        "heavy |= {'nibabel', 'imagecodecs', 'PIL'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "p")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_the_window_is_styled_once_and_when_it_is_built(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui.theme import Theme
    from ui.window_look import restore_look

    told: list[str] = []
    apply = Theme.apply

    def styled(theme: Theme, *choice: Any) -> None:
        told.append("styled")
        apply(theme, *choice)

    def built(*parts: Any) -> None:
        told.append("built")
        restore_look(*parts)

    monkeypatch.setattr(Theme, "apply", styled)
    monkeypatch.setattr("ui.main_window.restore_look", built)
    window = stage(theme="light")
    assert told == ["built", "styled"]
    assert not window._theme.is_dark


def test_closing_while_an_analysis_runs_ends_in_time(stage: Stage, tmp_path: Path) -> None:
    import threading

    from tests.ui.stage import StandInAnalyzer

    analyzer = StandInAnalyzer()
    analyzer.hold["1.dcm"] = threading.Event()
    window = stage(write_chest(tmp_path, "1.dcm"), analyzer=analyzer)
    wait_until(lambda: analyzer.asked)
    window.close()
    wait_until(lambda: window.pools.running() == ())
    assert not analyzer.hold["1.dcm"].is_set(), "it was stopped, not waited for"


def test_a_stick_that_comes_back_is_read_again(stage: Stage, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    away = tmp_path / "away"
    path = write_chest(stick, "1.dcm")
    write_chest(tmp_path / "other", "2.dcm", patient="SAMPLE^Joseph", number="2")
    window = stage(path)
    ready(window)
    first = window.desk.case
    window.opening.open_paths((str(tmp_path / "other" / "2.dcm"),))
    wait_until(lambda: "Joseph" in window.banner.text())
    stick.rename(away)
    window.read.image.frames._pictures.clear()
    wait_until(lambda: first.thumbnail is not None)
    first.thumbnail = None  # asked for while the stick was away
    window.open_case(first.key)
    wait_until(lambda: "loading" not in window.read.viewer._message.lower())
    assert window.read.viewer.state is None
    assert not window.read.column.impression.buttons["abnormal"].isEnabled()
    away.rename(stick)
    window.opening.open_paths((str(path),))
    wait_until(lambda: window.read.viewer.state is not None)
    assert "Amina" in window.banner.text()
    wait_until(lambda: first.thumbnail is not None)
    assert window.read.strip._thumbs[first.key]._picture is not None


def test_one_image_opened_by_hand_comes_up_and_several_are_offered(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path / "a", "1.dcm"))
    ready(window)
    write_chest(tmp_path / "b", "2.dcm", patient="SAMPLE^Joseph", number="2")
    write_chest(tmp_path / "b", "3.dcm", patient="SAMPLE^Grace", number="3")
    window.opening.open_paths((str(tmp_path / "b"),))
    wait_until(window.notices.texts)
    assert "Amina" in window.banner.text()
    assert window.notices.texts()
    window.opening.open_paths((str(tmp_path / "b" / "3.dcm"),))
    wait_until(lambda: "Grace" in window.banner.text())
    assert window.notices.texts() == (), "what was offered is open"


def test_space_presses_the_button_that_has_the_focus(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    window = stage()
    asked: list[bool] = []
    window.worklist.sample_asked.disconnect(window.opening.open_sample)
    window.worklist.sample_asked.connect(lambda: asked.append(True))
    window.worklist.empty.sample.setFocus()
    press(window, Qt.Key.Key_Space)
    wait_until(lambda: asked)
    assert asked == [True]


def test_the_report_does_not_show_the_result_before_the_first_impression(
    stage: Stage, tmp_path: Path
) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    window.show_page("report")
    let_pass(300)
    assert window.report.pdf is None
    assert window.report._pages == []
    assert "first impression" in window.report._words.text()


@pytest.mark.parametrize(
    ("screen", "fits"),
    [((1366, 768), False), ((1366, 900), False), ((1440, 900), True), ((1920, 1080), True)],
)
def test_the_first_window_fits_with_its_title_bar_or_takes_the_whole_screen(
    screen: tuple[int, int], fits: bool
) -> None:
    from PySide6.QtCore import QSize

    from ui.window_look import FIRST_SIZE, fits_with_frame

    assert fits_with_frame(QSize(*FIRST_SIZE), QSize(*screen)) == fits


def test_a_pin_given_while_one_must_wait_is_not_called_wrong(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path, "1.dcm"))
    ready(window)
    for key in (Qt.Key.Key_2, Qt.Key.Key_A):
        press(window, key)
    window.signing.ask()
    dialog = window.signing.dialog
    for pin in ("0000", "0000", "0000", "2580"):
        dialog.tell("")
        dialog.signed.emit(int(dialog.person.currentData()), pin, False, "")
        wait_until(dialog.wrong.text)
        wait_until(lambda: window.pools.running() == ())
    assert "not looked at" in dialog.wrong.text()
    assert "Wait" in dialog.wrong.text()
    dialog.reject()


def test_report_pages_stay_within_the_width(stage: Stage, tmp_path: Path) -> None:
    window = begun(stage, tmp_path)
    window.show_page("report")
    wait_until(lambda: window.report._pages)
    for width in (1900, 1280, 1000):
        window.resize(width, 800)
        let_pass(100)
        assert window.report._area.horizontalScrollBar().maximum() == 0
        tops = {page.y() for page in window.report._pages}
        assert len(tops) == (1 if window.report._columns() == 2 else len(window.report._pages))


def test_models_are_loaded_before_the_first_image_is_opened(stage: Stage) -> None:
    analyzer = StandInAnalyzer()
    stage(analyzer=analyzer)
    wait_until(lambda: analyzer.warm)
    assert analyzer.asked == []


def test_a_medium_that_goes_is_told_where_the_open_image_lies_on_it(stage: Stage, tmp_path: Path) -> None:
    window = stage(write_chest(tmp_path / "usb10", "1.dcm"))
    wait_until(lambda: window.desk.case is not None)
    window.opening._on_medium_gone(Medium(path=tmp_path / "usb1", name="USB1"))
    assert MediumGoneError().title not in window.notices.texts()
    window.opening._on_medium_gone(Medium(path=tmp_path / "usb10", name="USB10"))
    assert MediumGoneError().title in window.notices.texts()
