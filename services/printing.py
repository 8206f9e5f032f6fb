"""Hand a report to the system's own printing as the PDF that it is, so that letters and lines stay sharp.

Where CUPS prints (Linux, macOS), ``lp`` takes the PDF on its standard input: no file with a patient in it is
written. Windows has no such way: there the window draws the pages as pictures at the printer's resolution.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from core.decision import PaperSize
from core.errors import ReportNotPrintedError

_PATIENCE_S = 60.0
_JOB_NAME = "Farlight"  # queues show it to everybody: never a name
_FROZEN_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintJob:
    """What the print dialog was told; ``printer`` empty is the system's default."""

    paper: PaperSize
    printer: str = ""
    copies: int = 1
    two_sided: bool = False


def can_print_pdf(platform: str = sys.platform) -> bool:
    """Return whether this computer prints a PDF as it is."""
    return platform != "win32" and shutil.which("lp") is not None


def print_pdf(pdf: bytes, job: PrintJob) -> None:
    """Give a PDF to the print queue; returns when the queue has it (use a background task).

    Raises:
        ReportNotPrintedError: the queue did not take it.
    """
    command = shutil.which("lp")
    if command is None:
        raise ReportNotPrintedError("no lp")
    try:
        subprocess.run(  # noqa: S603 - the system's own lp, and no shell reads the arguments
            [command, *print_options(job)],
            input=pdf,
            env=system_environment(),
            capture_output=True,
            timeout=_PATIENCE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ReportNotPrintedError(type(error).__name__, about=job.printer) from error


def print_options(job: PrintJob) -> tuple[str, ...]:
    """Return the arguments of ``lp`` for a job: the page in its own size, nothing scaled or turned.

    Source: CUPS, lp(1); PWG 5100.13, print-scaling.
    """
    sides = "two-sided-long-edge" if job.two_sided else "one-sided"
    options = (f"media={job.paper}", f"sides={sides}", "print-scaling=none")
    return (
        *(("-d", job.printer) if job.printer else ()),
        "-n",
        str(job.copies),
        "-t",
        _JOB_NAME,
        *(part for option in options for part in ("-o", option)),
    )


def system_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment for a program of the system: without the libraries of a frozen Farlight."""
    cleaned = dict(environment)
    for name in _FROZEN_PATHS:
        original = cleaned.pop(f"{name}_ORIG", None)
        if original is not None:
            cleaned[name] = original
        elif getattr(sys, "frozen", False):
            cleaned.pop(name, None)
    return cleaned
