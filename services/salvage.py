"""Opening what can be opened of damaged records, and saying what is lost.

What can be read is written into new records; the damaged ones are set aside and never deleted. As with a
restore, ``prepare`` changes nothing and tells, ``carry_out`` swaps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import NotSalvagedError
from services.locked_records import LockedRecords, ReportNumber
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from store.audit import AuditStore
from store.database import Database, check_whole, not_opened
from store.key_turn import holds_a_page
from store.page_file import PageFile
from store.people import PeopleStore, PersonRow
from store.salvage_rows import DamagedDatabase, reserve_numbers, write_new
from store.settings import Settings
from store.sqlcipher import dbapi
from store.swap import DATABASE, GUESSES, RECORDS, incoming, swap

_OF_REPORTS = ("frozen_reports", "papers", "addenda")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """What became of one table: rows kept, rows known to be lost, and lost pages with who knows how many."""

    table: str
    kept: int
    lost: int
    lost_pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvaged:
    """What could be read of damaged records.

    ``pages`` counts the pages of the file, ``bad_pages`` those that are lost, ``older_pages`` those of which
    only an earlier state could be read. ``unknown_pages`` hold rows of which nobody knows the table.
    ``images_aside`` counts copies of images that belong to no study any more, or whose key is lost.
    """

    whole: bool
    pages: int
    bad_pages: int
    older_pages: int
    unknown_pages: int
    tables: tuple[TableReport, ...]
    lost_reports: tuple[ReportNumber, ...]
    entered_again: int
    backup_at: str
    backup_folder: str
    images_aside: int = 0

    @property
    def may_lack_more(self) -> bool:
        """Whether rows may be lost that nobody can name."""
        return any(table.lost_pages for table in self.tables) or self.unknown_pages > 0


class Salvaging(LockedRecords):
    """The damaged records of one profile, whose lock this holds. Close it at the end."""

    _images_aside: tuple[str, ...] = ()

    def _take(self, key: bytes, holder_id: str) -> None:
        """Take the key that the records are under (of two, where a crash cut short its turn)."""
        keys, file = self._ring.keys(), self._profile.database_file
        super()._take(next((one for one in keys if holds_a_page(file, one)), key), holder_id)

    def prepare(self, *, progress: Report = nobody_listens, cancelled: IsCancelled = never) -> Salvaged:
        """Read what can be read into new records; nothing is replaced yet.

        Raises:
            NotPermittedError: the password was not an administrator's.
            NotSalvagedError: not one page could be read with this key.
            StoreError: the new records could not be written.
            Cancelled: somebody stopped it.
        """
        key = self._require_key()
        new = incoming(self._folder) / DATABASE

        def tell(done: int, total: int) -> None:
            stop_if(cancelled)
            progress(Progress(stage="salvaging", done=done, total=total))

        try:
            with PageFile(self._profile.database_file, key) as pages:
                damaged = DamagedDatabase(pages, tell)
                if pages.bad.issuperset(range(1, pages.count + 1)):
                    raise NotSalvagedError(f"{pages.count} pages")
                write_new(damaged, new, key)
        except (OSError, dbapi.OperationalError) as error:
            raise not_opened(error) from error
        progress(Progress(stage="checking"))
        database = Database(new, key)
        try:
            entered = self._enter_people(database)
            self._images_aside = tuple(self._unnamed_images(database))
            lost = tuple(self._lost_reports(database, damaged))
            report = self._report(damaged, pages, lost, entered)
            self._note(database, report)
        finally:
            database.close()
        reserve_numbers(new, key, [one.number for one in lost])
        check_whole(new, key)
        return report

    def carry_out(self) -> Path:
        """Put the new records in the place of the damaged ones; returns where those were set aside.

        Raises:
            ProfileNotWritableError: it could not be begun; nothing has changed.
            NotReplacedError: it was begun, and the next start goes on.
        """
        return swap(
            self._folder,
            aside=(*RECORDS, *self._images_aside),
            copied=("keys.json", "keys-copy.json", "anchor.json", "settings.json", GUESSES),
        )

    def _unnamed_images(self, database: Database) -> Iterator[str]:
        """Yield the files of images that the new records do not name: only the damaged ones may."""
        with database.transaction() as connection:
            named = {str(row["name"]) for row in connection.execute("SELECT name FROM image_files")}
        images = self._profile.image_folder
        for file in sorted(images.iterdir()) if images.is_dir() else ():
            if file.name not in named and file.is_file() and not file.is_symlink():
                yield file.relative_to(self._folder).as_posix()

    # --- people

    def _enter_people(self, database: Database) -> int:
        """Enter who has a password and was lost; returns how many. Somebody must administrate."""
        people = PeopleStore(database, self._clock, self._cost)
        known = {person.holder_id: person for person in people.all()}
        first = known.get(self._holder)
        nobody_administrates = all(person.duty != "administrator" for person in known.values())
        if not nobody_administrates:
            self._require_administrator(first.duty if first else None)
        entered = 0
        for holder in self.holders():
            if holder.holder_id in known:
                continue
            takes_over = nobody_administrates and holder.holder_id == self._holder
            people.add(
                name=holder.name,
                role="",
                registration_number="",
                pin="",
                duty="administrator" if takes_over else "clinician",
                holder_id=holder.holder_id,
            )
            entered += 1
        return entered

    def _person(self, database: Database) -> PersonRow | None:
        everybody = PeopleStore(database, self._clock).all()
        return next((one for one in everybody if self._holder and one.holder_id == self._holder), None)

    # --- telling

    def _lost_reports(self, database: Database, damaged: DamagedDatabase) -> Iterator[ReportNumber]:
        """Yield the signed reports that something tells of and that could not be kept."""
        with database.transaction() as connection:
            kept = _numbers(connection, "signed_reports")
            deleted = _numbers(connection, "deletions")
            named = set().union(*(_numbers(connection, table) for table in _OF_REPORTS))
            signed = dict(_signed_in_trail(connection))
            deleted |= {number for number, _ in _in_trail(connection, "delete")}
        partly = {row.rowid: _text_at(row.values, 3) for row in damaged.tables["signed_reports"].broken}
        if damaged.tables["audit"].gaps or damaged.tables["audit"].broken:
            named |= set(range(1, max((*kept, *named, *signed, 0)) + 1))
        for number in sorted((named | set(signed) | set(partly)) - kept - deleted):
            yield ReportNumber(number=number, signed_at=signed.get(number) or partly.get(number, ""))

    def _report(
        self,
        damaged: DamagedDatabase,
        pages: PageFile,
        lost: tuple[ReportNumber, ...],
        entered: int,
    ) -> Salvaged:
        settings = Settings(self._profile.settings_file)
        return Salvaged(
            whole=damaged.is_whole and not lost,
            pages=pages.count,
            bad_pages=len(pages.bad),
            older_pages=len(pages.older),
            unknown_pages=damaged.unknown_pages,
            tables=tuple(
                TableReport(table=table.name, kept=table.kept, lost=len(table.broken), lost_pages=table.gaps)
                for table in damaged.tables.values()
            ),
            lost_reports=lost,
            entered_again=entered,
            backup_at=settings.text("backup.last_at"),
            backup_folder=settings.text("backup.last_path"),
            images_aside=len(self._images_aside),
        )

    def _note(self, database: Database, report: Salvaged) -> None:
        person = self._person(database)
        touched = [table for table in report.tables if table.lost or table.lost_pages]
        anchor = self._folder / "incoming" / "anchor.json"
        AuditStore(database, self._clock, anchor).write(
            "salvage",
            person_id=person.person_id if person else None,
            person=person.name if person else "",
            detail={
                "with": "password" if person else "sheet",
                "pages": report.pages,
                "bad_pages": report.bad_pages,
                "older_pages": report.older_pages,
                "tables": {table.table: [table.kept, table.lost, table.lost_pages] for table in touched},
                "lost_reports": [[one.number, one.signed_at] for one in report.lost_reports],
                "people_entered_again": report.entered_again,
                "images_aside": report.images_aside,
            },
        )
        anchor.unlink(missing_ok=True)  # the old anchor stays: it knows whether the end of the trail is lost


def _numbers(connection: dbapi.Connection, table: str) -> set[int]:
    return {int(row[0]) for row in connection.execute(f"SELECT report_id FROM {table}")}  # noqa: S608 - ours


def _signed_in_trail(connection: dbapi.Connection) -> Iterator[tuple[int, str]]:
    yield from _in_trail(connection, "sign")


def _in_trail(connection: dbapi.Connection, act: str) -> Iterator[tuple[int, str]]:
    rows = connection.execute(
        "SELECT subject, at FROM audit WHERE act = ? AND subject LIKE 'report:%' ORDER BY seq", (act,)
    )
    for row in rows:
        number = str(row["subject"]).removeprefix("report:")
        if number.isdigit():
            yield int(number), str(row["at"])


def _text_at(values: tuple[object, ...], place: int) -> str:
    return str(values[place]) if len(values) > place else ""
