"""Make a picture of every state: python tests/ui/make_screens.py OUT [NAME ...] [--real] [--light]."""

import csv
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from PIL import Image as Photo  # noqa: E402

from core.result import Correction, Refusal  # noqa: E402
from core.wording import say  # noqa: E402
from services.staff import NewPerson  # noqa: E402
from tests.ui.stage import Display, StandInAnalyzer, let_pass, wait_until, write_chest  # noqa: E402

SIZE, SMALL = (1366, 768), (1024, 640)
NAMES = (
    ("SAMPLE^Joseph", "K-014", "M", "061Y"), ("SAMPLE^Grace", "K-102", "F", "044Y"),
    ("SAMPLE^Peter Odhiambo", "K-077", "M", "038Y"), ("محمد عبد الله", "K-031", "M", "052Y"),
    ("SAMPLE^Mary", "K-145", "F", "029Y"), ("SAMPLE^Daniel", "K-009", "M", "047Y"),
    ("SAMPLE^Ruth", "K-160", "F", "033Y"), ("SAMPLE^Samuel", "K-052", "M", "070Y"),
)  # fmt: skip
REFUSAL = Refusal(
    gate="exposure", reason=say("inference.median_grey.low"), advice=say("inference.median_grey.low_advice")
)


class Screens:
    """Builds one window after another and photographs it."""

    def __init__(self, out: Path, photos: Path | None, *, real: bool, light: bool = False) -> None:
        self.out = out
        self.light = light
        self.real = real
        self.photos = _photos(photos)
        self.folder = Path(tempfile.mkdtemp())
        self._count = 0

    def chest(self, name: str = "chest.dcm", photo: int = 0, **facts: object) -> Path:
        """Return a chest X-ray of an invented patient."""
        pixels = self.photos[photo % len(self.photos)] if self.photos else None
        if facts.pop("turned", False) and pixels is not None:
            pixels = np.ascontiguousarray(255 - np.rot90(pixels, 2))
        self._count += 1
        return write_chest(self.folder / str(self._count), name, pixels=pixels, **facts)  # type: ignore[arg-type]

    def shoot(
        self,
        name: str,
        paths: tuple[Path, ...] = (),
        *,
        theme: str = "dark",
        analyzer: StandInAnalyzer | None = None,
        act: Callable[[object], None] | None = None,
        size: tuple[int, int] = SIZE,
    ) -> None:
        """Open the window on some paths, act, and save a picture of it."""

        from tests.opening import PASSWORD, enter_signer, open_workplace
        from ui.application import make_window

        workplace = open_workplace(Path(tempfile.mkdtemp()))
        workplace.settings.set("theme", "light" if self.light else theme)
        workplace.settings.set("site.name", "Demo Rural Health Centre")
        otieno = enter_signer(
            workplace,
            name="Sr. N. Otieno",
            role="clinical officer",
            registration_number="11872",
            pin="2580",
            duty="administrator",
        )
        workplace.switch(otieno.holder_id, PASSWORD)
        if not self.real:
            workplace.analyzers._analyzer = analyzer or StandInAnalyzer()  # type: ignore[assignment]
        window = make_window(workplace, tuple(str(path) for path in paths))
        window.resize(*size)
        window.show()
        window.activateWindow()
        wait_until(lambda: window._built and window.isActiveWindow())
        if paths and any(path.exists() for path in paths):
            wait_until(lambda: len(window.book) and not window.intake.scanning)
        if act is not None:
            act(window)
        let_pass(500)
        screen = window.screen().grabWindow(0, window.x(), window.y(), window.width(), window.height())
        dialogs = (
            window.signing.dialog,
            window.settings.people.dialog,
            window.auditing.export.sheet,
            window.keeping.dialog,
            window.models.desk.dialog,
            window.models.keys.dialog,
            window.records.dialog,
        )
        (screen if any(dialogs) else window.grab()).save(str(self.out / f"{name}.png"))
        for dialog in dialogs:
            if dialog is not None:
                dialog.reject()
        window.close()
        workplace.close()
        window.deleteLater()
        let_pass(20)

    def shoot_door(self, name: str, state: str, *, theme: str, size: tuple[int, int]) -> None:
        """Photograph a screen before the window."""

        from core.errors import StoreDamagedError
        from services.access import Access
        from tests.opening import CHEAP, open_workplace
        from ui.application import make_theme
        from ui.door import Came, Door

        profile = Path(tempfile.mkdtemp())
        if state not in ("set-up", "taken-over"):
            with open_workplace(profile) as workplace:
                workplace.staff.add(NewPerson(name="Sr. N. Otieno", duty="assistant"), "maize and beans")
        elif state == "taken-over":
            with sqlite3.connect(profile / "farlight.db") as early:
                early.execute("CREATE TABLE a (b)")
        door = Door(partial(Access, profile, cost=CHEAP), make_theme("light" if theme == "light" else "dark"))
        page: Any = door
        door.resize(*size)
        door.start()
        door.show()
        door.activateWindow()
        wait_until(door.isActiveWindow)
        if state in ("wrong", "wait"):
            for _ in range(1 if state == "wrong" else 3):
                page.page.form.password.setText("not this one")
                page.page.form.enter.click()
                wait_until(lambda: not page.page.form._busy)
        elif state == "forgot":
            door._on_forgotten()
        elif state in ("sheet", "offer"):
            came = page._access.log_in(page._access.holders()[0].holder_id, "maize and beans")
            code = "7K3M-92X4-56AC-DEFH-KM2P-RTVW-XY34-5678-9A7C"
            door._show_sheet(Came(workplace=came, code=code, offer="used" if state == "offer" else ""))
        elif state == "trouble":
            door._folder = profile
            door._show_trouble(StoreDamagedError())
        let_pass(300)
        door.grab().save(str(self.out / f"{name}.png"))
        door.close()
        door.deleteLater()
        let_pass(20)


def _photos(folder: Path | None) -> list[np.ndarray]:
    if folder is None:
        return []
    with (folder / "index.csv").open() as table:
        rows = [row for row in csv.DictReader(table) if row["split"] == "train"]
    chosen = rows[3000:3009]
    return [np.asarray(Photo.open(folder / _file_of(row)).convert("L")) for row in chosen]


def _file_of(row: dict[str, str]) -> str:
    return next(value for value in row.values() if value.endswith((".jpg", ".jpeg", ".png")))


def _put_right() -> StandInAnalyzer:
    analyzer = StandInAnalyzer()
    analyzer.correction = Correction(quarter_turns=2, inverted=True, text="It was inverted and turned.")
    return analyzer


def ready(window: object) -> None:
    """Wait until the open case has its image and its result."""
    wait_until(lambda: window.desk.case is not None and window.desk.case.analysis is not None)  # type: ignore[attr-defined]
    wait_until(lambda: window.read.viewer.state is not None)  # type: ignore[attr-defined]


def opened(window: object) -> None:
    """Give a first impression and wait for the overlay."""
    ready(window)
    window.desk.give_impression("abnormal")  # type: ignore[attr-defined]
    wait_until(window.read.viewer.has_overlay)  # type: ignore[attr-defined]


def main(out: Path, only: tuple[str, ...], *, real: bool, light: bool) -> None:
    """Make the pictures; ``real`` has the installed packs speak instead of a stand-in."""
    from ui.application import make_application

    make_application()
    data = os.environ.get("FARLIGHT_DATA")
    screens = Screens(out, Path(data) / "chest-xray-kermany" if data else None, real=real, light=light)
    for name, make in all_screens(screens).items():
        if not only or name in only:
            sys.stderr.write(f"{name}\n")
            make()


def all_screens(s: Screens) -> dict[str, Callable[[], None]]:  # noqa: C901, PLR0915 - a table of states
    """Return each state's name with what makes it."""

    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QScrollArea

    from ui.backup_card import BackupCard

    def many() -> tuple[Path, ...]:
        return tuple(
            s.chest(
                f"{number}.dcm",
                number,
                patient=name,
                number=card,
                sex=sex,
                age=age,
                time=f"{9 + number % 3:02}{number * 7 % 60:02}00",
            )
            for number, (name, card, sex, age) in enumerate(NAMES)
        )

    def picture() -> Path:
        path = s.folder / "IMG_0042.png"
        Photo.fromarray(s.photos[1] if s.photos else np.zeros((200, 200), np.uint8)).save(path)
        return path

    def worklist(window: object) -> None:
        ready(window)
        window.show_page("worklist")  # type: ignore[attr-defined]
        wait_until(lambda: all(case.thumbnail for case in window.book.cases()))  # type: ignore[attr-defined]

    def page(name: str) -> Callable[[object], None]:
        def go(window: object) -> None:
            opened(window)
            window.show_page(name)  # type: ignore[attr-defined]
            if name == "report":
                wait_until(lambda: window.report.pdf is not None)  # type: ignore[attr-defined]
            if name == "models":
                wait_until(lambda: not window.models._words.isVisible())  # type: ignore[attr-defined]

        return go

    def packs(state: str) -> Callable[[Any], None]:
        return partial(show_packs, s.folder, state)

    def corrected(window: object) -> None:
        ready(window)
        window.desk.give_impression("abnormal")  # type: ignore[attr-defined]
        wait_until(window.read.image.pair.put_right.has_overlay)  # type: ignore[attr-defined]

    def sign(window: object) -> None:
        opened(window)
        window.desk.decide("chest-pneumonia-child", "pneumonia", "agree")  # type: ignore[attr-defined]
        window.signing.ask()  # type: ignore[attr-defined]

    def kept(window: object) -> None:
        ready(window)
        window.keeping.show_open_patient()  # type: ignore[attr-defined]

    def delete(window: object) -> None:
        kept(window)
        window.keeping.dialog.delete.click()  # type: ignore[attr-defined]

    def due(window: object) -> None:
        from store.records import PatientFacts, RecordStore, StudyRow

        ready(window)
        workplace = window._workplace  # type: ignore[attr-defined]
        workplace.settings.set("keep.years_adult", 8)
        records, at = RecordStore(workplace._database), "2014-05-05T08:00:00+00:00"
        for number, (name, card, _, _) in enumerate((*NAMES, *NAMES, *NAMES)):
            shown = " ".join(reversed(name.split("^")))
            facts = PatientFacts(known="{}", name=shown, number=f"{card}{number}", birth_date="1950-01-01")
            patient = records.add_patient(facts, at)
            for study in range(1 + number % 3):
                records.add_study(
                    StudyRow(
                        study_id=0, unit_key=f"{number} {study}", patient_id=patient, path="", facts="{}",
                        study_date=f"2014-0{study + 3}-05", modality="CR", description="Chest PA",
                        first_opened_at=at, last_opened_at=at,
                    )
                )  # fmt: skip
        workplace.deletion.hold(patient, "A court asked for them")
        window.keeping.show_due()  # type: ignore[attr-defined]
        tree = window.keeping.dialog.tree  # type: ignore[attr-defined]
        tree.topLevelItem(0).setCheckState(0, Qt.CheckState.Checked)
        tree.topLevelItem(1).setExpanded(True)
        tree.topLevelItem(1).child(0).setCheckState(0, Qt.CheckState.Checked)
        for row in range(3, 14):
            tree.topLevelItem(row).setCheckState(0, Qt.CheckState.Checked)

    def delete_many(window: object) -> None:
        due(window)
        window.keeping.dialog.yes.click()  # type: ignore[attr-defined]
        wait_until(lambda: hasattr(window.keeping.dialog, "plans"))  # type: ignore[attr-defined]

    def delete_study(window: object) -> None:
        record_shown(window)
        window.keeping.card.delete.click()  # type: ignore[attr-defined]

    def record_shown(window: object) -> None:
        ready(window)
        case = window.desk.case  # type: ignore[attr-defined]
        window._workplace.records.file(case.unit, case.patient)  # type: ignore[attr-defined]
        window.show_page("records")  # type: ignore[attr-defined]
        wait_until(lambda: window.records.page.chosen() is not None)  # type: ignore[attr-defined]

    def many_records(window: object) -> None:
        from tests.services.test_records import file, patient
        from ui.records_model import LINE_ROLE

        ready(window)
        workplace = window._workplace  # type: ignore[attr-defined]
        for number, (name, card, _, _) in enumerate(NAMES):
            file(workplace, patient(name, card, f"19{50 + number}-03-0{number + 1}"), f"1.2.{number}")
        twin = workplace.records.patients("grace")[0]
        file(workplace, patient("SAMPLE^Grace Atieno", twin.number), "1.2.99")
        window.show_page("records")  # type: ignore[attr-defined]
        page = window.records.page  # type: ignore[attr-defined]
        wait_until(lambda: page.filtered.rowCount() >= len(NAMES))
        page.mark(twin.patient_id, None)
        page.refresh()
        wait_until(lambda: not page._pools.running())
        for row in range(page.filtered.rowCount()):
            if page.filtered.index(row, 0).data(LINE_ROLE).patient_id == twin.patient_id:
                page.table.setCurrentIndex(page.filtered.index(row, 0))

    def merge(window: object) -> None:
        many_records(window)
        page = window.records.page  # type: ignore[attr-defined]
        other = window._workplace.records.perhaps_same(page.chosen().patient_id)[0]  # type: ignore[attr-defined]
        window.records.ask_merge(page.chosen().patient_id, other.patient_id)  # type: ignore[attr-defined]
        window.records.dialog.other_stays.setFocus()  # type: ignore[attr-defined]
        window.records.dialog.other_stays.setChecked(True)  # type: ignore[attr-defined]

    def move(window: object) -> None:
        many_records(window)
        study = window.records.page.chosen().study  # type: ignore[attr-defined]
        window.records.ask_move(study)  # type: ignore[attr-defined]
        dialog = window.records.dialog  # type: ignore[attr-defined]
        dialog.picker.choose(window._workplace.records.patients("ruth")[0].patient_id)  # type: ignore[attr-defined]

    def register(window: object) -> None:
        ready(window)
        window.show_page("records")  # type: ignore[attr-defined]
        file = s.folder / "camp.csv"
        rows = [
            f"Wanjiku{number}, Njeri Auma;C-{1000 + number};{1 + number % 12:02}/{13 + number % 12:02}/2019;"
            f"{'w' if number % 3 else 'F'};Kisumu"
            for number in range(14)
        ]
        file.write_text("Name;ID;Born;Sex;Village\n" + "\n".join([*rows, "Onyango;;;M;Busia"]) + "\n")
        window.records.ask_register()  # type: ignore[attr-defined]
        dialog = window.records.dialog  # type: ignore[attr-defined]
        dialog.open_file(str(file))
        wait_until(lambda: dialog.preview is not None)

    def backup(window: object) -> None:
        ready(window)
        window.show_page("settings")  # type: ignore[attr-defined]
        card = window.settings.findChild(BackupCard)  # type: ignore[attr-defined]
        wait_until(card.isVisible)
        window.settings.findChild(QScrollArea).ensureWidgetVisible(card)  # type: ignore[attr-defined]

    def mending(kind: str) -> Callable[[object], None]:
        def show(window: object) -> None:
            from ui.restore_dialog import RestoreDialog
            from ui.salvage_dialog import SalvageDialog

            ready(window)
            made = {"restore": RestoreDialog, "salvage": SalvageDialog}[kind]
            dialog = made(folder=Path(tempfile.mkdtemp()), retry=lambda: None, parent=window)
            window.records._open(dialog)  # type: ignore[attr-defined]

        return show

    def toast(window: object) -> None:
        opened(window)
        window.read.key_answers.carry_out("disagree", window.read._act)  # type: ignore[attr-defined]

    def signed_report(window: object) -> None:
        sign(window)
        case, dialog = window.desk.case, window.signing.dialog  # type: ignore[attr-defined]
        dialog.pin.setText("2580")
        dialog.yes.click()
        wait_until(lambda: case.signed is not None and window.signing.dialog is None)  # type: ignore[attr-defined]
        window.open_case(case.key)  # type: ignore[attr-defined]
        window.show_page("report")  # type: ignore[attr-defined]
        wait_until(lambda: window.report.pdf is not None)  # type: ignore[attr-defined]

    def audit(window: object) -> None:
        from services.trail_check import TrailState

        signed_report(window)
        wait_until(lambda: window._workplace.trail_state is not None)  # type: ignore[attr-defined]
        trail: TrailState = window._workplace.check_trail()  # type: ignore[attr-defined]
        window.auditing.watch.checked.emit(trail)  # type: ignore[attr-defined]
        window.show_page("audit")  # type: ignore[attr-defined]
        wait_until(lambda: window.auditing.page.model.rowCount() > 5)  # type: ignore[attr-defined]

    def audit_broken(window: object) -> None:
        from dataclasses import replace

        from store.audit import Broken

        audit(window)
        at, after = "2026-11-20T08:12:00+00:00", "2026-11-20T08:31:00+00:00"
        broken = (
            Broken(seq=3, trouble="changed", before_at=at, after_at=after),
            Broken(seq=6, trouble="missing", until=9, before_at=at, after_at=after),
        )
        state = replace(window._workplace.trail_state, broken=broken)  # type: ignore[attr-defined]
        window._workplace.trail_state = state  # type: ignore[attr-defined]
        window.auditing.watch._on_checked(state)  # type: ignore[attr-defined]

    def audit_nothing(window: object) -> None:
        audit(window)
        window.auditing.page.filter.text.setText("nobody of that name")  # type: ignore[attr-defined]
        wait_until(lambda: not window.auditing.page.model.rowCount())  # type: ignore[attr-defined]

    def audit_export(window: object) -> None:
        audit(window)
        window.auditing.export.ask()  # type: ignore[attr-defined]

    def sheet(window: object) -> None:
        ready(window)
        window.turner.toggle_sheet()  # type: ignore[attr-defined]

    def error(window: object) -> None:
        from core.errors import DamagedImageError, MediumGoneError

        ready(window)
        window.tell_error(DamagedImageError())  # type: ignore[attr-defined]
        gone = MediumGoneError()
        window.notices.tell("warning", gone.title, gone.hint)  # type: ignore[attr-defined]

    def scanning(window: object) -> None:
        from services.progress import Progress

        ready(window)
        window.show_page("worklist")  # type: ignore[attr-defined]
        window.opening._on_scan_progress(Progress(stage="scanning", done=1204, total=None))  # type: ignore[attr-defined]

    def loading(window: object) -> None:
        window.read.viewer.show_message("", window.read.tr("Loading the image …"))  # type: ignore[attr-defined]

    def people(window: object) -> None:
        from tests.opening import PASSWORD, enter_signer

        workplace = window._workplace  # type: ignore[attr-defined]
        enter_signer(
            workplace, name="Dr. A. Kamau", role="medical officer", registration_number="4411", pin="1357"
        )
        workplace.staff.add(NewPerson(name="J. Wanjiru", duty="assistant"), PASSWORD)
        window.show_page("settings")  # type: ignore[attr-defined]
        window.settings.people.refresh()  # type: ignore[attr-defined]
        wait_until(window.settings.people.isVisible)  # type: ignore[attr-defined]
        window.settings.findChild(QScrollArea).ensureWidgetVisible(window.settings.people)  # type: ignore[attr-defined]

    def this_computer(window: Any) -> None:

        window.show_page("settings")
        wait_until(window.this_computer.isVisible)
        let_pass(3000)  # the models are looked at in the background
        window.settings.findChild(QScrollArea).ensureWidgetVisible(window.this_computer)

    def common_here(window: Any) -> None:
        opened(window)
        wait_until(lambda: bool(window.common.rows))
        (row,) = window.common.rows
        row.number.setText("12")
        row.source.setText("register 2026, 214 children examined")
        row.keep.click()

    def common_card(window: Any) -> None:
        common_here(window)
        window.show_page("settings")
        wait_until(window.common.isVisible)
        window.settings.findChild(QScrollArea).ensureWidgetVisible(window.common)

    def add_person(window: object) -> None:
        people(window)
        window.settings.people.add_person.click()  # type: ignore[attr-defined]

    def locked(window: object) -> None:
        opened(window)
        window.locking.lock()  # type: ignore[attr-defined]

    def begun(window: object) -> None:
        opened(window)
        key = window.desk.case.key  # type: ignore[attr-defined]
        to_another(window, "clinician")
        window.open_case(key)  # type: ignore[attr-defined]
        ready(window)

    def assistant(window: object) -> None:
        ready(window)
        to_another(window, "assistant")

    def to_another(window: object, duty: str) -> None:
        from tests.opening import PASSWORD, enter_signer

        workplace = window._workplace  # type: ignore[attr-defined]
        if duty == "assistant":
            other = workplace.staff.add(NewPerson(name="J. Wanjiru", duty="assistant"), PASSWORD)
        else:
            other = enter_signer(
                workplace, name="Dr. A. Kamau", role="medical officer", registration_number="4411", pin="1357"
            )
        window.locking.lock()  # type: ignore[attr-defined]
        form = window.locking.cover.form  # type: ignore[attr-defined]
        form.person.setCurrentIndex(form.person.findData(other.holder_id))
        form.password.setText(PASSWORD)
        form.enter.click()
        wait_until(lambda: not window.locking.is_locked)  # type: ignore[attr-defined]

    def start_notices(window: object) -> None:
        from datetime import timedelta

        ready(window)
        workplace = window._workplace  # type: ignore[attr-defined]
        workplace.settings.set("trail.unseen", "end_missing 41")
        workplace.clock_before = workplace.clock.now() + timedelta(days=3)
        window._show_person()  # type: ignore[attr-defined]

    long_name = "Wolfeschlegelsteinhausenbergerdorff^Hubert Blaine Maximilian Otto"
    return {
        "empty": lambda: s.shoot("empty"),
        "empty-light": lambda: s.shoot("empty-light", theme="light"),
        "scanning": lambda: s.shoot("scanning", many(), act=scanning),
        "loading": lambda: s.shoot("loading", (s.chest(),), act=loading),
        "closed": lambda: s.shoot("closed", (s.chest(),), act=ready),
        "closed-light": lambda: s.shoot("closed-light", (s.chest(),), act=ready, theme="light"),
        "opened": lambda: s.shoot("opened", (s.chest(),), act=opened),
        "opened-light": lambda: s.shoot("opened-light", (s.chest(),), act=opened, theme="light"),
        "opened-wide": lambda: s.shoot(
            "opened-wide", (s.chest(orientation=True),), act=opened, size=(1900, 1060)
        ),
        "undecided": lambda: s.shoot(
            "undecided", (s.chest(),), act=opened, analyzer=StandInAnalyzer(score=0.40)
        ),
        "below": lambda: s.shoot("below", (s.chest(),), act=opened, analyzer=StandInAnalyzer(score=0.12)),
        "refusal": lambda: s.shoot(
            "refusal",
            (s.chest(age="061Y" if s.real else "003Y"),),
            act=opened,
            analyzer=StandInAnalyzer(refusal=REFUSAL),
        ),
        "corrected": lambda: s.shoot(
            "corrected", (s.chest(turned=True),), act=corrected, analyzer=_put_right()
        ),
        "corrected-light": lambda: s.shoot(
            "corrected-light", (s.chest(turned=True),), act=corrected, analyzer=_put_right(), theme="light"
        ),
        "error": lambda: s.shoot("error", (s.chest(),), act=error),
        "identity": lambda: s.shoot("identity", (picture(),), act=ready),
        "arabic": lambda: s.shoot(
            "arabic", (s.chest(patient="محمد عبد الله بن عبد الرحمن", number="K-031"),), act=ready
        ),
        "long-name": lambda: s.shoot("long-name", (s.chest(patient=long_name, number="X" * 40),), act=ready),
        "long-worklist": lambda: s.shoot(
            "long-worklist",
            (
                s.chest(patient=long_name, number="X" * 40),
                s.chest(patient=long_name, number="9" * 24, time="110000"),
            ),
            act=worklist,
            analyzer=StandInAnalyzer(refusal=REFUSAL),
        ),
        "long-sign": lambda: s.shoot("long-sign", (s.chest(patient=long_name, number="X" * 40),), act=sign),
        "toast": lambda: s.shoot("toast", (s.chest(),), act=toast),
        "final": lambda: s.shoot(
            "final", (s.chest(),), act=opened, analyzer=StandInAnalyzer(refusal=REFUSAL)
        ),
        "wrong-path": lambda: s.shoot("wrong-path", (Path("/nowhere/at all/letter.dcm"),)),
        "signed-report": lambda: s.shoot("signed-report", (s.chest(),), act=signed_report),
        "worklist": lambda: s.shoot("worklist", many(), act=worklist),
        "worklist-light": lambda: s.shoot("worklist-light", many(), act=worklist, theme="light"),
        "report": lambda: s.shoot("report", (s.chest(),), act=page("report")),
        "models": lambda: s.shoot("models", (s.chest(),), act=page("models")),
        "models-light": lambda: s.shoot("models-light", (s.chest(),), act=page("models"), theme="light"),
        **{
            f"packs-{state}-{look}": partial(
                s.shoot,
                f"packs-{state}-{look}",
                theme="light" if look == "light" else "dark",
                act=packs(state),
                size=size,
            )
            for state in ("list", "offer", "refused", "trust", "remove", "reader")
            for look, size in (("dark", SIZE), ("light", SIZE), ("low", (1024, 640)))
        },
        "this-computer": lambda: s.shoot("this-computer", act=this_computer),
        "this-computer-light": lambda: s.shoot(
            "this-computer-light", act=this_computer, theme="light", size=(1024, 640)
        ),
        "common-card": lambda: s.shoot("common-card", (s.chest(),), act=common_card),
        "common-card-light": lambda: s.shoot(
            "common-card-light", (s.chest(),), act=common_card, theme="light", size=(1024, 640)
        ),
        "common-read": lambda: s.shoot("common-read", (s.chest(),), act=common_here),
        "settings": lambda: s.shoot("settings", (s.chest(),), act=page("settings")),
        "audit": lambda: s.shoot("audit", (s.chest(),), act=audit),
        "audit-light": lambda: s.shoot("audit-light", (s.chest(),), act=audit, theme="light"),
        "audit-broken": lambda: s.shoot("audit-broken", (s.chest(),), act=audit_broken),
        "audit-broken-light": lambda: s.shoot(
            "audit-broken-light", (s.chest(),), act=audit_broken, theme="light"
        ),
        "audit-nothing": lambda: s.shoot("audit-nothing", (s.chest(),), act=audit_nothing),
        "audit-export": lambda: s.shoot("audit-export", (s.chest(),), act=audit_export),
        "sheet": lambda: s.shoot("sheet", (s.chest(),), act=sheet),
        "sign": lambda: s.shoot("sign", (s.chest(),), act=sign),
        "kept": lambda: s.shoot("kept", (s.chest(),), act=kept),
        "delete": lambda: s.shoot("delete", (s.chest(),), act=delete),
        "record": lambda: s.shoot("record", (s.chest(),), act=record_shown),
        "delete-study": lambda: s.shoot("delete-study", (s.chest(),), act=delete_study),
        "due": lambda: s.shoot("due", (s.chest(),), act=due),
        "due-small": lambda: s.shoot("due-small", (s.chest(),), act=due, size=SMALL),
        "delete-many": lambda: s.shoot("delete-many", (s.chest(),), act=delete_many),
        "delete-many-small": lambda: s.shoot("delete-many-small", (s.chest(),), act=delete_many, size=SMALL),
        **{
            f"{name}{look}": partial(s.shoot, f"{name}{look}", (s.chest(),), act=act, **options)
            for name, act in (
                ("records", many_records),
                ("merge", merge),
                ("move", move),
                ("register", register),
                ("consent", kept),
                ("backup", backup),
                ("restore", mending("restore")),
                ("salvage", mending("salvage")),
                ("due-list", due),
            )
            for look, options in (
                ("", {}),
                ("-light", {"theme": "light"}),
                ("-small", {"size": SMALL}),
                ("-small-light", {"size": SMALL, "theme": "light"}),
            )
        },
        "settings-light": lambda: s.shoot("settings-light", act=people, theme="light"),
        "people": lambda: s.shoot("people", act=people),
        "people-low": lambda: s.shoot("people-low", act=people, size=(1024, 700)),
        "people-add": lambda: s.shoot("people-add", act=add_person),
        "locked": lambda: s.shoot("locked", (s.chest(),), act=locked),
        "locked-light": lambda: s.shoot("locked-light", (s.chest(),), act=locked, theme="light"),
        "locked-low": lambda: s.shoot("locked-low", (s.chest(),), act=locked, size=(1100, 640)),
        "begun": lambda: s.shoot("begun", (s.chest(),), act=begun),
        "assistant": lambda: s.shoot("assistant", (s.chest(),), act=assistant),
        "start-notices": lambda: s.shoot("start-notices", (s.chest(),), act=start_notices),
        **{
            f"{name}-{look}": partial(s.shoot_door, f"{name}-{look}", name, theme=look, size=size)
            for name in (
                "set-up",
                "taken-over",
                "sheet",
                "log-in",
                "wrong",
                "wait",
                "forgot",
                "offer",
                "trouble",
            )
            for look, size in (("dark", SIZE), ("light", SIZE), ("low", (1024, 700)))
        },
    }


def show_packs(folder: Path, state: str, window: Any) -> None:
    """Bring the page of models into a state with packs from other hands."""
    from PySide6.QtWidgets import QScrollArea

    from services.scan import Medium
    from tests.inference import toy_packs
    from tests.services.pack_files import ACCEPTANCE, MAKER, PRIVATE, pack_file

    toys = Path(tempfile.mkdtemp(dir=folder))
    toy_packs.write_outline_pack(toys)
    ours, stick = window._workplace.packs, toys / "KINGSTON"
    named = ("Toy outline", "Outline of the lungs in portable films")
    asking = (
        ('attribution = "nobody"', ACCEPTANCE),
        ("commercial_use = true", "commercial_use = false"),
        named,
    )
    ours.keys.trust(MAKER, MAKER.fingerprint)
    for version in ("1.2.0", "1.3.0"):
        with ours.offer(pack_file(toys, stick / version, "toy-outline", version, named)) as offer:
            ours.install(offer)
    latest = pack_file(toys, stick, "toy-outline", "1.4.0", *asking)
    window.show_page("models")
    window.models.reload()
    wait_until(lambda: len(ours.versions()) > 2 and "toy-outline" in _words(window.models))
    page, desk = window.models, window.models.desk
    area = page.findChild(QScrollArea)
    if state == "list":
        page.show_media((Medium(name="KINGSTON", path=stick),))
        wait_until(lambda: "KINGSTON" in _words(page))
    elif state == "offer":
        desk.open_file(latest)
        wait_until(lambda: desk.dialog is not None)
    elif state == "refused":
        foreign = pack_file(toys, toys / "other", "toy-outline", "1.5.0", key=bytes(reversed(PRIVATE)))
        desk.open_file(foreign)
        wait_until(lambda: "E253" in desk.said.text())
    elif state == "trust":
        (toys / "maker.farkey.pub").write_text(MAKER.text(), encoding="utf-8")
        page.keys.open_key(toys / "maker.farkey.pub")
        page.keys.dialog.digits.setText("1" * 40)
    elif state == "remove":
        desk.ask_remove(tuple(one for one in ours.versions() if not one.bundled), None)
    elif state == "reader":
        window._workplace.session.leave()
        page.show_rights()
    if state == "reader":
        wait_until(lambda: area.verticalScrollBar().maximum() > 0)
        area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())


def _words(widget: Any) -> str:
    from PySide6.QtWidgets import QLabel

    return "\n".join(one.text() for one in widget.findChildren(QLabel))


if __name__ == "__main__":
    named = [word for word in sys.argv[1:] if word not in {"--real", "--light"}]
    folder = Path(named[0])
    folder.mkdir(parents=True, exist_ok=True)
    display = Display()
    os.environ["DISPLAY"] = display.name
    try:
        main(folder, tuple(named[1:]), real="--real" in sys.argv, light="--light" in sys.argv)
    finally:
        display.close()
