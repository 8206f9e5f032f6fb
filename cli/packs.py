"""``packs list|show|verify``, beside verbs in modules of their own: model packs, installed and prepared."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import packs_archive, packs_evaluate, packs_new
from cli.console import ProgressLine, print_json, print_table, stoppable
from core.wording import say

if TYPE_CHECKING:
    from services.selftest import SelfCheck


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    parser = verbs.add_parser("packs", help=say("cli.help.packs"), description=say("cli.help.packs"))
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _add(actions, "list", list_packs)
    _add(actions, "show", show_pack).add_argument("id", metavar="ID", help=say("cli.help.pack_id"))
    _add(actions, "verify", verify_packs).add_argument(
        "ids", metavar="ID", nargs="*", help=say("cli.help.pack_ids")
    )
    packs_archive.add_to(actions)
    packs_evaluate.add_to(actions)
    packs_new.add_to(actions)


def list_packs(arguments: argparse.Namespace) -> int:
    """List the installed packs; 1 where one is broken."""
    from services.packs import installed_packs
    from services.record_json import to_plain

    packs = installed_packs()
    if arguments.json:
        print_json([to_plain(pack) for pack in packs])
    else:
        names = ("pack", "version", "class", "task", "title", "state")
        rows = [
            [
                pack.id,
                pack.version or "-",
                pack.pack_class or "-",
                pack.task or "-",
                pack.title or "-",
                f"{pack.error.code} {pack.error.message}" if pack.error else say("cli.outcome.usable"),
            ]
            for pack in packs
        ]
        print_table([say(f"cli.column.{name}") for name in names], rows)
    return int(any(pack.error for pack in packs))


def show_pack(arguments: argparse.Namespace) -> int:
    """Show what a pack says of itself."""
    from services.packs import pack_facts
    from services.record_json import to_plain

    facts = to_plain(pack_facts(arguments.id))
    if arguments.json:
        print_json(facts)
    else:
        _print_outline(facts)
    return 0


def verify_packs(arguments: argparse.Namespace) -> int:
    """Check packs; 1 where one is not as it must be. Folders are tried in a process of their own."""
    from services.selftest import run_self_test, try_folder

    folders = [Path(name) for name in arguments.ids if is_folder(name)]
    ids = [name for name in arguments.ids if not is_folder(name)]
    line = ProgressLine()
    checks: tuple[SelfCheck, ...] = ()
    with stoppable() as cancelled:
        if ids or not folders:
            checks = run_self_test(ids or None, progress=line, cancelled=cancelled)
        for folder in folders:
            checks += try_folder(folder, progress=line, cancelled=cancelled)
    line.clear()
    return print_checks(checks, as_json=arguments.json)


def is_folder(name: str) -> bool:
    """Whether a word names a pack's folder and not its id: it has a slash, or a manifest lies there."""
    return "/" in name or "\\" in name or (Path(name) / "pack.toml").is_file()


def print_checks(checks: "tuple[SelfCheck, ...]", *, as_json: bool) -> int:
    """Print checks as table or JSON and return the exit status: 1 where one failed or there is none."""
    from services.record_json import to_plain

    if as_json:
        print_json([to_plain(check) for check in checks])
    else:
        names = ("pack", "check", "engine", "precision", "outcome", "detail")
        rows = [
            [
                check.pack_id,
                check.name,
                check.engine or "-",
                check.precision or "-",
                say(f"cli.outcome.{'passed' if check.passed else 'failed'}"),
                check.detail or "-",
            ]
            for check in checks
        ]
        print_table([say(f"cli.column.{name}") for name in names], rows)
    return int(not checks or not all(check.passed for check in checks))


def _add(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    text = say(f"cli.help.packs_{name}")
    parser = actions.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help=say("cli.help.json"))
    parser.set_defaults(run=run)
    return parser


def _print_outline(value: Any, indent: int = 0) -> None:
    """Print nested dicts and lists as indented lines."""
    pad = "  " * indent
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        label = f"{pad}{key}:" if isinstance(value, dict) else f"{pad}-"
        if isinstance(item, dict | list):
            if item:
                print(label)
                _print_outline(item, indent + 1)
        elif item not in (None, ""):
            print(f"{label} {item}")
