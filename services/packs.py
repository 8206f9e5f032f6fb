"""The installed packs, for lists: what each is, and whether it can be used."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UnknownPackError
from core.model_facts import ModelFacts
from core.result import ErrorRecord, PackClass
from services.places import pack_roots

if TYPE_CHECKING:
    from inference.packs import PackLibrary


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledPack:
    """One pack folder; a broken pack has an error, and perhaps no more."""

    id: str
    folder: Path
    version: str | None = None
    title: str | None = None
    pack_class: PackClass | None = None
    task: str | None = None
    sha256: str | None = None
    facts: ModelFacts | None = None
    error: ErrorRecord | None = None


def installed_packs(
    roots: Sequence[Path] | None = None, *, library: "PackLibrary | None" = None
) -> tuple[InstalledPack, ...]:
    """Return every installed pack by id, the broken ones too; ``library`` stands in place of ``roots``."""
    from inference.packs import PackLibrary
    from services.facts import facts_of

    found = []
    for entry in (library or PackLibrary(tuple(roots or pack_roots()))).entries():
        manifest = entry.pack.manifest if entry.pack else None
        error = entry.error
        found.append(
            InstalledPack(
                id=entry.id,
                folder=entry.folder,
                version=str(manifest.version) if manifest else None,
                title=manifest.title if manifest else None,
                pack_class=manifest.pack_class if manifest else None,
                task=manifest.task if manifest else None,
                sha256=entry.pack.sha256 if entry.pack else None,
                facts=facts_of(entry.pack) if entry.pack else None,
                error=ErrorRecord(code=error.code, message=f"{error.message} ({error.detail})")
                if error
                else None,
            )
        )
    return tuple(found)


def chosen_packs(
    ids: Sequence[str] | None = None,
    roots: Sequence[Path] | None = None,
    *,
    library: "PackLibrary | None" = None,
) -> tuple[InstalledPack, ...]:
    """Return the packs of these ids, all where None; ``library`` stands in place of ``roots``.

    Raises:
        UnknownPackError: one is not installed; the detail names it.
    """
    installed = {pack.id: pack for pack in installed_packs(roots, library=library)}
    for pack_id in ids or ():
        if pack_id not in installed:
            raise UnknownPackError(pack_id)
    return tuple(installed[pack_id] for pack_id in (ids or installed))


def pack_facts(pack_id: str, roots: Sequence[Path] | None = None) -> ModelFacts:
    """Return what a pack says of itself.

    Raises:
        UnknownPackError: it is not installed.
        PackError: it is broken.
    """
    from inference.packs import PackLibrary
    from services.facts import facts_of

    return facts_of(PackLibrary(tuple(roots or pack_roots())).get(pack_id))


def build(folder: Path, out: Path | None = None, *, private_key: bytes | None = None) -> Path:
    """Check a prepared pack folder, write its checksums, and return the ``.farpack`` made of it.

    ``private_key`` signs it; see ``services.pack_keys``.

    Raises:
        PackError: the pack is not what it must be.
    """
    from inference.build import build_pack

    return build_pack(folder, out, private_key=private_key)
