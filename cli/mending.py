"""``restore FROM`` and ``salvage``: records that are lost or damaged, put back as far as can be."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from cli.backup import find_backup
from cli.console import ProgressLine, print_json, print_table, stoppable
from cli.credentials import add_credentials, find_holder, read_secret
from core.errors import RequestError
from core.wording import say

if TYPE_CHECKING:
    from services.locked_records import LockedRecords, ReportNumber
    from services.restore import Prepared
    from services.salvage import Salvaged

_NAMED_REPORTS = 50


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both verbs to the parser."""
    restoring = _add(verbs, "restore")
    restoring.add_argument("source", metavar="FROM", help=say("backup.help.source"))
    restoring.add_argument("--beside", metavar="DIR", help=say("backup.help.beside"))
    restoring.set_defaults(run=restore)
    _add(verbs, "salvage").set_defaults(run=salvage)


def restore(arguments: argparse.Namespace) -> int:
    """Put a backup in the place of what the profile holds, which is set aside."""
    from services.restore import Restoring

    line = ProgressLine()
    beside = Path(arguments.beside) if arguments.beside else None
    with Restoring(find_backup(Path(arguments.source)), _profile(arguments), beside=beside) as restoring:
        _unlock(restoring, arguments)
        try:
            with stoppable() as cancelled:
                prepared = restoring.prepare(progress=line, cancelled=cancelled)
        finally:
            line.clear()
        _say_prepared(prepared)
        if prepared.present != "none":
            _require_yes(arguments, say("backup.cli.replace"))
        aside = restoring.carry_out()
    if arguments.json:
        print_json(asdict(prepared))
    else:
        print(say("backup.cli.restored", made_at=prepared.made_at))
    if aside is not None:
        print(say("backup.cli.aside", folder=aside), file=sys.stderr)
    return int(prepared.images_lost > 0)


def salvage(arguments: argparse.Namespace) -> int:
    """Open what can be opened of damaged records; 1 where something of them is lost."""
    from services.salvage import Salvaging

    line = ProgressLine()
    with Salvaging(_profile(arguments)) as salvaging:
        _unlock(salvaging, arguments)
        try:
            with stoppable() as cancelled:
                report = salvaging.prepare(progress=line, cancelled=cancelled)
        finally:
            line.clear()
        if arguments.json:
            print_json(asdict(report))
        else:
            _print_salvaged(report)
        if report.whole:
            print(say("backup.cli.whole"), file=sys.stderr)
            return 0
        if report.older_pages:
            print(say("backup.cli.older_pages", count=report.older_pages), file=sys.stderr)
        _say_reports("backup.cli.lost_reports", report.lost_reports)
        if report.images_aside:
            print(say("backup.images_aside", count=report.images_aside), file=sys.stderr)
        if report.backup_folder:
            known = say("backup.cli.known_backup", made_at=report.backup_at, folder=report.backup_folder)
            print(known, file=sys.stderr)
        _require_yes(arguments, say("backup.cli.replace"))
        aside = salvaging.carry_out()
    print(say("backup.cli.aside", folder=aside), file=sys.stderr)
    return 1


def _add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str) -> argparse.ArgumentParser:
    text = say(f"backup.help.{name}")
    parser = verbs.add_parser(name, help=text, description=text)
    parser.add_argument("--yes", action="store_true", help=say("backup.help.yes"))
    parser.add_argument("--sheet", action="store_true", help=say("people.help.with_sheet"))
    parser.add_argument("--code-fd", metavar="N", type=int, help=say("people.help.code_fd"))
    parser.add_argument("--json", action="store_true", help=say("cli.help.json"))
    add_credentials(parser)
    return parser


def _profile(arguments: argparse.Namespace) -> Path | None:
    return Path(arguments.profile) if arguments.profile else None


def _unlock(records: "LockedRecords", arguments: argparse.Namespace) -> None:
    if arguments.sheet or arguments.code_fd is not None:
        records.unlock_with_sheet(read_secret(arguments.code_fd, "code"))
        return
    holder = find_holder(records, getattr(arguments, "user", None))
    password = read_secret(getattr(arguments, "password_fd", None), "password", holder.name)
    records.unlock(holder.holder_id, password)


def _require_yes(arguments: argparse.Namespace, question: str) -> None:
    """Have somebody say that the present records are to be set aside.

    Raises:
        RequestError: nobody did; nothing has changed.
    """
    if arguments.yes:
        return
    if not sys.stdin.isatty():
        raise RequestError(say("backup.cli.say_yes"))
    print(question, end=" ", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() != say("backup.cli.yes"):
        raise RequestError(say("backup.cli.left"))


def _say_prepared(prepared: "Prepared") -> None:
    from services.restore import again_lines

    counts = ", ".join(
        say(f"backup.count.{name}", count=count)
        for name, count in prepared.counts.items()
        if name in ("signed_reports", "drafts", "patients", "people")
    )
    print(
        say("backup.cli.holds", made_at=prepared.made_at, counts=counts, images=prepared.images),
        file=sys.stderr,
    )
    if prepared.images_lost:
        print(say("backup.cli.images_lost", count=prepared.images_lost), file=sys.stderr)
    if prepared.present in ("other", "unreadable"):
        print(say(f"backup.cli.present_{prepared.present}"), file=sys.stderr)
    _say_reports("backup.cli.lacking", prepared.lacking)
    for line in again_lines(prepared, prepared.made_at):
        print(line, file=sys.stderr)


def _say_reports(key: str, reports: "tuple[ReportNumber, ...]") -> None:
    if not reports:
        return
    print(say(key, count=len(reports)), file=sys.stderr)
    for one in reports[:_NAMED_REPORTS]:
        print(f"  {one.number}  {one.signed_at or '?'}", file=sys.stderr)
    if len(reports) > _NAMED_REPORTS:
        print(f"  + {len(reports) - _NAMED_REPORTS}", file=sys.stderr)


def _print_salvaged(report: "Salvaged") -> None:
    names = ("table", "kept", "lost", "lost_pages")
    rows = [
        [table.table, str(table.kept), str(table.lost), str(table.lost_pages)]
        for table in report.tables
        if table.kept or table.lost or table.lost_pages
    ]
    print_table([say(f"backup.column.{name}") for name in names], rows)
