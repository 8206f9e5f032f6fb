"""``scan PATH``: the studies and series that are there, from their headers alone."""

import argparse
from typing import TYPE_CHECKING, Any

from cli.console import ProgressLine, print_json, print_table, stoppable
from core.wording import say

if TYPE_CHECKING:
    from core.image import ReadingUnit
    from services.scan import Unreadable


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    parser = verbs.add_parser("scan", help=say("cli.help.scan"), description=say("cli.help.scan"))
    parser.add_argument("path", metavar="PATH", nargs="+", help=say("cli.help.scan_path"))
    parser.add_argument("--json", action="store_true", help=say("cli.help.json"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List what is found; 1 where something could not be read."""
    from services.scan import Unreadable, scan

    line = ProgressLine()
    with stoppable() as cancelled:
        found = list(scan(arguments.path, progress=line, cancelled=cancelled))
    line.clear()
    if arguments.json:
        print_json([_as_dict(item) for item in found])
    else:
        header = [
            say(f"cli.column.{name}") for name in ("path", "modality", "images", "date", "patient", "what")
        ]
        print_table(header, [_row(item) for item in found])
    return int(any(isinstance(item, Unreadable) for item in found))


def _as_dict(item: "ReadingUnit | Unreadable") -> dict[str, Any]:
    from core.image import ReadingUnit
    from services.result_json import patient_to_dict

    if not isinstance(item, ReadingUnit):
        error = {"code": item.error.code, "message": item.error.message}
        return {"path": item.path, "kind": None, "error": error}
    header = item.header
    return {
        "path": item.path,
        "kind": item.kind,
        "files": len(item.files),
        "images": item.frames,
        "modality": header.modality,
        "body_part": header.body_part,
        "view": header.view,
        "study_uid": header.study_uid,
        "series_uids": list(header.series_uids),
        "study_date": header.date,
        "study_description": header.description,
        "series_description": header.series_description,
        "patient": patient_to_dict(item.patient),
        "error": None,
    }


def _row(item: "ReadingUnit | Unreadable") -> list[str]:
    from core.image import ReadingUnit

    if not isinstance(item, ReadingUnit):
        return [item.path, "-", "-", "-", "-", f"{item.error.code} {item.error.message}"]
    header = item.header
    described = [text for text in (header.description, header.series_description) if text]
    return [
        item.path,
        header.modality or "-",
        str(item.frames),
        header.date or "-",
        item.patient.name.value if item.patient.name else "-",
        ", ".join(described) or "-",
    ]
