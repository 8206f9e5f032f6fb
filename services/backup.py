"""Backups onto a stick: encrypted as the records are, verified by reading back, resumed where they stopped.

A backup is the records as they were at one moment. That moment is kept as an encrypted snapshot in the
profile until the backup is whole, so that a stick that was pulled out, or a power cut, costs only the part
at hand.
"""

from __future__ import annotations

import json
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.clock import Clock
from core.errors import BackupDamagedError, BackupMediumError, KeptImageDamagedError, OtherBackupError
from core.wording import say
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.session import Session
from services.trail import Trail
from services.version import VERSION
from store.backup_files import (
    BackupWriter,
    cut,
    medium_errors,
    no_room,
    remove_old,
    remove_unfinished,
    verify_parts,
)
from store.backup_manifest import UNFINISHED, Backup, Entry, check_any_seal, find_backups, folder_name
from store.backup_rest import seal_rest
from store.database import Database
from store.durable import replace_file
from store.profile import Profile
from store.settings import Settings
from store.subkeys import BACKUP_SEAL

COUNTED = ("signed_reports", "drafts", "people", "patients", "studies", "image_files", "audit")
_RESUMED_FOR = timedelta(hours=24)
_CLOCKS_DIFFER_BY = timedelta(hours=1)
_LONGEST_FILE = 4 * 1024**3 - 1
_TOLD_EVERY_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeBackup:
    """What became of a backup; sizes in bytes. ``unread`` image copies could not be read from this disk."""

    backup: Backup
    size: int
    copied: int
    removed: int
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """The moment that a backup shows: snapshot (None: it lies on the medium), locked keys, sealed rest."""

    name: str
    made_at: str
    file: Path | None
    keys: bytes
    rest: bytes
    seal: bytes = field(repr=False)


class BackupDesk:
    """Makes and checks the backups of one open profile."""

    def __init__(
        self,
        database: Database,
        profile: Profile,
        *,
        store_id: str,
        settings: Settings,
        session: Session,
        trail: Trail,
        clock: Clock,
    ) -> None:
        self._database, self._profile, self._store_id = database, profile, store_id
        self._settings, self._session, self._trail, self._clock = settings, session, trail, clock

    @property
    def last_at(self) -> datetime | None:
        """When the last backup was made."""
        try:
            last = datetime.fromisoformat(self._settings.text("backup.last_at"))
        except ValueError:
            return None
        return last if last.tzinfo is not None else last.replace(tzinfo=UTC)

    def reminder(self) -> str | None:
        """Return a sentence where the last backup is too old and there is something to lose, else None."""
        days = self._settings.number("backup.remind_days")
        last, now = self.last_at, self._clock.now()
        ahead = last is not None and last - now > _CLOCKS_DIFFER_BY
        if days <= 0 or (last is not None and not ahead and now - last < timedelta(days=days)):
            return None
        with self._database.transaction() as connection:
            if connection.execute("SELECT 1 FROM signed_reports LIMIT 1").fetchone() is None:
                return None
        if last is None:
            return say("backup.reminder.never")
        if ahead:
            return say("backup.reminder.ahead", day=last.date().isoformat())
        return say("backup.reminder.days", days=(now - last).days)

    def on(self, medium: Path) -> tuple[Backup, ...]:
        """Return the backups of these records on a medium, the latest first."""
        return tuple(one for one in find_backups(medium) if one.manifest.store_id == self._store_id)

    def make(
        self, medium: Path, *, progress: Report = nobody_listens, cancelled: IsCancelled = never
    ) -> MadeBackup:
        """Back the records up onto a medium, or go on with what was interrupted there within a day.

        Raises:
            NotPermittedError: who is logged in may not.
            BackupMediumError: the medium was pulled out, or cannot be written.
            BackupNoRoomError: there is no room; the detail says how much is missing.
            BackupDamagedError: the medium does not keep what is written to it.
            StoreDamagedError: the records are damaged; earlier backups stay as they are.
            Cancelled: somebody stopped it; what was verified is not copied again the next time.
        """
        person = self._session.require("backup")
        if not medium.is_dir():
            raise BackupMediumError("no such folder")
        stage = self._earlier_stage(medium) or self._new_stage(medium, progress, cancelled)
        made = self._write(stage, medium, progress, cancelled)
        self._drop_stage()
        self._settings.set_many(
            {"backup.last_at": stage.made_at, "backup.last_path": str(made.backup.folder)}
        )
        self._trail.note(
            "backup",
            detail={
                "made_at": stage.made_at,
                "person_id": person.person_id,  # the window may have locked itself meanwhile
                "bytes": made.size,
                "images": len(made.backup.manifest.of_kind("image")),
                "older_removed": made.removed,
                "images_unread": made.unread,
            },
        )
        return made

    def verify(
        self, backup: Backup, *, progress: Report = nobody_listens, cancelled: IsCancelled = never
    ) -> None:
        """Read a backup of these records whole from its medium.

        Raises:
            NotPermittedError: who is logged in may not.
            OtherBackupError: it is one of other records.
            BackupDamagedError: it is not what was written.
        """
        self._session.require("backup")
        if backup.manifest.store_id != self._store_id:
            raise OtherBackupError
        self._check_seal(backup)
        verify_parts(backup, counting("verifying", backup.manifest.size, progress, cancelled))
        self._trail.note("backup", detail={"verified": backup.manifest.made_at})

    def _check_seal(self, backup: Backup) -> None:
        check_any_seal(backup.manifest, self._database.backup_seals())

    def _sealed_on(self, medium: Path) -> tuple[Backup, ...]:
        """Return the backups on a medium that these records sealed, the latest first."""
        sealed = []
        for backup in self.on(medium):
            with suppress(BackupDamagedError):
                self._check_seal(backup)
                sealed.append(backup)
        return tuple(sealed)

    # --- the moment that the backup shows

    @property
    def _staging(self) -> Path:
        return self._profile.folder / "backup"

    @property
    def _staged_records(self) -> Path:
        """Where the snapshot lies: under a name that a deletion knows as an older copy, and wipes."""
        return self._profile.database_file.with_name("farlight-backup.db.new")

    def _earlier_stage(self, medium: Path) -> _Stage | None:
        """Return the snapshot of a backup that was interrupted on this medium, where it is fresh."""
        folder = self._staging
        try:
            state = json.loads((folder / "state.json").read_bytes())
            age = self._clock.now() - datetime.fromisoformat(state["made_at"])
            begun = (medium / f"{state['name']}{UNFINISHED}").is_dir()
            if not self._staged_records.exists() or state["under"] != self._stage_mark():
                return None  # a deletion took it away, or the key was turned
            if not begun or not timedelta() <= age < _RESUMED_FOR or state["store_id"] != self._store_id:
                return None
            return _Stage(
                name=str(state["name"]),
                made_at=str(state["made_at"]),
                file=self._staged_records,
                keys=(folder / "keys.json").read_bytes(),
                rest=(folder / "rest.bin").read_bytes(),
                seal=self._database.subkey(BACKUP_SEAL),
            )
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _new_stage(self, medium: Path, progress: Report, cancelled: IsCancelled) -> _Stage:
        self._drop_stage()
        made_at = self._clock.now().astimezone(UTC).isoformat(timespec="seconds")
        name = _free_name(medium, folder_name(self._store_id, made_at))
        size = self._records_size()
        on_medium = shutil.disk_usage(self._profile.folder).free < size + size // 10
        with medium_errors():
            free = shutil.disk_usage(medium).free
        if free < size:
            raise no_room(size - free)
        if on_medium and size > _LONGEST_FILE:
            raise no_room(size - shutil.disk_usage(self._profile.folder).free)
        unfinished = medium / f"{name}{UNFINISHED}"
        folder = unfinished if on_medium else self._staging
        with medium_errors():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / "records.001" if on_medium else self._staged_records
        mark = self._stage_mark()
        keys, rest, seal = self._snapshot(file, progress, cancelled, with_errors_of_medium=on_medium)
        if on_medium:
            return _Stage(name=name, made_at=made_at, file=None, keys=keys, rest=rest, seal=seal)
        state = {"name": name, "made_at": made_at, "store_id": self._store_id, "under": mark}
        with medium_errors():
            unfinished.mkdir(parents=True, exist_ok=True)
            for inner, content in (("keys.json", keys), ("rest.bin", rest)):
                replace_file(folder / inner, content)
            replace_file(folder / "state.json", json.dumps(state).encode())
        return _Stage(name=name, made_at=made_at, file=file, keys=keys, rest=rest, seal=seal)

    def _stage_mark(self) -> str:
        """Return what tells under which key of the store a snapshot was made."""
        return self._database.subkey(b"backup stage").hex()

    def _records_size(self) -> int:
        file = self._profile.database_file
        sizes = [part.stat().st_size for part in (file, file.with_name(file.name + "-wal")) if part.exists()]
        return sum(sizes)

    def _snapshot(
        self, file: Path, progress: Report, cancelled: IsCancelled, *, with_errors_of_medium: bool
    ) -> tuple[bytes, bytes, bytes]:
        """Copy the records; returns the locked keys and the sealed rest of the same moment, and its seal."""
        from store.sqlcipher import dbapi

        rest: dict[str, Any] = {}
        keys: list[bytes] = []

        def at_start() -> None:
            rest.update(self._rest())
            keys.append(self._profile.key_file.read_bytes())

        def tell(done: int, total: int) -> None:
            stop_if(cancelled)
            progress(Progress(stage="reading", done=done, total=total))

        try:
            with medium_errors():
                moment = self._database.snapshot(file, at_start, tell)
        except dbapi.OperationalError as error:
            if with_errors_of_medium:
                raise BackupMediumError(type(error).__name__) from error
            from store.database import not_opened

            raise not_opened(error) from error
        progress(Progress(stage="checking"))
        moment.check()
        return keys[0], seal_rest(rest, moment.subkey(b"backup rest")), moment.subkey(BACKUP_SEAL)

    def _rest(self) -> dict[str, Any]:
        """Return what goes into the backup beside the records, as it is at this moment."""
        with self._database.transaction() as connection:
            tables = {
                row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            counts = {
                table: int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608 - ours
                for table in COUNTED
                if table in tables
            }
        rest: dict[str, Any] = {"counts": counts}
        for name, file in (("anchor", self._profile.anchor_file), ("settings", self._profile.settings_file)):
            with suppress(OSError):
                rest[name] = file.read_text(encoding="utf-8")
        return rest

    def _drop_stage(self) -> None:
        with suppress(OSError):
            self._staged_records.unlink(missing_ok=True)
        shutil.rmtree(self._staging, ignore_errors=True)

    # --- onto the medium

    def _write(self, stage: _Stage, medium: Path, progress: Report, cancelled: IsCancelled) -> MadeBackup:
        import io

        earlier = self._sealed_on(medium)
        writer = BackupWriter(medium, stage.name, self._store_id, earlier)
        unchanged, changed = self._images(writer)
        image_bytes = sum(size for _, size, _ in changed)
        read_bytes = sum(entry.size for _, entry in unchanged)
        size = stage.file.stat().st_size if stage.file is not None else 0
        writer.require_room(image_bytes + (writer.missing_bytes("records", cut(size)) if stage.file else 0))
        tell = counting("copying", 2 * (size + image_bytes) + read_bytes, progress, cancelled)
        writer.set_tell(tell)
        if stage.file is None:
            writer.adopt("records", "farlight.db")
        else:
            with stage.file.open("rb") as stream:
                writer.add("records", "farlight.db", stream, size)
        rotten = [image for image, entry in unchanged if not self._keep_image(writer, entry, cancelled)]
        changed = [*rotten, *changed]
        unread = sum(not self._add_image(writer, one, cancelled) for one in changed)
        for kind, path, content in (("keys", "keys.json", stage.keys), ("rest", "rest", stage.rest)):
            writer.add(kind, path, io.BytesIO(content), len(content))  # type: ignore[arg-type]
        backup = writer.finish(stage.made_at, VERSION, stage.seal)
        remove_unfinished(medium, self._store_id)
        removed = remove_old(backup, earlier, int(self._settings.number("backup.keep")))
        return MadeBackup(
            backup=backup,
            size=backup.manifest.size,
            copied=size + sum(count for _, count, _ in changed),
            removed=removed,
            unread=unread,
        )

    def _keep_image(self, writer: BackupWriter, entry: Entry, cancelled: IsCancelled) -> bool:
        """Take over an image that is on the medium; False where it rotted there and is to be copied again."""
        stop_if(cancelled)
        return writer.keep(entry)

    def _add_image(self, writer: BackupWriter, image: tuple[str, int, int], cancelled: IsCancelled) -> bool:
        """Copy an image; one that this disk does not give any more costs only itself."""
        path, size, mtime_ns = image
        stop_if(cancelled)
        try:
            with (self._images_folder / path).open("rb") as stream:
                writer.add("image", f"images/{path}", stream, size, mtime_ns)
        except FileNotFoundError:
            return True  # deleted meanwhile
        except (PermissionError, KeptImageDamagedError):
            return False
        return True

    @property
    def _images_folder(self) -> Path:
        return self._profile.folder / "images"

    def _images(
        self, writer: BackupWriter
    ) -> tuple[list[tuple[tuple[str, int, int], Entry]], list[tuple[str, int, int]]]:
        """Return path, size and time of images: with an entry where they are said to be on the medium."""
        unchanged, changed = [], []
        for image in self._image_files():
            path, size, mtime_ns = image
            entry = writer.known(f"images/{path}", size, mtime_ns)
            if entry is None:
                changed.append(image)
            else:
                unchanged.append((image, entry))
        return unchanged, changed

    def _image_files(self) -> Iterator[tuple[str, int, int]]:
        folder = self._images_folder
        for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
            with suppress(FileNotFoundError):
                facts = file.lstat()  # of a link, nothing goes onto the stick
                if stat.S_ISREG(facts.st_mode) and file.suffix not in {".new", ".part"}:
                    yield file.relative_to(folder).as_posix(), facts.st_size, facts.st_mtime_ns


def _free_name(medium: Path, name: str) -> str:
    """Return a name that no backup has yet (two in one second, or a clock that went back)."""
    found, number = name, 1
    while (medium / found).exists():
        number += 1
        found = f"{name}-{number}"
    return found


def backups_on(place: Path) -> tuple[Backup, ...]:
    """Return the backups in a folder (or the one that it is), the latest first, of whatever records."""
    return find_backups(place)


def counting(stage: Any, total: int, progress: Report, cancelled: IsCancelled) -> Callable[[int], None]:
    """Return a counter of bytes that tells in MB, now and then, and stops where the user asked to."""
    done, told_at = 0, 0.0

    def tell(more: int) -> None:
        nonlocal done, told_at
        stop_if(cancelled)
        done += more
        now = time.monotonic()
        if now - told_at >= _TOLD_EVERY_S or done >= total:
            told_at = now
            progress(
                Progress(stage=stage, done=min(done, total) // 1_000_000, total=max(1, total // 1_000_000))
            )

    return tell
