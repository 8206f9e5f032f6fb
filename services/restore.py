"""Putting a backup back: verified before anything is replaced, and what was there is set aside.

Two steps: ``prepare`` brings the backup onto this disk, checks it and says what it holds; ``carry_out``
swaps. A crash before the swap leaves the old records, one in it is gone through with by the next start.
"""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.clock import Clock
from core.errors import BackupDamagedError, StoreError
from core.wording import say
from services.backup import counting
from services.deletion_again import DeletedAgain, DeletingAgain
from services.locked_records import LockedRecords, ReportNumber
from services.other_states import OtherStates, Present
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.restored_people import (
    LaterState,
    PeopleSince,
    RestoredPeople,
    people_lines,
)
from store.audit import AuditStore
from store.backup_files import bring_back, medium_errors, no_room
from store.backup_manifest import Backup, Entry, Manifest, check_any_seal, check_seal
from store.backup_rest import open_rest
from store.database import Database, check_whole
from store.durable import replace_file
from store.durable_copy import hash_file
from store.image_vault import forget_strays
from store.keyring import SHEET, KeyRing
from store.later_deletions import LaterDeletions
from store.people import PeopleStore, PersonRow
from store.secret_words import COST, Cost, read_code
from store.sqlcipher import connect
from store.subkeys import BACKUP_SEAL, subkey
from store.swap import DATABASE, GUESSES, RECORDS, SMALL, incoming, swap

_SPARE_BYTES = 32 << 20
_NAMED = 20
_MOST_KEY_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What lies ready to be put back, and what the present records have that it lacks.

    ``present`` says what is there now; ``lacking`` is empty where the present records cannot be read, and
    then nobody knows. ``deletions_known`` is whether what was deleted after the backup could be read, and was
    deleted again: ``deleted_again``. Where it is not, patients who were deleted since may be back.
    """

    made_at: str
    farlight: str
    counts: dict[str, int] = field(default_factory=dict)
    images: int = 0
    images_lost: int = 0
    present: Present = "none"
    lacking: tuple[ReportNumber, ...] = ()
    deletions_known: bool = False
    deleted_again: DeletedAgain = field(default_factory=DeletedAgain)
    people: PeopleSince = field(default_factory=PeopleSince)


class Restoring(LockedRecords):
    """One backup on its way into one profile, whose lock this holds. Close it at the end."""

    def __init__(
        self,
        backup: Backup,
        profile: Path | None = None,
        *,
        beside: Path | None = None,
        clock: Clock | None = None,
        cost: Cost = COST,
    ) -> None:
        """Take the profile and read the backup's locked keys.

        ``beside`` is another profile of the same clinic, whose deletions are done again too: the old one of a
        clinic that begins in a new folder, or records that were set aside.

        Raises:
            ProfileInUseError: a window is open on the profile.
            ProfileNotWritableError: it cannot be written.
            BackupDamagedError: the backup's keys cannot be read.
        """
        self._backup, self._beside = backup, beside
        self._prepared: Prepared | None = None
        self._later_ring: KeyRing | None = None
        self._later_states: list[LaterState] = []
        self._staying: tuple[str, ...] = ()
        self._opening = ("", "")
        super().__init__(profile, clock=clock, cost=cost)

    def _find_ring(self) -> KeyRing:
        """Return the keys as of the day of the backup."""
        if self._backup.manifest.only("keys").size > _MOST_KEY_BYTES:
            raise BackupDamagedError("keys")  # nobody has vouched for the list yet
        self._new = incoming(self._folder)
        bring_back(self._backup, self._backup.manifest.only("keys"), self._new / "keys.json")
        with suppress(OSError):  # wrong guesses count here as they do at the door
            if (self._folder / GUESSES).exists():
                replace_file(self._new / GUESSES, (self._folder / GUESSES).read_bytes())
            elif not self._profile.key_file.exists():
                replace_file(self._new / GUESSES, b"{}")
        ring = KeyRing(self._new / "keys.json", self._clock, self._cost)
        if ring.store_id != self._backup.manifest.store_id:
            raise BackupDamagedError("the keys are of other records")
        return ring

    def unlock(self, holder_id: str, password: str) -> None:
        """Open the backup with a password of its day, and the present records too where it still holds there.

        Raises:
            WrongPasswordError: it is not their password, or a wait is not over.
        """
        super().unlock(holder_id, password)
        self._opening = (holder_id, password)

    def unlock_with_sheet(self, code: str) -> None:
        """Open the backup with the recovery sheet of its day; likewise.

        Raises:
            WrongPasswordError: it is not its code.
        """
        super().unlock_with_sheet(code)
        self._opening = (SHEET, read_code(code) or "")

    def _take(self, key: bytes, holder_id: str) -> None:
        manifest = self._backup.manifest
        keys = self._ring.keys()  # two where the key was being turned
        check_any_seal(manifest, (subkey(one, BACKUP_SEAL) for one in keys))
        super()._take(next((one for one in keys if _holds(manifest, one)), key), holder_id)

    def prepare(self, *, progress: Report = nobody_listens, cancelled: IsCancelled = never) -> Prepared:
        """Bring the backup onto this disk and check all of it; nothing is replaced yet.

        Raises:
            NotPermittedError: the password was not an administrator's.
            BackupDamagedError: the backup is not what was written.
            BackupMediumError: the medium was pulled out.
            BackupNoRoomError: the disk has no room; the detail says how much is missing.
            RequestError: the profile beside is none of this clinic, or cannot be read.
            Cancelled: somebody stopped it.
        """
        key = self._require_key()
        manifest = self._backup.manifest
        staying, coming = self._sort_images(progress, cancelled)
        records = manifest.only("records")
        turned = records.size * 11 // 10  # all pages once more, for the new key
        needed = records.size + sum(entry.size for entry in coming) + _SPARE_BYTES
        short = needed + turned - shutil.disk_usage(self._folder).free
        if short > 0:
            raise no_room(short)
        tell = counting("restoring", needed - _SPARE_BYTES, progress, cancelled)
        bring_back(self._backup, records, self._new / DATABASE, tell)
        progress(Progress(stage="checking"))
        try:
            check_whole(self._new / DATABASE, key)
        except StoreError as error:
            raise BackupDamagedError("the records in it") from error
        self._require_administrator(self._duty(key))
        self._forget_strays(key)
        counts = self._bring_rest(key)
        lost = sum(not self._bring_image(entry, tell) for entry in coming)
        stop_if(cancelled)
        states = self._other_states(key)
        present, lacking = states.compare()
        later = states.deletions(present)
        again = self._delete_again(key, later, progress, cancelled)
        people = self._plan_people(key, states, present)
        self._staying = tuple(entry.path for entry in staying)
        self._prepared = Prepared(
            made_at=manifest.made_at,
            farlight=manifest.farlight,
            counts=counts,
            images=len(staying) + len(coming) - lost,
            images_lost=lost,
            present=present,
            lacking=lacking,
            deletions_known=bool(later),
            deleted_again=again,
            people=people,
        )
        return self._prepared

    def _other_states(self, key: bytes) -> OtherStates:
        return OtherStates(
            backup=self._new,
            store_id=self._backup.manifest.store_id,
            key=key,
            opening=self._opening,
            present=self._folder,
            beside=self._beside,
            clock=self._clock,
            cost=self._cost,
        )

    def carry_out(self) -> Path | None:
        """Put what was prepared in the place of what is there; returns where that was set aside, if anything.

        Raises:
            ProfileNotWritableError, DiskFullError, StoreError: it could not be begun, or not be put under a
                new key; nothing has changed.
            NotReplacedError: it was begun, and the next start goes on.
        """
        if self._prepared is None:
            raise ValueError("prepare comes first")
        prepared, self._prepared = self._prepared, None  # where it fails, it is prepared anew
        try:
            self._note(self._require_key(), prepared)
            self._renew(self._require_key())
        except BaseException:
            self._key = None  # what lies ready is half done: it is opened and prepared anew
            with suppress(StoreError, OSError):
                self._ring = self._find_ring()
            raise
        names = [name for name in (*RECORDS, *SMALL) if (self._folder / name).exists()]
        images = self._folder / "images"
        present = (file.relative_to(self._folder).as_posix() for file in images.rglob("*") if file.is_file())
        staying = frozenset(self._staying)
        aside = swap(self._folder, aside=[*names, *(name for name in present if name not in staying)])
        return aside if aside.exists() else None

    def close(self) -> None:
        """Give the profile back; wrong guesses stay counted."""
        with suppress(OSError, AttributeError):
            replace_file(self._folder / GUESSES, (self._new / GUESSES).read_bytes())
        super().close()

    # --- bringing

    def _sort_images(self, progress: Report, cancelled: IsCancelled) -> tuple[list[Entry], list[Entry]]:
        """Return the images that lie in the profile already, to the byte, and those that must come."""
        staying: list[Entry] = []
        coming: list[Entry] = []
        there = self._backup.manifest.of_kind("image")
        tell = counting("checking", sum(entry.size for entry in there), progress, cancelled)
        for entry in there:
            file = self._folder / entry.path
            same = len(entry.parts) == 1 and _has_size(file, entry.size)
            if same and hash_file(file, tell)[0] == entry.parts[0].sha256:
                staying.append(entry)
            else:
                coming.append(entry)
        return staying, coming

    def _bring_image(self, entry: Entry, tell: Any) -> bool:
        """Bring an image; one that the medium has lost costs only itself."""
        place = self._new / entry.path
        try:
            bring_back(self._backup, entry, place, tell)
        except BackupDamagedError:
            place.unlink(missing_ok=True)
            return False
        return True

    def _bring_rest(self, key: bytes) -> dict[str, int]:
        entry = self._backup.manifest.only("rest")
        sealed = self._new / "rest.bin"
        bring_back(self._backup, entry, sealed)
        rest = open_rest(sealed.read_bytes(), subkey(key, b"backup rest"))
        with medium_errors():
            sealed.unlink()
            for name in ("anchor", "settings"):
                if isinstance(rest.get(name), str):
                    replace_file(self._new / f"{name}.json", rest[name].encode())
            replace_file(self._new / "keys-copy.json", (self._new / "keys.json").read_bytes())
        counts = rest.get("counts", {})
        return {str(name): int(count) for name, count in counts.items()}

    def _forget_strays(self, key: bytes) -> None:
        """Have no file swept up for what was under way on the day of the backup: it may be kept since."""
        database = Database(self._new / DATABASE, key)
        try:
            with database.transaction() as connection:
                forget_strays(connection)
        finally:
            database.close()

    def _duty(self, key: bytes) -> str | None:
        """Return what whoever opened the backup was on its day."""
        connection = connect(self._new / DATABASE, key)
        try:
            row = connection.execute(
                "SELECT duty FROM people WHERE holder_id = ? AND left_at = ''", (self._holder,)
            ).fetchone()
        finally:
            connection.close()
        return str(row["duty"]) if row else None

    # --- what is done again

    def _delete_again(
        self, key: bytes, later: tuple[LaterDeletions, ...], progress: Report, cancelled: IsCancelled
    ) -> DeletedAgain:
        """Delete it in what lies ready: nobody sees it before."""
        if not any(one.deletions for one in later):
            return DeletedAgain()
        database = Database(self._new / DATABASE, key)
        try:
            deleting = DeletingAgain(database, self._new, clock=self._clock, person=self._person_in(database))
            for one in later:
                again = deleting.run(one, progress=progress, cancelled=cancelled)
        finally:
            database.close()
        return again

    def _plan_people(self, key: bytes, states: OtherStates, present: Present) -> PeopleSince:
        """Look who left since, and whose passwords are newer; of each state of this store that can tell."""
        self._later_ring, self._later_states = states.people(present)
        with closing(Database(self._new / DATABASE, key)) as database:
            return self._people_of(database).plan(self._later_states, self._later_ring)

    def _renew(self, key: bytes) -> None:
        """Put what lies ready under a new key: an old stick and password open nothing written from now on."""
        with closing(Database(self._new / DATABASE, key)) as database:
            self._people_of(database).carry_out(self._later_states, self._later_ring)

    def _people_of(self, database: Database) -> RestoredPeople:
        return RestoredPeople(database, self._ring, clock=self._clock, by=self._person_in(database))

    def _note(self, key: bytes, prepared: Prepared) -> None:
        """Write into the trail of what comes back that it came back; on the disk with it, or not at all."""
        database = Database(self._new / DATABASE, key)
        try:
            person = self._person_in(database)
            AuditStore(database, self._clock, self._new / "anchor.json").write(
                "restore",
                person_id=person.person_id if person else None,
                person=person.name if person else "",
                detail={
                    "made_at": prepared.made_at,
                    "with": "password" if person else "sheet",
                    "present": prepared.present,
                    "reports_lacking": [one.number for one in prepared.lacking],
                    "images_lost": prepared.images_lost,
                    "deletions_known": prepared.deletions_known,
                    "deleted_again": prepared.deleted_again.patients,
                    "studies_deleted_again": prepared.deleted_again.studies,
                    "not_deleted_again": list(prepared.deleted_again.left),
                    "people_known": prepared.people.known,
                },
            )
        finally:
            database.close()
        for file in self._new.glob("farlight-schema-*"):
            file.unlink(missing_ok=True)  # the backup itself is the copy of an older schema
        with medium_errors():
            replace_file(self._new / GUESSES, b"{}")

    def _person_in(self, database: Database) -> PersonRow | None:
        everybody = PeopleStore(database, self._clock).all()
        return next((one for one in everybody if self._holder and one.holder_id == self._holder), None)


def _holds(manifest: Manifest, key: bytes) -> bool:
    """Whether a key sealed a manifest."""
    try:
        check_seal(manifest, subkey(key, BACKUP_SEAL))
    except BackupDamagedError:
        return False
    return True


def again_lines(prepared: Prepared, day: str) -> list[str]:
    """Return in sentences what is done again: deletions and leavings; or that nobody knows of them."""
    return [*_deletion_lines(prepared, day), *people_lines(prepared.people, day)]


def _deletion_lines(prepared: Prepared, day: str) -> list[str]:
    if not prepared.deletions_known:
        return [say("backup.again.unknown", made_at=day)]
    again, lines = prepared.deleted_again, []
    if again.patients or again.studies:
        lines.append(say("backup.again.done", patients=again.patients, studies=again.studies))
    if again.left:
        named = ", ".join(map(str, again.left[:_NAMED])) + (" …" if len(again.left) > _NAMED else "")
        lines.append(say("backup.again.left", records=named))
    return lines


def _has_size(file: Path, size: int) -> bool:
    try:
        return file.stat().st_size == size
    except OSError:
        return False
