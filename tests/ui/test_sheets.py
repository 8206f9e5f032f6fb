"""Enter in every dialog: it presses the button that has the focus, and never what reaches far by itself."""

import importlib
import pkgutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QListWidget, QRadioButton

import ui
from core.model_facts import ModelFacts
from inference.signature import PublicKey
from services.pack_install import Offer
from services.staff import NewPerson
from tests.opening import PASSWORD
from tests.services.test_records import file, patient
from tests.ui.stage import wait_until
from ui.delete_dialog import DeleteDialog
from ui.due_dialog import DueDialog
from ui.kept_dialog import KeptDialog
from ui.merge_dialog import MergeDialog, SplitDialog
from ui.move_dialog import MoveDialog
from ui.pack_dialogs import ChangeDialog, OfferDialog, TrustDialog
from ui.person_dialogs import (
    AddPersonDialog,
    GivePasswordDialog,
    LeaveDialog,
    NewSheetDialog,
    OwnSecretDialog,
)
from ui.register_dialog import RegisterDialog
from ui.restore_dialog import RestoreDialog
from ui.salvage_dialog import SalvageDialog
from ui.sheet_dialog import Sheet
from ui.sign_dialog import SignDialog
from ui.sign_summary import Fact
from ui.support_card import SupportDialog

pytestmark = [pytest.mark.display, pytest.mark.slow]
Stage = Callable[..., Any]
Make = Callable[[Any], Sheet]
FIELDS = (QLineEdit, QComboBox, QListWidget, QRadioButton)


def two_patients(window: Any) -> tuple[int, int]:
    """Enter two patients, each with a study."""
    place = window._workplace
    return file(place, patient("Okafor^Nnamdi", "A-17")), file(place, patient("Achieng^Mary", "B-2"), "1.2.4")


def move(window: Any) -> Sheet:
    one, other = two_patients(window)
    (study,) = window._workplace.records.studies_of(one)
    dialog = MoveDialog(study, window._workplace, window)
    dialog.picker.choose(other)
    dialog.sex.setCurrentIndex(1)
    dialog.why.setText("names swapped")
    return dialog


def merge(window: Any) -> Sheet:
    one, other = two_patients(window)
    row = window._workplace.records.patient(one)
    dialog = MergeDialog(row, other, window._workplace, window)
    dialog.why.setText("entered twice")
    return dialog


def split(window: Any) -> Sheet:
    one, other = two_patients(window)
    merged = window._workplace.corrections.merge(one, other)
    return SplitDialog(merged, window._workplace, window)


def delete(window: Any) -> Sheet:
    one, _ = two_patients(window)
    plan = window._workplace.deletion.plan(one)
    dialog = DeleteDialog((plan,), window)
    dialog.typed.setText(dialog.typed.placeholderText())
    dialog.password.setText(PASSWORD)
    dialog._on_typed()
    return dialog


def due(window: Any) -> Sheet:
    window._workplace.settings.set("keep.years_adult", 1)
    return DueDialog((), window._workplace.records.studies_of, window)


def kept(window: Any) -> Sheet:
    one, _ = two_patients(window)
    dialog = KeptDialog(window.keeping._facts(one), date(2026, 11, 2), window)
    dialog._choices["teaching"].setCurrentIndex(1)
    return dialog


def register(window: Any) -> Sheet:
    return RegisterDialog(window._theme, window.pools, window._workplace, window)


def sign(window: Any) -> Sheet:
    people = window._workplace.signing.people()
    dialog = SignDialog(people, (Fact("Patient", "Nnamdi Okafor"),), None, window)
    dialog.pin.setText("2580")
    return dialog


def person(window: Any) -> Any:
    return window._workplace.staff.add(NewPerson(name="J. Wanjiru", duty="assistant"), PASSWORD)


def staffed(kind: Callable[..., Sheet], *given: str) -> Make:
    """Return what makes a dialog of people."""

    def make(window: Any) -> Sheet:
        rooms = {"staff": window._workplace.staff, "pools": window.pools, "parent": window}
        row = person(window)
        return kind(
            *([row] if "person" in given else []),
            **({"pin": "pin" in given} if kind is OwnSecretDialog else {}),
            **rooms,
        )

    return make


def mending(kind: Callable[..., Sheet]) -> Make:
    return lambda window: kind(folder=Path("/nowhere"), retry=lambda: None, parent=window)


def support(window: Any) -> Sheet:
    return SupportDialog(window._workplace.diagnostics(cancelled=lambda: False), window)


def trail(window: Any) -> Sheet:
    window.auditing.export.ask()
    return window.auditing.export.sheet  # type: ignore[no-any-return]


def offer(window: Any) -> Sheet:
    pack: Any = SimpleNamespace(id="chest", manifest=SimpleNamespace(version="1.0.0"))
    facts = ModelFacts(pack_id="chest", version="1.0.0", title="Chest", pack_class="research")
    signer: Any = SimpleNamespace(name="Ministry", fingerprint="12345 " * 8)
    made = Offer(
        pack=pack, facts=facts, signer=signer, signature="", replaces="", commercial_use=True, licence_text=""
    )
    return OfferDialog(made, (), window)


def change(window: Any) -> Sheet:
    return ChangeDialog("Remove a model", "Remove", ("Chest 1.0.0 goes.",), window)


def trust(window: Any) -> Sheet:
    return TrustDialog(PublicKey(name="Ministry", key=bytes(32)), window)


FAR_REACHING: dict[str, tuple[type[Sheet], Make]] = {
    "move": (MoveDialog, move),
    "merge": (MergeDialog, merge),
    "split": (SplitDialog, split),
    "delete": (DeleteDialog, delete),
    "due": (DueDialog, due),
    "consent": (KeptDialog, kept),
    "register": (RegisterDialog, register),
    "sign": (SignDialog, sign),
    "leave": (LeaveDialog, staffed(LeaveDialog, "person")),
    "new sheet": (NewSheetDialog, staffed(NewSheetDialog)),
    "install a model": (OfferDialog, offer),
    "remove a model": (ChangeDialog, change),
    "trust a key": (TrustDialog, trust),
}
HARMLESS: dict[str, tuple[type[Sheet], Make]] = {
    "enter a person": (AddPersonDialog, staffed(AddPersonDialog)),
    "give a password": (GivePasswordDialog, staffed(GivePasswordDialog, "person")),
    "own password": (OwnSecretDialog, staffed(OwnSecretDialog)),
    "own pin": (OwnSecretDialog, staffed(OwnSecretDialog, "pin")),
    "restore": (RestoreDialog, mending(RestoreDialog)),
    "salvage": (SalvageDialog, mending(SalvageDialog)),
    "support": (SupportDialog, support),
    "export the trail": (Sheet, trail),
}
ALL = FAR_REACHING | HARMLESS


def show(window: Any, make: Make) -> tuple[Sheet, list[bool]]:
    """Open a dialog whose act is ready to go, and count how often that is pressed."""
    dialog = make(window)
    pressed: list[bool] = []
    dialog.yes.clicked.disconnect()
    dialog.yes.clicked.connect(lambda *_: pressed.append(True))
    dialog.open()
    wait_until(dialog.isVisible)
    wait_until(lambda: window.pools.running() == ())
    dialog.yes.setEnabled(True)
    return dialog, pressed


@pytest.mark.parametrize(
    ("name", "key"), [*((one, Qt.Key.Key_Return) for one in ALL), ("merge", Qt.Key.Key_Enter)]
)
def test_enter_on_back_goes_back_and_does_nothing_else(stage: Stage, name: str, key: Qt.Key) -> None:
    dialog, pressed = show(stage(), ALL[name][1])
    closed: list[int] = []
    dialog.finished.connect(closed.append)
    dialog.no.setFocus()
    QTest.keyClick(dialog.no, key)
    assert (closed, pressed) == ([0], [])


@pytest.mark.parametrize("name", FAR_REACHING)
def test_enter_in_a_field_never_does_what_reaches_far(stage: Stage, name: str) -> None:
    dialog, pressed = show(stage(), FAR_REACHING[name][1])
    fields = [
        one for kind in FIELDS for one in dialog.findChildren(kind) if one.isVisible() and one.isEnabled()
    ]
    for field in [one for one in fields if not (name == "sign" and one is getattr(dialog, "pin", None))]:
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert dialog.isVisible(), f"{type(field).__name__} {field.accessibleName()}"
    assert pressed == []
    dialog.reject()


@pytest.mark.parametrize("name", ALL)
def test_enter_on_the_button_of_the_act_presses_it_once(stage: Stage, name: str) -> None:
    dialog, pressed = show(stage(), ALL[name][1])
    dialog.yes.setFocus()
    QTest.keyClick(dialog.yes, Qt.Key.Key_Return)
    assert len(pressed) == 1
    dialog.reject()


def test_a_key_held_down_on_a_button_presses_nothing_more(stage: Stage) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QApplication

    dialog, pressed = show(stage(), merge)
    dialog.yes.setFocus()
    held = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", True, 2)
    QApplication.sendEvent(dialog.yes, held)
    assert pressed == []
    dialog.reject()


@pytest.mark.parametrize(("make", "why"), [(move, "why"), (merge, "why")])
def test_a_move_and_a_merge_ask_why(stage: Stage, make: Make, why: str) -> None:
    dialog = make(stage())
    assert dialog.yes.isEnabled()
    getattr(dialog, why).setText("  ")
    assert not dialog.yes.isEnabled()
    dialog.deleteLater()


def test_what_replaces_the_records_goes_by_its_button_alone(stage: Stage) -> None:
    dialog = mending(RestoreDialog)(stage())
    dialog.prepared_words = dialog.warning_words = lambda _prepared: "ready"  # type: ignore[attr-defined]
    assert dialog.enter_acts
    dialog._on_prepared(_Ready())  # type: ignore[attr-defined]
    assert not dialog.enter_acts
    dialog.reject()


class _Ready:
    """What a dialog of mending is told once the backup is checked."""

    whole = False


def test_every_dialog_is_among_them() -> None:
    for module in pkgutil.iter_modules(ui.__path__):
        importlib.import_module(f"ui.{module.name}")
    known = {kind for kind, _ in ALL.values()}
    leaves = {
        kind for kind in _below(Sheet) if not kind.__subclasses__() and kind.__module__.startswith("ui.")
    }
    assert leaves <= known


def _below(kind: type[Sheet]) -> set[type[Sheet]]:
    return {kind} | {found for one in kind.__subclasses__() for found in _below(one)}
