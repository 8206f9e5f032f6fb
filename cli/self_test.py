"""``self-test``: both engines and every pack on this computer, against the packs' own golden answers."""

import argparse

from cli.console import ProgressLine, stoppable
from cli.packs import print_checks
from core.wording import say


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    parser = verbs.add_parser(
        "self-test", help=say("cli.help.self_test"), description=say("cli.help.self_test")
    )
    parser.add_argument("--json", action="store_true", help=say("cli.help.json"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check every pack in every engine and precision; 1 where one is not as it must be."""
    from services.selftest import run_self_test

    line = ProgressLine()
    with stoppable() as cancelled:
        checks = run_self_test(progress=line, cancelled=cancelled)
    line.clear()
    return print_checks(checks, as_json=arguments.json)
