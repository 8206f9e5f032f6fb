"""The door: the first start, logging in, a forgotten password, and records that do not open."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from services.access import Access
from services.staff import NewPerson
from services.workplace import Workplace
from tests.opening import ADMINISTRATOR, CHEAP, PASSWORD, open_workplace
from tests.ui.stage import wait_until

pytestmark = pytest.mark.display
Open = Callable[[Path], Any]
ROOT = Path(__file__).resolve().parent.parent.parent


class Opened:
    """What the door gave away."""

    def __init__(self) -> None:
        self.workplaces: list[Workplace] = []


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Take what doors open, and close it at the end."""
    made = Opened()
    yield made
    for workplace in made.workplaces:
        workplace.close()


@pytest.fixture
def knock(clean: None, unexpected: list[BaseException], opened: Opened) -> Iterator[Open]:
    """Return a function that shows the door of a profile."""
    from ui.application import make_theme
    from ui.door import Door

    doors: list[Any] = []

    def show(profile: Path) -> Door:
        theme = make_theme("dark")
        door = Door(partial(Access, profile, cost=CHEAP), theme, profile)
        theme.setParent(door)
        door.opened.connect(opened.workplaces.append)
        doors.append(door)
        door.start()
        door.show()
        door.activateWindow()
        wait_until(door.isActiveWindow)
        return door

    yield show
    for door in doors:
        door.close()
        door.deleteLater()


def fill(page: Any, **texts: str) -> None:
    """Type into the fields of a first start."""
    fields = page.fields
    places: dict[str, QLineEdit] = {
        "name": fields.name, "role": fields.role, "number": fields.number, "password": fields.password.first,
        "again": fields.password.again, "pin": fields.pin.first, "pin_again": fields.pin.again,
    }  # fmt: skip
    for name, text in texts.items():
        places[name].setText(text)


def set_up(door: Any) -> str:
    """Go through the first start and return the code in sight."""
    from ui.sheet_page import SheetPage

    fill(door.page, name=ADMINISTRATOR, password=PASSWORD, again=PASSWORD)
    door.page.go.click()
    wait_until(lambda: isinstance(door.page, SheetPage))
    return str(door.page.view._code)


def test_a_first_start_asks_who_administers_and_shows_the_sheet(
    knock: Open, opened: Opened, tmp_path: Path
) -> None:
    from ui.sheet_page import HIDDEN

    door = knock(tmp_path)
    code = set_up(door)
    view = door.page.view
    assert not opened.workplaces
    view.typed.setFocus()
    assert {one.text() for one in view._groups} == {HIDDEN}, "no printer: copied by hand, all is asked for"
    slipped = code[:16] + ("7" if code[16] != "7" else "9") + code[17:]
    QTest.keyClicks(view.typed, slipped)
    QTest.keyClick(view.typed, Qt.Key.Key_Return)
    assert "see group 4" in view.wrong.text()
    assert [one.text() for one in view._groups] == code.split("-"), "to be compared with the paper"
    assert not opened.workplaces
    view.typed.setText(code.lower().replace("-", " "))
    door.page.go.click()
    wait_until(lambda: opened.workplaces)
    (workplace,) = opened.workplaces
    assert workplace.staff.sheet_kept
    assert workplace.session.person is not None
    assert workplace.session.person.name == ADMINISTRATOR


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"name": ""}, "Name"),
        ({"password": "short", "again": "short"}, "at least 8"),
        ({"again": "something else"}, "differ"),
        ({"password": "aaaaaaaaaa", "again": "aaaaaaaaaa"}, "different letters"),
        ({"role": ""}, "Role"),
        ({"pin": "12", "pin_again": "12"}, "at least 4"),
        ({"pin_again": "9999"}, "differ"),
    ],
)
def test_what_will_not_do_is_said_and_nothing_is_made(
    knock: Open, tmp_path: Path, texts: dict[str, str], said: str
) -> None:
    door = knock(tmp_path)
    page = door.page
    page.fields.signs.setChecked(True)
    usual = {
        "name": ADMINISTRATOR, "role": "doctor", "number": "7", "password": PASSWORD, "again": PASSWORD,
        "pin": "2580", "pin_again": "2580",
    }  # fmt: skip
    fill(page, **{**usual, **texts})
    page.go.click()
    wait_until(lambda: page.wrong.text() and page.go.isEnabled())
    assert said in page.wrong.text()
    assert not (tmp_path / "keys.json").exists()


def test_records_of_an_early_farlight_are_announced(knock: Open, tmp_path: Path) -> None:
    from PySide6.QtWidgets import QLabel

    with sqlite3.connect(tmp_path / "farlight.db") as early:
        early.execute("CREATE TABLE a (b)")
    page = knock(tmp_path).page
    assert any("not encrypted" in words.text() for words in page.findChildren(QLabel))


def test_a_password_and_enter_open_the_records(knock: Open, opened: Opened, tmp_path: Path) -> None:
    open_workplace(tmp_path).close()
    door = knock(tmp_path)
    form = door.page.form
    assert form.person.currentText() == ADMINISTRATOR
    assert form.password.hasFocus()
    QTest.keyClicks(form.password, PASSWORD)
    QTest.keyClick(form.password, Qt.Key.Key_Return)
    wait_until(lambda: opened.workplaces)
    assert opened.workplaces[0].session.may("people")


def test_a_wrong_password_is_said_and_a_third_one_counts_a_wait_down(
    knock: Open, opened: Opened, tmp_path: Path
) -> None:
    open_workplace(tmp_path).close()
    form = knock(tmp_path).page.form
    for guess in ("one", "two", "three"):
        assert form.enter.isEnabled()
        QTest.keyClicks(form.password, guess)
        form.enter.click()
        wait_until(lambda: not form._busy)
        assert form.password.text() == ""
        assert ADMINISTRATOR in form.wrong.text()
    assert "Wait 5 s" in form.wrong.text() or "Wait 4 s" in form.wrong.text()
    assert not form.enter.isEnabled()
    wait_until(form.enter.isEnabled)
    assert "Wait" not in form.wrong.text()
    form.password.setText(PASSWORD)
    form.enter.click()
    wait_until(lambda: opened.workplaces)


def test_a_forgotten_password_is_given_anew_with_the_sheet_and_a_new_sheet_is_offered(
    knock: Open, opened: Opened, tmp_path: Path
) -> None:
    from ui.forgot_page import ForgotPage
    from ui.sheet_page import OfferSheetPage, SheetPage

    made = Access(tmp_path, cost=CHEAP)
    came = made.set_up(NewPerson(name=ADMINISTRATOR, duty="administrator"), PASSWORD)
    came.workplace.staff.confirm_sheet()
    came.workplace.close()
    door = knock(tmp_path)
    door.page.forgotten.emit()
    page = door.page
    assert isinstance(page, ForgotPage)
    for code, said in ((came.code[:-1], "mistyped"), (came.code, "")):
        page.code.setText(code)
        page.password.first.setText("yam and plantain")
        page.password.again.setText("yam and plantain")
        page.go.click()
        if said:
            wait_until(page.wrong.text)
            assert said in page.wrong.text()
    wait_until(lambda: isinstance(door.page, OfferSheetPage))
    assert not opened.workplaces
    door.page.go.click()
    wait_until(lambda: isinstance(door.page, SheetPage))
    door.page.view.typed.setText(door.page.view._code)
    assert door.page.view._code != came.code
    door.page.go.click()
    wait_until(lambda: opened.workplaces)


def test_a_sheet_that_nobody_confirmed_is_asked_about_at_the_next_log_in(
    knock: Open, opened: Opened, tmp_path: Path
) -> None:
    from ui.sheet_page import OfferSheetPage

    door = knock(tmp_path)
    set_up(door)
    door.close()
    door = knock(tmp_path)
    door.page.form.password.setText(PASSWORD)
    door.page.form.enter.click()
    wait_until(lambda: isinstance(door.page, OfferSheetPage))
    door.page.put_off.emit()
    wait_until(lambda: opened.workplaces)
    assert not opened.workplaces[0].staff.sheet_kept


def test_a_profile_in_use_a_missing_store_and_damaged_keys_are_calm_and_no_dead_end(
    knock: Open, opened: Opened, tmp_path: Path
) -> None:
    from ui.trouble_page import TroublePage

    first = open_workplace(tmp_path / "p")
    door = knock(tmp_path / "p")
    assert isinstance(door.page, TroublePage)
    assert door.page.error.code == "E501"
    first.close()
    door.page.again.click()
    asked: Any = door.page
    assert asked.form.person.count() == 1
    (tmp_path / "p" / "farlight.db").rename(tmp_path / "away")
    asked.form.password.setText(PASSWORD)
    asked.form.enter.click()
    wait_until(lambda: isinstance(door.page, TroublePage))
    assert door.page.error.code == "E505"
    (tmp_path / "away").rename(tmp_path / "p" / "farlight.db")
    door.page.again.click()
    door.close()
    for name in ("keys.json", "keys-copy.json"):
        (tmp_path / "p" / name).write_text("{", encoding="utf-8")
    door = knock(tmp_path / "p")
    assert door.page.error.code == "E506"
    assert not opened.workplaces


def test_what_can_be_done_beside_trying_again_becomes_a_button(
    knock: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QPushButton

    import ui.door
    from ui.rescue import Offer, Trouble

    asked: list[Trouble] = []

    def offers(trouble: Trouble) -> tuple[Offer, ...]:
        return (Offer(words="Restore", act=lambda: asked.append(trouble)),)

    monkeypatch.setattr(ui.door, "offers_for", offers)
    open_workplace(tmp_path).close()
    (tmp_path / "farlight.db").unlink()
    door = knock(tmp_path)
    door.page.form.password.setText(PASSWORD)
    door.page.form.enter.click()
    wait_until(lambda: door.error is not None)
    button = next(one for one in door.page.findChildren(QPushButton) if one.accessibleName() == "Restore")
    button.click()
    assert (asked[0].error.code, asked[0].folder, asked[0].password) == ("E505", tmp_path, PASSWORD)
    Access(tmp_path, cost=CHEAP).close()  # nobody holds the profile while somebody helps


def test_closing_while_a_password_is_tried_gives_the_profile_back(knock: Open, tmp_path: Path) -> None:
    open_workplace(tmp_path).close()
    door = knock(tmp_path)
    door.page.form.password.setText(PASSWORD)
    door.page.form.enter.click()
    door.close()
    Access(tmp_path, cost=CHEAP).close()


def test_the_sheet_is_drawn_whole_and_never_as_a_file_by_itself(application: Any, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from PySide6.QtPrintSupport import QPrinter

    from ui.recovery_sheet import draw_sheet

    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "sheet.pdf"))
    code = "7K3M-92X4-56AC-DEFH-KM2P-RTVW-XY34-5678-9A7C"
    draw_sheet(printer, code, datetime(2026, 3, 14, tzinfo=UTC))
    from pypdfium2 import PdfDocument

    document = PdfDocument(tmp_path / "sheet.pdf")
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert all(group in text for group in code.split("-"))
    assert "2026-03-14" in text


def test_a_log_in_screen_loads_neither_numbers_nor_the_main_window(application: Any, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from functools import partial\n"
        "from ui.application import make_application, make_theme\n"
        "from services.access import Access\n"
        "from ui.door import Door\n"
        "make_application()\n"
        "door = Door(partial(Access, Path(sys.argv[1])), make_theme('dark'))\n"
        "door.start()\n"
        "late = {'numpy', 'ui.main_window', 'services.workplace', 'argon2', 'cryptography'}\n"
        "late |= {'PySide6.QtPrintSupport'}\n"
        "print(sorted(late & set(sys.modules)))\n"
        "door.close()\n"
    )
    open_workplace(tmp_path).close()
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_window_takes_the_doors_place_and_gives_the_profile_back_at_the_end(
    clean: None, unexpected: list[BaseException], tmp_path: Path
) -> None:
    from ui.application import Program

    with open_workplace(tmp_path) as workplace:
        workplace.staff.add(NewPerson(name="Helper", duty="assistant"), PASSWORD)
    program = Program(tmp_path, (), "helper")
    program.knock()
    assert program.door is not None
    page: Any = program.door.page
    form = page.form
    assert form.person.currentText() == "Helper"
    form.password.setText(PASSWORD)
    form.enter.click()
    wait_until(lambda: program.window is not None and program.window._built)
    assert program.door is None
    assert "Helper" in program.window.top.reader.text()
    program.window.close()
    program.window.deleteLater()
    assert program.end() == 0
    Access(tmp_path, cost=CHEAP).close()


def test_enter_presses_the_button_that_has_the_focus(knock: Open, opened: Opened, tmp_path: Path) -> None:
    from ui.controls import KeyButton
    from ui.forgot_page import ForgotPage
    from ui.sheet_page import OfferSheetPage, SheetPage

    door = knock(tmp_path)
    set_up(door)
    door.close()
    door = knock(tmp_path)

    def press(words: str) -> None:
        button = next(one for one in door.page.findChildren(KeyButton) if one.words().startswith(words))
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_Return)

    press("Forgot the password")
    assert isinstance(door.page, ForgotPage)
    press("Back")
    page: Any = door.page
    page.form.password.setText(PASSWORD)
    press("Log in")
    wait_until(lambda: isinstance(door.page, OfferSheetPage))
    press("Make a new sheet")
    wait_until(lambda: isinstance(door.page, SheetPage))
    assert not opened.workplaces


def test_a_name_is_typed_with_several_letters_and_only_enter_goes_on_to_the_password(
    knock: Open, tmp_path: Path
) -> None:
    with open_workplace(tmp_path / "p") as workplace:
        for name in ("Joseph", "Juma", "Julia"):
            workplace.staff.add(NewPerson(name=name, duty="assistant"), PASSWORD)
    form = knock(tmp_path / "p").page.form
    form.person.setFocus()
    QTest.keyClicks(form.person, "jul")
    assert form.person.currentText() == "Julia"
    assert form.person.hasFocus()
    assert form.password.text() == ""
    QTest.keyClick(form.person, Qt.Key.Key_Return)
    assert form.password.hasFocus()


@pytest.mark.parametrize("letter", "23456789ACDEFHKMNPRTVWXYJQ")
def test_every_letter_of_the_code_is_whole_on_the_screen(application: Any, letter: str) -> None:
    from ui.application import make_theme
    from ui.sheet_page import SheetView

    theme = make_theme("light")
    theme.apply("light")
    view = SheetView()
    view.resize(560, 460)
    view.show_code("-".join([f"{letter}{letter}W{letter}"] * 9))
    view.grab()
    for group in view._groups[:3]:
        image = group.grab().toImage()
        ground = image.pixel(0, 0)
        inked = [
            x for x in range(image.width()) if any(image.pixel(x, y) != ground for y in range(image.height()))
        ]
        lines = [
            y for y in range(image.height()) if any(image.pixel(x, y) != ground for x in range(image.width()))
        ]
        assert inked[0] > 0
        assert inked[-1] < image.width() - 1
        assert lines[0] > 0
        assert lines[-1] < image.height() - 1
    view.deleteLater()
    theme.deleteLater()


def test_a_printed_sheet_is_asked_for_one_group_chosen_by_chance(application: Any) -> None:
    from ui.sheet_page import SheetView

    view = SheetView()
    code = "7K3M-92X4-56AC-DEFH-KM2P-RTVW-XY34-5678-9A7C"
    view.show_code(code)
    seen = set()
    for _ in range(80):
        view._printing.printed.emit()
        (place,) = view.asked
        seen.add(place)
    assert len(seen) > 3
    said: list[bool] = []
    view.confirmed.connect(lambda: said.append(True))
    view.typed.setText(code.split("-")[(place + 1) % 9])
    view.confirm()
    assert said == []
    view.typed.setText(code.split("-")[place])
    view.confirm()
    assert said == [True]
    view.deleteLater()


def test_a_complaint_goes_when_somebody_types_what_it_asks_for(knock: Open, tmp_path: Path) -> None:
    page = knock(tmp_path).page
    page.go.click()
    assert "Name is needed" in page.wrong.text()
    QTest.keyClicks(page.fields.name, "A")
    assert not page.wrong.isVisible()


def test_of_damaged_records_what_helps_is_the_bright_button_and_no_command_is_read_out(
    knock: Open, tmp_path: Path
) -> None:
    from core.errors import StoreDamagedError
    from ui.controls import KeyButton

    door = knock(tmp_path)
    door._show_trouble(StoreDamagedError())
    page = door.page
    bright = [one.words() for one in page.findChildren(KeyButton) if one.property("kind") == "primary"]
    assert len(bright) == 1
    assert bright != ["Try again"]
    assert "`" not in StoreDamagedError().hint
