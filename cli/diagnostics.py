"""``diagnostics FILE.zip``: what support needs to know, without patients, people and places."""

import argparse
import sys
from pathlib import Path

from cli.console import ProgressLine, stoppable
from cli.credentials import add_credentials, open_workplace
from core.wording import say


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    text = say("diagnostics.help.diagnostics")
    parser = verbs.add_parser("diagnostics", help=text, description=text)
    parser.add_argument("file", metavar="FILE.zip", help=say("diagnostics.help.file"))
    parser.add_argument("--self-test", action="store_true", help=say("diagnostics.help.self_test"))
    parser.add_argument(
        "--without-records", action="store_true", help=say("diagnostics.help.without_records")
    )
    parser.add_argument("--force", action="store_true", help=say("diagnostics.help.force"))
    add_credentials(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the file and print what is in it."""
    from services.diagnostics import collect, save
    from store.profile import default_folder

    line = ProgressLine()
    try:
        with stoppable() as cancelled:
            if arguments.without_records:
                folder = Path(arguments.profile) if arguments.profile else default_folder()
                bundle = collect(folder, self_test=arguments.self_test, progress=line, cancelled=cancelled)
            else:
                with open_workplace(arguments) as workplace:
                    bundle = workplace.diagnostics(
                        self_test=arguments.self_test, progress=line, cancelled=cancelled
                    )
    finally:
        line.clear()
    save(bundle, Path(arguments.file), replace=arguments.force)
    for name, what in bundle.contents():
        print(f"{name}: {what}", file=sys.stderr)
    print(arguments.file)
    return 0
