"""Who uses the command line: a name, and a password that is asked for or read from a file descriptor.

A password never stands in an argument or in the environment: other programs could read it there.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import NotSetUpError, RequestError, WrongPasswordError
from core.wording import say

if TYPE_CHECKING:
    from services.access import Access
    from services.locked_records import LockedRecords
    from services.workplace import Workplace
    from store.keyring import KeyHolder

_LONGEST_BYTES = 4096


def add_credentials(parser: argparse.ArgumentParser) -> None:
    """Add ``--user`` and ``--password-fd`` to a verb (both may stand before the verb as well)."""
    parser.add_argument("--user", metavar="NAME", default=argparse.SUPPRESS, help=say("people.help.user"))
    parser.add_argument(
        "--password-fd",
        metavar="N",
        type=int,
        default=argparse.SUPPRESS,
        help=say("people.help.password_fd"),
    )


def open_workplace(arguments: argparse.Namespace) -> "Workplace":
    """Return the profile open for ``--user``; use it as a context manager, or close it at the end.

    Raises:
        NotSetUpError: nobody set this profile up.
        RequestError: there is no such person, or no password can be had.
        WrongPasswordError: it is not their password.
        ProfileInUseError, StoreError: see ``services.access.Access``.
    """
    access = open_access(arguments)
    try:
        if access.is_new:
            raise NotSetUpError
        holder = find_holder(access, getattr(arguments, "user", None))
        wait = access.wait_seconds(holder.holder_id)
        if wait > 0:  # before anybody types it for nothing
            raise WrongPasswordError("wait", wait_s=round(wait, 1))
        password = read_secret(getattr(arguments, "password_fd", None), "password", holder.name)
        workplace = access.log_in(holder.holder_id, password)
    except BaseException:
        access.close()
        raise
    tell_log_in(workplace)
    return workplace


def tell_log_in(workplace: "Workplace") -> None:
    """Say what whoever has just logged in must know; beside the output, which may be a table."""
    given = workplace.given_password
    if given is not None:
        print(given.title, given.hint, say("people.given.cli"), file=sys.stderr)
    if workplace.staff.key_waits:
        tell_key_waits("start")
    for sentence in workplace.wrong_guesses:
        print(sentence, say("people.guesses.advice"), file=sys.stderr)


def tell_key_waits(when: str) -> None:
    """Say that the records have not got their new key yet: a change was ``done``, or at a ``start``."""
    print(say(f"people.key_waits.{when}"), say("people.key_waits.hint"), file=sys.stderr)


def open_access(arguments: argparse.Namespace) -> "Access":
    """Return the door of the profile that was named; close it where no workplace comes of it."""
    from services.access import Access

    return Access(Path(arguments.profile) if arguments.profile else None)


def find_holder(access: "Access | LockedRecords", name: str | None) -> "KeyHolder":
    """Return who has that name; the only one there is where none was named.

    Raises:
        RequestError: nobody has it, or several people could be meant.
    """
    holders = access.holders()
    if name is None and len(holders) == 1:
        return holders[0]
    if name is None:
        raise RequestError(say("people.cli.name_user"))
    found = [one for one in holders if one.name.casefold() == name.strip().casefold()]
    if len(found) != 1:
        raise RequestError(say("people.cli.unknown_user" if not found else "people.cli.several_users"))
    return found[0]


def read_secret(descriptor: int | None, what: str, name: str = "", *, twice: bool = False) -> str:
    """Return a password, PIN or code: a line of a file descriptor, or what somebody types unseen.

    ``what`` is the prompt's key in the wording table (``password``, ``new_password``, ``pin``, ``code``).
    Several secrets may come from one descriptor, a line each.

    Raises:
        RequestError: there is neither a descriptor nor a terminal, or two entries differ.
    """
    if descriptor is not None:
        return read_line(descriptor)
    if sys.stdin is None or not sys.stdin.isatty():
        raise RequestError(say("people.cli.no_terminal"))
    import getpass

    prompt = say(f"people.prompt.{what}", name=name)
    typed = getpass.getpass(prompt, stream=sys.stderr)
    if twice and getpass.getpass(say("people.prompt.again"), stream=sys.stderr) != typed:
        raise RequestError(say("people.cli.differ"))
    return typed


def read_line(descriptor: int) -> str:
    """Return the next line of a file descriptor; what follows stays unread.

    Raises:
        RequestError: it cannot be read, holds no line, or one that is no UTF-8 or endless.
    """
    line = bytearray()
    try:
        while len(line) <= _LONGEST_BYTES and (one := os.read(descriptor, 1)) not in (b"", b"\n"):
            line += one
        text = line.decode().removesuffix("\r")
    except (OSError, OverflowError, UnicodeDecodeError) as error:
        raise RequestError(say("people.cli.descriptor", number=descriptor)) from error
    if not text or len(line) > _LONGEST_BYTES:
        raise RequestError(say("people.cli.descriptor", number=descriptor))
    return text
