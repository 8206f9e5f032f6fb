"""Putting a backup back: into a new or a damaged profile, whole or not at all, and nothing is deleted."""

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
    BackupNoRoomError,
    Cancelled,
    FarlightError,
    KeysDamagedError,
    NotPermittedError,
    WrongPasswordError,
)
from services import locked_records
from services.access import Access
from services.restore import Restoring
from services.staff import NewPerson
from services.workplace import Workplace
from store import durable, swap
from store.backup_manifest import Backup
from tests.opening import CHEAP, PASSWORD, open_workplace
from tests.services.conftest import MovedClock
from tests.services.records_of_clinic import put_images, reports, sign_reports


@pytest.fixture
def backup(profile: Path, medium: Path, clock: MovedClock) -> Backup:
    """A backup of five reports and three images; two reports were signed since."""
    with open_workplace(profile, clock=clock) as workplace:
        sign_reports(workplace, range(5))
        put_images(workplace)
        made = workplace.backups.make(medium).backup
        sign_reports(workplace, range(5, 7))
    return made


def _restore(backup: Backup, profile: Path, clock: MovedClock) -> Path | None:
    with Restoring(backup, profile, clock=clock, cost=CHEAP) as restoring:
        restoring.unlock(restoring.holders()[0].holder_id, PASSWORD)
        restoring.prepare()
        return restoring.carry_out()


def _open(profile: Path, clock: MovedClock) -> Workplace:
    return open_workplace(profile, clock=clock)


def test_a_new_profile_gets_the_records_images_settings_and_trail(
    backup: Backup, profile: Path, tmp_path: Path, clock: MovedClock
) -> None:
    target = tmp_path / "new computer"
    assert _restore(backup, target, clock) is None
    with _open(target, clock) as workplace:
        assert sorted(reports(workplace)) == [1, 2, 3, 4, 5]
        assert workplace.trail_trouble == ()
        assert tuple(workplace.trail.check()) == ()
        acts = [line.act for line in workplace.trail.lines()]
        assert acts.index("log_in", acts.index("restore")) == acts.index("restore") + 1
        assert workplace.staff.sheet_kept
    for file in (profile / "images").iterdir():
        assert (target / "images" / file.name).read_bytes() == file.read_bytes()
    assert not (target / "incoming").exists()
    assert not (target / "swap.json").exists()


def test_it_is_said_before_what_the_backup_holds_and_which_reports_it_lacks(
    backup: Backup, profile: Path, clock: MovedClock
) -> None:
    before = (profile / "farlight.db").read_bytes()
    with Restoring(backup, profile, clock=clock, cost=CHEAP) as restoring:
        restoring.unlock(restoring.holders()[0].holder_id, PASSWORD)
        prepared = restoring.prepare()
    assert prepared.counts["signed_reports"] == 5
    assert prepared.made_at == "2027-01-01T12:00:00+00:00"
    assert prepared.present == "same"
    assert [(one.number, one.signed_at[:16]) for one in prepared.lacking] == [
        (6, "2027-01-01T12:00"),
        (7, "2027-01-01T12:00"),
    ]
    assert (profile / "farlight.db").read_bytes() == before
    assert not (profile / "incoming").exists()
    with _open(profile, clock) as workplace:
        assert len(reports(workplace)) == 7


def test_what_was_there_is_set_aside_and_opens_like_a_profile(
    backup: Backup, profile: Path, clock: MovedClock
) -> None:
    with _open(profile, clock) as workplace:
        newer = put_images(workplace, 4)[3]
    aside = _restore(backup, profile, clock)
    assert aside is not None
    with _open(profile, clock) as workplace:
        assert sorted(reports(workplace)) == [1, 2, 3, 4, 5]
    with _open(aside, clock) as workplace:
        assert sorted(reports(workplace)) == [1, 2, 3, 4, 5, 6, 7]
    assert (aside / "images" / newer.name).exists()
    assert not newer.exists()


@pytest.mark.parametrize("damage", ["database", "gone", "keys", "all"])
def test_a_damaged_profile_is_put_right(
    backup: Backup, profile: Path, clock: MovedClock, damage: str
) -> None:
    if damage in ("database", "all"):
        (profile / "farlight.db").write_bytes(os.urandom(100_000))
    if damage == "gone":
        (profile / "farlight.db").unlink()
    if damage in ("keys", "all"):
        for name in ("keys.json", "keys-copy.json"):
            (profile / name).write_bytes(b"rubbish")
        with pytest.raises(KeysDamagedError):
            Access(profile, clock=clock, cost=CHEAP)
    _restore(backup, profile, clock)
    with _open(profile, clock) as workplace:
        assert sorted(reports(workplace)) == [1, 2, 3, 4, 5]


def test_the_sheet_of_the_day_opens_the_backup_and_a_later_one_does_not(
    tmp_path: Path, medium: Path, clock: MovedClock
) -> None:
    access = Access(tmp_path / "clinic", clock=clock, cost=CHEAP)
    made = access.set_up(NewPerson(name="Amina Ouedraogo", duty="administrator"), PASSWORD)
    with made.workplace as workplace:
        workplace.staff.confirm_sheet()
        backup = workplace.backups.make(medium).backup
        later = workplace.staff.new_sheet()
    with Restoring(backup, tmp_path / "new", clock=clock, cost=CHEAP) as restoring:
        with pytest.raises(WrongPasswordError):
            restoring.unlock_with_sheet(later)
        restoring.unlock_with_sheet(made.code)
        restoring.prepare()
        restoring.carry_out()
    with open_workplace(tmp_path / "new", clock=clock) as workplace:
        (line,) = [line for line in workplace.trail.lines() if line.act == "restore"]
        assert json.loads(line.detail)["with"] == "sheet"


def test_without_password_or_sheet_nothing_comes_back(
    backup: Backup, tmp_path: Path, clock: MovedClock
) -> None:
    with Restoring(backup, tmp_path / "new", clock=clock, cost=CHEAP) as restoring:
        holder = restoring.holders()[0].holder_id
        for _ in range(4):
            with pytest.raises(WrongPasswordError):
                restoring.unlock(holder, "not the password")
        assert restoring.wait_seconds(holder) > 0
        with pytest.raises(NotPermittedError):
            restoring.prepare()
    assert not (tmp_path / "new" / "farlight.db").exists()
    with Restoring(backup, tmp_path / "new", clock=clock, cost=CHEAP) as again:
        assert again.wait_seconds(holder) > 0  # nobody starts anew by asking anew


def test_a_clinicians_password_does_not_put_records_back(
    profile: Path, medium: Path, tmp_path: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        workplace.staff.add(
            NewPerson(name="N. Otieno", duty="clinician", role="nurse", pin="2580"), "yam and plantain"
        )
        backup = workplace.backups.make(medium).backup
    with Restoring(backup, tmp_path / "new", clock=clock, cost=CHEAP) as restoring:
        holder = next(one for one in restoring.holders() if one.name == "N. Otieno")
        restoring.unlock(holder.holder_id, "yam and plantain")
        with pytest.raises(NotPermittedError):
            restoring.prepare()
    assert not (tmp_path / "new" / "farlight.db").exists()


@pytest.mark.parametrize("name", ["records.001", "rest.bin", "keys.json", "manifest.json"])
def test_a_backup_that_was_changed_replaces_nothing(
    backup: Backup, profile: Path, clock: MovedClock, name: str
) -> None:
    file = backup.folder / name
    content = bytearray(file.read_bytes())
    if name == "manifest.json":
        changed = file.read_text().replace("2027-01-01T12:00:00", "2027-02-01T12:00:00")
        file.write_text(changed)
    else:
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    from store.backup_manifest import read_backup

    with pytest.raises(BackupDamagedError):
        _restore(read_backup(backup.folder), profile, clock)
    with _open(profile, clock) as workplace:
        assert len(reports(workplace)) == 7


def test_an_image_that_the_medium_lost_costs_only_itself(
    backup: Backup, medium: Path, tmp_path: Path, clock: MovedClock
) -> None:
    next(medium.glob("farlight-images-*/*/*")).unlink()
    with Restoring(backup, tmp_path / "new", clock=clock, cost=CHEAP) as restoring:
        restoring.unlock(restoring.holders()[0].holder_id, PASSWORD)
        prepared = restoring.prepare()
        restoring.carry_out()
    assert (prepared.images, prepared.images_lost) == (2, 1)
    assert len(list((tmp_path / "new" / "images").iterdir())) == 2


def test_a_full_disk_is_told_before_with_the_amount(
    backup: Backup, profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real(path)._replace(free=1_000_000))
    with pytest.raises(BackupNoRoomError, match="MB more are needed"):
        _restore(backup, profile, clock)
    with _open(profile, clock) as workplace:
        assert len(reports(workplace)) == 7


def test_a_cancelled_restore_leaves_the_old_records(backup: Backup, profile: Path, clock: MovedClock) -> None:
    with Restoring(backup, profile, clock=clock, cost=CHEAP) as restoring:
        restoring.unlock(restoring.holders()[0].holder_id, PASSWORD)
        with pytest.raises(Cancelled):
            restoring.prepare(cancelled=lambda: True)
    with _open(profile, clock) as workplace:
        assert len(reports(workplace)) == 7


class _PowerCut(BaseException):
    """Ends everything at once, as a power cut does."""


def _cut_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Cut the power at the given change of a name or file of a swap."""
    seen = [0]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **named: Any) -> Any:
            seen[0] += 1
            if seen[0] == step:
                raise _PowerCut
            return real(*args, **named)

        return act

    monkeypatch.setattr(swap, "_move", counted(swap._move))
    monkeypatch.setattr(swap, "replace_file", counted(durable.replace_file))
    monkeypatch.setattr(swap, "settle_folder", counted(durable.settle_folder))
    monkeypatch.setattr(locked_records, "finish_swap", lambda folder: None)
    return lambda: seen[0]


@pytest.mark.parametrize("step", range(1, 26))
def test_a_power_cut_in_a_restore_leaves_the_old_records_or_the_restored_ones_whole(
    backup: Backup, profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    with _open(profile, clock) as workplace:
        put_images(workplace, 4)  # one more, and others under the same names
    with monkeypatch.context() as patched:
        seen = _cut_at(step, patched)
        try:
            _restore(backup, profile, clock)
            cut = False
        except _PowerCut:
            cut = True
    assert cut == (seen() >= step)
    with _open(profile, clock) as workplace:
        found = sorted(reports(workplace))
        assert found in ([1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5])
        assert tuple(workplace.trail.check()) == ()
        restored = found == [1, 2, 3, 4, 5]
    hashes = {name.name for name in (profile / "images").iterdir()}
    assert len(hashes) == (3 if restored else 4)
    asides = list(profile.glob("set-aside-*"))
    assert bool(asides) == restored
    if restored:
        with _open(asides[0], clock) as workplace:
            assert sorted(reports(workplace)) == [1, 2, 3, 4, 5, 6, 7]
        assert len(list((asides[0] / "images").iterdir())) == 4
    assert not (profile / "swap.json").exists()
    assert not (profile / "incoming").exists()


def test_a_backup_of_other_records_is_named_as_such_and_takes_the_images_aside_too(
    backup: Backup, tmp_path: Path, clock: MovedClock
) -> None:
    other = tmp_path / "other clinic"
    with open_workplace(other, clock=clock) as workplace:
        sign_reports(workplace, range(1))
        put_images(workplace, 5)
    with Restoring(backup, other, clock=clock, cost=CHEAP) as restoring:
        restoring.unlock(restoring.holders()[0].holder_id, PASSWORD)
        assert restoring.prepare().present == "other"
        aside = restoring.carry_out()
    assert aside is not None
    assert len(list((aside / "images").iterdir())) == 5
    assert len(list((other / "images").iterdir())) == 3


def test_what_was_signed_during_a_backup_is_not_in_it_and_what_was_before_is(
    profile: Path, medium: Path, tmp_path: Path, clock: MovedClock
) -> None:
    signed: list[int] = []

    def sign_meanwhile(progress: Any) -> None:
        if len(signed) < 4:
            signed.append(100 + len(signed))
            sign_reports(workplace, range(signed[-1], signed[-1] + 1))

    with open_workplace(profile, clock=clock) as workplace:
        sign_reports(workplace, range(30))
        backup = workplace.backups.make(medium, progress=sign_meanwhile).backup
        assert len(reports(workplace)) == 34
    _restore(backup, tmp_path / "new", clock)
    with _open(tmp_path / "new", clock) as workplace:
        assert sorted(reports(workplace)) == list(range(1, 31))
        assert tuple(workplace.trail.check()) == ()


def test_a_restored_store_is_backed_up_again(
    backup: Backup, medium: Path, tmp_path: Path, clock: MovedClock
) -> None:
    _restore(backup, tmp_path / "new", clock)
    clock.instant += timedelta(days=1)
    with _open(tmp_path / "new", clock) as workplace:
        workplace.backups.verify(workplace.backups.make(medium).backup)
        assert len(workplace.backups.on(medium)) == 2


def test_a_manifest_that_leads_out_of_the_profile_is_refused(
    backup: Backup, profile: Path, clock: MovedClock
) -> None:
    from store.backup_manifest import read_backup

    file = backup.folder / "manifest.json"
    for bad in ("images/../../evil", "/etc/evil", "farlight.db"):
        plain = json.loads(file.read_text())
        image = next(one for one in plain["entries"] if one["kind"] == "image")
        image["path"] = bad
        (backup.folder / "manifest.json").write_text(json.dumps(plain))
        with pytest.raises(FarlightError):
            read_backup(backup.folder)


def test_an_image_that_was_under_way_on_the_day_of_the_backup_and_kept_since_is_not_swept_up(
    profile: Path, medium: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        files = put_images(workplace)
        with workplace._database.transaction() as connection:
            connection.execute("INSERT INTO image_strays SELECT name FROM image_files")
            connection.execute("DELETE FROM image_copies")
            connection.execute("DELETE FROM image_files")
        backup = workplace.backups.make(medium).backup
        with workplace._database.transaction() as connection:
            connection.execute("DELETE FROM image_strays")
    assert len(files) == len(backup.manifest.of_kind("image"))
    _restore(backup, profile, clock)
    _open(profile, clock).close()
    assert all(file.exists() for file in files)
