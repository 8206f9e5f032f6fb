"""Who was deleted after a backup does not come back with it: deleted again, and told, or said plainly."""

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import Cancelled, RequestError
from services.other_states import OtherStates
from services.restore import Prepared, Restoring, again_lines
from services.workplace import Workplace
from store.backup_manifest import Backup
from store.records import RecordStore
from tests.opening import CHEAP, PASSWORD, key_of_store, open_workplace
from tests.services.conftest import MovedClock
from tests.services.records_of_clinic import enter_patient, key_of
from tests.store.pages import decrypted

AT = "2027-01-01T12:00:00+00:00"
NAMES = {1: "Plantedname Zuberi", 2: "Grace Otherwoman", 3: "Third Standsby"}


def delete(workplace: Workplace, patient: int, studies: list[int] | None = None) -> None:
    plan = workplace.deletion.plan(patient, studies)
    workplace.deletion.delete(plan, password=PASSWORD, typed=plan.typed)


def studies_of(workplace: Workplace, patient: int) -> list[int]:
    return sorted(study.study_id for study in workplace.records.studies_of(patient))


@pytest.fixture
def backup(profile: Path, medium: Path, clock: MovedClock) -> Backup:
    """A backup of three patients with two signed studies each."""
    with open_workplace(profile, clock=clock) as workplace:
        for name in NAMES.values():
            enter_patient(workplace, name)
        made = workplace.backups.make(medium).backup
    clock.instant += timedelta(days=3)
    return made


def restore(backup: Backup, profile: Path, clock: MovedClock, beside: Path | None = None) -> Prepared:
    with Restoring(backup, profile, beside=beside, clock=clock, cost=CHEAP) as restoring:
        restoring.unlock(restoring.holders()[0].holder_id, PASSWORD)
        prepared = restoring.prepare()
        restoring.carry_out()
    return prepared


def holds(profile: Path, name: str) -> list[str]:
    """Return the files of a profile, without what was set aside, that hold a name in any page."""
    key = key_of_store(profile)
    files = (file for file in profile.glob("*") if file.is_file() and not file.name.endswith("-wal"))
    return [
        file.name
        for file in files
        if name.encode() in (decrypted(file, key) if file.suffix == ".db" else file.read_bytes())
    ]


def test_a_patient_deleted_after_the_backup_is_deleted_again_in_every_page(
    backup: Backup, profile: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        reports = {one.report_id for one in workplace.deletion.plan(1).reports}
        delete(workplace, 1)
    prepared = restore(backup, profile, clock)
    assert prepared.deletions_known
    assert (prepared.deleted_again.patients, prepared.deleted_again.studies) == (1, 0)
    assert holds(profile, "Plantedname") == []
    assert holds(profile, "Otherwoman") == ["farlight.db"]
    with open_workplace(profile, clock=clock) as workplace:
        assert workplace.records.patient(1) is None
        assert len(studies_of(workplace, 2)) == len(studies_of(workplace, 3)) == 2
        assert tuple(workplace.trail.check()) == ()
        assert workplace.trail_trouble == ()
        lines = list(workplace.trail.lines())
    told = [line for line in lines if line.act == "delete"]
    assert {line.subject for line in told} == {"patient:1", *(f"report:{one}" for one in reports)}
    assert all(json.loads(line.detail)["again"] for line in told)
    (line,) = [line for line in lines if line.act == "restore"]
    assert json.loads(line.detail)["deleted_again"] == 1
    assert not any("Plantedname" in str(line) for line in lines)


def test_without_deleting_again_the_patient_would_be_back(
    backup: Backup, profile: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        delete(workplace, 1)
    monkeypatch.setattr(OtherStates, "deletions", lambda *_: ())
    restore(backup, profile, clock)
    assert holds(profile, "Plantedname") == ["farlight.db"]


def test_a_single_study_deleted_after_the_backup_is_deleted_again_and_its_patient_stays(
    backup: Backup, profile: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        gone, stays = studies_of(workplace, 2)
        delete(workplace, 2, [gone])
    prepared = restore(backup, profile, clock)
    assert (prepared.deleted_again.patients, prepared.deleted_again.studies) == (0, 1)
    with open_workplace(profile, clock=clock) as workplace:
        assert studies_of(workplace, 2) == [stays]


def test_what_was_deleted_before_the_backup_and_who_came_after_it_need_nothing(
    profile: Path, medium: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        for name in NAMES.values():
            enter_patient(workplace, name)
        delete(workplace, 1)
        made = workplace.backups.make(medium).backup
        later = enter_patient(workplace, "Fourth Comeslater")
        delete(workplace, later)
    prepared = restore(made, profile, clock)
    assert prepared.deletions_known
    assert prepared.deleted_again.patients == 0
    assert again_lines(prepared, "1 Jan") == []
    with open_workplace(profile, clock=clock) as workplace:
        assert [bool(workplace.records.patient(one)) for one in (1, 2, 3)] == [False, True, True]


def test_a_second_restore_of_the_same_backup_deletes_them_once_more(
    backup: Backup, profile: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        delete(workplace, 1)
    for _ in range(2):
        clock.instant += timedelta(hours=1)
        assert restore(backup, profile, clock).deleted_again.patients == 1
        assert holds(profile, "Plantedname") == []


def test_a_study_that_was_moved_to_somebody_else_first_is_not_lost(
    backup: Backup, profile: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        moved, _ = studies_of(workplace, 1)
        RecordStore(workplace._database).move_study(moved, 2, at=AT, payload="{}")
        delete(workplace, 1)
    prepared = restore(backup, profile, clock)
    assert prepared.deleted_again.left == (1,)
    assert prepared.deleted_again.studies == 1
    assert "1" in again_lines(prepared, "")[1]
    with open_workplace(profile, clock=clock) as workplace:
        assert studies_of(workplace, 1) == [moved]
        assert workplace.signing._signed.find(key_of(NAMES[1], 0)) is not None


def test_patients_merged_before_they_were_deleted_all_go_again(
    backup: Backup, profile: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        RecordStore(workplace._database).merge(3, 1, at=AT)
        delete(workplace, 1)
    prepared = restore(backup, profile, clock)
    assert prepared.deleted_again.patients == 2
    with open_workplace(profile, clock=clock) as workplace:
        assert [bool(workplace.records.patient(one)) for one in (1, 2, 3)] == [False, True, False]


def test_a_number_that_stands_for_somebody_else_elsewhere_is_never_deleted(
    backup: Backup, profile: Path, medium: Path, clock: MovedClock, tmp_path: Path
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        assert enter_patient(workplace, "Fifth Stays") == 4
        newer = workplace.backups.make(medium).backup
    clock.instant += timedelta(hours=1)
    restore(backup, profile, clock)  # back to three patients, and on from there
    with open_workplace(profile, clock=clock) as workplace:
        assert enter_patient(workplace, "Sixth Goes") == 4
        delete(workplace, 4)
        delete(workplace, 1)
    clock.instant += timedelta(hours=1)
    prepared = restore(newer, profile, clock)
    assert prepared.deleted_again.patients == 1
    with open_workplace(profile, clock=clock) as workplace:
        assert [bool(workplace.records.patient(one)) for one in (1, 2, 3, 4)] == [False, True, True, True]
        patient = workplace.records.patient(4)
        assert patient is not None
        assert patient.name == "Fifth Stays"


def test_who_was_held_at_the_backup_and_deleted_after_the_hold_was_lifted_goes_again(
    profile: Path, medium: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        enter_patient(workplace, NAMES[1])
        workplace.deletion.hold(1, "A court asked for them")
        made = workplace.backups.make(medium).backup
        workplace.deletion.lift(1)
        delete(workplace, 1)
    assert restore(made, profile, clock).deleted_again.patients == 1


@pytest.mark.parametrize("damage", ["new laptop", "damaged", "keys and records gone"])
def test_where_nobody_can_tell_who_was_deleted_it_is_said_plainly(
    backup: Backup, profile: Path, clock: MovedClock, tmp_path: Path, damage: str
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        delete(workplace, 1)
    target = tmp_path / "new" if damage == "new laptop" else profile
    if damage == "damaged":
        (profile / "farlight.db").write_bytes(os.urandom(100_000))
    elif damage != "new laptop":
        shutil.rmtree(profile)
    prepared = restore(backup, target, clock)
    assert not prepared.deletions_known
    line = again_lines(prepared, "1 Jan 2027")[0]
    assert "deleted after 1 Jan 2027 may be back" in line
    assert "audit trail" in line
    with open_workplace(target, clock=clock) as workplace:
        assert workplace.records.patient(1) is not None
        (told,) = [line for line in workplace.trail.lines() if line.act == "restore"]
    assert json.loads(told.detail)["deletions_known"] is False


def test_a_new_profile_takes_the_deletions_of_the_old_one_beside_it(
    backup: Backup, profile: Path, clock: MovedClock, tmp_path: Path
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        delete(workplace, 1)
    target = tmp_path / "new"
    prepared = restore(backup, target, clock, beside=profile)
    assert prepared.deletions_known
    assert prepared.deleted_again.patients == 1
    assert holds(target, "Plantedname") == []
    for wrong in (tmp_path / "nothing here", tmp_path / "stick"):
        with pytest.raises(RequestError):
            restore(backup, tmp_path / "third", clock, beside=wrong)
        assert not (tmp_path / "third" / "farlight.db").exists()


def test_who_stops_it_while_it_deletes_again_keeps_the_old_records(
    backup: Backup, profile: Path, clock: MovedClock
) -> None:
    with open_workplace(profile, clock=clock) as workplace:
        delete(workplace, 1)
    seen: list[str] = []
    with Restoring(backup, profile, clock=clock, cost=CHEAP) as restoring:
        restoring.unlock(restoring.holders()[0].holder_id, PASSWORD)
        with pytest.raises(Cancelled):
            restoring.prepare(
                progress=lambda one: seen.append(one.stage), cancelled=lambda: "deleting" in seen
            )
    with open_workplace(profile, clock=clock) as workplace:
        assert workplace.records.patient(1) is None
        assert not [line for line in workplace.trail.lines() if line.act == "restore"]
    assert not (profile / "incoming").exists()
