"""``records list|move|merge|register``: patients and studies, without the window."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import ProgressLine, print_json, print_table, stoppable
from cli.credentials import add_credentials, open_workplace
from cli.keeping import add_to_records
from core.errors import RequestError
from core.wording import say

if TYPE_CHECKING:
    from services.register_people import Line, Mapped
    from services.register_table import Table
    from services.workplace import Workplace

_STYLES = {"day-first": "day_first", "month-first": "month_first"}
_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
_PREVIEWED = 20


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    text = say("records.help.records")
    parser = verbs.add_parser("records", help=text, description=text)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = _add(actions, "list")
    listing.set_defaults(run=list_records)
    listing.add_argument("--search", metavar="TEXT", default="", help=say("records.help.search"))
    listing.add_argument("--json", action="store_true", help=say("cli.help.json"))
    move = _add(actions, "move")
    move.set_defaults(run=move_study)
    move.add_argument("study", metavar="STUDY", type=int, help=say("records.help.study"))
    target = move.add_mutually_exclusive_group(required=True)
    target.add_argument("--to", metavar="PATIENT", type=int, help=say("records.help.to"))
    target.add_argument("--patient", metavar="FILE.json", help=say("records.help.patient"))
    move.add_argument("--why", metavar="TEXT", default="", help=say("records.help.why"))
    merge = _add(actions, "merge")
    merge.set_defaults(run=merge_records)
    merge.add_argument("gone", metavar="GONE", type=int, help=say("records.help.gone"))
    merge.add_argument("stays", metavar="STAYS", type=int, help=say("records.help.stays"))
    merge.add_argument("--why", metavar="TEXT", default="", help=say("records.help.why"))
    merge.add_argument("--undo", action="store_true", help=say("records.help.undo"))
    _register_arguments(_add(actions, "register"))
    add_to_records(actions)


def list_records(arguments: argparse.Namespace) -> int:
    """List patients and studies, the last opened first."""
    with open_workplace(arguments) as workplace:
        studies = workplace.records.listed(arguments.search)
        alone = workplace.records.patients_without_studies(arguments.search)
    rows = [
        {
            "patient": one.patient_id,
            "name": one.name,
            "id": one.number,
            "birth_date": one.birth_date,
            "study": one.study_id,
            "date": one.study_date,
            "modality": one.modality,
            "description": one.description,
            "state": one.state,
            "path": one.path,
        }
        for one in studies
    ]
    rows += [
        {"patient": one.patient_id, "name": one.name, "id": one.number, "birth_date": one.birth_date}
        for one in alone
    ]
    if arguments.json:
        print_json(rows)
        return 0
    names = ("patient", "name", "id", "birth_date", "study", "date", "modality", "state")
    table = [[str(row.get(name, "") or "-") for name in names] for row in rows]
    print_table([say(f"records.column.{name}") for name in names], table)
    return 0


def move_study(arguments: argparse.Namespace) -> int:
    """Give a study to another patient."""
    from services.patient import read_patient_file
    from services.record_facts import who

    given = None if arguments.patient is None else read_patient_file(Path(arguments.patient))
    with open_workplace(arguments) as workplace:
        to = arguments.to if given is None else given
        after = workplace.corrections.move(arguments.study, to, why=arguments.why)
        told = say("records.done.moved", study=arguments.study, patient=after.patient_id, name=who(after))
    print(told)
    return 0


def merge_records(arguments: argparse.Namespace) -> int:
    """Make one record of two, or two of one again."""
    with open_workplace(arguments) as workplace:
        if arguments.undo:
            _undo(workplace, arguments.gone, arguments.stays)
        else:
            workplace.corrections.merge(arguments.gone, arguments.stays, why=arguments.why)
    done = "split" if arguments.undo else "merged"
    print(say(f"records.done.{done}", gone=arguments.gone, stays=arguments.stays))
    return 0


def read_register(arguments: argparse.Namespace) -> int:
    """Read a camp's register in, or list or remove those that were read; 1 where rows were left out."""
    with open_workplace(arguments) as workplace:
        if arguments.remove is not None:
            count = workplace.register.remove(arguments.remove)
            print(say("records.done.removed", count=count))
            return 0
        if arguments.file is None:
            _print_registers(workplace)
            return 0
        return _read_file(workplace, arguments)


def _read_file(workplace: "Workplace", arguments: argparse.Namespace) -> int:
    from services.register_people import counts
    from services.register_table import read_table

    file = Path(arguments.file)
    table = read_table(
        file,
        encoding=arguments.encoding,
        separator=_SEPARATORS.get(arguments.separator or ""),
        has_headings=False if arguments.no_headings else None,
    )
    line, mapped = ProgressLine(), _mapped(table, arguments)
    try:
        with stoppable() as cancelled:
            lines = workplace.register.preview(table, mapped, progress=line, cancelled=cancelled)
    finally:
        line.clear()
    told: dict[str, Any] = dict(counts(lines).items())
    _print_preview(table, lines)
    print(say("records.done.counted", rows=len(lines), **told))
    if arguments.left_out:
        workplace.register.write_left_out(table, lines, Path(arguments.left_out))
    if not arguments.dry_run:
        try:
            with stoppable() as cancelled:
                register = workplace.register.read_in(lines, file.name, progress=line, cancelled=cancelled)
        finally:
            line.clear()
        print(say("records.done.read", count=register.people, number=register.register_id))
    return int(told["wrong"] > 0)


def _mapped(table: "Table", arguments: argparse.Namespace) -> "Mapped":
    """Return how the table is meant: as guessed, and as the arguments say."""
    from types import MappingProxyType

    from services.register_people import Mapped, find_date_style, guess

    columns = dict(guess(table).columns)
    for pair in (part for text in arguments.map for part in text.split(",") if part.strip()):
        field, column = _pair(pair, table)
        columns = {one: place for one, place in columns.items() if place != column}
        columns[field] = column
    born = columns.get("birth_date")
    found = find_date_style(row.cells[born] for row in table.rows) if born is not None else None
    style = _STYLES.get(arguments.dates or "")
    return Mapped(columns=MappingProxyType(columns), dates=style or found)  # type: ignore[arg-type]


def _pair(text: str, table: "Table") -> tuple[Any, int]:
    from services.register_table import FIELDS

    field, _, name = (part.strip() for part in text.partition("="))
    if field not in FIELDS or not name:
        raise RequestError(say("register.refusal.map", text=text))
    folded = [heading.casefold() for heading in table.headings]
    if name.casefold() in folded:
        return field, folded.index(name.casefold())
    if name.isdecimal() and 1 <= int(name) <= len(table.headings):
        return field, int(name) - 1
    raise RequestError(say("register.refusal.column", name=name))


def _print_preview(table: "Table", lines: "tuple[Line, ...]") -> None:
    """Print the first rows, and every row that is left out."""
    shown = [line for place, line in enumerate(lines) if place < _PREVIEWED or line.state != "right"]
    rows = [
        [
            str(line.row.line),
            say(f"records.line.{line.state}"),
            " ".join((line.why, *line.notes)).strip() or "-",
            table.separator.join(line.row.cells),
        ]
        for line in shown
    ]
    names = ("line", "fate", "why", "row")
    print_table([say(f"records.column.{name}") for name in names], rows)


def _print_registers(workplace: "Workplace") -> None:
    rows = [
        [str(one.register_id), one.title, one.read_at[:10], str(one.people)]
        for one in workplace.register.all()
    ]
    names = ("number", "title", "read_at", "people")
    print_table([say(f"records.column.{name}") for name in names], rows)


def _undo(workplace: "Workplace", gone: int, stays: int) -> None:
    for merge, _ in workplace.corrections.merges_into(stays):
        if merge.gone == gone:
            workplace.corrections.split(merge)
            return
    from core.errors import RecordRequestError

    raise RecordRequestError(say("records.request.no_merge"))


def _register_arguments(register: argparse.ArgumentParser) -> None:
    register.set_defaults(run=read_register)
    register.add_argument("file", metavar="FILE", nargs="?", help=say("records.help.file"))
    register.add_argument(
        "--map", metavar="FIELD=COLUMN", action="append", default=[], help=say("records.help.map")
    )
    register.add_argument("--dates", choices=tuple(_STYLES), help=say("records.help.dates"))
    register.add_argument("--encoding", choices=_ENCODINGS, help=say("records.help.encoding"))
    register.add_argument("--separator", choices=tuple(_SEPARATORS), help=say("records.help.separator"))
    register.add_argument("--no-headings", action="store_true", help=say("records.help.no_headings"))
    register.add_argument("--dry-run", action="store_true", help=say("records.help.dry_run"))
    register.add_argument("--left-out", metavar="OUT.csv", help=say("records.help.left_out"))
    register.add_argument("--remove", metavar="NUMBER", type=int, help=say("records.help.remove"))


def _add(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str
) -> argparse.ArgumentParser:
    text = say(f"records.help.{name}")
    parser = actions.add_parser(name, help=text, description=text)
    add_credentials(parser)
    return parser
