"""The program's front door: which verb, which exit status, and every error as one sentence."""

import argparse
import errno
import logging
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from core.errors import (
    Cancelled,
    FarlightError,
    LabelTableError,
    OutputStreamError,
    RequestError,
    UnknownPackError,
)
from core.wording import say
from services.version import VERSION

_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EDQUOT)
DONE, NOT_ALL_DONE, WRONG_ARGUMENTS = 0, 1, 2

_log = logging.getLogger(__name__)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser for every verb; without a verb the window opens."""
    parser = argparse.ArgumentParser(
        prog="farlight", description=say("cli.help.program"), allow_abbrev=False, add_help=True
    )
    parser.add_argument("--version", action="version", version=f"Farlight {VERSION}")
    parser.add_argument("--profile", metavar="DIR", help=say("cli.help.profile"))
    parser.add_argument("--open", metavar="PATH", help=say("cli.help.open"))
    parser.add_argument("--user", metavar="NAME", help=say("people.help.user"))
    parser.add_argument("--password-fd", metavar="N", type=int, help=say("people.help.password_fd"))
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title=say("cli.help.verbs"))
    for module in _verbs():
        module.add_to(verbs)
    return parser


def run_verb(arguments: argparse.Namespace) -> int:
    """Run the verb that was parsed and return the exit status; errors become one sentence on stderr."""
    _ready_streams()
    _open_profile(arguments)
    try:
        status = int(arguments.run(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()  # the reader went away (``| head``)
        status = NOT_ALL_DONE
    except (Cancelled, KeyboardInterrupt):
        status = complain(Cancelled())
    except FarlightError as error:
        status = complain(error)
    except OSError as error:
        status = _complain_of_system(error)
    except Exception as error:  # noqa: BLE001 - the one place where the command line catches everything
        status = _complain_of_unexpected(error)
    return status


def _complain_of_system(error: OSError) -> int:
    """Say what the system refused; files are named in such an error, standard output is not."""
    if error.filename is None and error.errno in _NO_ROOM:
        _discard_output()
        return complain(OutputStreamError(errno.errorcode[error.errno], while_running=True))
    return _complain_of_unexpected(error)


def _complain_of_unexpected(error: Exception) -> int:
    from services.load import error_record

    error_record(error)
    return complain(FarlightError())


def _discard_output() -> None:
    """Send what is still to be written nowhere: what Python flushes at the end must not complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _ready_streams() -> None:
    """Make both streams writable: one that was closed (``>&-``) takes all and keeps nothing."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  for the process
        else:
            stream.reconfigure(errors="backslashreplace")


def complain(error: FarlightError) -> int:
    """Say an error on stderr and return its exit status."""
    about = f" {error.about}:" if error.about else ""
    problems = error.context.get("problems")
    if isinstance(problems, tuple) and len(problems) > 1:
        lines = [f"{error.code}{about} {error.message}", *(f"  {problem}" for problem in problems)]
        print("\n".join(lines), file=sys.stderr)
    else:
        print(f"{error.code}{about}{str(error).removeprefix(error.code)}", file=sys.stderr)
    asked_wrongly = isinstance(error, RequestError | UnknownPackError | LabelTableError)
    return WRONG_ARGUMENTS if asked_wrongly and not error.context.get("while_running") else NOT_ALL_DONE


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the parsed arguments.

    Raises:
        SystemExit: status 2 where they are wrong, 0 after --help and --version.
    """
    return build_parser().parse_args(argv)


def _verbs() -> tuple[ModuleType, ...]:
    from cli import (
        analyze,
        audit,
        backup,
        bench,
        diagnostics,
        mending,
        packs,
        people,
        records,
        scan,
        self_test,
    )

    return scan, analyze, packs, people, records, audit, backup, mending, diagnostics, self_test, bench


def _open_profile(arguments: argparse.Namespace) -> None:
    """Write the log there, and find the packs that are installed there."""
    from pathlib import Path

    from services.places import use_profile
    from store.profile import default_folder, start_log

    folder = Path(arguments.profile) if arguments.profile else default_folder()
    use_profile(folder)
    start_log(folder, "command-line")
