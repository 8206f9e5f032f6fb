"""``packs new``: begin a pack from an ONNX or OpenVINO model of other hands."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import print_json, print_table, stoppable
from core.wording import say

if TYPE_CHECKING:
    from services.pack_draft import PackDraft

_SIZE = re.compile(r"(\d{1,4})[xX](\d{1,4})")


def add_to(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to those of ``packs``."""
    text = say("packs_new.help.packs_new")
    parser = actions.add_parser("new", help=text, description=text)
    parser.add_argument("model", metavar="MODEL", help=say("packs_new.help.model"))
    parser.add_argument("--id", metavar="ID", help=say("packs_new.help.id"))
    parser.add_argument("--out", metavar="DIR", default=".", help=say("packs_new.help.out"))
    parser.add_argument("--size", metavar="RxC", type=_size, help=say("packs_new.help.size"))
    parser.add_argument("--task", choices=("classify", "segment", "detect"), help=say("packs_new.help.task"))
    parser.add_argument("--output", metavar="NAME", help=say("packs_new.help.output"))
    parser.add_argument("--labels", metavar="FILE", help=say("packs_new.help.labels"))
    parser.add_argument("--json", action="store_true", help=say("cli.help.json"))
    parser.set_defaults(run=begin_pack)


def begin_pack(arguments: argparse.Namespace) -> int:
    """Write the folder of a new pack; print what was found in the model, and what is still missing."""
    from services.pack_draft import DraftWishes, draft_pack
    from services.record_json import to_plain

    wishes = DraftWishes(
        pack_id=arguments.id,
        size=arguments.size,
        task=arguments.task,
        output=arguments.output,
        labels=Path(arguments.labels) if arguments.labels else None,
    )
    with stoppable() as cancelled:
        draft = draft_pack(Path(arguments.model), Path(arguments.out), wishes, cancelled=cancelled)
    if arguments.json:
        print_json(to_plain(draft))
    else:
        _print(draft)
    return 0


def _print(draft: "PackDraft") -> None:
    rows = [[say(f"packs_new.row.{name}"), text] for name, text in draft.found]
    rows.append([say("packs_new.row.folder"), f"{draft.folder}: {', '.join(draft.files)}"])
    print_table([say("packs_new.column.what"), say("packs_new.column.found")], rows)
    print()
    if not draft.runs:
        print(say("packs_new.say.detect"))
        return
    if draft.missing:
        print_table(
            [say("packs_new.column.missing"), say("packs_new.column.need")],
            [list(row) for row in draft.missing],
        )
    else:
        print(say("packs_new.say.nothing_missing"))
    print()
    print(say("packs_new.say.next", folder=draft.folder))


def _size(text: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(say("packs_new.help.size"))
    return int(found[1]), int(found[2])
