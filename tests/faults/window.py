"""The real window on a real display, worked by a script: to be killed at typing, or to be looked through.

Run as a program: ``python -m tests.faults.window ORDER PIPE``; it tells what it does as the morning does.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.patient import Patient, Sourced
from services.printing import PrintJob, print_pdf
from tests.opening import enter_signer, open_workplace
from tests.ui.stage import StandInAnalyzer, let_pass, wait_until

TEXT = "The child coughs since four days and does not drink; weak, drowsy, fast breathing. " * 20
PIN = "2580"
_KEY_MS = 40


class Script:
    """One window and what is done in it."""

    def __init__(self, order: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
        from ui.application import make_application, make_window

        self.application = make_application()
        self.order, self.tell = order, tell
        self.workplace = open_workplace(Path(order["profile"]))
        self.workplace.analyzers._analyzer = StandInAnalyzer()  # type: ignore[assignment]
        self.workplace.settings.set("images.keep", order.get("keep", "reference"))
        self.window: Any = make_window(self.workplace, (order["open"],))
        self.window.intake.watch_media = _look_at_no_stick  # type: ignore[method-assign, unused-ignore]
        self.window.show()
        wait_until(lambda: self.window.desk.case is not None and self.window.desk.case.analysis is not None)
        wait_until(lambda: self.window.read.viewer.state is not None)

    def type_for_ever(self) -> None:
        """Answer, then type without a pause into the note of a finding, telling each sign."""
        from PySide6.QtTest import QTest

        self.window.desk.give_impression("abnormal")
        wait_until(lambda: self.window.read.column.findings)
        note = self.window.read.column.findings[0].note
        self.tell({"case": self.window.desk.case.key})
        for number, sign in enumerate(TEXT, 1):
            QTest.keyClicks(note, sign)
            self.tell({"typed": number, "at": time.monotonic()})
            let_pass(_KEY_MS)

    def leave_traces(self) -> None:
        """Do all that could leave a name somewhere; tell, wait until somebody has looked, lock, and end."""

        latin, chinese, apostrophe = self.order["names"]
        workplace, desk = self.workplace, self.window.desk
        enter_signer(workplace, name="Sr. N. Otieno", role="nurse", registration_number="", pin=PIN)
        desk.give_impression("abnormal")
        wait_until(lambda: self.window.read.column.findings)
        self.window.read.column.findings[0].note.insertPlainText(apostrophe)
        self._identify(latin)
        desk.write("conclusion", f"{latin}, child of {chinese}, is to come back")
        wait_until(lambda: desk.case.analysis is not None and not desk.case.analysing)
        self._open_by_dialog(self.order["open"])
        self._give_out(latin)
        self._sign()
        self._open_by_dialog(self.order["picture"])
        wait_until(self._picture_is_read)
        self._identify(chinese)
        desk.jot_identity(None)
        desk.write("referral", apostrophe)
        self._fail(latin)
        self._fail(apostrophe)
        wait_until(lambda: sum(one.whole for one in workplace.images.all()) == 2)
        let_pass(1000)
        self.tell({"copies": len(workplace.images.all()), "signed": len(self._signed())})
        looked = Path(self.order["looked"])
        wait_until(looked.exists)
        self.window.locking.lock()
        let_pass(300)
        self.tell({"locked": True})
        wait_until(lambda: not looked.exists())
        self.window.close()
        self.workplace.close()

    def _picture_is_read(self) -> bool:
        case = self.window.desk.case
        return case is not None and case.unit.kind == "raster" and case.analysis is not None

    def _identify(self, name: str) -> None:
        typed = Patient(name=Sourced(value=name, source="typed"), id=Sourced(value=name, source="typed"))
        self.window.desk.identify(typed, ("name", "id"))

    def _sign(self) -> None:
        case = self.window.desk.case
        wait_until(lambda: case.analysis is not None and not case.analysing)
        for pack, finding in self.window.desk.findings():
            self.window.desk.decide(pack.stamp.pack_id, finding.code, "agree")
        self.window.signing.ask()
        self.window.signing.dialog.pin.setText(PIN)
        self.window.signing.dialog.yes.click()
        wait_until(lambda: case.signed is not None and self.window.signing.dialog is None)

    def _signed(self) -> list[Any]:
        return [case for case in self.window.book.cases() if case.signed is not None]

    def _open_by_dialog(self, path: str) -> None:
        from PySide6.QtWidgets import QFileDialog

        self.window.opening.ask_files()
        dialog = self.window.findChild(QFileDialog)
        image = Path(path)
        dialog.setDirectory(str(image.parent))
        dialog.selectFile(str(image))
        wait_until(dialog.isVisible)
        dialog.accept()
        wait_until(lambda: self.window.findChild(QFileDialog) is None)

    def _give_out(self, name: str) -> None:
        from PySide6.QtWidgets import QFileDialog

        self.window.show_page("report")
        wait_until(lambda: self.window.report.pdf is not None)
        pdf = self.window.report.pdf
        self.window.reporting.ask_where(pdf)
        dialog = self.window.findChild(QFileDialog)
        dialog.setDirectory(self.order["stick"])
        dialog.selectFile(f"{name}.pdf")
        wait_until(dialog.isVisible)
        dialog.accept()
        wait_until(lambda: any(Path(self.order["stick"]).glob("*.pdf")))
        print_pdf(pdf, PrintJob(paper="A4"))

    def _fail(self, name: str) -> None:
        """Have errors that carry the name happen where nobody catches them."""
        from PySide6.QtCore import QTimer

        def boom(*_anything: object) -> None:
            raise RuntimeError(f"cannot read {name}")

        QTimer.singleShot(0, boom)
        threading.Thread(target=boom).start()
        self.window.pools.files("boom", boom, key="boom")


def _look_at_no_stick() -> None:
    """Stand in for the watch of sticks: those of this computer are none of ours."""


def main() -> int:
    """Do what was ordered."""
    told = int(sys.argv[2])

    def tell(facts: dict[str, Any]) -> None:
        os.writev(told, [json.dumps(facts).encode() + b"\n"])

    order = json.loads(sys.argv[1])
    try:
        getattr(Script(order, tell), order["do"])()
    except BaseException:  # noqa: BLE001 - whoever started it is told
        tell({"crash": traceback.format_exc()})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
