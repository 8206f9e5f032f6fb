"""Backups on a medium: whole, verified, encrypted, resumed after it went away, never lost by a rule."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    BackupDamagedError,
    BackupMediumError,
    BackupNoRoomError,
    Cancelled,
    NotPermittedError,
    OtherBackupError,
    StoreDamagedError,
)
from services.workplace import Workplace
from store import backup_files, backup_manifest, durable_copy
from store.backup_manifest import PREFIX, UNFINISHED, find_backups
from store.durable_copy import hash_file
from tests.opening import open_workplace
from tests.services.conftest import MovedClock
from tests.services.records_of_clinic import PLANTED, put_images, sign_reports


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    folder = tmp_path / "a stick with a name"
    folder.mkdir()
    return folder


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 64 KiB, so that small records have many."""
    monkeypatch.setattr(backup_files, "PART_BYTES", 1 << 16)


def _bytes_on(medium: Path) -> bytes:
    return b"".join(file.read_bytes() for file in medium.rglob("*") if file.is_file())


def test_a_backup_is_whole_verified_and_written_into_the_trail(workplace: Workplace, medium: Path) -> None:
    sign_reports(workplace, range(5))
    put_images(workplace)
    made = workplace.backups.make(medium)
    (found,) = workplace.backups.on(medium)
    assert found.folder.parent == medium
    assert found.folder.name.startswith(PREFIX)
    workplace.backups.verify(found)
    assert len(found.manifest.of_kind("image")) == 3
    assert [line.act for line in workplace.trail.lines()][-2:] == ["backup", "backup"]
    assert workplace.settings.text("backup.last_path") == str(made.backup.folder)
    assert not (workplace.folder / "backup").exists()
    assert not list(workplace.folder.glob("farlight-backup*"))


def test_nothing_on_the_medium_can_be_read_without_a_password(workplace: Workplace, medium: Path) -> None:
    sign_reports(workplace, range(3))
    workplace.settings.set("site.name", "Kilifi Health Centre")
    workplace.backups.make(medium)
    on_it = _bytes_on(medium)
    assert b"SQLite format 3" not in on_it
    for secret in (PLANTED, "Kariuki", "Kilifi", "farlight audit", "signed_reports"):
        assert secret.encode() not in on_it


def test_a_link_among_the_images_takes_no_file_of_somebody_onto_the_medium(
    workplace: Workplace, medium: Path, tmp_path: Path
) -> None:
    put_images(workplace, 1)
    (tmp_path / "thesis").write_text("precious and plain")
    (workplace.folder / "images" / "link").symlink_to(tmp_path / "thesis")
    made = workplace.backups.make(medium)
    assert len(made.backup.manifest.of_kind("image")) == 1
    assert b"precious" not in _bytes_on(medium)


def test_names_are_taken_by_every_file_system(workplace: Workplace, medium: Path) -> None:
    put_images(workplace)
    workplace.backups.make(medium)
    for file in medium.rglob("*"):
        assert set(file.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.T"), file.name
        assert len(file.name) <= 64


def test_images_that_did_not_change_are_not_copied_again(
    workplace: Workplace, medium: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = put_images(workplace, 4)
    workplace.backups.make(medium)
    pool = {file: file.stat().st_mtime_ns for file in medium.glob("farlight-images-*/*/*")}
    assert len(pool) == 4
    clock.instant += timedelta(days=1)
    images[0].write_bytes(b"another" * 1000)
    copied: list[Path] = []
    real = durable_copy.copy_verified

    def watched(source: Any, size: int, place: Path, tell: Any) -> str:
        copied.append(place)
        return real(source, size, place, tell)

    monkeypatch.setattr(backup_files, "copy_verified", watched)
    made = workplace.backups.make(medium)
    assert len([place for place in copied if "farlight-images" in str(place)]) == 1
    assert len(made.backup.manifest.of_kind("image")) == 4
    assert all(file.stat().st_mtime_ns == at for file, at in pool.items())
    workplace.backups.verify(made.backup)


@pytest.mark.parametrize("how", ["a bit", "shorter", "gone"])
def test_an_image_that_rotted_on_the_medium_is_found_and_copied_again_by_the_next_backup(
    workplace: Workplace, medium: Path, clock: MovedClock, how: str
) -> None:
    put_images(workplace, 4)
    first = workplace.backups.make(medium).backup
    rotten = sorted(medium.glob("farlight-images-*/*/*"))[1]
    content = rotten.read_bytes()
    if how == "gone":
        rotten.unlink()
    else:
        rotten.write_bytes(content[:-1] + (bytes([content[-1] ^ 1]) if how == "a bit" else b""))
    clock.instant += timedelta(days=1)
    made = workplace.backups.make(medium)
    assert rotten.read_bytes() == content
    for one in (first, made.backup):
        workplace.backups.verify(one)


def test_reading_what_is_on_the_medium_can_be_stopped(
    workplace: Workplace, medium: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_images(workplace, 4)
    workplace.backups.make(medium)
    clock.instant += timedelta(days=1)
    real, read = hash_file, []

    def watched(file: Path, tell: Callable[[int], None]) -> tuple[str, int]:
        if "farlight-images" in str(file):
            read.append(file)
        return real(file, tell)

    monkeypatch.setattr(backup_files, "hash_file", watched)
    with pytest.raises(Cancelled):
        workplace.backups.make(medium, cancelled=lambda: len(read) >= 2)
    assert len(read) == 2
    assert len(find_backups(medium)) == 1


def test_work_goes_on_during_a_backup_which_shows_one_moment(workplace: Workplace, medium: Path) -> None:
    sign_reports(workplace, range(40))

    def work(progress: Any) -> None:
        if progress.stage in ("reading", "copying") and len(done) < 5:
            done.append(1)
            sign_reports(workplace, range(100 + len(done), 101 + len(done)))

    done: list[int] = []
    made = workplace.backups.make(medium, progress=work)
    assert done
    rest = made.backup.manifest.only("rest")
    assert rest.size > 0
    workplace.backups.verify(made.backup)
    with workplace._database.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM signed_reports").fetchone()[0] == 40 + len(done)


def _fail_after(count: int, code: int, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Let the medium fail at the part after so many."""
    copied: list[Path] = []
    real = durable_copy.copy_verified

    def failing(source: Any, size: int, place: Path, tell: Callable[[int], None]) -> str:
        if len(copied) >= count:
            raise OSError(code, os.strerror(code), str(place))
        result = real(source, size, place, tell)
        copied.append(place)
        return result

    monkeypatch.setattr(backup_files, "copy_verified", failing)
    return copied


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("code", [errno.EIO, errno.ENODEV, errno.EROFS])
def test_a_medium_that_was_pulled_out_is_gone_on_with_and_no_verified_part_copied_again(
    workplace: Workplace, medium: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    sign_reports(workplace, range(20))
    put_images(workplace)
    first = _fail_after(5, code, monkeypatch)
    with pytest.raises(BackupMediumError):
        workplace.backups.make(medium)
    assert find_backups(medium) == ()
    sign_reports(workplace, range(20, 22))  # later than the moment of the backup
    second = _fail_after(10_000, code, monkeypatch)
    made = workplace.backups.make(medium)
    assert not set(first) & set(second)
    workplace.backups.verify(made.backup)
    assert not list(medium.glob(f"*{UNFINISHED}"))


@pytest.mark.usefixtures("small_parts")
def test_a_snapshot_that_a_deletion_wiped_is_taken_anew(
    workplace: Workplace, medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_reports(workplace, range(20))
    _fail_after(3, errno.EIO, monkeypatch)
    with pytest.raises(BackupMediumError):
        workplace.backups.make(medium)
    (snapshot,) = workplace.folder.glob("farlight*.db.new")
    snapshot.unlink()
    _fail_after(10_000, errno.EIO, monkeypatch)
    workplace.backups.verify(workplace.backups.make(medium).backup)
    assert not list(medium.glob(f"*{UNFINISHED}"))


@pytest.mark.usefixtures("small_parts")
def test_an_interrupted_backup_is_not_gone_on_with_after_a_day(
    workplace: Workplace, medium: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_reports(workplace, range(20))
    _fail_after(3, errno.EIO, monkeypatch)
    with pytest.raises(BackupMediumError):
        workplace.backups.make(medium)
    clock.instant += timedelta(days=2)
    _fail_after(10_000, errno.EIO, monkeypatch)
    made = workplace.backups.make(medium)
    assert made.backup.manifest.made_at.startswith("2027-01-03")


@pytest.mark.usefixtures("small_parts")
def test_a_part_that_rotted_on_the_medium_meanwhile_is_copied_again(
    workplace: Workplace, medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_reports(workplace, range(20))
    first = _fail_after(3, errno.EIO, monkeypatch)
    with pytest.raises(BackupMediumError):
        workplace.backups.make(medium)
    rotten = first[1]
    rotten.write_bytes(b"\0" * rotten.stat().st_size)
    second = _fail_after(10_000, errno.EIO, monkeypatch)
    workplace.backups.verify(workplace.backups.make(medium).backup)
    assert rotten in second


def test_a_stick_that_lies_about_what_it_keeps_is_found_out(
    workplace: Workplace, medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_reports(workplace, range(3))
    real = durable_copy._write

    def lying(source: Any, size: int, place: Path, tell: Callable[[int], None]) -> str:
        sent = real(source, size, place, tell)
        with place.open("rb+") as stream:
            stream.seek(size // 2)
            stream.write(b"\0\0\0\0")
        return sent

    monkeypatch.setattr(durable_copy, "_write", lying)
    with pytest.raises(BackupDamagedError):
        workplace.backups.make(medium)
    assert find_backups(medium) == ()


def test_a_medium_without_room_is_told_before_with_the_amount_and_is_left_as_it_was(
    workplace: Workplace, medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_images(workplace, 2, 8_000_000)
    real = shutil.disk_usage
    monkeypatch.setattr(
        shutil,
        "disk_usage",
        lambda path: real(path)._replace(free=5_000_000) if medium in Path(path).parents else real(path),
    )
    with pytest.raises(BackupNoRoomError) as caught:
        workplace.backups.make(medium)
    assert "MB more are needed" in caught.value.detail
    assert 14_000_000 < caught.value.context["missing_bytes"] < 18_000_000  # type: ignore[operator]
    assert not list(medium.glob("farlight-images*"))


def test_a_medium_that_fills_up_in_the_middle_says_how_much_is_missing(
    workplace: Workplace, medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_reports(workplace, range(3))
    _fail_after(1, errno.ENOSPC, monkeypatch)
    with pytest.raises(BackupNoRoomError) as caught:
        workplace.backups.make(medium)
    assert "more are needed" in caught.value.detail


def test_a_cancelled_backup_leaves_no_backup_and_the_next_one_is_whole(
    workplace: Workplace, medium: Path
) -> None:
    sign_reports(workplace, range(10))
    asked: list[int] = []

    def after_a_while() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(Cancelled):
        workplace.backups.make(medium, cancelled=after_a_while)
    assert find_backups(medium) == ()
    workplace.backups.verify(workplace.backups.make(medium).backup)


def test_old_backups_go_by_the_rule_and_the_last_good_one_never(
    workplace: Workplace, medium: Path, clock: MovedClock
) -> None:
    images = put_images(workplace, 2)
    workplace.settings.set("backup.keep", 2)
    for _ in range(4):
        clock.instant += timedelta(days=1)
        images[0].write_bytes(os.urandom(1000))
        workplace.backups.make(medium)
    kept = workplace.backups.on(medium)
    assert [one.manifest.made_at[:10] for one in kept] == ["2027-01-05", "2027-01-04"]
    assert len(list(medium.glob("farlight-images-*/*/*"))) == 3  # one that stays, two states of the other
    for one in kept:
        workplace.backups.verify(one)
    workplace.settings.set("backup.keep", 0)
    clock.instant += timedelta(days=1)
    workplace.backups.make(medium)
    assert len(workplace.backups.on(medium)) == 1


@pytest.mark.parametrize("keep", [1, 3])
def test_a_clock_that_went_back_costs_no_backup_and_the_order_is_that_of_making(
    workplace: Workplace, medium: Path, clock: MovedClock, keep: int
) -> None:
    put_images(workplace, 2)
    workplace.settings.set("backup.keep", 3)
    for _ in range(3):
        clock.instant += timedelta(days=1)
        workplace.backups.make(medium)
    workplace.settings.set("backup.keep", keep)
    right = clock.instant
    clock.instant = right.replace(year=2020)
    made = workplace.backups.make(medium)
    assert made.removed == 0
    assert made.backup.folder.is_dir()
    assert len(workplace.backups.on(medium)) == 4
    assert workplace.backups.on(medium)[0].folder == made.backup.folder
    clock.instant = right + timedelta(days=1)
    last = workplace.backups.make(medium).backup.folder
    kept = workplace.backups.on(medium)
    assert len(kept) == keep
    assert kept[0].folder == last
    for one in kept:
        workplace.backups.verify(one)


def test_a_backup_of_a_clock_that_ran_ahead_stays_and_does_not_count_as_later(
    workplace: Workplace, medium: Path, clock: MovedClock
) -> None:
    sign_reports(workplace, range(2))
    workplace.settings.set("backup.keep", 2)
    right = clock.instant
    clock.instant = right.replace(year=2035)
    ahead = workplace.backups.make(medium).backup.folder
    days = []
    for number in range(4):
        clock.instant = right + timedelta(days=number)
        days.append(workplace.backups.make(medium).backup.folder)
    assert [one.folder for one in workplace.backups.on(medium)] == [days[3], days[2], ahead]


def test_manifests_that_this_store_did_not_seal_push_no_backup_out_and_vouch_for_no_image(
    workplace: Workplace, medium: Path, clock: MovedClock
) -> None:
    put_images(workplace, 2)
    workplace.settings.set("backup.keep", 2)
    real = workplace.backups.make(medium).backup
    plain = json.loads((real.folder / "manifest.json").read_text())
    first, second = (entry for entry in plain["entries"] if entry["kind"] == "image")
    first["parts"] = second["parts"]
    for number in range(3):
        forged = medium / f"{PREFIX}forged-{number}"
        forged.mkdir()
        plain |= {"made_at": f"2099-01-0{number + 1}T00:00:00+00:00", "sequence": 1000 + number}
        (forged / "manifest.json").write_text(json.dumps(plain))
    clock.instant += timedelta(days=1)
    made = workplace.backups.make(medium)
    assert made.removed == 0
    assert made.backup.manifest.sequence == 2
    for one in (real, made.backup):
        workplace.backups.verify(one)
    names = [entry.parts for entry in made.backup.manifest.of_kind("image")]
    assert len(set(names)) == 2


@pytest.mark.parametrize(
    ("name", "value"), [("seal", "é" * 64), ("sequence", float("inf")), ("sequence", -1), ("sequence", "x")]
)
def test_a_manifest_of_nonsense_is_no_backup_and_stands_in_nobodys_way(
    workplace: Workplace, medium: Path, name: str, value: object
) -> None:
    real = workplace.backups.make(medium).backup
    plain = json.loads((real.folder / "manifest.json").read_text())
    nonsense = medium / f"{PREFIX}nonsense"
    nonsense.mkdir()
    (nonsense / "manifest.json").write_text(json.dumps({**plain, name: value}))
    assert [one.folder for one in workplace.backups.on(medium)] == [real.folder]
    workplace.backups.make(medium)
    assert nonsense.exists()


def test_a_backup_that_fails_takes_no_earlier_one_away(
    workplace: Workplace, medium: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace.settings.set("backup.keep", 1)
    sign_reports(workplace, range(3))
    workplace.backups.make(medium)
    clock.instant += timedelta(days=1)
    _fail_after(0, errno.EIO, monkeypatch)
    with pytest.raises(BackupMediumError):
        workplace.backups.make(medium)
    (kept,) = workplace.backups.on(medium)
    workplace.backups.verify(kept)


def test_backups_of_another_clinic_on_the_same_medium_are_left_alone(
    workplace: Workplace, medium: Path, tmp_path: Path, clock: MovedClock
) -> None:
    with open_workplace(tmp_path / "other", clock=clock) as other:
        others = other.backups.make(medium).backup
    workplace.settings.set("backup.keep", 1)
    workplace.backups.make(medium)
    clock.instant += timedelta(days=1)
    workplace.backups.make(medium)
    assert others.folder.exists()
    assert len(workplace.backups.on(medium)) == 1
    with pytest.raises(OtherBackupError):
        workplace.backups.verify(others)


@pytest.mark.parametrize("what", ["records.001", "keys.json", "rest.bin", "image", "manifest", "missing"])
def test_verifying_finds_whatever_was_changed(workplace: Workplace, medium: Path, what: str) -> None:
    sign_reports(workplace, range(3))
    put_images(workplace)
    backup = workplace.backups.make(medium).backup
    if what == "manifest":
        file = backup.folder / "manifest.json"
        plain = json.loads(file.read_text())
        plain["made_at"] = "2027-06-01T00:00:00+00:00"
        file.write_text(json.dumps(plain))
        (backup,) = find_backups(medium)
    elif what == "missing":
        next(medium.glob("farlight-images-*/*/*")).unlink()
    else:
        file = next(medium.glob("farlight-images-*/*/*")) if what == "image" else backup.folder / what
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    with pytest.raises(BackupDamagedError):
        workplace.backups.verify(backup)


def test_damaged_records_are_not_backed_up_over_good_backups(
    workplace: Workplace, medium: Path, clock: MovedClock
) -> None:
    sign_reports(workplace, range(20))
    workplace.settings.set("backup.keep", 1)
    workplace.backups.make(medium)
    workplace._database._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = workplace.folder / "farlight.db"
    with file.open("rb+") as stream:
        stream.seek(file.stat().st_size // 2)
        stream.write(os.urandom(8192))
    clock.instant += timedelta(days=1)
    with pytest.raises(StoreDamagedError):
        workplace.backups.make(medium)
    (kept,) = find_backups(medium)
    assert kept.manifest.made_at.startswith("2027-01-01")


def test_an_image_that_this_disk_does_not_give_any_more_costs_only_itself(
    workplace: Workplace, medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_images(workplace, 3, 5000)
    real = backup_files._hash_of

    def bad_sector(source: Any, size: int) -> str:
        if str(getattr(source, "name", "")).endswith("1"):
            raise OSError(errno.EIO, "input/output error")
        return real(source, size)

    monkeypatch.setattr(backup_files, "_hash_of", bad_sector)
    made = workplace.backups.make(medium)
    assert made.unread == 1
    assert len(made.backup.manifest.of_kind("image")) == 2
    workplace.backups.verify(made.backup)


def test_a_part_that_grew_is_not_read_without_end(workplace: Workplace, medium: Path, tmp_path: Path) -> None:
    backup = workplace.backups.make(medium).backup
    with (backup.folder / "records.001").open("ab") as stream:
        stream.write(b"\0" * 5_000_000)
    with pytest.raises(BackupDamagedError):
        workplace.backups.verify(backup)
    entry = backup.manifest.only("records")
    with pytest.raises(BackupDamagedError):
        backup_files.bring_back(backup, entry, tmp_path / "back.db")
    assert (tmp_path / "back.db").stat().st_size <= entry.size


def test_without_room_for_a_snapshot_here_it_is_written_straight_to_the_medium(
    workplace: Workplace, medium: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_reports(workplace, range(20))
    real = shutil.disk_usage
    monkeypatch.setattr(
        shutil,
        "disk_usage",
        lambda path: real(path)._replace(free=1000) if Path(path) == workplace.folder else real(path),
    )
    made = workplace.backups.make(medium)
    assert len(made.backup.manifest.only("records").parts) == 1
    workplace.backups.verify(made.backup)


def test_large_files_are_cut_so_that_fat_takes_them() -> None:
    parts = list(backup_files.cut(5 * 1024**3))
    assert sum(size for _, size in parts) == 5 * 1024**3
    assert max(size for _, size in parts) == backup_manifest.PART_BYTES < 4 * 1024**3


def test_who_is_no_administrator_makes_no_backup(workplace: Workplace, medium: Path) -> None:
    workplace.lock()
    with pytest.raises(NotPermittedError):
        workplace.backups.make(medium)
    assert list(medium.iterdir()) == []


def test_the_reminder_comes_when_there_is_something_to_lose_and_goes_with_a_backup(
    workplace: Workplace, medium: Path, clock: MovedClock
) -> None:
    assert workplace.backups.reminder() is None
    sign_reports(workplace, range(1))
    assert "never" in (workplace.backups.reminder() or "")
    workplace.backups.make(medium)
    assert workplace.backups.reminder() is None
    clock.instant += timedelta(days=8)
    assert "8 days" in (workplace.backups.reminder() or "")
    workplace.settings.set("backup.remind_days", 0)
    assert workplace.backups.reminder() is None


def test_a_last_backup_dated_in_the_future_does_not_silence_the_reminder(
    workplace: Workplace, medium: Path, clock: MovedClock
) -> None:
    sign_reports(workplace, range(1))
    right = clock.instant
    clock.instant = right.replace(year=2035)
    workplace.backups.make(medium)
    clock.instant = right + timedelta(days=150)
    assert "2035" in (workplace.backups.reminder() or "")
    workplace.settings.set("backup.remind_days", 0)
    assert workplace.backups.reminder() is None
    workplace.settings.set("backup.remind_days", 7)
    workplace.backups.make(medium)
    assert workplace.backups.reminder() is None
