"""``packs build|install|remove|rollback|keys``: packs as files from other hands, and keys that sign them."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.console import ProgressLine, print_json, print_table, stoppable
from cli.credentials import add_credentials, open_workplace, read_secret
from core.errors import LicenceNotAcceptedError
from core.wording import say

if TYPE_CHECKING:
    from services.pack_install import Offer, PackVersion

    Actions = argparse._SubParsersAction[argparse.ArgumentParser]


def add_to(actions: "Actions") -> None:
    """Add the actions to ``packs``."""
    build = _add(actions, "build", build_pack)
    build.add_argument("folder", metavar="DIR", help=say("cli.help.pack_folder"))
    build.add_argument("--out", metavar="DIR", help=say("cli.help.pack_out"))
    build.add_argument("--key", metavar="FILE", help=say("packs.help.key"))
    build.add_argument("--password-fd", metavar="N", type=int, help=say("packs.help.passphrase_fd"))
    install = _add(actions, "install", install_pack)
    install.add_argument("file", metavar="FILE", help=say("packs.help.file"))
    install.add_argument("--accept-licence", action="store_true", help=say("packs.help.accept_licence"))
    remove = _add(actions, "remove", remove_pack)
    remove.add_argument("id", metavar="ID", help=say("cli.help.pack_id"))
    remove.add_argument("--version", metavar="VERSION", help=say("packs.help.version"))
    _add(actions, "rollback", roll_back).add_argument("id", metavar="ID", help=say("cli.help.pack_id"))
    _add(actions, "versions", list_versions).add_argument(
        "--json", action="store_true", help=say("cli.help.json")
    )
    for one in ("install", "remove", "rollback", "versions"):
        add_credentials(actions.choices[one])
    _add_keys(actions)


def build_pack(arguments: argparse.Namespace) -> int:
    """Write a prepared pack's checksums and its ``.farpack``, and print where it is."""
    from services.pack_keys import open_private_key
    from services.packs import build

    key = None
    if arguments.key is not None:
        file = Path(arguments.key)
        key = open_private_key(file, read_secret(arguments.password_fd, "passphrase", file.name))
    print(build(Path(arguments.folder), Path(arguments.out) if arguments.out else None, private_key=key))
    return 0


def install_pack(arguments: argparse.Namespace) -> int:
    """Install or upgrade a pack from its file, as an administrator."""
    line = ProgressLine()
    with open_workplace(arguments) as workplace:
        try:
            with (
                stoppable() as cancelled,
                workplace.packs.offer(Path(arguments.file), progress=line, cancelled=cancelled) as offer,
            ):
                line.clear()
                accepted = _ask_for_licence(offer, already=arguments.accept_licence)
                made = workplace.packs.install(offer, accepted_licence=accepted)
        finally:
            line.clear()
    told = "upgraded" if offer.replaces else "installed"
    words = {"name": made.pack_id, "version": made.version, "old": offer.replaces, "signer": made.signer}
    print(say(f"packs.cli.{told}", **words))
    return 0


def remove_pack(arguments: argparse.Namespace) -> int:
    """Remove a pack, or one version of it, as an administrator."""
    with open_workplace(arguments) as workplace:
        gone = workplace.packs.remove(arguments.id, arguments.version)
    for one in gone:
        print(say("packs.cli.removed", name=one.pack_id, version=one.version))
    return 0


def roll_back(arguments: argparse.Namespace) -> int:
    """Go back to the version before the one that counts, as an administrator."""
    with open_workplace(arguments) as workplace:
        now = workplace.packs.roll_back(arguments.id)
    print(say("packs.cli.rolled_back", name=now.pack_id, version=now.version))
    return 0


def list_versions(arguments: argparse.Namespace) -> int:
    """List every version of every pack, with who signed and who installed it; 1 where one is not used."""
    with open_workplace(arguments) as workplace:
        versions, lost = workplace.packs.versions(), workplace.packs.lost()
    for pack_id, version in lost:
        print(say("packs.cli.lost", name=pack_id, version=version), file=sys.stderr)
    rows = [_facts(one) for one in versions]
    if arguments.json:
        print_json(rows)
    else:
        names = ("pack", "version", "counts", "signer", "installed_at", "state")
        head = [say(f"packs.column.{name}") for name in names]
        print_table(head, [[row[name] for name in names] for row in rows])
    return int(any(one.error for one in versions))


def new_key(arguments: argparse.Namespace) -> int:
    """Make a key pair for signing packs."""
    from services.pack_keys import make_key_pair, read_public_key_file

    passphrase = read_secret(arguments.password_fd, "new_passphrase", arguments.name, twice=True)
    private, public = make_key_pair(Path(arguments.out or "."), arguments.name, passphrase)
    print(say("packs.cli.key_made", private=private, public=public))
    print(say("packs.cli.fingerprint", fingerprint=read_public_key_file(public).fingerprint))
    return 0


def list_keys(arguments: argparse.Namespace) -> int:
    """List the keys that are trusted here."""
    with open_workplace(arguments) as workplace:
        keys = workplace.packs.keys.all()
    rows = [
        {
            "name": one.name,
            "fingerprint": one.fingerprint,
            "trusted_at": one.trusted_at,
            "person": say("packs.cli.built_in") if one.built_in else one.person,
        }
        for one in keys
    ]
    if arguments.json:
        print_json(rows)
    else:
        names = ("name", "fingerprint", "trusted_at", "person")
        head = [say(f"packs.column.{name}") for name in names]
        print_table(head, [[row[name] for name in names] for row in rows])
    return 0


def trust_key(arguments: argparse.Namespace) -> int:
    """Trust a maker's key, as an administrator who compared its fingerprint."""
    from services.pack_keys import read_public_key_file

    public = read_public_key_file(Path(arguments.file))
    if arguments.fingerprint is None:
        print(say("packs.cli.compare", name=public.name, fingerprint=public.fingerprint), file=sys.stderr)
        compared = read_typed(say("packs.prompt.fingerprint"))
    else:
        compared = arguments.fingerprint
    with open_workplace(arguments) as workplace:
        found = workplace.packs.keys.trust(public, compared)
    print(say("packs.cli.trusted", name=found.name, fingerprint=found.fingerprint))
    return 0


def distrust_key(arguments: argparse.Namespace) -> int:
    """Trust a key no more, as an administrator."""
    with open_workplace(arguments) as workplace:
        found = workplace.packs.keys.distrust(workplace.packs.keys.named(arguments.key).key)
    print(say("packs.cli.distrusted", name=found.name))
    return 0


def read_typed(prompt: str) -> str:
    """Return what somebody types on the terminal; "" where there is none."""
    if sys.stdin is None or not sys.stdin.isatty():
        return ""
    print(prompt, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _ask_for_licence(offer: "Offer", *, already: bool) -> bool:
    """Show what must be accepted, and return whether it was.

    Raises:
        LicenceNotAcceptedError: nobody accepted it.
    """
    if not offer.commercial_use:
        print(say("packs.licence.non_commercial"), file=sys.stderr)
    if not offer.licence_text:
        return False
    print(offer.licence_text, file=sys.stderr)
    if already or read_typed(say("packs.prompt.accept")).casefold() == say("packs.prompt.yes"):
        return True
    raise LicenceNotAcceptedError(offer.pack.id)


def _facts(one: "PackVersion") -> dict[str, str]:
    return {
        "pack": one.pack_id,
        "version": one.version,
        "counts": say(f"packs.cli.{'counts' if one.counts else 'waits'}"),
        "signer": say("packs.cli.bundled") if one.bundled else one.signer or "-",
        "fingerprint": one.fingerprint,
        "installed_at": one.installed_at or "-",
        "person": one.person,
        "state": f"{one.error.code} {one.error.detail}" if one.error else say("cli.outcome.usable"),
    }


def _add_keys(actions: "Actions") -> None:
    words = say("packs.help.keys")
    keys = actions.add_parser("keys", help=words, description=words).add_subparsers(
        dest="key_action", metavar="ACTION", required=True
    )
    new = _add(keys, "new", new_key, prefix="keys_")
    new.add_argument("name", metavar="NAME", help=say("packs.help.key_name"))
    new.add_argument("--out", metavar="DIR", help=say("packs.help.key_out"))
    new.add_argument("--password-fd", metavar="N", type=int, help=say("packs.help.passphrase_fd"))
    listing = _add(keys, "list", list_keys, prefix="keys_")
    listing.add_argument("--json", action="store_true", help=say("cli.help.json"))
    trust = _add(keys, "trust", trust_key, prefix="keys_")
    trust.add_argument("file", metavar="FILE", help=say("packs.help.public_key"))
    trust.add_argument("--fingerprint", metavar="DIGITS", help=say("packs.help.fingerprint"))
    _add(keys, "distrust", distrust_key, prefix="keys_").add_argument(
        "key", metavar="KEY", help=say("packs.help.which_key")
    )
    for one in ("list", "trust", "distrust"):
        add_credentials(keys.choices[one])


def _add(
    actions: "Actions", name: str, run: Callable[[argparse.Namespace], int], *, prefix: str = ""
) -> argparse.ArgumentParser:
    words = say(f"packs.help.{prefix}{name}")
    parser: argparse.ArgumentParser = actions.add_parser(name, help=words, description=words)
    parser.set_defaults(run=run)
    return parser
