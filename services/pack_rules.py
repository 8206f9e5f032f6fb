"""What may become of packs: only newer ones come, one step goes back, nothing that is needed goes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PackChangeError, PackError, UnknownPackError
from core.wording import say
from inference.versions import Version

if TYPE_CHECKING:
    from inference.packs import Pack, PackEntry
    from services.pack_install import PackVersion


def packs_in(root: Path) -> Iterator[Pack]:
    """Yield every pack in a folder whose manifest can be read, whatever may be wrong with it besides."""
    from inference.packs import load_pack

    try:
        folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return
    for folder in folders:
        try:
            yield load_pack(folder)
        except PackError:
            continue


def entry_of(pack: Pack) -> PackEntry:
    """Return a pack as it would stand in a library."""
    from inference.packs import PackEntry

    return PackEntry(id=pack.id, folder=pack.folder, pack=pack, error=None)


def require_newer(pack: Pack, now: PackEntry | None, installed_sha256: str | None) -> None:
    """Check that a pack is a higher version than the one that counts.

    ``installed_sha256`` is that of this very version where it is installed already, perhaps not counting.

    Raises:
        PackChangeError: it is the same, another one under the same number, or an earlier one.
    """
    name = f"{pack.id} {pack.manifest.version}"
    if now is None or now.pack is None:
        return
    there = now.pack.manifest.version
    if pack.manifest.version == there:
        same = pack.sha256 == now.pack.sha256
        raise PackChangeError(say(f"packs.install.{'there' if same else 'same_number'}", name=name))
    if pack.manifest.version < there:
        raise PackChangeError(say("packs.install.earlier", name=name, there=str(there)))
    if installed_sha256 not in (None, pack.sha256):
        raise PackChangeError(say("packs.install.same_number", name=name))


def require_same_contents(pack: Pack, former: Collection[object]) -> None:
    """Check that a number that was installed here before, and perhaps removed, means the same model.

    What was entered for a version (how common a finding is, an accepted licence) stays in force for it.

    Raises:
        PackChangeError: it had other contents.
    """
    if former and pack.sha256 not in former:
        name = f"{pack.id} {pack.manifest.version}"
        raise PackChangeError(say("packs.install.same_number", name=name))


def require_unbroken(before: Mapping[str, PackEntry], after: Mapping[str, PackEntry], *, asked: str) -> None:
    """Check that no pack that can be used before cannot be used after, and that the one asked for can.

    Raises:
        PackChangeError: one cannot; the detail names it.
    """
    from inference.packs import with_dependencies

    checked = with_dependencies({name: entry for name, entry in after.items() if entry.pack is not None})
    own = checked.get(asked)
    if own is not None and own.error is not None:
        raise PackChangeError(say("packs.install.needs", reason=own.error.detail))
    for pack_id, entry in before.items():
        now = checked.get(pack_id)
        if entry.error is None and pack_id != asked and (now is None or now.error is not None):
            reason = now.error.detail if now is not None and now.error is not None else pack_id
            raise PackChangeError(say("packs.install.needed", other=pack_id, reason=reason))


def require_way_back(versions: Sequence[PackVersion], pack_id: str) -> tuple[PackVersion, PackVersion]:
    """Return the version that counts and the one that would count after it.

    Raises:
        UnknownPackError: there is no such pack.
        PackChangeError: the one that counts is part of the program, or the only one.
    """
    own = [one for one in versions if one.pack_id == pack_id]
    if not own:
        raise UnknownPackError(f"{pack_id!r:.80}", pack=pack_id)
    now = next((one for one in own if one.counts), None)
    if now is None or now.bundled:
        raise PackChangeError(say("packs.install.no_way_back", name=pack_id))
    number = Version.parse(now.version)
    earlier = [one for one in own if one.error is None and Version.parse(one.version) < number]
    if not earlier:
        raise PackChangeError(say("packs.install.no_way_back", name=pack_id))
    return now, earlier[0]


def require_removable(
    versions: Sequence[PackVersion], pack_id: str, version: str | None
) -> tuple[PackVersion, ...]:
    """Return the versions that would go, the highest first.

    Raises:
        UnknownPackError: there is no such pack or version.
        PackChangeError: it is part of the program.
    """
    own = [one for one in versions if one.pack_id == pack_id and version in (None, one.version)]
    if not own:
        raise UnknownPackError(" ".join(filter(None, (f"{pack_id!r:.80}", version))), pack=pack_id)
    going = tuple(one for one in own if not one.bundled)
    if not going:
        raise PackChangeError(say("packs.install.bundled", name=pack_id))
    return going
