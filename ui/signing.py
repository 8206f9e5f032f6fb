"""The act of signing: who may, what is missing, and the background work of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from core.errors import FarlightError, NotReadyToSignError, WrongPinError
from core.image import ReadingUnit
from core.model_facts import ModelFacts
from services.analyze import Analysis
from services.drafts import Draft
from services.sign import Addendum, Person, SignedFile
from services.workplace import Workplace
from ui import words
from ui.cases import Case
from ui.desk import Desk
from ui.sign_dialog import SignDialog
from ui.sign_summary import sign_facts, whose_facts
from ui.task import Handle, Pools


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """What a signature needs, copied when it was asked for."""

    workplace: Workplace
    unit: ReadingUnit
    analysis: Analysis | None
    draft: Draft
    facts: Mapping[str, ModelFacts]
    signed: SignedFile | None
    person_id: int
    pin: str
    clock_accepted: bool
    addendum: str

    def __call__(self, _handle: Handle) -> SignedFile | Addendum:
        signing = self.workplace.signing
        if self.addendum and self.signed is not None:
            return signing.add_addendum(
                self.signed.report_id,
                self.addendum,
                person_id=self.person_id,
                pin=self.pin,
                clock_accepted=self.clock_accepted,
            )
        assert self.analysis is not None
        settings = self.workplace.settings
        return signing.sign(
            self.unit,
            self.analysis,
            self.draft,
            person_id=self.person_id,
            pin=self.pin,
            facts=self.facts,
            site=settings.text("site.name"),
            address=address_lines(settings.text("site.address")),
            paper=settings.text("paper"),  # type: ignore[arg-type]
            clock_accepted=self.clock_accepted,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """What the open dialog speaks of: nothing else is signed in it."""

    unit: ReadingUnit
    analysis: Analysis | None
    draft: Draft
    signed: SignedFile | None

    def still_of(self, case: Case) -> bool:
        """Whether a case is still that; an addendum speaks of what is signed, whatever is looked at today."""
        if self.signed is not None or case.signed is not None:
            return case.signed is self.signed
        same_answer = case.analysis is self.analysis is not None
        return same_answer and case.unit is self.unit and case.draft == self.draft


class Signing(QObject):
    """Opens the dialogs of signing and carries out what they say."""

    signed = Signal(object)
    added = Signal(object)
    failed = Signal(object)

    def __init__(self, desk: Desk, pools: Pools, workplace: Workplace, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._pools, self._workplace, self._window = desk, pools, workplace, window
        self.dialog: SignDialog | None = None
        self._case: Case | None = None
        self._said: _Said | None = None

    @Slot()
    def ask(self) -> None:
        """Open the dialog of signing; who is logged in and signs stands first in it."""
        case = self._desk.case
        if case is None or self.dialog is not None:
            return
        self._desk.flush()
        try:
            missing = (
                () if case.signed else self._workplace.signing.missing(case.unit, case.analysis, case.draft)
            )
            self._workplace.session.require("read")
            people = self._signers()
            doubt = self._workplace.signing.clock_doubt()
        except FarlightError as error:
            self.failed.emit(error)
            return
        if missing:
            self.failed.emit(_NotYet(" ".join(one.text for one in missing), about=_whose(case)))
            return
        if not people:
            self.failed.emit(
                _NotYet(self.tr("Nobody here signs yet: set your own PIN in Settings."), about="")
            )
            return
        self._case, self._said = case, _Said(case.unit, case.analysis, case.draft, case.signed)
        addendum = case.signed is not None
        facts = whose_facts(case) if addendum else sign_facts(case)
        self.dialog = SignDialog(people, facts, doubt, self._window, addendum=addendum)
        self.dialog.signed.connect(self._on_pin_given)
        self.dialog.finished.connect(self._on_dialog_closed)
        self.dialog.open()

    def _signers(self) -> tuple[Person, ...]:
        """Return who signs, whoever is logged in first."""
        me = self._workplace.session.person
        mine = me.person_id if me is not None else None
        return tuple(sorted(self._workplace.signing.people(), key=lambda one: one.person_id != mine))

    @Slot(int, str, bool, str)
    def _on_pin_given(self, person_id: int, pin: str, clock_accepted: bool, addendum: str) -> None:
        assert self._case is not None
        case = self._case
        if self.dialog is not None and (self._said is None or not self._said.still_of(case)):
            self.dialog.refuse(
                self.tr(
                    "Not signed: this study was looked at anew while this was open. Close it and read again."
                )
            )
            return
        work = _Ask(
            workplace=self._workplace,
            unit=case.unit,
            analysis=case.analysis,
            draft=case.draft,
            facts=case.facts,
            signed=case.signed,
            person_id=person_id,
            pin=pin,
            clock_accepted=clock_accepted,
            addendum=addendum,
        )
        task = self._pools.records("sign", work, key=case)
        task.succeeded.connect(self._on_signed)
        task.failed.connect(self._on_failed)

    @Slot(object)
    def _on_signed(self, made: SignedFile | Addendum) -> None:
        case = getattr(self.sender(), "key", None)
        assert isinstance(case, Case)
        if self.dialog is not None and case is self._case:
            self.dialog.accept()
        if isinstance(made, SignedFile):
            case.signed = made
            self.signed.emit(case)
        else:
            self.added.emit(case)

    @Slot(object)
    def _on_failed(self, error: FarlightError) -> None:
        case = getattr(self.sender(), "key", None)
        if self.dialog is None or case is not self._case:
            error.about = error.about or (_whose(case) if isinstance(case, Case) else "")
            self.failed.emit(error)
        elif isinstance(error, WrongPinError):
            seconds = self._workplace.signing.wait_seconds(int(self.dialog.person.currentData()))
            wait = self.tr("Wait {seconds} s before the next try.").format(seconds=math.ceil(seconds))
            said = self.tr("Too many wrong PINs; this one was not looked at.")
            if error.detail != "wait":
                said = error.message
            self.dialog.refuse(f"{said} {wait}" if seconds > 0 else said)
        elif isinstance(error, NotReadyToSignError) and error.detail == "clock":
            self.dialog.refuse(self.tr("Set the clock of this computer, or confirm that it is right."))
        else:
            self.dialog.refuse(error.message)

    @Slot()
    def _on_dialog_closed(self) -> None:
        self.dialog, self._said = None, None


def address_lines(text: str) -> tuple[str, ...]:
    """Return a typed address as the lines that are printed."""
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _whose(case: Case) -> str:
    """Return patient and study: the study in sight may be another one by the time this is read."""
    return f"{words.patient_name(case.whose)} · {words.study_name(case.unit)}"


class _NotYet(NotReadyToSignError):
    """Says in its hint what is missing."""

    def __init__(self, text: str, *, about: str) -> None:
        super().__init__(about=about)
        self._text = text

    @property
    def hint(self) -> str:
        """What must be answered first."""
        return self._text
