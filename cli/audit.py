"""``audit verify|list|export``: the audit trail without a window."""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import ProgressLine, print_json, print_table, stoppable
from core.errors import RequestError
from core.wording import say
from services.progress import Progress, stop_if

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.trail import Trail
    from services.workplace import Workplace
    from store.audit import AuditQuery, Broken, ListedLine

_PAGE = 500
_WITNESS = re.compile(r"([1-9][0-9]{0,17}):([0-9a-fA-F]{8,64})")


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    text = say("trail.help.audit")
    actions = verbs.add_parser("audit", help=text, description=text).add_subparsers(
        dest="action", metavar="ACTION", required=True
    )
    verify = _add(actions, "verify", verify_trail)
    verify.add_argument("--file", metavar="FILE", help=say("trail.help.file"))
    verify.add_argument("--witness", metavar="LINE:DIGITS", type=_witness, help=say("trail.help.witness"))
    verify.add_argument("--json", action="store_true", help=say("trail.help.json"))
    listing = _add(actions, "list", list_lines)
    listing.add_argument("--from", dest="since", metavar="DAY", type=_day, help=say("trail.help.since"))
    listing.add_argument("--to", dest="until", metavar="DAY", type=_day, help=say("trail.help.until"))
    for name in ("person", "subject", "text"):
        listing.add_argument(f"--{name}", metavar=name.upper(), default="", help=say(f"trail.help.{name}"))
    listing.add_argument("--act", metavar="ACT", type=_act, action="append", help=say("trail.help.act"))
    listing.add_argument("--limit", metavar="N", type=_at_least_one, help=say("trail.help.limit"))
    listing.add_argument("--json", action="store_true", help=say("trail.help.json"))
    export = _add(actions, "export", export_lines)
    export.add_argument("file", metavar="FILE", help=say("trail.help.out"))
    export.add_argument("--with-names", action="store_true", help=say("trail.help.with_names"))


def verify_trail(arguments: argparse.Namespace) -> int:
    """Say whether the trail holds, and where it does not; 1 where it is broken."""
    if arguments.file:
        return _verify_file(Path(arguments.file), arguments)
    from services.trail_words import finding_words, state_sentences, state_words

    with _opened(arguments) as workplace, _counted() as watch:
        before, now = workplace.clock_before, workplace.clock.now()
        state = workplace.check_trail(watch)
        holds = _holds(workplace.trail, arguments.witness)
    if before is not None:
        told = say("trail.state.clock", now=f"{now:%Y-%m-%d %H:%M}", before=f"{before:%Y-%m-%d %H:%M}")
        print(told, file=sys.stderr)
    if arguments.json:
        earlier = [finding_words(one) for one in state.earlier]
        said = _state_as_json(state.lines, state.broken, holds, earlier)
        print_json({"checked_at": state.checked_at.isoformat(), **said})
    else:
        print("\n".join((state_words(state), *state_sentences(state), *_witness_words(arguments, holds))))
    return int(not state.is_whole or holds is False)


def list_lines(arguments: argparse.Namespace) -> int:
    """List the lines that are asked for, the newest first."""
    from services.trail_words import (
        act_words,
        patient_words,
        subject_words,
        time_words,
        what_words,
        who_words,
    )

    with _opened(arguments) as workplace:
        found = _pages(workplace.trail, _query(arguments), arguments.limit)
        if arguments.json:
            for one in found:
                _print_line(one)
            return 0
        rows = [
            [
                str(one.line.seq),
                time_words(one.line.at),
                who_words(one.line),
                act_words(one.line.act),
                patient_words(one) or "-",
                subject_words(one.line.subject) or "-",
                what_words(one.line) or "-",
            ]
            for one in found
        ]
    names = ("seq", "at", "who", "act", "patient", "record", "what")
    print_table([say(f"trail.column.{name}") for name in names], rows)
    return 0


def export_lines(arguments: argparse.Namespace) -> int:
    """Write the trail into a file, and say where it is."""
    file = Path(arguments.file)
    if file.exists():
        raise RequestError(say("trail.wrong.exists", file=file))
    with _opened(arguments) as workplace, _counted() as watch:
        count = workplace.export_trail(file, with_names=arguments.with_names, watch=watch)
    print(say("trail.export.written", lines=f"{count:,}", file=file))
    return 0


def _verify_file(file: Path, arguments: argparse.Namespace) -> int:
    from services.trail_export import check_export
    from services.trail_words import time_words, trouble_words

    checked = check_export(file, arguments.witness)
    holds = checked.witness_holds
    if arguments.json:
        said = _state_as_json(checked.lines, checked.broken, holds, [])
        print_json({"store": checked.store, "exported_at": checked.exported_at, **said})
        return int(bool(checked.broken) or holds is False)
    print(
        say(
            "trail.export.of",
            at=time_words(checked.exported_at),
            store=checked.store,
            seq=checked.last_seq,
            digest=checked.last_digest,
        )
    )
    lines = [trouble_words(one) for one in checked.broken] or [
        say(
            "trail.export.whole",
            lines=f"{checked.lines:,}",
            first=time_words(checked.first_at),
            last=time_words(checked.last_at),
        )
    ]
    print("\n".join((*lines, *_witness_words(arguments, holds))))
    return int(bool(checked.broken) or holds is False)


def _state_as_json(
    lines: int, broken: "tuple[Broken, ...]", holds: bool | None, earlier: list[str]
) -> dict[str, Any]:
    from services.record_json import to_plain

    return {
        "lines": lines,
        "whole": not broken and not earlier,
        "broken": [to_plain(one) for one in broken],
        "earlier": earlier,
        "witness_holds": holds,
    }


def _holds(trail: "Trail", witness: tuple[int, str] | None) -> bool | None:
    return None if witness is None else trail.has_digest(*witness)


def _witness_words(arguments: argparse.Namespace, holds: bool | None) -> tuple[str, ...]:
    if holds is None:
        return ()
    return (say(f"trail.export.witness_{'holds' if holds else 'fails'}", seq=arguments.witness[0]),)


def _pages(trail: "Trail", query: "AuditQuery", limit: int | None) -> "Iterator[ListedLine]":
    below, left = None, limit
    while left is None or left > 0:
        page = trail.page(query, below=below, limit=_PAGE if left is None else min(_PAGE, left))
        if not page:
            return
        yield from page
        below = page[-1].line.seq
        left = None if left is None else left - len(page)


def _query(arguments: argparse.Namespace) -> "AuditQuery":
    from services.trail import between_days
    from store.audit import AuditQuery

    since, before = between_days(arguments.since, arguments.until)
    return AuditQuery(
        person=arguments.person,
        acts=tuple(arguments.act or ()),
        subject=arguments.subject,
        text=arguments.text,
        since=since,
        before=before,
    )


def _print_line(one: "ListedLine") -> None:
    from services.record_json import to_plain

    value = {**to_plain(one.line), "about": one.about, "unnamed": one.unnamed}
    sys.stdout.write(json.dumps(value, ensure_ascii=True, allow_nan=False) + "\n")


def _opened(arguments: argparse.Namespace) -> "Workplace":
    from cli.credentials import open_workplace

    return open_workplace(arguments)


@contextmanager
def _counted() -> "Iterator[Callable[[int], None]]":
    """Show how many lines went by, and let Ctrl-C end it."""
    line = ProgressLine()
    with stoppable() as cancelled:

        def watch(done: int) -> None:
            stop_if(cancelled)
            line(Progress(stage="checking", done=done))

        yield watch
    line.clear()


def _witness(text: str) -> tuple[int, str]:
    found = _WITNESS.fullmatch(text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(say("trail.wrong.witness", text=text))
    return int(found[1]), found[2].lower()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(say("trail.wrong.day", text=text)) from error


def _act(text: str) -> str:
    from services.trail import ACTS

    if text not in ACTS:
        raise argparse.ArgumentTypeError(say("trail.wrong.act", text=text, acts=", ".join(ACTS)))
    return text


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _add(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: "Callable[[argparse.Namespace], int]",
) -> argparse.ArgumentParser:
    from cli.credentials import add_credentials

    text = say(f"trail.help.{name}")
    parser = actions.add_parser(name, help=text, description=text)
    add_credentials(parser)
    parser.set_defaults(run=run)
    return parser
