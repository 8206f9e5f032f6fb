"""Backup, restore and salvage by the real program: on full media, killed at any moment, from a script."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.backup_manifest import find_backups, read_backup
from tests.opening import PASSWORD, open_workplace
from tests.services.records_of_clinic import PLANTED, enter_patient, put_images, reports, sign_reports

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("FARLIGHT_KILLS", "12"))


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty signed reports and some images; do not change them."""
    folder = tmp_path_factory.mktemp("clinic") / "profile"
    with open_workplace(folder) as workplace:
        sign_reports(workplace, range(30), size=100_000)
        put_images(workplace, 6, 300_000)
    return folder


@pytest.fixture
def profile(clinic: Path, tmp_path: Path) -> Path:
    """A test's own copy of the clinic's records."""
    return Path(shutil.copytree(clinic, tmp_path / "clinic"))


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def _start(profile: Path, *words: object, secret: str = PASSWORD) -> subprocess.Popen[str]:
    """Start the program with a password on a file descriptor."""
    read, write = os.pipe()
    os.write(write, f"{secret}\n".encode())
    os.close(write)
    verb, *rest = [str(word) for word in words]
    process = subprocess.Popen(
        [sys.executable, "main.py", "--profile", str(profile), verb, *rest, "--password-fd", str(read)],
        cwd=ROOT,
        pass_fds=(read,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(read)
    return process


def _run(profile: Path, *words: object, secret: str = PASSWORD) -> tuple[int, str, str]:
    process = _start(profile, *words, secret=secret)
    out, err = process.communicate(timeout=100)
    return process.returncode, out, err


def _numbers(profile: Path) -> list[int]:
    with open_workplace(profile) as workplace:
        assert tuple(workplace.trail.check()) == ()
        return sorted(reports(workplace))


def test_a_backup_goes_out_and_comes_back(profile: Path, stick: Path, tmp_path: Path) -> None:
    status, out, err = _run(profile, "backup", stick, "--verify")
    assert status == 0, err
    assert Path(out.strip()).parent == stick
    status, out, _ = _run(profile, "backup", "list", stick, "--json")
    assert status == 0
    (listed,) = json.loads(out)
    assert listed["images"] == 6
    status, _, err = _run(profile, "backup", "verify", stick)
    assert status == 0, err
    status, out, err = _run(tmp_path / "new", "restore", stick)
    assert status == 0, err
    assert "signed reports: 30" in err
    assert _numbers(tmp_path / "new") == list(range(1, 31))


def test_present_records_are_set_aside_only_after_yes(profile: Path, stick: Path) -> None:
    assert _run(profile, "backup", stick)[0] == 0
    with open_workplace(profile) as workplace:
        sign_reports(workplace, range(30, 31))
    status, _, err = _run(profile, "restore", stick)
    assert status == 2
    assert "--yes" in err
    assert "31  2027-01-01" in err
    assert len(_numbers(profile)) == 31
    status, _, err = _run(profile, "restore", stick, "--yes")
    assert status == 0
    assert "set-aside" in err
    assert len(_numbers(profile)) == 30


def test_who_was_deleted_after_the_backup_goes_again_or_it_is_said(
    profile: Path, stick: Path, tmp_path: Path
) -> None:
    with open_workplace(profile) as workplace:
        patient = enter_patient(workplace, "Plantedname Zuberi")
        workplace.backups.make(stick)
        plan = workplace.deletion.plan(patient)
        workplace.deletion.delete(plan, password=PASSWORD, typed=plan.typed)
    status, out, err = _run(profile, "restore", stick, "--yes", "--json")
    assert status == 0, err
    assert "Deleted again" in err
    assert json.loads(out)["deleted_again"] == {"patients": 1, "studies": 0, "left": []}
    status, _, err = _run(tmp_path / "new", "restore", stick)
    assert status == 0, err
    assert "may be back" in err
    status, _, err = _run(tmp_path / "newer", "restore", stick, "--beside", profile)
    assert status == 0, err
    assert "Deleted again" in err
    for folder, back in ((profile, False), (tmp_path / "new", True), (tmp_path / "newer", False)):
        with open_workplace(folder) as workplace:
            assert (workplace.records.patient(patient) is not None) == back


def test_a_wrong_password_or_place_is_one_sentence(profile: Path, stick: Path) -> None:
    status, out, err = _run(profile, "backup", stick, secret="not the password")
    assert (status, out) == (1, "")
    assert err.startswith("E507")
    assert list(stick.iterdir()) == []
    status, _, err = _run(profile, "backup", stick / "not plugged in")
    told, error = err.splitlines()[:2]
    assert told.startswith("1 wrong password for you")
    assert (status, error[:4]) == (1, "E540")
    status, _, err = _run(profile, "restore", stick)
    assert (status, err[:4]) == (1, "E543")
    assert _run(profile, "backup", "verify")[0] == 2


def test_a_changed_backup_is_found_and_not_restored(profile: Path, stick: Path, tmp_path: Path) -> None:
    assert _run(profile, "backup", stick)[0] == 0
    (backup,) = find_backups(stick)
    records = backup.folder / "records.001"
    content = bytearray(records.read_bytes())
    content[len(content) // 3] ^= 1
    records.write_bytes(content)
    status, _, err = _run(profile, "backup", "verify", stick)
    assert status == 1
    assert "\nE542" in f"\n{err}", "after what a slow computer says of how far it is"
    status, _, err = _run(tmp_path / "new", "restore", stick)
    assert status == 1
    assert "\nE542" in f"\n{err}"
    assert not (tmp_path / "new" / "farlight.db").exists()


def test_damaged_records_are_opened_and_the_loss_is_told(profile: Path) -> None:
    file = profile / "farlight.db"
    with file.open("rb+") as stream:
        for page in (1, 300, 500):
            stream.seek((page - 1) * 4096)
            stream.write(os.urandom(4096))
    status, out, err = _run(profile, "salvage", "--yes", "--json")
    report = json.loads(out)
    assert status == 1
    assert report["bad_pages"] == 3
    assert "set-aside" in err
    for lost in report["lost_reports"]:
        assert f"{lost['number']}  {lost['signed_at']}" in err
    kept = _numbers_after_loss(profile)
    assert set(range(1, 31)) - set(kept) == {lost["number"] for lost in report["lost_reports"]}
    assert _run(profile, "salvage")[0] == 0  # now they are whole


def _numbers_after_loss(profile: Path) -> list[int]:
    with open_workplace(profile) as workplace:
        return sorted(reports(workplace))


def test_the_support_file_holds_no_planted_name(profile: Path, tmp_path: Path) -> None:
    import zipfile

    status, out, err = _run(profile, "diagnostics", tmp_path / "support.zip")
    assert status == 0, err
    assert "records.json" in err
    with zipfile.ZipFile(out.strip()) as archive:
        whole = "".join(archive.read(name).decode() for name in archive.namelist())
    for name in (*PLANTED.split(), "Achieng", str(profile)):
        assert name not in whole


@pytest.fixture
def small_stick(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 3 MB."""
    folder = tmp_path / "small stick"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_stick_is_told_with_the_amount_that_is_missing(profile: Path, small_stick: Path) -> None:
    status, _, err = _run(profile, "backup", small_stick)
    assert status == 1
    assert err.startswith("E541")
    assert "MB more are needed" in err
    assert find_backups(small_stick) == ()


def test_a_profile_without_room_for_a_restore_is_told_and_left(
    profile: Path, stick: Path, small_stick: Path
) -> None:
    assert _run(profile, "backup", stick)[0] == 0
    status, _, err = _run(small_stick / "new profile", "restore", stick)
    assert status == 1
    assert err.startswith("E541")
    assert not (small_stick / "new profile" / "farlight.db").exists()


def _killed_after(process: subprocess.Popen[str], seconds: float) -> bool:
    """Kill -9 after some time; returns whether it was still at work."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True
    process.communicate()
    return False


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_backup_that_is_killed_anywhere_is_gone_on_with_and_harms_nothing(
    profile: Path, stick: Path
) -> None:
    began = time.monotonic()
    assert _run(profile, "backup", stick)[0] == 0
    whole_s = time.monotonic() - began
    (good,) = find_backups(stick)
    killed = 0
    for number in range(KILLS):
        moment = whole_s * (0.35 + 0.6 * random.Random(number).random())
        killed += _killed_after(_start(profile, "backup", stick), moment)
        for backup in find_backups(stick):
            read_backup(backup.folder)
    assert killed > KILLS // 3
    status, _, err = _run(profile, "backup", stick, "--verify")
    assert status == 0, err
    assert good.folder.exists() or len(find_backups(stick)) == 3
    assert _numbers(profile) == list(range(1, 31))
    for backup in find_backups(stick):
        assert _run(profile, "backup", "verify", backup.folder)[0] == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_restore_that_is_killed_anywhere_leaves_the_old_records_or_the_restored_ones(
    profile: Path, stick: Path, tmp_path: Path
) -> None:
    assert _run(profile, "backup", stick)[0] == 0
    with open_workplace(profile) as workplace:
        sign_reports(workplace, range(30, 33))
    spare = tmp_path / "spare"
    shutil.copytree(profile, spare)
    began = time.monotonic()
    assert _run(profile, "restore", stick, "--yes")[0] == 0
    whole_s = time.monotonic() - began
    seen = set()
    for number in range(KILLS):
        shutil.rmtree(profile)
        shutil.copytree(spare, profile)
        moment = whole_s * (0.5 + 0.5 * (number + 1) / KILLS)
        _killed_after(_start(profile, "restore", stick, "--yes"), moment)
        found = len(_numbers(profile))
        assert found in (30, 33)
        seen.add(found)
        assert len(list((profile / "images").iterdir())) == 6
    assert 33 in seen
