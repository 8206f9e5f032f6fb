"""``people setup|list|add|leave|password|sheet``: who works with the records, without the window."""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from cli.console import print_json, print_table
from cli.credentials import (
    add_credentials,
    find_holder,
    open_access,
    open_workplace,
    read_secret,
    tell_key_waits,
    tell_log_in,
)
from core.errors import NotSetUpError, RequestError
from core.wording import say

if TYPE_CHECKING:
    from services.staff import NewPerson
    from services.workplace import Workplace
    from store.people import PersonRow

_DUTIES = ("administrator", "clinician", "assistant")


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the parser."""
    parser = verbs.add_parser("people", help=say("people.help.people"), description=say("people.help.people"))
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    setup = _add(actions, "setup", set_up, credentials=False)
    setup.add_argument("--name", required=True, help=say("people.help.name"))
    setup.add_argument(
        "--password-fd", metavar="N", type=int, default=argparse.SUPPRESS, help=say("people.help.password_fd")
    )
    _person_arguments(setup)
    _sheet_argument(setup)
    listing = _add(actions, "list", list_people)
    listing.add_argument("--json", action="store_true", help=say("cli.help.json"))
    adding = _add(actions, "add", add_person)
    adding.add_argument("--name", required=True, help=say("people.help.name"))
    adding.add_argument("--duty", choices=_DUTIES, required=True, help=say("people.help.duty"))
    _new_password_argument(adding)
    _person_arguments(adding)
    _add(actions, "leave", let_leave).add_argument("name", metavar="NAME", help=say("people.help.name"))
    password = _add(actions, "password", change_password)
    password.add_argument("--of", metavar="NAME", help=say("people.help.of"))
    password.add_argument("--sheet", action="store_true", help=say("people.help.with_sheet"))
    password.add_argument("--code-fd", metavar="N", type=int, help=say("people.help.code_fd"))
    _new_password_argument(password)
    _sheet_argument(_add(actions, "sheet", new_sheet))


def set_up(arguments: argparse.Namespace) -> int:
    """Set a new profile up; its first person administers."""
    _require_way_out(arguments)
    with open_access(arguments) as access:
        if not access.is_new:
            raise RequestError(say("people.cli.set_up_already"))
        if access.has_plain_records:
            print(say("people.cli.taken_over"), file=sys.stderr)
        name = arguments.name.strip()
        password = read_secret(getattr(arguments, "password_fd", None), "new_password", name, twice=True)
        made = access.set_up(_person(arguments, "administrator"), password)
        with made.workplace as workplace:
            _hand_out(made.code, arguments)
            workplace.staff.confirm_sheet()
    return 0


def list_people(arguments: argparse.Namespace) -> int:
    """List who can log in; with a password, what they may do as well."""
    if getattr(arguments, "user", None) is None and getattr(arguments, "password_fd", None) is None:
        with open_access(arguments) as access:
            if access.is_new:
                raise NotSetUpError
            rows: list[dict[str, object]] = [{"name": one.name} for one in access.holders()]
    else:
        with open_workplace(arguments) as workplace:
            rows = [_facts(one) for one in workplace.staff.all()]
    if arguments.json:
        print_json(rows)
    else:
        columns = tuple(rows[0])
        print_table(
            [say(f"people.column.{name}") for name in columns],
            [[str(row[name]) for name in columns] for row in rows],
        )
    return 0


def add_person(arguments: argparse.Namespace) -> int:
    """Enter a person, as an administrator."""
    with open_workplace(arguments) as workplace:
        workplace.session.require("people")
        password = read_secret(arguments.new_password_fd, "new_password", arguments.name.strip(), twice=True)
        person = workplace.staff.add(_person(arguments, arguments.duty), password)
        print(say("people.cli.added", name=person.name))
    return 0


def let_leave(arguments: argparse.Namespace) -> int:
    """Take a person away, as an administrator; what they signed stays."""
    with open_workplace(arguments) as workplace:
        workplace.session.require("people")
        person = _find(workplace, arguments.name)
        workplace.staff.leave(person.person_id)
        _tell_waiting(workplace)
        print(say("people.cli.left", name=person.name))
    return 0


def change_password(arguments: argparse.Namespace) -> int:
    """Change one's own password, give one to somebody else, or open with the recovery sheet."""
    if arguments.sheet or arguments.code_fd is not None:
        return _recover(arguments)
    with open_workplace(arguments) as workplace:
        me = workplace.session.require("enter_patient")
        person = me if arguments.of is None else _find(workplace, arguments.of)
        password = read_secret(arguments.new_password_fd, "new_password", person.name, twice=True)
        workplace.staff.give_password(person.person_id, password)
        _tell_waiting(workplace)
        print(say("people.cli.password_changed", name=person.name))
    return 0


def _tell_waiting(workplace: "Workplace") -> None:
    if workplace.staff.key_waits:
        tell_key_waits("done")


def new_sheet(arguments: argparse.Namespace) -> int:
    """Make a new recovery sheet, as an administrator; the earlier one opens nothing any more."""
    _require_way_out(arguments)
    with open_workplace(arguments) as workplace:
        workplace.session.require("people")
        workplace.staff.new_sheet(partial(_hand_out, arguments=arguments))
        _tell_waiting(workplace)
        workplace.staff.confirm_sheet()
    return 0


def _recover(arguments: argparse.Namespace) -> int:
    with open_access(arguments) as access:
        if access.is_new:
            raise NotSetUpError
        holder = find_holder(access, arguments.of or getattr(arguments, "user", None))
        code = read_secret(arguments.code_fd, "code")
        password = read_secret(arguments.new_password_fd, "new_password", holder.name, twice=True)
        with access.recover(code, holder.holder_id, password) as workplace:
            tell_log_in(workplace)
    print(say("people.cli.password_changed", name=holder.name))
    return 0


def _require_way_out(arguments: argparse.Namespace) -> None:
    """Refuse before anything is made where the code of the sheet would land in a file unasked."""
    if arguments.sheet_fd is None:
        if not sys.stdout.isatty():
            raise RequestError(say("people.cli.sheet_where"))
        return
    try:
        os.write(arguments.sheet_fd, b"")
    except (OSError, OverflowError) as error:
        raise RequestError(say("people.cli.sheet_not_taken", number=arguments.sheet_fd)) from error


def _hand_out(code: str, arguments: argparse.Namespace) -> None:
    """Give the code to who asked: on the terminal, or through the descriptor that was named."""
    if arguments.sheet_fd is None:
        print(say("people.cli.sheet", code=code), flush=True)
        return
    left = f"{code}\n".encode()
    try:
        while left:
            left = left[os.write(arguments.sheet_fd, left) :]
    except OSError as error:
        raise RequestError(say("people.cli.sheet_not_taken", number=arguments.sheet_fd)) from error


def _person(arguments: argparse.Namespace, duty: Any) -> "NewPerson":
    from services.staff import NewPerson

    signs = duty == "clinician" or arguments.signs or arguments.pin_fd is not None
    name = arguments.name.strip()
    return NewPerson(
        name=name,
        duty=duty,
        role=arguments.role,
        registration_number=arguments.number,
        pin=read_secret(arguments.pin_fd, "pin", name, twice=True) if signs else "",
    )


def _find(workplace: "Workplace", name: str) -> "PersonRow":
    found = [one for one in workplace.staff.all() if one.name.casefold() == name.strip().casefold()]
    if len(found) != 1:
        raise RequestError(say("people.cli.unknown_user" if not found else "people.cli.several_users"))
    return found[0]


def _facts(person: "PersonRow") -> dict[str, object]:
    return {
        "name": person.name,
        "duty": person.duty,
        "role": person.role,
        "number": person.registration_number,
        "signs": person.signs,
        "logs_in": bool(person.holder_id),
    }


def _add(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    credentials: bool = True,
) -> argparse.ArgumentParser:
    words = say(f"people.help.{name}")
    parser = actions.add_parser(name, help=words, description=words)
    parser.set_defaults(run=run)
    if credentials:
        add_credentials(parser)
    return parser


def _person_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--role", default="", help=say("people.help.role"))
    parser.add_argument("--number", default="", help=say("people.help.number"))
    parser.add_argument("--signs", action="store_true", help=say("people.help.signs"))
    parser.add_argument("--pin-fd", metavar="N", type=int, help=say("people.help.pin_fd"))


def _new_password_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--new-password-fd", metavar="N", type=int, help=say("people.help.new_password_fd"))


def _sheet_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sheet-fd", metavar="N", type=int, help=say("people.help.sheet_fd"))
