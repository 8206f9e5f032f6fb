"""``backup TO``, ``backup list|verify PATH``: the records on a stick, and whether they are whole there."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import ProgressLine, print_json, print_table, stoppable
from cli.credentials import add_credentials, open_workplace
from core.errors import NoBackupError
from core.wording import say

if TYPE_CHECKING:
    from store.backup_manifest import Backup

_VERBS = ("list", "verify")


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    text = say("backup.help.backup")
    parser = verbs.add_parser("backup", help=text, description=text)
    parser.add_argument("what", metavar="TO | list | verify", help=say("backup.help.what"))
    parser.add_argument("path", metavar="PATH", nargs="?", help=say("backup.help.path"))
    parser.add_argument("--verify", action="store_true", help=say("backup.help.verify_after"))
    parser.add_argument("--json", action="store_true", help=say("cli.help.json"))
    add_credentials(parser)
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Make, list or verify backups; 1 where one is not whole or could not be made."""
    if arguments.what in _VERBS and not arguments.path:
        arguments.parser.error(say("backup.cli.no_path"))
    if arguments.what == "list":
        return list_backups(arguments)
    if arguments.path and arguments.what != "verify":
        arguments.parser.error(say("backup.cli.one_place"))
    return verify_backup(arguments) if arguments.what == "verify" else make_backup(arguments)


def make_backup(arguments: argparse.Namespace) -> int:
    """Back the records of the profile up and print where they lie."""
    line = ProgressLine()
    with open_workplace(arguments) as workplace:
        try:
            with stoppable() as cancelled:
                made = workplace.backups.make(Path(arguments.what), progress=line, cancelled=cancelled)
                if arguments.verify:
                    workplace.backups.verify(made.backup, progress=line, cancelled=cancelled)
        finally:
            line.clear()
    if made.unread:
        print(say("backup.cli.unread", count=made.unread), file=sys.stderr)
    if arguments.json:
        print_json(_plain(made.backup))
    else:
        print(made.backup.folder)
    return int(made.unread > 0)


def list_backups(arguments: argparse.Namespace) -> int:
    """List the backups on a medium; asks for no password, since it shows nothing of the records."""
    from services.backup import backups_on

    found = backups_on(Path(arguments.path))
    if arguments.json:
        print_json([_plain(backup) for backup in found])
    else:
        names = ("made_at", "size", "images", "records_of", "folder")
        rows = [
            [
                backup.manifest.made_at,
                f"{backup.manifest.size / 1e6:.1f} MB",
                str(len(backup.manifest.of_kind("image"))),
                backup.manifest.store_id[:8],
                str(backup.folder),
            ]
            for backup in found
        ]
        print_table([say(f"backup.column.{name}") for name in names], rows)
    return 0


def verify_backup(arguments: argparse.Namespace) -> int:
    """Read the latest backup in a place, or the one that it is, whole."""
    line = ProgressLine()
    with open_workplace(arguments) as workplace:
        found = find_backup(Path(arguments.path))
        try:
            with stoppable() as cancelled:
                workplace.backups.verify(found, progress=line, cancelled=cancelled)
        finally:
            line.clear()
    print(say("backup.cli.verified", folder=found.folder, made_at=found.manifest.made_at), file=sys.stderr)
    return 0


def find_backup(place: Path) -> "Backup":
    """Return the backup that a folder is, or the latest of those in it.

    Raises:
        NoBackupError: there is none.
    """
    from services.backup import backups_on

    found = backups_on(place)
    if not found:
        raise NoBackupError
    return found[0]


def _plain(backup: "Backup") -> dict[str, object]:
    manifest = backup.manifest
    return {
        "folder": str(backup.folder),
        "made_at": manifest.made_at,
        "bytes": manifest.size,
        "images": len(manifest.of_kind("image")),
        "store": manifest.store_id,
        "farlight": manifest.farlight,
    }
