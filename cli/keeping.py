"""``records due|delete|hold|consent``: what is kept of a patient, and for how long."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING

from cli.console import print_json, print_table
from cli.credentials import add_credentials, open_workplace, read_line, read_secret
from core.errors import RequestError
from core.wording import say

if TYPE_CHECKING:
    from services.consent import Answer
    from services.retention import Due
    from services.workplace import Workplace

_PURPOSES = ("care", "teaching", "research")
_HOWS = ("signed_paper", "spoken", "guardian")


def add_to_records(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add these actions to the verb ``records``."""
    _add(actions, "due", list_due, patient=False).add_argument("--json", action="store_true")
    delete = _add(actions, "delete", delete_patient)
    delete.add_argument("--study", metavar="STUDY", type=int, action="append", help=say("keeping.help.study"))
    delete.add_argument("--show", action="store_true", help=say("keeping.help.show"))
    delete.add_argument("--with-set-aside", action="store_true", help=say("keeping.help.with_set_aside"))
    hold = _add(actions, "hold", hold_patient)
    hold.add_argument("--lift", action="store_true", help=say("keeping.help.lift"))
    consent = _add(actions, "consent", consent_of)
    consent.add_argument("--purpose", choices=_PURPOSES, help=say("keeping.help.purpose"))
    answer = consent.add_mutually_exclusive_group()
    answer.add_argument("--given", action="store_true", help=say("keeping.help.given"))
    answer.add_argument("--withdrawn", action="store_true", help=say("keeping.help.withdrawn"))
    consent.add_argument("--how", choices=_HOWS, default="signed_paper", help=say("keeping.help.how"))
    consent.add_argument("--on", metavar="YYYY-MM-DD", type=_day, help=say("keeping.help.on"))
    consent.add_argument("--json", action="store_true")


def list_due(arguments: argparse.Namespace) -> int:
    """List the patients whose records have been kept for as long as the settings say."""
    with open_workplace(arguments) as workplace:
        due = workplace.retention.due()
        off = workplace.retention.rule.adult_years <= 0
    if arguments.json:
        print_json([_due_plain(one) for one in due])
        return 0
    if off:
        print(say("keeping.due.off"), file=sys.stderr)
    header = ("record", "patient", "number", "born", "last", "due", "studies", "reports", "held")
    rows = [
        [
            str(one.patient_id), one.name or "-", one.number or "-", one.birth_date or "-",
            one.last.isoformat(), one.due_on.isoformat(), str(one.studies), str(one.reports),
            say("keeping.due.held") if one.held else "-",
        ]
        for one in due
    ]  # fmt: skip
    print_table([say(f"keeping.column.{name}") for name in header], rows)
    return 0


def delete_patient(arguments: argparse.Namespace) -> int:
    """Show all that goes, ask for the patient's number and the password again, then delete."""
    from services.keeping_words import plan_lines

    with open_workplace(arguments) as workplace:
        plan = workplace.deletion.plan(arguments.patient, arguments.study)
        for line in plan_lines(plan):
            print(line)
        if arguments.show:
            return 0
        typed = _asked(arguments, say("keeping.prompt.typed"))
        person = workplace.session.require("delete")
        password = read_secret(_descriptor(arguments), "password", person.name)
        workplace.deletion.delete(
            plan, password=password, typed=typed, with_set_aside=arguments.with_set_aside
        )
    print(say("keeping.delete.done" if plan.whole else "keeping.delete.done_studies"))
    return 0


def hold_patient(arguments: argparse.Namespace) -> int:
    """Keep a patient's records from being deleted, or lift that."""
    with open_workplace(arguments) as workplace:
        if arguments.lift:
            workplace.deletion.lift(arguments.patient)
        else:
            workplace.deletion.hold(arguments.patient, _asked(arguments, say("keeping.prompt.reason")))
        for hold in workplace.deletion.holds(arguments.patient):
            print(f"{_day_of(hold.placed_at)}  {hold.person}  {hold.reason}")
    return 0


def consent_of(arguments: argparse.Namespace) -> int:
    """Show what a patient agreed to, or record an answer."""
    if bool(arguments.purpose) != (arguments.given or arguments.withdrawn):
        raise RequestError(say("keeping.consent.incomplete"))
    with open_workplace(arguments) as workplace:
        if arguments.purpose:
            _record(arguments, workplace)
        answers = workplace.consent.now(arguments.patient)
    if arguments.json:
        print_json([_plain(answer) for answer in answers])
    else:
        header = ("purpose", "answer", "on", "how", "who", "recorded_by")
        print_table([say(f"keeping.column.{name}") for name in header], [_row(one) for one in answers])
    return 0


def _descriptor(arguments: argparse.Namespace) -> int | None:
    """Return the file descriptor that secrets come from, or None where they are asked for."""
    number: int | None = getattr(arguments, "password_fd", None)
    return number


def _record(arguments: argparse.Namespace, workplace: "Workplace") -> None:
    who = _asked(arguments, say("keeping.prompt.guardian")) if arguments.how == "guardian" else ""
    workplace.consent.record(
        arguments.patient,
        arguments.purpose,
        given=arguments.given,
        how=arguments.how,
        on=arguments.on or workplace.clock.now().date(),
        who=who,
    )


def _asked(arguments: argparse.Namespace, prompt: str) -> str:
    """Return a line from the file descriptor, or what somebody types: words of a patient are no arguments."""
    descriptor = _descriptor(arguments)
    if descriptor is not None:
        return read_line(descriptor)
    if not sys.stdin.isatty():
        raise RequestError(say("people.cli.no_terminal"))
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _add(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    patient: bool = True,
) -> argparse.ArgumentParser:
    words = say(f"keeping.help.{name}")
    parser = actions.add_parser(name, help=words, description=words)
    if patient:
        parser.add_argument("patient", metavar="RECORD", type=int, help=say("keeping.help.patient"))
    add_credentials(parser)
    parser.set_defaults(run=run)
    return parser


def _row(answer: "Answer") -> list[str]:
    from services.keeping_words import answer_words

    return [
        say(f"keeping.purpose.{answer.purpose}"),
        answer_words(answer),
        answer.on.isoformat() if answer.on else "-",
        say(f"keeping.how.{answer.how}") if answer.how else "-",
        answer.who or "-",
        answer.person or "-",
    ]


def _due_plain(due: "Due") -> dict[str, object]:
    days = {"last": due.last.isoformat(), "due_on": due.due_on.isoformat()}
    return {**asdict(due), **days}


def _plain(answer: "Answer") -> dict[str, object]:
    return {
        "purpose": answer.purpose,
        "given": answer.given,
        "asked": answer.asked,
        "how": answer.how,
        "who": answer.who,
        "on": answer.on.isoformat() if answer.on else None,
        "recorded_by": answer.person,
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(say("keeping.consent.day")) from error


def _day_of(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().date().isoformat()
