"""Rows of every table out of a damaged database, and a new database made of them.

Where the tree of a table is whole, its pages are known by it. Where a page of the tree is lost, the pages
below are still there, and nobody names them: they are found by looking at every page, and told apart by the
shape of their rows. Deleted records are not found so: the store overwrites what it frees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from store.btree import INTERIOR, LEAF, Child, Row, Value, children, kind_of, rows
from store.database import Database, harden
from store.image_vault import forget_strays
from store.page_file import HEADER, PageFile
from store.schema import MIGRATIONS
from store.sqlcipher import connect, dbapi

_MASTER = "sqlite_master"
_MASTER_COLUMNS = 5
_SEQUENCE = "sqlite_sequence"
_TOLD_EVERY = 256
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column as the schema has it; ``is_number`` where it is the row's own number."""

    name: str
    kind: str
    required: bool
    is_number: bool


@dataclass(slots=True, kw_only=True)
class Table:
    """A table and where its rows lie.

    ``gaps`` are pages of its tree that are lost. ``broken`` are rows of which a part is lost, with the rest.
    """

    name: str
    columns: tuple[Column, ...]
    leaves: list[int] = field(default_factory=list)
    gaps: int = 0
    kept: int = 0
    broken: list[Row] = field(default_factory=list)


def known_tables() -> dict[str, Table]:
    """Return the tables of the present schema, without rows."""
    connection = connect(":memory:", None)
    try:
        for script in MIGRATIONS:
            connection.executescript(script)
        names = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid"
            )
        ]
        return {
            name: Table(name=name, columns=_columns(connection, name)) for name in names if name != _SEQUENCE
        }
    finally:
        connection.close()


def _columns(connection: dbapi.Connection, table: str) -> tuple[Column, ...]:
    return tuple(
        Column(
            name=row["name"],
            kind=row["type"].upper(),
            required=bool(row["notnull"]),
            is_number=bool(row["pk"])
            and row["type"].upper() == "INTEGER"
            and _has_one_key(connection, table),
        )
        for row in connection.execute(f'PRAGMA table_info("{table}")')
    )


def _has_one_key(connection: dbapi.Connection, table: str) -> bool:
    return sum(bool(row["pk"]) for row in connection.execute(f'PRAGMA table_info("{table}")')) == 1


class DamagedDatabase:
    """The tables of a damaged database, found again."""

    def __init__(self, pages: PageFile, tell: Tell) -> None:
        """Look at every page. ``tell`` is told pages done and to do; what it raises ends the work."""
        self._pages, self._tell = pages, tell
        self.tables = known_tables()
        self.unknown_pages = 0
        self._seen: set[int] = set()
        self._sequences: dict[str, int] = {}
        self._find()

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found damaged."""
        lost = any(table.gaps or table.broken for table in self.tables.values())
        return not (lost or self._pages.bad or self._pages.older or self._pages.bad_frames)

    def rows_of(self, table: Table) -> Iterator[Row]:
        """Yield the rows of a table that are whole, once each; counts those that are not."""
        numbered = any(column.is_number for column in table.columns)
        seen: set[int] = set()
        for number in table.leaves:
            page = self._pages.page(number)
            for row in rows(page, self._pages.page) if page is not None else ():
                if numbered and row.rowid in seen:
                    continue  # an older state of a page that was split since
                if row.whole:
                    seen.add(row.rowid)
                    yield row
                else:
                    table.broken.append(row)
        table.broken = [row for row in table.broken if row.rowid not in seen]

    def sequence(self, table: str) -> int:
        """Return the highest number that a table ever gave, as far as it is known."""
        return self._sequences.get(table, 0)

    # --- finding

    def _find(self) -> None:
        roots = self._roots()
        sequence = roots.pop(_SEQUENCE, 0)
        for name, table in self.tables.items():
            if name in roots:
                self._walk(table, roots[name])
            elif self._pages.bad:
                table.gaps += 1  # else it is a table that an earlier schema does not have
        if sequence:
            self._read_sequences(sequence)
        self._give_orphans(self._orphans())

    def _roots(self) -> dict[str, int]:
        """Return the first page of each table, from the list of tables or what is left of it."""
        leaves, gaps = self._leaves(1)
        found = dict(self._named(leaves))
        if gaps or 1 in self._pages.bad:
            for number in range(2, self._pages.count + 1):
                if number not in self._seen and self._is_list_of_tables(number):
                    self._seen.add(number)
                    found.update({name: root for name, root in self._named([number]) if name not in found})
        return found

    def _named(self, leaves: list[int]) -> Iterator[tuple[str, int]]:
        for number in leaves:
            page = self._pages.page(number)
            for row in rows(page, self._pages.page) if page is not None else ():
                kind, name, _, root = (*row.values, None, None, None, None)[:4]
                if kind == "table" and isinstance(name, str) and isinstance(root, int):
                    yield name, root

    def _is_list_of_tables(self, number: int) -> bool:
        page = self._pages.page(number)
        if page is None or kind_of(page) != LEAF:
            return False
        first = next(rows(page, self._pages.page), None)
        return (
            first is not None
            and len(first.values) in (_MASTER_COLUMNS, _MASTER_COLUMNS - 1)
            and first.values[0] in ("table", "index", "trigger", "view")
            and isinstance(first.values[3], int)
        )

    def _walk(self, table: Table, root: int) -> None:
        table.leaves, table.gaps = self._leaves(root)

    def _leaves(self, root: int) -> tuple[list[int], int]:
        """Return the leaf pages below a page in their order, and how many pages on the way are lost."""
        leaves, gaps, waiting = [], 0, [root]
        while waiting:
            number = waiting.pop()
            if number in self._seen:
                continue
            self._seen.add(number)
            page = self._pages.page(number) if 0 < number <= self._pages.count else None
            if page is not None and kind_of(page) == LEAF:
                leaves.append(number)
            elif page is not None and kind_of(page) == INTERIOR:
                below: tuple[Child, ...] = children(page)
                waiting.extend(child.number for child in reversed(below))
            else:
                gaps += 1
                self._pages.bad.add(number)
        return leaves, gaps

    def _read_sequences(self, root: int) -> None:
        for number in self._leaves(root)[0]:
            page = self._pages.page(number)
            for row in rows(page, self._pages.page) if page is not None else ():
                if len(row.values) == 2 and isinstance(row.values[0], str) and isinstance(row.values[1], int):
                    self._sequences[row.values[0]] = row.values[1]

    def _orphans(self) -> Iterator[tuple[int, list[Row]]]:
        """Yield leaf pages that no tree names, with their rows; every page of the file is looked at."""
        for number in range(1, self._pages.count + 1):
            if number % _TOLD_EVERY == 0:
                self._tell(number, self._pages.count)
            page = self._pages.page(number)
            if page is None or number in self._seen or page.startswith(HEADER) or kind_of(page) != LEAF:
                continue
            found = list(rows(page, self._pages.page))
            if found:
                yield number, found

    def _give_orphans(self, orphans: Iterator[tuple[int, list[Row]]]) -> None:
        """Give each page to the one table that lost pages and whose rows look so."""
        for number, found in orphans:
            fitting = [
                table
                for table in self.tables.values()
                if table.gaps and all(_fits(table, row) for row in found)
            ]
            exact = [table for table in fitting if len(table.columns) == len(found[0].values)]
            chosen = exact if len(exact) == 1 else fitting
            if len(chosen) == 1:
                chosen[0].leaves.append(number)
            else:
                self.unknown_pages += 1


def _fits(table: Table, row: Row) -> bool:
    """Whether a row (or its beginning) can be one of a table."""
    if len(row.values) > len(table.columns) or (row.whole and not row.values):
        return False
    pairs = zip(table.columns, row.values, strict=False)
    return all(_takes(column, value) for column, value in pairs)


def _takes(column: Column, value: Value) -> bool:
    if column.is_number:
        return value is None
    if value is None:
        return not column.required
    kinds = {"TEXT": str, "INTEGER": int, "BLOB": bytes, "REAL": float | int}
    return isinstance(value, kinds.get(column.kind, object))


def write_new(damaged: DamagedDatabase, file: Path, key: bytes) -> None:
    """Make a new database of what was found.

    Raises:
        StoreError: it cannot be written.
    """
    Database(file, key, new=True).close()
    connection = connect(file, key)
    try:
        harden(connection)
        connection.execute("PRAGMA foreign_keys = OFF")  # what belongs to a lost row is worth keeping
        connection.execute("BEGIN IMMEDIATE")
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        for table in damaged.tables.values():
            _insert(connection, table, damaged)
        _leave_deleted_out(connection)
        _leave_lost_images_out(connection)
        for _, statement in triggers:
            connection.execute(statement)
        connection.execute("COMMIT")
    finally:
        connection.close()


def reserve_numbers(file: Path, key: bytes, numbers: list[int]) -> None:
    """Have the numbers of lost reports not given again: each keeps an empty frozen report."""
    connection = connect(file, key)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.executemany(
            "INSERT OR IGNORE INTO frozen_reports VALUES (?, x'')", [(number,) for number in numbers]
        )
    finally:
        connection.close()


def _leave_deleted_out(connection: dbapi.Connection) -> None:
    """Remove what an older state of a page brought back of deleted reports, and words of lost trail lines.

    Words without their line would be taken for those of the next line that gets the number.
    """
    connection.execute("DELETE FROM audit_words WHERE seq NOT IN (SELECT seq FROM audit)")
    deleted = "(SELECT report_id FROM deletions)"
    of_them = f"SELECT paper_id FROM papers WHERE report_id IN {deleted}"  # noqa: S608 - our own words
    connection.execute(f"DELETE FROM papers_not_made WHERE paper_id IN ({of_them})")  # noqa: S608
    for table in ("papers", "addenda", "frozen_reports", "signed_reports"):
        connection.execute(f"DELETE FROM {table} WHERE report_id IN {deleted}")  # noqa: S608 - our own names


def _leave_lost_images_out(connection: dbapi.Connection) -> None:
    """Remove copies of images that are not all there, so that they are made again from the medium.

    A copy needs its unit, its place in it and the row with its secret. Files of which one is lost are set
    aside beside the damaged records. Nothing is known to be a stray any more.
    """
    forget_strays(connection)
    connection.execute(
        "DELETE FROM image_copies WHERE unit_id NOT IN (SELECT unit_id FROM image_units)"
        " OR file_id NOT IN (SELECT file_id FROM image_files)"
    )
    connection.execute("DELETE FROM image_files WHERE file_id NOT IN (SELECT file_id FROM image_copies)")
    connection.execute(
        "UPDATE image_units SET whole = 0 WHERE unit_id IN"
        " (SELECT unit_id FROM image_units LEFT JOIN image_copies USING (unit_id) GROUP BY unit_id"
        " HAVING count(file_id) < ifnull(max(position) + 1, 1))"
    )


def _insert(connection: dbapi.Connection, table: Table, damaged: DamagedDatabase) -> None:
    for row in damaged.rows_of(table):
        values = _named_values(table, row)
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" * len(values))
        try:
            connection.execute(
                f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})',  # noqa: S608 - our own names
                tuple(values.values()),
            )
            table.kept += 1
        except dbapi.IntegrityError:
            continue  # an older state of a row that was kept
    highest = damaged.sequence(table.name)
    if highest:
        connection.execute(
            "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", (highest, table.name)
        )
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT ?, ?"
            " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)",
            (table.name, highest, table.name),
        )


def _named_values(table: Table, row: Row) -> Mapping[str, Value]:
    pairs = zip(table.columns, row.values, strict=False)
    return {column.name: row.rowid if column.is_number else value for column, value in pairs}
