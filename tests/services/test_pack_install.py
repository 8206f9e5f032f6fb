"""Installing packs from other hands: whole or not at all, with a key that is trusted, and back again."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from core.errors import (
    ChecksumError,
    DiskFullError,
    LicenceNotAcceptedError,
    NotPermittedError,
    PackChangeError,
    PackError,
    PackInUseError,
    PackTrialError,
    RequestError,
    UnknownPackError,
    UntrustedKeyError,
)
from core.patient import Patient, Sourced
from core.wording import say
from inference import trial, zip_directory
from inference.pack_files import sha256_of
from inference.packs import PackLibrary
from inference.risk_reading import assess, load_table
from inference.verify import VerifyCheck
from services.analyze import AnalysisOptions, Analyzer
from services.pack_install import PackDesk, PackVersion
from services.workplace import Workplace
from store.durable import settle_folder
from tests.inference import toy_packs
from tests.inference.toy_tables import make_risk
from tests.opening import PASSWORD, enter_signer, open_workplace
from tests.services.killed_change import end_of_change
from tests.services.pack_files import ACCEPTANCE, MAKER, PRIVATE, pack_file


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("toys")
    toy_packs.write_outline_pack(root)
    toy_packs.write_finding_pack(root)
    return root


@pytest.fixture(scope="module")
def files(toys: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pack files as they come on a stick."""
    out = tmp_path_factory.mktemp("stick")
    return {
        "outline 1.2.0": pack_file(toys, out, "toy-outline", "1.2.0"),
        "outline 1.3.0": pack_file(toys, out, "toy-outline", "1.3.0"),
        "outline 2.0.0": pack_file(toys, out, "toy-outline", "2.0.0"),
        "finding 1.0.0": pack_file(toys, out, "toy-finding", "1.0.0"),
        "asking": pack_file(
            toys, out / "asking", "toy-outline", "1.2.0", ('attribution = "nobody"', ACCEPTANCE)
        ),
        "another 1.2.0": pack_file(
            toys, out / "another", "toy-outline", "1.2.0", ("Toy outline", "Other outline")
        ),
        "foreign": pack_file(toys, out / "foreign", "toy-outline", "1.2.0", key=bytes(reversed(PRIVATE))),
    }


@pytest.fixture
def desk(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> PackDesk:
    """The desk of a profile that trusts the maker, without packs of the program; the trial is believed."""
    monkeypatch.setattr(
        "services.pack_install.try_pack",
        lambda folder, **_: (VerifyCheck(name="Model", passed=True, text=str(folder)),),
    )
    workplace.packs = desk = _desk(workplace)
    desk.keys.trust(MAKER, MAKER.fingerprint)
    return desk


def _desk(workplace: Workplace, bundled: tuple[Path, ...] = ()) -> PackDesk:
    own = workplace.packs
    return PackDesk(
        own._store, own._folder, own.keys,
        session=workplace.session, trail=workplace.trail, clock=workplace.clock, bundled=bundled,
    )  # fmt: skip


def _install(desk: PackDesk, file: Path, *, accepted: bool = False) -> PackVersion:
    with desk.offer(file) as offer:
        return desk.install(offer, accepted_licence=accepted)


def _counting(desk: PackDesk) -> dict[str, str]:
    return {pack.id: str(pack.manifest.version) for pack in desk.library().packs()}


def _acts(workplace: Workplace) -> list[str]:
    return [line.act for line in workplace.trail.lines() if line.act.startswith("pack_")]


def _left(workplace: Workplace) -> list[str]:
    folder = workplace.folder / "packs"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_pack_is_installed_upgraded_and_rolled_back(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path]
) -> None:
    first = _install(desk, files["outline 1.2.0"])
    assert (first.version, first.counts, first.signer) == ("1.2.0", True, "Ministry of Health")
    with desk.offer(files["outline 1.3.0"]) as offer:
        assert (offer.replaces, offer.version) == ("1.2.0", "1.3.0")
        desk.install(offer)
    assert _counting(desk) == {"toy-outline": "1.3.0"}
    assert [(one.version, one.counts) for one in desk.versions()] == [("1.3.0", True), ("1.2.0", False)]
    assert desk.roll_back("toy-outline").version == "1.2.0"
    assert _counting(desk) == {"toy-outline": "1.2.0"}
    assert _left(workplace) == ["toy-outline-1.2.0"]
    assert _acts(workplace) == ["pack_key_trusted", "pack_installed", "pack_installed", "pack_rolled_back"]


def test_a_pack_that_reads_values_is_tried_and_installed_like_any_other(
    workplace: Workplace, tmp_path: Path
) -> None:
    workplace.packs = desk = _desk(workplace)
    desk.keys.trust(MAKER, MAKER.fingerprint)
    make_risk(tmp_path / "toys" / "toy-risk")
    file = pack_file(tmp_path / "toys", tmp_path / "stick", "toy-risk", "1.0.0")
    assert _install(desk, file).counts
    pack = desk.library().get("toy-risk")
    value: Sourced[float | str | bool] = Sourced(value=25.0, source="typed")
    patient = Patient(age_years=Sourced(value=70.0, source="typed"), further={"ejection_fraction": value})
    assert assess(pack, load_table(pack), patient).status == "ok"


def test_it_is_tried_in_a_child_process_before_it_is_installed(
    workplace: Workplace, files: dict[str, Path]
) -> None:
    desk = _desk(workplace)
    desk.keys.trust(MAKER, MAKER.fingerprint)
    _install(desk, files["outline 1.2.0"])
    assert _counting(desk) == {"toy-outline": "1.2.0"}


def test_a_pack_that_fails_its_trial_leaves_nothing(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.pack_install.try_pack", lambda folder, **_: (trial._ended("It died."),))
    with pytest.raises(PackTrialError, match="It died"):
        _install(desk, files["outline 1.2.0"])
    assert (_left(workplace), desk.versions()) == ([], ())


def test_a_full_disk_is_told_before_anything_is_unpacked(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = shutil._ntuple_diskusage(1 << 30, 1 << 30, 1 << 20)
    monkeypatch.setattr("store.pack_folder.shutil.disk_usage", lambda _path: full)
    with pytest.raises(DiskFullError):
        _install(desk, files["outline 1.2.0"])
    assert _left(workplace) == []


@pytest.mark.parametrize(
    "call",
    [
        "inference.archive.os.fsync",
        "store.pack_folder.settle_folder",
        "store.pack_folder.Path.rename",
    ],
)
def test_a_disk_that_fails_at_a_call_leaves_the_old_packs(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    _install(desk, files["outline 1.2.0"])

    def fail(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    with monkeypatch.context() as patch:
        patch.setattr(call, fail)
        with pytest.raises(DiskFullError):
            _install(desk, files["outline 1.3.0"])
    assert _counting(desk) == {"toy-outline": "1.2.0"}
    assert {row.state for row in desk._store.installed()} == {"here"}
    assert _left(workplace) == ["toy-outline-1.2.0"]


def test_a_stick_that_is_pulled_out_is_told_as_such(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = zip_directory._read
    reads: list[int] = []

    def fail(file: BinaryIO, count: int) -> bytes:
        reads.append(count)
        if len(reads) > 4:
            raise PackError(say("packs.refused.unreadable", reason="no such device"))
        return read(file, count)

    monkeypatch.setattr(zip_directory, "_read", fail)
    with pytest.raises(PackError, match="stick is plugged in"):
        _install(desk, files["outline 1.2.0"])
    assert _left(workplace) == []


def test_an_offer_that_is_declined_leaves_nothing(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path]
) -> None:
    with desk.offer(files["outline 1.2.0"]) as offer:
        assert offer.pack.folder.is_dir()
    assert _left(workplace) == []


@pytest.mark.parametrize("damage", ["tampered", "cut", "foreign"])
def test_a_file_that_is_refused_leaves_nothing(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path], tmp_path: Path, damage: str
) -> None:
    data = bytearray(files["foreign" if damage == "foreign" else "outline 1.2.0"].read_bytes())
    if damage == "tampered":
        data[len(data) // 2] ^= 1
    file = tmp_path / "toy-outline-1.2.0.farpack"
    file.write_bytes(data[: len(data) // 2] if damage == "cut" else data)
    with pytest.raises(UntrustedKeyError if damage == "foreign" else PackError) as caught:
        _install(desk, file)
    assert caught.value.detail
    assert _left(workplace) == []


def test_a_licence_that_must_be_accepted_is_kept_with_who_and_which_text(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path]
) -> None:
    with desk.offer(files["asking"]) as offer:
        assert offer.licence_text == "Apache-2.0\n"
        with pytest.raises(LicenceNotAcceptedError):
            desk.install(offer)
        assert _counting(desk) == {}
        desk.install(offer, accepted_licence=True)
    (row,) = desk._store.licences()
    assert (row.pack_id, row.version, row.person) == ("toy-outline", "1.2.0", "Dr. M. Achieng")
    assert row.sha256 == sha256_of(b"Apache-2.0\n")


def test_an_older_or_the_same_version_is_refused(desk: PackDesk, files: dict[str, Path]) -> None:
    _install(desk, files["outline 1.3.0"])
    with pytest.raises(PackChangeError, match="roll the pack back"):
        _install(desk, files["outline 1.2.0"])
    with pytest.raises(PackChangeError, match="installed already"):
        _install(desk, files["outline 1.3.0"])


def test_other_contents_under_the_same_number_are_refused(desk: PackDesk, files: dict[str, Path]) -> None:
    _install(desk, files["outline 1.2.0"])
    with pytest.raises(PackChangeError, match="other contents"):
        _install(desk, files["another 1.2.0"])


def test_an_upgrade_that_breaks_another_pack_is_refused_with_its_name(
    desk: PackDesk, files: dict[str, Path]
) -> None:
    _install(desk, files["outline 1.2.0"])
    _install(desk, files["finding 1.0.0"])
    with pytest.raises(PackChangeError, match="toy-finding"):
        _install(desk, files["outline 2.0.0"])
    with pytest.raises(PackChangeError, match="toy-finding"):
        desk.remove("toy-outline")
    assert _counting(desk) == {"toy-outline": "1.2.0", "toy-finding": "1.0.0"}
    desk.remove("toy-finding")
    desk.remove("toy-outline")
    assert _counting(desk) == {}


def test_a_pack_whose_own_need_is_missing_is_refused(desk: PackDesk, files: dict[str, Path]) -> None:
    with pytest.raises(PackChangeError, match="toy-outline, which is not installed"):
        _install(desk, files["finding 1.0.0"])


def test_a_pack_of_the_program_is_upgraded_and_comes_back_but_is_never_removed(
    desk: PackDesk, workplace: Workplace, toys: Path, files: dict[str, Path]
) -> None:
    desk = _desk(workplace, (toys,))
    with pytest.raises(PackChangeError, match="part of Farlight"):
        desk.remove("toy-outline")
    with pytest.raises(PackChangeError, match="no earlier version"):
        desk.roll_back("toy-outline")
    _install(desk, files["outline 1.3.0"])
    assert _counting(desk)["toy-outline"] == "1.3.0"
    desk.roll_back("toy-outline")
    assert _counting(desk)["toy-outline"] == "1.2.0"
    with pytest.raises(PackChangeError, match=r"installed already|other contents"):
        _install(desk, files["outline 1.2.0"])


def test_one_version_is_removed_and_an_unknown_one_is_told(desk: PackDesk, files: dict[str, Path]) -> None:
    _install(desk, files["outline 1.2.0"])
    _install(desk, files["outline 1.3.0"])
    with pytest.raises(UnknownPackError):
        desk.remove("toy-outline", "9.9.9")
    with pytest.raises(UnknownPackError):
        desk.roll_back("toy-unicorn")
    assert [one.version for one in desk.remove("toy-outline", "1.2.0")] == ["1.2.0"]
    assert _counting(desk) == {"toy-outline": "1.3.0"}


def test_packs_are_not_taken_away_under_an_analysis(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path]
) -> None:
    _install(desk, files["outline 1.2.0"])
    with desk.in_use(), desk.in_use():
        with pytest.raises(PackInUseError):
            desk.remove("toy-outline")
        assert _counting(desk) == {"toy-outline": "1.2.0"}
        _install(desk, files["outline 1.3.0"])
    desk.remove("toy-outline")
    assert _counting(desk) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_the_mark_of_an_analysis_that_died_hinders_nobody(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path]
) -> None:
    _install(desk, files["outline 1.2.0"])
    program = (
        "import sys, time; from pathlib import Path; from store.pack_folder import PackFolder\n"
        "with PackFolder(Path(sys.argv[1])).in_use(): print('in', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(workplace.folder)], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"in\n"
        with pytest.raises(PackInUseError):
            desk.remove("toy-outline")
        child.kill()
    desk.remove("toy-outline")


def test_only_an_administrator_changes_packs_and_keys(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path]
) -> None:
    _install(desk, files["outline 1.2.0"])
    person = enter_signer(workplace, name="Amina", role="Officer", registration_number="1", pin="2468")
    workplace.switch(person.holder_id, PASSWORD)
    for act in (
        lambda: _install(desk, files["outline 1.3.0"]),
        lambda: desk.roll_back("toy-outline"),
        lambda: desk.remove("toy-outline"),
        lambda: desk.keys.trust(MAKER, MAKER.fingerprint),
        lambda: desk.keys.distrust(MAKER.key),
    ):
        with pytest.raises((NotPermittedError, PackChangeError)) as caught:
            act()
        assert isinstance(caught.value, NotPermittedError) or "no earlier" in caught.value.detail
    assert _counting(desk) == {"toy-outline": "1.2.0"}


def test_a_key_is_trusted_only_with_its_fingerprint(desk: PackDesk) -> None:
    with pytest.raises(RequestError, match="digits"):
        desk.keys.trust(MAKER, MAKER.fingerprint[:-1] + "x")
    desk.keys.trust(MAKER, MAKER.fingerprint.replace(" ", "-"))


def test_packs_of_a_key_that_is_not_trusted_any_more_are_not_used(
    desk: PackDesk, files: dict[str, Path]
) -> None:
    _install(desk, files["outline 1.2.0"])
    desk.keys.distrust(MAKER.key)
    assert _counting(desk) == {}
    (one,) = desk.versions()
    assert isinstance(one.error, UntrustedKeyError)
    desk.keys.trust(MAKER, MAKER.fingerprint)
    assert _counting(desk) == {"toy-outline": "1.2.0"}


def test_a_pack_whose_folder_is_gone_is_named(desk: PackDesk, files: dict[str, Path]) -> None:
    made = _install(desk, files["outline 1.2.0"])
    assert desk.lost() == ()
    shutil.rmtree(desk.roots[-1] / made.folder.name)
    assert desk.lost() == (("toy-outline", "1.2.0"),)


def test_a_pack_that_was_copied_or_changed_is_not_used(
    desk: PackDesk, workplace: Workplace, toys: Path, files: dict[str, Path]
) -> None:
    _install(desk, files["outline 1.2.0"])
    shutil.copytree(toys / "toy-outline", workplace.folder / "packs" / "toy-outline-9.9.9")
    assert _counting(desk) == {"toy-outline": "1.2.0"}
    manifest = workplace.folder / "packs" / "toy-outline-1.2.0" / "pack.toml"
    manifest.write_text(manifest.read_text().replace("Toy outline", "Evil outline"))
    assert _counting(desk) == {}
    assert any(isinstance(one.error, ChecksumError) for one in desk.versions())


def _without_records(workplace: Workplace) -> dict[str, str]:
    """Return what the verbs use that open no records."""
    library = PackLibrary((workplace.folder / "packs",))
    return {pack.id: str(pack.manifest.version) for pack in library.packs()}


def test_packs_of_a_key_that_is_not_trusted_any_more_are_not_used_by_verbs_that_open_no_records(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path]
) -> None:
    _install(desk, files["outline 1.2.0"])
    assert _without_records(workplace) == {"toy-outline": "1.2.0"}
    desk.keys.distrust(MAKER.key)
    assert _without_records(workplace) == {}
    with pytest.raises(UntrustedKeyError, match="not trusted any more"):
        PackLibrary((workplace.folder / "packs",)).get("toy-outline")
    analyzer = Analyzer(AnalysisOptions(), pack_folders=(workplace.folder / "packs",))
    assert [name for name, error in analyzer.broken() if isinstance(error, UntrustedKeyError)] == [
        "toy-outline"
    ]
    desk.keys.trust(MAKER, MAKER.fingerprint)
    assert _without_records(workplace) == {"toy-outline": "1.2.0"}
    desk.keys.distrust(MAKER.key)
    desk.remove("toy-outline")
    desk.finish()
    assert _left(workplace) == []


class _Killed(BaseException):
    """Ends a change where a power cut would."""


def test_trust_that_was_taken_half_way_is_put_right_at_the_next_start(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(desk, files["outline 1.2.0"])

    def killed(_key: bytes) -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(desk._store, "distrust", killed)
        with pytest.raises(_Killed):
            desk.keys.distrust(MAKER.key)
    assert _without_records(workplace) == {}
    desk.finish()
    assert (_counting(desk), _without_records(workplace)) == ({"toy-outline": "1.2.0"},) * 2
    desk._store.distrust(MAKER.key)
    desk.finish()
    assert _without_records(workplace) == {}


def test_other_contents_under_a_number_that_was_removed_are_refused(
    desk: PackDesk, files: dict[str, Path]
) -> None:
    """What was entered for that version would else hold for another model."""
    _install(desk, files["outline 1.2.0"])
    desk.remove("toy-outline")
    with pytest.raises(PackChangeError, match="other contents"):
        _install(desk, files["another 1.2.0"])
    _install(desk, files["outline 1.2.0"])
    assert _counting(desk) == {"toy-outline": "1.2.0"}


def test_a_roll_back_that_was_killed_before_its_line_is_audited_as_such(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(desk, files["outline 1.2.0"])
    _install(desk, files["outline 1.3.0"])

    def killed(*_arguments: object) -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(desk, "_settle_going", killed)
        with pytest.raises(_Killed):
            desk.roll_back("toy-outline")
    desk.finish()
    assert _acts(workplace)[-1] == "pack_rolled_back"
    assert json.loads(list(workplace.trail.lines())[-1].detail) == {
        "pack": "toy-outline",
        "old": "1.3.0",
        "new": "1.2.0",
    }
    desk.finish()
    assert _acts(workplace).count("pack_rolled_back") == 1


def test_the_removal_of_two_versions_that_was_killed_between_them_is_finished(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(desk, files["outline 1.2.0"])
    _install(desk, files["outline 1.3.0"])
    take, taken = desk._folder.take, list[str]()

    def killed(name: str) -> None:
        assert {row.state for row in desk._store.installed()} == {"going"}
        if taken:
            raise _Killed
        taken.append(name)
        take(name)

    with monkeypatch.context() as patch:
        patch.setattr(desk._folder, "take", killed)
        with pytest.raises(_Killed):
            desk.remove("toy-outline")
    desk.finish()
    assert (_counting(desk), _left(workplace), desk._store.installed()) == ({}, [], ())
    assert _acts(workplace)[-1] == "pack_removed"
    assert json.loads(list(workplace.trail.lines())[-1].detail) == {
        "pack": "toy-outline",
        "old": "1.3.0, 1.2.0",
    }


def test_what_does_not_fit_any_more_when_it_is_installed_is_refused(
    desk: PackDesk, workplace: Workplace, files: dict[str, Path]
) -> None:
    """Another window installed a later one while this one waited for its administrator."""
    with desk.offer(files["outline 1.2.0"]) as offer:
        _install(_desk(workplace), files["outline 1.3.0"])
        with pytest.raises(PackChangeError, match="roll the pack back"):
            desk.install(offer)
    assert _counting(desk) == {"toy-outline": "1.3.0"}


def test_every_folder_and_file_is_on_the_disk_before_it_is_put_into_its_place(
    desk: PackDesk, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[str] = []
    synced: list[int] = []
    settle, sync, rename = settle_folder, os.fsync, Path.rename
    at_rename: list[tuple[int, int]] = []

    def renamed(folder: Path, target: Path) -> Path:
        if target.name == "toy-outline-1.2.0":
            at_rename.append((settled.count("toy-outline"), len(synced)))
        return rename(folder, target)

    def settled_one(folder: Path) -> None:
        settled.append(folder.name)
        settle(folder)

    def synced_one(number: int) -> None:
        synced.append(number)
        sync(number)

    monkeypatch.setattr("store.pack_folder.settle_folder", settled_one)
    monkeypatch.setattr("inference.archive.os.fsync", synced_one)
    monkeypatch.setattr(Path, "rename", renamed)
    _install(desk, files["outline 1.2.0"])
    ((folders, written),) = at_rename
    assert folders == 1
    assert written >= 6
    assert settled[-1] == "packs"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("change", ["install", "upgrade", "roll back", "remove"])
def test_killed_at_any_step_the_old_packs_are_there_or_the_new(
    toys: Path, files: dict[str, Path], tmp_path: Path, change: str
) -> None:
    """Each call that changes the disk or the records is a step; the process is killed right before it."""
    states, step = [], 0
    before = {"install": {}, "remove": {"toy-outline": "1.2.0"}, "upgrade": {"toy-outline": "1.2.0"}}.get(
        change, {"toy-outline": "1.3.0"}
    )
    after = {"install": "1.2.0", "upgrade": "1.3.0", "roll back": "1.2.0"}.get(change)
    template = tmp_path / "template"
    with open_workplace(template) as workplace:
        desk = _desk(workplace)
        desk.keys.trust(MAKER, MAKER.fingerprint)
        if change != "install":
            _put(desk, files["outline 1.2.0"])
        if change == "roll back":
            _put(desk, files["outline 1.3.0"])
    while True:
        profile = Path(shutil.copytree(template, tmp_path / f"profile-{step}"))
        ended = end_of_change(profile, change, files["outline 1.2.0"], files["outline 1.3.0"], step)
        assert ended in (0, -signal.SIGKILL)
        with open_workplace(profile) as workplace:
            desk = _desk(workplace)
            states.append(_counting(desk))
            assert all(one.error is None for one in desk.versions())
            assert not [name for name in _left(workplace) if name.startswith((".staging", ".going"))]
            assert {row.state for row in desk._store.installed()} <= {"here"}
            noted = _acts(workplace)
            changed = {"install": 1, "upgrade": 2, "roll back": 3, "remove": 2}[change]
            assert (len(noted) > changed) == (states[-1] != before), noted
        if ended == 0:
            break
        step += 1
    assert states[0] == before
    assert states[-1] == ({"toy-outline": after} if after else {})
    turned = [one != before for one in states]
    assert turned == sorted(turned)
    assert step > 5


def _put(desk: PackDesk, file: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "services.pack_install.try_pack", lambda *_, **__: (VerifyCheck(name="", passed=True, text=""),)
        )
        _install(desk, file)
