"""Farlight's entry: a child process, the command line, or the window."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from core.ending import end_program
from services.private_memory import keep_memory_private
from services.tuning import processor_suffices

CHILDREN = {
    "--farlight-decoder": "imaging.decode_worker",
    "--farlight-batch-helper": "services.batch_helper",
    "--farlight-draft": "inference.drafting",
    "--farlight-probe": "inference.probe",
    "--farlight-trial": "inference.trial",
}
"""What this program is when it was started once more by itself; each has a ``main()``."""


def main(argv: Sequence[str]) -> int:
    """Hand over to whoever was asked for, and return the exit status."""
    keep_memory_private()
    child = CHILDREN.get(argv[0]) if argv else None
    if child is not None:
        return int(import_module(child).main())
    if not processor_suffices():
        from core.wording import say

        sys.stderr.write(say("engines.limit.no_sse42") + "\n")
        return 1
    from cli.program import parse, run_verb

    arguments = parse(argv)
    if arguments.verb is not None:
        return run_verb(arguments)
    if not has_display():
        from core.wording import say

        sys.stderr.write(say("cli.error.no_display") + "\n")
        return 1
    return open_window(arguments)


def open_window(arguments: argparse.Namespace) -> int:
    """Open the window: logged in where a password was handed over, else at the door."""
    from services.places import use_profile
    from store.profile import default_folder
    from ui.application import run

    profile = Path(arguments.profile) if arguments.profile else None
    use_profile(profile or default_folder())
    if arguments.password_fd is None:
        return run(open_path=arguments.open, profile=profile, user=arguments.user)
    from cli.program import complain
    from core.errors import FarlightError

    try:
        from cli.credentials import open_workplace

        workplace = open_workplace(arguments)
    except FarlightError as error:
        return complain(error)
    return run(open_path=arguments.open, profile=profile, workplace=workplace)


def has_display() -> bool:
    """Return whether a window can be shown: elsewhere than on Windows and macOS, X11 or Wayland says so."""
    if sys.platform in {"win32", "darwin"}:
        return True
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return any(os.environ.get(name) for name in named)


if __name__ == "__main__":
    end_program(main(sys.argv[1:]))
