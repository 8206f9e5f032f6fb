"""The camp's register: read in after a preview, offered while an identity is typed, and removed again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import TypeVar

from core.clock import Clock
from core.errors import RegisterFileError
from core.patient import Patient
from core.wording import say
from services.patient import name_key
from services.progress import (
    IsCancelled,
    Progress,
    Report,
    Stage,
    never,
    nobody_listens,
    stop_if,
)
from services.record_facts import fold, patient_facts, patient_of
from services.register_people import Line, Mapped, counts, needs_date_style, read_people
from services.register_table import Table, escaped
from services.session import Session
from services.trail import Trail
from store.durable import replace_file
from store.records import RecordStore
from store.register import RegisterRow, RegisterStore

_OFFERED = 8
_TOLD_ROWS = 100
_T = TypeVar("_T")
_IDENTIFYING = ("name", "family_name", "given_names"), ("id",), ("birth_date",)


class RegisterDesk:
    """The registers of one profile."""

    def __init__(
        self, store: RegisterStore, records: RecordStore, *, session: Session, trail: Trail, clock: Clock
    ) -> None:
        self._store, self._records = store, records
        self._session, self._trail, self._clock = session, trail, clock

    def preview(
        self,
        table: Table,
        mapped: Mapped,
        *,
        progress: Report = nobody_listens,
        cancelled: IsCancelled = never,
    ) -> tuple[Line, ...]:
        """Return what would become of each row; nothing is read in.

        Raises:
            RegisterFileError: the columns do not say two identifiers, or dates can be read in two ways.
            Cancelled: somebody stopped it.
        """
        said = sum(any(one in mapped.columns for one in group) for group in _IDENTIFYING)
        if said < 2:
            raise RegisterFileError(say("register.refusal.no_columns"))
        if needs_date_style(table, mapped):
            raise RegisterFileError(say("register.refusal.dates"))
        lines = _told(read_people(table, mapped), "rows", len(table.rows), progress, cancelled)
        return tuple(self._compare(line) for line in lines)

    def read_in(
        self,
        lines: Sequence[Line],
        title: str,
        *,
        progress: Report = nobody_listens,
        cancelled: IsCancelled = never,
    ) -> RegisterRow:
        """Keep the people of the rows that are right, all of them or nobody.

        Raises:
            NotPermittedError: who is logged in may not enter patients.
            RegisterFileError: no row is right.
            Cancelled: somebody stopped it; nobody is read in.
        """
        self._session.require("enter_patient")
        right = [line.patient for line in lines if line.state == "right" and line.patient]
        if not right:
            raise RegisterFileError(say("register.refusal.no_people"))
        people = list(map(patient_facts, _told(right, "keeping", len(right), progress, cancelled)))
        with self._records.transaction():
            at = self._clock.now().astimezone(UTC).isoformat()
            told = _told(people, "keeping", len(people), nobody_listens, cancelled)
            number = self._store.keep(title, at, told)
            rows = counts(lines)
            self._trail.note(
                "register_read",
                f"register:{number}",
                detail={"read": rows["right"], "left_out": rows["wrong"], "double": rows["double"]},
            )
        return RegisterRow(register_id=number, title=title, read_at=at, people=len(right))

    def write_left_out(self, table: Table, lines: Sequence[Line], file: Path) -> int:
        """Write the rows that are left out as CSV, with the line and why; returns how many.

        Raises:
            NotPermittedError: who is logged in may not enter patients.
            RegisterFileError: it cannot be written.
        """
        self._session.require("enter_patient")
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=table.separator)
        headings = (escaped(heading) for heading in table.headings)
        writer.writerow((say("register.export.line"), say("register.export.why"), *headings))
        left = [line for line in lines if line.state != "right"]
        writer.writerows((line.row.line, *map(escaped, (line.why, *line.row.cells))) for line in left)
        try:
            replace_file(file, text.getvalue().encode("utf-8-sig"))
        except OSError as error:
            raise RegisterFileError(type(error).__name__) from error
        self._trail.note("export", "register", detail={"left_out": len(left)})
        return len(left)

    def all(self) -> tuple[RegisterRow, ...]:
        """Return the registers, the latest first."""
        return self._store.all()

    def remove(self, register_id: int) -> int:
        """Remove a register; returns how many people it listed. Records of patients stay.

        Raises:
            NotPermittedError: who is logged in may not correct identities.
        """
        self._session.require("correct_identity")
        with self._records.transaction():
            people = self._store.remove(register_id)
            detail = {"removed": people}
            self._trail.note("register_read", f"register:{register_id}", detail=detail)
        return people

    def offer(self, text: str) -> tuple[Patient, ...]:
        """Return people of the registers who hold every word of a text, for the identity form."""
        return tuple(patient_of(row) for row in self._store.search(fold(text).split(), _OFFERED))

    def _compare(self, line: Line) -> Line:
        """Tell a row whose person is listed already, or whose number the records give to somebody else."""
        if line.patient is None:
            return line
        facts = patient_facts(line.patient)
        if not facts.id_key:
            return line
        for listed in self._store.with_id(facts.id_key):
            if listed.name_key == facts.name_key and listed.birth_date == facts.birth_date:
                return replace(line, state="double", why=say("register.line.in_register"))
        known = self._records.patients_like(id_key=facts.id_key, name_key="", birth_date="")
        others = [one.name for one in known if one.name_key != name_key(facts.name)]
        if others:
            note = say("register.line.number_known", name=others[0])
            return replace(line, notes=(*line.notes, note))
        return line


def _told(
    items: Iterable[_T], stage: Stage, total: int, progress: Report, cancelled: IsCancelled
) -> Iterator[_T]:
    """Yield what comes, tell now and then how much there was, and end where somebody stops it.

    Raises:
        Cancelled: somebody did.
    """
    for number, item in enumerate(items):
        if number % _TOLD_ROWS == 0:
            stop_if(cancelled)
            progress(Progress(stage=stage, done=number, total=total))
        yield item
