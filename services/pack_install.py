"""Installing, upgrading, rolling back and removing packs from other hands, each whole or not at all.

A version lies in a folder of its own, and the highest counts: an upgrade is one rename in, a roll back one
rename out. The records say which folders they are to be, so that one that came another way is not used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import Clock
from core.errors import (
    ChecksumError,
    LicenceNotAcceptedError,
    PackChangeError,
    PackError,
    StoreError,
    UntrustedKeyError,
)
from core.model_facts import ModelFacts
from core.wording import say
from inference.manifest import LICENCE_NAME
from inference.signature import fingerprint
from inference.trial import require_tried, try_pack
from inference.versions import Version
from services import pack_rules
from services.facts import facts_of
from services.pack_keys import KeyDesk, TrustedKey
from services.places import program_packs
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.session import Session
from services.trail import AuditAct, Trail
from store.durable import not_kept
from store.pack_folder import PackFolder
from store.pack_rows import AcceptedLicenceRow, InstalledPackRow, PackStore

if TYPE_CHECKING:
    from inference.archive import SignedArchive
    from inference.packs import Pack, PackLibrary


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A pack that is unpacked, proven and tried, and waits to be installed; nothing is changed yet.

    ``licence_text`` is what must be accepted, "" where the pack asks for nothing. ``replaces`` is the version
    that counts now, ``replaced`` what that one said of itself.
    """

    pack: Pack
    facts: ModelFacts
    signer: TrustedKey
    signature: str
    replaces: str
    commercial_use: bool
    licence_text: str
    replaced: ModelFacts | None = None

    @property
    def version(self) -> str:
        """Its version."""
        return str(self.pack.manifest.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackVersion:
    """One version of a pack on this computer.

    ``counts`` is whether it is the one in use. ``signer`` is "" for a pack that is part of the program.
    ``error`` says why it is not used.
    """

    pack_id: str
    version: str
    folder: Path
    counts: bool
    bundled: bool
    signer: str = ""
    fingerprint: str = ""
    installed_at: str = ""
    person: str = ""
    error: PackError | None = None


class PackDesk:
    """The packs of one profile, beside those that are part of the program."""

    def __init__(
        self,
        store: PackStore,
        folder: PackFolder,
        keys: KeyDesk,
        *,
        session: Session,
        trail: Trail,
        clock: Clock,
        bundled: tuple[Path, ...] | None = None,
    ) -> None:
        self._store, self._folder, self.keys = store, folder, keys
        self._session, self._trail, self._clock = session, trail, clock
        self._bundled = program_packs() if bundled is None else bundled

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders that hold packs, the program's own first."""
        return (*self._bundled, self._folder.path)

    def library(self) -> PackLibrary:
        """Return the packs that may be used: the program's own, and those that the records know."""
        from inference.packs import PackLibrary

        return PackLibrary(self.roots, judge=self.judge)

    def usable(self, *, demonstration: bool) -> Mapping[str, str]:
        """Return the packs that an analysis would use, with the sha256 of each."""
        return {
            pack.id: pack.sha256
            for pack in self.library().packs()
            if demonstration or pack.manifest.pack_class != "demonstration"
        }

    def judge(self, pack: Pack) -> PackError | None:
        """Return why a pack must not be used: it came another way, was changed, or its key is not trusted."""
        if pack.folder.parent in self._bundled:
            return None
        rows = {(row.pack_id, row.version): row for row in self._store.installed()}
        row = rows.get((pack.id, str(pack.manifest.version)))
        if row is None or pack.folder.name != _name(row.pack_id, row.version):
            return PackChangeError(say("packs.install.not_through_farlight"))
        if row.sha256 != pack.sha256:
            return ChecksumError(say("packs.install.changed"))
        if self.keys.find(row.key) is None:
            return UntrustedKeyError(say("packs.install.key_gone", fingerprint=fingerprint(row.key)))
        return None

    def versions(self) -> tuple[PackVersion, ...]:
        """Return every version on this computer, by pack, the highest first."""
        counting = {entry.folder for entry in self.library().entries() if entry.pack is not None}
        rows = {(row.pack_id, row.version): row for row in self._store.installed()}
        found = [
            self._version(pack, pack.folder in counting, rows.get((pack.id, str(pack.manifest.version))))
            for root in self.roots
            for pack in pack_rules.packs_in(root)
        ]
        found.sort(key=lambda one: Version.parse(one.version), reverse=True)
        return tuple(sorted(found, key=lambda one: one.pack_id))

    def lost(self) -> tuple[tuple[str, str], ...]:
        """Return (id, version) of what the records know and no folder holds, as after a restore."""
        return tuple(
            (row.pack_id, row.version)
            for row in self._store.installed()
            if not self._folder.place(_name(row.pack_id, row.version)).is_dir()
        )

    @contextmanager
    def offer(
        self, file: Path, *, progress: Report = nobody_listens, cancelled: IsCancelled = never
    ) -> Iterator[Offer]:
        """Unpack, prove and try a pack file; leaving the context without ``install`` leaves nothing behind.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            PackError: the file is refused; the detail says what, why and what to do.
            DiskFullError, ProfileNotWritableError: it cannot be unpacked here.
            Cancelled: the user stopped it.
        """
        from inference.archive import open_archive

        self._session.require("packs")
        with open_archive(file) as archive:
            signer = self._require_trusted(archive)
            with self._folder.staging(archive.unpacked_bytes) as staging:
                pack = _unpacked(archive, staging / archive.signature.pack_id, progress, cancelled)
                self._require_fits(pack)
                progress(Progress(stage="trying", item=pack.id))
                require_tried(try_pack(pack.folder, cancelled=cancelled))
                yield self._offer(pack, signer, archive.signature.text)

    def install(self, offer: Offer, *, accepted_licence: bool = False) -> PackVersion:
        """Put an offered pack into its place; from then on it is the one that counts.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            LicenceNotAcceptedError: it asks for its licence to be accepted, and nobody did.
            PackChangeError: it does not fit what is installed.
            StoreError: it could not be kept; nothing changed.
        """
        person = self._session.require("packs")
        if offer.licence_text and not accepted_licence:
            raise LicenceNotAcceptedError(offer.pack.id)
        self._require_fits(offer.pack)
        row = InstalledPackRow(
            pack_id=offer.pack.id,
            version=offer.version,
            sha256=offer.pack.sha256,
            key=offer.signer.key,
            signature=offer.signature,
            state="coming",
            installed_at=self._now(),
            person_id=person.person_id,
            person=person.name,
        )
        with self._store.transaction():
            self._store.put(row)
            if offer.licence_text:
                self._store.accept(self._acceptance(row, offer.licence_text))
        with self._moving():
            self._folder.put(offer.pack.folder, _name(row.pack_id, row.version))
        self._settle_coming(row, replaces=offer.replaces)
        return next(
            one for one in self.versions() if (one.pack_id, one.version) == (row.pack_id, row.version)
        )

    def roll_back(self, pack_id: str) -> PackVersion:
        """Take the version that counts away, so that the one before it counts again.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            UnknownPackError: there is no such pack.
            PackChangeError: there is no version before it, or another pack needs this one.
            PackInUseError: an analysis runs.
        """
        now, before = pack_rules.require_way_back(self.versions(), pack_id)
        self._take([now], "pack_rolled_back", {"pack": pack_id, "old": now.version, "new": before.version})
        return next(one for one in self.versions() if (one.pack_id, one.version) == (pack_id, before.version))

    def remove(self, pack_id: str, version: str | None = None) -> tuple[PackVersion, ...]:
        """Remove one version, or all of a pack's; return what went. Packs of the program itself stay.

        Raises:
            NotPermittedError: who is logged in is no administrator.
            UnknownPackError: there is no such pack or version.
            PackChangeError: it is part of the program, or another pack needs it.
            PackInUseError: an analysis runs.
        """
        going = pack_rules.require_removable(self.versions(), pack_id, version)
        self._take(going, "pack_removed", {"pack": pack_id, "old": ", ".join(one.version for one in going)})
        return going

    def in_use(self) -> AbstractContextManager[None]:
        """Keep the packs where they are while an analysis runs."""
        return self._folder.in_use()

    def finish(self) -> None:
        """Bring to an end what a power cut interrupted: each change is then whole, or did not happen."""
        self._folder.sweep()
        rows = self._store.installed()
        for row in rows:
            if row.state == "coming" and self._is_there(row):
                self._settle_coming(row)
            elif row.state == "coming":
                self._store.drop(row.pack_id, row.version)
        self._finish_going([row for row in rows if row.state == "going"])
        self._folder.intend_nothing()
        with suppress(StoreError):  # a disk that takes nothing: the marks of before stay
            self.keys.mark()

    def _finish_going(self, rows: Sequence[InstalledPackRow]) -> None:
        """Take what is left of a change away if a part of it went; else have all stay."""
        if not all(self._is_there(row) for row in rows):
            for row in rows:
                if self._is_there(row):
                    with suppress(OSError):
                        self._folder.take(_name(row.pack_id, row.version))
        for row in (row for row in rows if self._is_there(row)):
            self._store.set_state(row.pack_id, row.version, "here")
        gone = [row for row in rows if not self._is_there(row)]
        if gone:
            act, _, before = self._folder.intent().partition(" ")
            old = ", ".join(sorted((row.version for row in gone), key=Version.parse, reverse=True))
            detail = {"pack": gone[0].pack_id, "old": old}
            if act == "pack_rolled_back" and len(gone) == 1 and before:
                self._settle_going(gone, "pack_rolled_back", {**detail, "new": before})
            else:
                self._settle_going(gone, "pack_removed", detail)

    def _is_there(self, row: InstalledPackRow) -> bool:
        return self._folder.place(_name(row.pack_id, row.version)).is_dir()

    def _require_trusted(self, archive: SignedArchive) -> TrustedKey:
        found = self.keys.find(archive.signature.key)
        if found is None:
            raise UntrustedKeyError(say("packs.install.foreign_key"))
        return found

    def _require_fits(self, pack: Pack) -> None:
        """Check that a pack is newer than what counts, and breaks nothing.

        Raises:
            PackChangeError: it is not, or does.
        """
        entries = {entry.id: entry for entry in self.library().entries()}
        rows = {(row.pack_id, row.version): row for row in self._store.installed()}
        known = rows.get((pack.id, str(pack.manifest.version)))
        pack_rules.require_same_contents(pack, self._former_contents(pack))
        pack_rules.require_newer(pack, entries.get(pack.id), known.sha256 if known else None)
        pack_rules.require_unbroken(entries, {**entries, pack.id: pack_rules.entry_of(pack)}, asked=pack.id)

    def _former_contents(self, pack: Pack) -> set[object]:
        """Return the sha256 of what was installed here under this number, also if it was removed since."""
        told = (json.loads(line.detail) for line in self._trail.of(("pack_installed",)))
        number = (pack.id, str(pack.manifest.version))
        return {one.get("sha256") for one in told if (one.get("pack"), one.get("new")) == number}

    def _offer(self, pack: Pack, signer: TrustedKey, signature: str) -> Offer:
        licence = pack.manifest.licence
        now = next((one.version for one in self.versions() if one.pack_id == pack.id and one.counts), "")
        text = pack.read(LICENCE_NAME).decode("utf-8", "replace") if licence.acceptance else ""
        return Offer(
            pack=pack,
            facts=facts_of(pack),
            signer=signer,
            signature=signature,
            replaces=now,
            commercial_use=licence.commercial_use,
            licence_text=text or (licence.spdx if licence.acceptance else ""),
            replaced=self._facts_in_use(pack.id),
        )

    def _facts_in_use(self, pack_id: str) -> ModelFacts | None:
        packs = (entry.pack for entry in self.library().entries() if entry.id == pack_id)
        return next((facts_of(pack) for pack in packs if pack is not None), None)

    def _version(self, pack: Pack, counts: bool, row: InstalledPackRow | None) -> PackVersion:
        bundled = pack.folder.parent in self._bundled
        error = self.judge(pack)
        key = self.keys.find(row.key) if row is not None and not bundled else None
        return PackVersion(
            pack_id=pack.id,
            version=str(pack.manifest.version),
            folder=pack.folder,
            counts=counts,
            bundled=bundled,
            signer=key.name if key else "",
            fingerprint=key.fingerprint if key else "",
            installed_at=row.installed_at if row is not None and not bundled else "",
            person=row.person if row is not None and not bundled else "",
            error=error,
        )

    def _take(self, going: Sequence[PackVersion], act: AuditAct, detail: Mapping[str, object]) -> None:
        """Take versions out of their places, the lowest first: what counts changes with the last rename."""
        from inference.packs import PackLibrary

        self._session.require("packs")
        folders = {one.folder for one in going}
        left = PackLibrary(
            self.roots, judge=lambda pack: PackError() if pack.folder in folders else self.judge(pack)
        )
        after = {entry.id: entry for entry in left.entries() if entry.folder not in folders}
        before = {entry.id: entry for entry in self.library().entries()}
        pack_rules.require_unbroken(before, after, asked=going[0].pack_id)
        self._folder.require_unused()
        taken = {(one.pack_id, one.version) for one in going}
        rows = [row for row in self._store.installed() if (row.pack_id, row.version) in taken]
        with self._moving():
            self._folder.intend(f"{act} {detail.get('new', '')}")
        with self._store.transaction():
            for row in rows:
                self._store.set_state(row.pack_id, row.version, "going")
        with self._moving():
            for one in reversed(going):
                self._folder.take(one.folder.name)
        self._settle_going(rows, act, detail)
        self._folder.intend_nothing()

    @contextmanager
    def _moving(self) -> Iterator[None]:
        """Move folders; where that fails, the records are made to say again what lies there."""
        try:
            yield
        except OSError as error:
            self.finish()
            raise not_kept(error) from error

    def _settle_coming(self, row: InstalledPackRow, *, replaces: str = "") -> None:
        with self._store.transaction():
            self._store.set_state(row.pack_id, row.version, "here")
            self._trail.note(
                "pack_installed",
                detail={
                    "pack": row.pack_id,
                    **({"old": replaces} if replaces else {}),
                    "new": row.version,
                    "sha256": row.sha256,
                    "fingerprint": fingerprint(row.key),
                },
            )

    def _settle_going(
        self, rows: Sequence[InstalledPackRow], act: AuditAct, detail: Mapping[str, object]
    ) -> None:
        with self._store.transaction():
            for row in rows:
                self._store.drop(row.pack_id, row.version)
            self._trail.note(act, detail=detail)

    def _acceptance(self, row: InstalledPackRow, text: str) -> AcceptedLicenceRow:
        return AcceptedLicenceRow(
            pack_id=row.pack_id,
            version=row.version,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            accepted_at=row.installed_at,
            person_id=row.person_id,
            person=row.person,
        )

    def _now(self) -> str:
        return self._clock.now().astimezone(UTC).isoformat()


def _unpacked(archive: SignedArchive, folder: Path, progress: Report, cancelled: IsCancelled) -> Pack:
    """Unpack into a new folder, telling how far it is.

    Raises:
        PackError: see ``inference.archive.unpack``.
        StoreError: it could not be written.
    """
    from inference.archive import unpack

    def tell(done: int) -> None:
        stop_if(cancelled)
        progress(Progress(stage="unpacking", done=done, total=archive.unpacked_bytes))

    try:
        folder.mkdir()
        return unpack(archive, folder, tell)
    except OSError as error:
        raise not_kept(error) from error


def _name(pack_id: str, version: str) -> str:
    return f"{pack_id}-{version}"
