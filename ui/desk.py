"""What the reader does with the open study: every act changes the draft and keeps it on the disk at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from core.decision import Answer, ClinicalSigns, Decision, FinalRead, FirstRead, Impression, Reading
from core.errors import FarlightError
from core.patient import Patient, Sourced
from core.result import Finding, PackResult
from core.wording import say
from services.before_signing import (
    Missing,
    about_of,
    asks_impression,
    missing_for_signing,
    wants_final_read,
)
from services.draft_acts import named
from services.drafts import Draft, IdentityJotting, Jotting, OpenPlace, SignsJotting, taken_over
from services.workplace import Workplace
from ui.cases import Case, CaseBook
from ui.draft_writer import DraftWriter
from ui.duties import who_may
from ui.signer import Signer, signer_here


class Desk(QObject):
    """The open case and its draft; the only place where a reading changes."""

    case_opened = Signal(object)
    case_closed = Signal()
    reading_changed = Signal()
    identity_changed = Signal(object)
    keeping_failed = Signal(object)

    def __init__(self, book: CaseBook, workplace: Workplace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._book = book
        self._workplace = workplace
        book.signer = self.signer
        self.case: Case | None = None
        self.undo = QUndoStack(self)
        self.writer = DraftWriter(workplace, self)
        self.writer.failed.connect(self.keeping_failed)

    # --- opening

    def open(self, case: Case, paths: tuple[str, ...]) -> None:
        """Put a case on the desk."""
        self.flush()
        self.case = case
        self._book.open_key = case.key
        self.undo.clear()
        self._note_opening(case)
        self.remember_place(paths)
        self.case_opened.emit(case)

    def _note_opening(self, case: Case) -> None:
        """Tell the audit trail whose study is in sight from now on."""
        try:
            self._workplace.reading.open(case.key, named(case.patient))
        except FarlightError as error:
            self.keeping_failed.emit(error)

    def remember_place(self, paths: tuple[str, ...]) -> None:
        """Remember what is open, for the next start."""
        try:
            self._workplace.drafts.keep_place(
                OpenPlace(paths=paths, current=self.case.key if self.case is not None else None)
            )
        except FarlightError as error:
            self.keeping_failed.emit(error)

    def close(self) -> None:
        """Take the case off the desk."""
        self.flush()
        self.case = None
        self._book.open_key = None
        self._workplace.reading.leave()
        self.undo.clear()
        self.case_closed.emit()

    # --- facts

    @property
    def reading(self) -> Reading:
        """What was said of the open case so far."""
        return self.case.draft.reading if self.case is not None else Reading()

    @property
    def concurrent(self) -> bool:
        """Whether an administrator chose to show results at once."""
        return self._workplace.settings.text("reading.order") == "concurrent"

    @property
    def is_open_card(self) -> bool:
        """Whether the result may be seen."""
        given = self.reading.first_read is not None or not self.asks_impression
        return (given and not self.begun_by) or self.concurrent or self.is_signed

    @property
    def asks_impression(self) -> bool:
        """Whether a first impression is asked: not where there is no image to look at."""
        return self.case is None or asks_impression(self.case.unit)

    @property
    def is_signed(self) -> bool:
        """Whether the open case is signed and cannot be changed."""
        return self.case is not None and self.case.signed is not None

    @property
    def begun_by(self) -> str:
        """Who else began to read the open case; "" where nobody did, or it is signed."""
        person = self._workplace.session.person
        if self.case is None or self.is_signed or person is None:
            return ""
        draft = self.case.draft
        return "" if draft.reader_id in (None, person.person_id) else draft.reader

    @property
    def may_read(self) -> bool:
        """Whether who is logged in may give impressions, answers and words."""
        return self._workplace.session.may("read")

    def signer(self) -> Signer:
        """Return who would sign what is read now."""
        return signer_here(self._workplace)

    @property
    def is_closed(self) -> bool:
        """Whether nothing may be said of the open case: it is signed, somebody else's, or not for them."""
        return self.is_signed or bool(self.begun_by) or not self.may_read

    def findings(self) -> tuple[tuple[PackResult, Finding], ...]:
        """Return each finding of the open case with the pack that speaks."""
        if self.case is None or self.case.analysis is None:
            return ()
        return tuple((pack, one) for pack in self.case.analysis.result.results for one in pack.findings)

    def decision(self, pack_id: str, finding: str) -> Decision | None:
        """Return the answer to a finding as its result stands now, or None."""
        kept = self.kept_decision(pack_id, finding)
        if kept is None or self.is_signed or kept.about == self._about(pack_id, finding):
            return kept
        return None

    def _about(self, pack_id: str, finding: str) -> str | None:
        for pack, one in self.findings():
            if (pack.stamp.pack_id, one.code) == (pack_id, finding):
                return about_of(pack, one)
        return None

    def _version(self, pack_id: str) -> str:
        return next((pack.stamp.version for pack, _ in self.findings() if pack.stamp.pack_id == pack_id), "")

    def kept_decision(self, pack_id: str, finding: str) -> Decision | None:
        """Return the last answer to a finding, also where its result has changed since, or None."""
        for one in self.reading.decisions:
            if (one.pack_id, one.finding) == (pack_id, finding):
                return one
        return None

    def missing(self) -> tuple[Missing, ...]:
        """Return what must be answered before signing."""
        if self.case is None or self.is_signed:
            return ()
        case = self.case
        found = (*missing_for_signing(case.unit, case.analysis, case.draft), *case.withheld)
        if not self.may_read:
            return (Missing(code="reader", text=who_may("read")), *found)
        if self.begun_by:
            return (Missing(code="reader", text=say("people.missing.reader", name=self.begun_by)), *found)
        return found

    # --- acts

    def give_impression(self, impression: Impression) -> None:
        """Keep the first impression; it is said once and stays."""
        if self.case is None or self.is_closed or self.reading.first_read is not None:
            return
        if not self.asks_impression:
            return
        seen = self.case.draft.result_seen or (self.concurrent and self.case.analysis is not None)
        first = FirstRead(impression=impression, at=self._workplace.clock.now(), result_seen=seen)
        self.apply(self.case, replace(self.reading, first_read=first))

    def remember_result_seen(self) -> None:
        """Keep that the result is in sight, for the trail and, before a first impression, for the reading."""
        if self.case is None or self.case.analysis is None:
            return
        try:
            self._workplace.reading.reveal(self.case.key, self.case.analysis.result)
        except FarlightError as error:
            self.keeping_failed.emit(error)
        if self.is_closed or self.reading.first_read is not None or not self.asks_impression:
            return
        if not self.case.draft.result_seen:
            self.case.draft = replace(self.case.draft, result_seen=True)
            self.writer.keep(self.case)

    @property
    def wants_final_read(self) -> bool:
        """Whether the open card asks for a final read, because no finding stands for it."""
        analysis = self.case.analysis if self.case is not None else None
        return self.reading.first_read is not None and analysis is not None and wants_final_read(analysis)

    def give_final_read(self, impression: Impression) -> None:
        """Keep the final read; it can be given anew and undone until it is signed."""
        if self.case is None or self.is_closed or not self.wants_final_read:
            return
        final = FinalRead(impression=impression, at=self._workplace.clock.now())
        self._push(replace(self.reading, final_read=final), self.tr("final read"))

    def withdraw_impression(self) -> None:
        """Take back a first impression that nobody meant to give (typing outside a field).

        What it had opened was seen: the next impression says so.
        """
        if self.case is not None and not self.is_closed:
            draft = self.case.draft
            seen = draft.result_seen or self.case.analysis is not None
            self.case.draft = replace(draft, result_seen=seen)
            self.apply(self.case, replace(self.reading, first_read=None))

    def decide(self, pack_id: str, finding: str, answer: Answer, *, words: str = "", note: str = "") -> None:
        """Keep an answer to a finding; it can be undone."""
        if self.case is None or self.is_closed:
            return
        made = Decision(
            pack_id=pack_id,
            finding=finding,
            answer=answer,
            at=self._workplace.clock.now(),
            words=words,
            note=note,
            about=self._about(pack_id, finding) or "",
            pack_version=self._version(pack_id),
        )
        others = tuple(
            one for one in self.reading.decisions if (one.pack_id, one.finding) != (pack_id, finding)
        )
        self._push(replace(self.reading, decisions=(*others, made)), self.tr("decision"))

    def jotting(self, pack_id: str, finding: str) -> Jotting | None:
        """Return what was typed into the fields of a finding, or None."""
        if self.case is None or self.is_signed:
            return None
        kept = self.case.draft.jottings
        return next((one for one in kept if (one.pack_id, one.finding) == (pack_id, finding)), None)

    def jot(self, pack_id: str, finding: str, words: str, note: str, editing: bool) -> None:
        """Keep what stands in the fields of a finding, answered or not, a moment after typing."""
        made = Jotting(pack_id=pack_id, finding=finding, words=words, note=note, editing=editing)
        if self.case is None or self.is_closed or self.jotting(pack_id, finding) == made:
            return
        others = tuple(
            one for one in self.case.draft.jottings if (one.pack_id, one.finding) != (pack_id, finding)
        )
        self.case.draft = replace(self.case.draft, jottings=(*others, made))
        self._type(self.reading)
        self._write_note(pack_id, finding, note.strip())

    def _write_note(self, pack_id: str, finding: str, note: str) -> None:
        before = self.decision(pack_id, finding)
        if before is None or before.note == note:
            return
        decisions = tuple(replace(one, note=note) if one is before else one for one in self.reading.decisions)
        self._type(replace(self.reading, decisions=decisions))

    def jot_identity(self, made: IdentityJotting | None) -> None:
        """Keep what stands in the identity form, a moment after typing; nobody is identified by it.

        None where it says what is known already.
        """
        if self.case is None or self.is_signed or self.case.draft.identity_jotting == made:
            return
        asked_before = self.missing()
        self.case.draft = replace(self.case.draft, identity_jotting=made)
        self._type(self.reading)
        self._tell_asked(asked_before)

    def write(self, field: str, text: str) -> None:
        """Keep one of the words of page 1, a moment after typing."""
        if self.case is None or self.is_closed or getattr(self.reading, field) == text:
            return
        asked_before = self.missing()
        self._type(replace(self.reading, **{field: text}))  # type: ignore[arg-type]
        self._tell_asked(asked_before)

    def write_signs(self, signs: ClinicalSigns, left: SignsJotting | None = None) -> None:
        """Keep the clinical signs, a moment after typing; ``left`` is what cannot be recorded, as typed."""
        if self.case is None or self.is_closed:
            return
        before = self.case.draft
        if (signs, left) == (before.reading.signs, before.signs_jotting):
            return
        self.case.draft = replace(before, signs_jotting=left)
        self._type(replace(self.reading, signs=signs))
        if left != before.signs_jotting:
            self.reading_changed.emit()

    def identify(self, typed: Patient, confirmed: tuple[str, ...]) -> None:
        """Keep who the patient is as a person typed and confirmed it."""
        if self.case is None or self.is_signed:
            return
        before = self.case.draft
        typed = replace(typed, further=before.typed.further)
        self.case.draft = replace(before, typed=typed, confirmed=confirmed, identity_jotting=None)
        if self.case.draft != before:
            self.writer.keep(self.case)
        if (typed, confirmed) == (before.typed, before.confirmed):
            return
        self._book.touch(self.case)
        self.identity_changed.emit(self.case)
        self.reading_changed.emit()

    def jot_values(self, values: Mapping[str, float | str]) -> None:
        """Keep the values of the patient form as they stand, a moment after typing."""
        if self.case is None or self.is_closed:
            return
        typed = self.case.draft.typed
        further: dict[str, Sourced[float | str | bool]] = {
            code: Sourced(value=value, source="typed") for code, value in values.items()
        }
        if further == dict(typed.further):
            return
        asked_before = self.missing()
        self.case.draft = replace(self.case.draft, typed=replace(typed, further=MappingProxyType(further)))
        self._type(self.reading)
        self._tell_asked(asked_before)

    def ask_estimates(self) -> None:
        """Have the models asked anew with the values as they stand."""
        if self.case is not None and not self.is_closed:
            self.flush()
            self.identity_changed.emit(self.case)
            self.reading_changed.emit()

    def take_draft(self, case: Case, draft: Draft) -> None:
        """Take a draft that was changed in the records, in place of what is in memory."""
        self.writer.forget(case)
        case.draft = draft
        self._book.touch(case)
        if case is self.case:
            self.undo.clear()
            self.case_opened.emit(case)
        self.identity_changed.emit(case)

    def take_over(self) -> None:
        """Go on with a study that somebody else began: in the open, and their reading stays theirs."""
        case, person = self.case, self._workplace.session.person
        if case is None or person is None or not self.begun_by or not self.may_read:
            return
        self.flush()
        former = case.draft.reader_id
        case.draft = taken_over(case.draft, person.person_id, person.name)
        self.undo.clear()
        self.writer.keep(case)
        try:
            self._workplace.trail.note("edit", f"unit:{case.key}", detail={"taken_over_from": former})
        except FarlightError as error:
            self.keeping_failed.emit(error)
        self.reading_changed.emit()

    def leave_to_another(self) -> None:
        """Let somebody else sit down: a study that was begun is put away, an untouched one stays."""
        self.flush()
        self.undo.clear()
        if self.begun_by:
            self.close()
        elif self.case is not None:
            self.reading_changed.emit()

    def apply(self, case: Case, reading: Reading) -> None:
        """Set the reading of a case and keep it; the case need not be the open one any more."""
        case.draft = replace(case.draft, reading=reading)
        self.writer.keep(case)
        self._book.touch(case)
        if case is self.case:
            self.reading_changed.emit()

    @Slot()
    def flush(self) -> None:
        """Bring what was typed to the disk now."""
        self.writer.flush()

    def _tell_asked(self, before: tuple[Missing, ...]) -> None:
        """Tell where typing has changed what stands between the case and its signature."""
        if self.case is not None and self.missing() != before:
            self._book.touch(self.case)
            self.reading_changed.emit()

    def _push(self, reading: Reading, text: str) -> None:
        assert self.case is not None
        self.undo.push(_ReadingStep(self, self.case, reading, text))

    def _type(self, reading: Reading) -> None:
        assert self.case is not None
        self.case.draft = replace(self.case.draft, reading=reading)
        self.writer.keep_soon(self.case)


class _ReadingStep(QUndoCommand):
    """One change of the decisions, as undo keeps it: notes and words typed meanwhile stay.

    Only words that the last answer had taken change with it.
    """

    def __init__(self, desk: Desk, case: Case, after: Reading, text: str) -> None:
        super().__init__(text)
        self._desk = desk
        self._case = case
        before = case.draft.reading
        self._before = (before.decisions, before.final_read)
        self._after = (after.decisions, after.final_read)

    def redo(self) -> None:
        """Do it, or do it again."""
        self._set(*self._after)

    def undo(self) -> None:
        """Take it back."""
        self._set(*self._before)

    def _set(self, decisions: tuple[Decision, ...], final: FinalRead | None) -> None:
        draft = self._case.draft
        notes = {(one.pack_id, one.finding): one.note.strip() for one in draft.jottings}
        last, own = _own_words(draft.reading.decisions), _own_words(decisions)
        decisions = tuple(
            replace(one, note=notes.get((one.pack_id, one.finding), one.note)) for one in decisions
        )
        jottings = tuple(
            replace(one, words=own.get((one.pack_id, one.finding), ""))
            if one.words.strip() == last.get((one.pack_id, one.finding), "")
            else one
            for one in draft.jottings
        )
        self._case.draft = replace(draft, jottings=jottings)
        self._desk.apply(self._case, replace(draft.reading, decisions=decisions, final_read=final))


def _own_words(decisions: tuple[Decision, ...]) -> dict[tuple[str, str], str]:
    return {(one.pack_id, one.finding): one.words for one in decisions if one.answer == "edited"}
