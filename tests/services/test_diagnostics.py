"""The file for support holds what support needs, and no name that anybody planted anywhere."""

import json
import logging
import zipfile
from pathlib import Path

import pytest

from core.errors import FarlightError, NotPermittedError, OutputNotWritableError
from services.diagnostics import collect, save
from services.log_lines import known_line
from services.staff import NewPerson
from services.workplace import Workplace
from store.profile import start_log, stop_log
from tests.opening import open_workplace
from tests.services.records_of_clinic import PLANTED, put_images, sign_reports
from ui.task import hide_text

NAMES = ("Wambui", "Kariuki", "Nakuru", "Achieng", "Omondi", "Chepkoech", "Mwangi", "Njoroge")


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A profile with names in patients, drafts, paths, file names, people, settings, logs and exceptions."""
    profile = tmp_path / "Omondi Nakuru"
    with open_workplace(profile) as workplace:
        sign_reports(workplace, range(3))
        put_images(workplace)
        workplace.settings.set("site.name", "Nakuru Health Centre")
        workplace.settings.set("site.address", "PO Box 7;Nakuru")
        workplace.settings.set("backup.last_path", "/media/Chepkoech/farlight-backup")
        workplace.staff.add(
            NewPerson(name="Sr. Mwangi", duty="clinician", role="nurse Njoroge", pin="2580"), "yam and maize"
        )
        with workplace._database.transaction() as connection:
            connection.execute(
                "INSERT INTO drafts VALUES (?, ?, '2027')",
                (f"unit-{PLANTED}", json.dumps({"words": PLANTED})),
            )
            workplace.trail.note("open", "unit:1", words=PLANTED)
        _log_names(profile)
    return profile


def _log_names(profile: Path) -> None:
    handler = start_log(profile, "command-line")
    log = logging.getLogger("ui.task")
    log.warning("could not read /media/stick/Wambui Kariuki/chest.dcm")
    log.warning("background work failed: E101 Wambui Kariuki")
    log.warning("warm-up of wambui-kariuki: E300 no")
    logging.getLogger("Kariuki").warning("unexpected: E000")
    logging.getLogger("qt").warning("Kariuki.png not found")
    try:
        raise ValueError("Kariuki, Wambui 1981")
    except ValueError as error:
        log.error("background work failed", exc_info=hide_text(error))
        log.error("background work failed", exc_info=error)
    log.warning('  File "/tmp/Kariuki/ui/wambui.py", line 3, in Kariuki')
    stop_log(handler)
    (profile / "log" / "Kariuki.log").write_text("Wambui\nui Kariuki\n")


def _unpacked(file: Path) -> dict[str, str]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_no_planted_name_is_in_it(planted: Path, tmp_path: Path) -> None:
    with open_workplace(planted) as workplace:
        bundle = workplace.diagnostics()
    save(bundle, tmp_path / "support.zip")
    whole = "\n".join(
        f"{name}\n{text}" for name, text in _unpacked(tmp_path / "support.zip").items()
    ).casefold()
    for name in NAMES:
        assert name.casefold() not in whole, name
    assert str(tmp_path).casefold() not in whole


def test_it_holds_what_support_needs(planted: Path) -> None:
    with open_workplace(planted) as workplace:
        bundle = workplace.diagnostics()
    parts = {name: json.loads(text) for name, text in bundle.parts.items() if name.endswith(".json")}
    assert parts["program.json"]["libraries"]["sqlcipher3"] != "-"
    assert parts["computer.json"]["memory_mb"] > 100
    assert parts["computer.json"]["disk_free_mb"] > 0
    assert parts["records.json"]["counts"]["signed_reports"] == 3
    assert parts["records.json"]["trail_broken"] == []
    assert parts["settings.json"]["theme"] == "dark"
    assert not {"site.name", "site.address", "backup.last_path"} & set(parts["settings.json"])
    assert all(pack["sha256"] for pack in parts["packs.json"])
    log = bundle.parts["log.txt"]
    assert "ui.task background work failed: E101" in log
    assert "ValueError" in log
    assert bundle.left_out >= 5
    assert [name for name, _ in bundle.contents()] == list(bundle.parts)


def test_without_the_records_it_needs_no_password(planted: Path) -> None:
    bundle = collect(planted)
    assert "records.json" not in bundle.parts
    assert "program.json" in bundle.parts


def test_who_is_no_administrator_makes_none(planted: Path) -> None:
    with open_workplace(planted) as workplace:
        workplace.lock()
        with pytest.raises(NotPermittedError):
            workplace.diagnostics()


def test_a_file_that_is_there_is_not_replaced_unasked(workplace: Workplace, tmp_path: Path) -> None:
    file = tmp_path / "support.zip"
    file.write_bytes(b"mine")
    bundle = collect(workplace.folder)
    with pytest.raises(OutputNotWritableError):
        save(bundle, file)
    assert file.read_bytes() == b"mine"
    save(bundle, file, replace=True)
    assert "about.txt" in _unpacked(file)
    with pytest.raises(FarlightError):
        save(bundle, tmp_path / "no such folder" / "support.zip")


@pytest.mark.parametrize(
    ("line", "made"),
    [
        (
            "2027-01-01 12:00:00,123 ERROR ui.application unexpected: E503",
            "2027-01-01 12:00:00,123 ERROR ui.application unexpected: E503",
        ),
        ("2027-01-01 12:00:00,123 ERROR ui.application unexpected: E503 Kariuki", None),
        ("2027-01-01 12:00:00,123 ERROR services.load unexpected Kariuki", None),
        (
            "2027-01-01 12:00:00,123 ERROR services.load unexpected OSError",
            "2027-01-01 12:00:00,123 ERROR services.load unexpected OSError",
        ),
        ('  File "/media/kariuki/farlight/store/database.py", line 12, in Kariuki', "  store/database.py:12"),
        ('  File "/media/kariuki/store/kariuki.py", line 12, in x', None),
        ('  File "/x/site-packages/numpy/kariuki.py", line 12, in x', "  library numpy:12"),
        ('    raise ValueError("Kariuki")', None),
        ("ValueError: Kariuki", None),
        ("ui.task._Hidden: ValueError", "  ValueError"),
        ("ui.task._Hidden: Kariuki", None),
    ],
)
def test_a_line_of_the_log_is_made_anew_or_left_out(line: str, made: str | None) -> None:
    assert known_line(line, frozenset({"chest-lungs"})) == made
