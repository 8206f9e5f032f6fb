"""Damaged records: what can be opened is opened, what is lost is said, and nothing is thrown away."""

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from core.errors import NotPermittedError, NotSalvagedError, StoreDamagedError
from services.access import Access
from services.salvage import Salvaged, Salvaging
from services.staff import NewPerson
from store.page_file import PAGE_BYTES
from tests.opening import CHEAP, PASSWORD, key_of_store, open_workplace, raw_database
from tests.services.conftest import MovedClock
from tests.services.records_of_clinic import PLANTED, put_images, reports, sign_reports

REPORTS = 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile of sixty reports, some images and a small draft."""
    profile = tmp_path_factory.mktemp("whole") / "clinic"
    with open_workplace(profile, clock=MovedClock()) as workplace:
        sign_reports(workplace, range(REPORTS), size=3000)
        put_images(workplace)
        with workplace._database.transaction() as connection:
            connection.execute("INSERT INTO drafts VALUES ('unit-x', '{}', '2027-01-01')")
    return profile


@pytest.fixture
def profile(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "clinic"))


def _overwrite(file: Path, pages: list[int]) -> None:
    with file.open("rb+") as stream:
        for number in pages:
            stream.seek((number - 1) * PAGE_BYTES)
            stream.write(os.urandom(PAGE_BYTES))


def _salvage(profile: Path, clock: MovedClock) -> Salvaged:
    with Salvaging(profile, clock=clock, cost=CHEAP) as salvaging:
        salvaging.unlock(salvaging.holders()[0].holder_id, PASSWORD)
        report = salvaging.prepare()
        salvaging.carry_out()
    return report


def _before(whole: Path) -> dict[int, bytes]:
    connection = raw_database(whole)
    try:
        rows = connection.execute("SELECT report_id, pdf FROM signed_reports").fetchall()
        return {int(row["report_id"]): bytes(row["pdf"]) for row in rows}
    finally:
        connection.close()


def test_whole_records_are_said_to_be_whole(profile: Path, clock: MovedClock) -> None:
    with Salvaging(profile, clock=clock, cost=CHEAP) as salvaging:
        salvaging.unlock(salvaging.holders()[0].holder_id, PASSWORD)
        report = salvaging.prepare()
    assert report.whole
    assert report.lost_reports == ()
    assert {table.table: table.kept for table in report.tables}["signed_reports"] == REPORTS


def test_every_table_comes_back_to_the_byte_where_nothing_is_lost(
    profile: Path, whole: Path, clock: MovedClock
) -> None:
    before = raw_database(whole)
    _salvage(profile, clock)
    after = raw_database(profile)
    try:
        tables = [row[0] for row in before.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table in ("audit", "sqlite_sequence"):
                continue
            rows = [
                sorted(map(repr, map(tuple, one.execute(f'SELECT * FROM "{table}"').fetchall())))
                for one in (before, after)
            ]
            assert rows[0] == rows[1], table
        schemas = [
            sorted(map(repr, map(tuple, one.execute("SELECT type, name, sql FROM sqlite_master").fetchall())))
            for one in (before, after)
        ]
        assert schemas[0] == schemas[1]
    finally:
        before.close()
        after.close()


@pytest.mark.parametrize("seed", range(12))
def test_random_pages_cost_what_is_in_them_and_every_lost_report_is_named(
    profile: Path, whole: Path, clock: MovedClock, seed: int
) -> None:
    before = _before(whole)
    file = profile / "farlight.db"
    count = file.stat().st_size // PAGE_BYTES
    _overwrite(file, random.Random(seed).sample(range(1, count + 1), 1 + seed))
    report = _salvage(profile, clock)
    with open_workplace(profile, clock=clock) as workplace:
        kept = reports(workplace)
        lines = list(workplace.trail.lines())
    assert all(before[number] == pdf for number, pdf in kept.items())  # never another one's, never altered
    lost = {one.number for one in report.lost_reports}
    assert set(before) - set(kept) <= lost
    assert not lost & set(kept)
    assert len(kept) >= REPORTS - 2 * (1 + seed)
    (line,) = [line for line in lines if line.act == "salvage"]
    assert [number for number, _ in json.loads(line.detail)["lost_reports"]] == sorted(lost)


def test_a_lost_report_is_named_with_its_date(profile: Path, whole: Path, clock: MovedClock) -> None:
    key = key_of_store(whole)
    file = profile / "farlight.db"
    for number in range(2, file.stat().st_size // PAGE_BYTES):
        shutil.copy(whole / "farlight.db", file)
        _overwrite(file, [number])
        with Salvaging(profile, clock=clock, cost=CHEAP) as salvaging:
            salvaging.unlock(salvaging.holders()[0].holder_id, PASSWORD)
            report = salvaging.prepare()
        if report.lost_reports:
            assert all(one.signed_at.startswith("2027-01-01T12:") for one in report.lost_reports)
            break
    else:
        pytest.fail("no page of this file belongs to a report")
    assert key


def test_the_first_page_is_not_needed(profile: Path, whole: Path, clock: MovedClock) -> None:
    _overwrite(profile / "farlight.db", [1])
    access = Access(profile, clock=clock, cost=CHEAP)
    try:
        with pytest.raises(StoreDamagedError):
            access.log_in(access.holders()[0].holder_id, PASSWORD)
    finally:
        access.close()
    report = _salvage(profile, clock)
    assert report.lost_reports == ()
    with open_workplace(profile, clock=clock) as workplace:
        assert reports(workplace) == _before(whole)


@pytest.mark.parametrize("part", [0.9, 0.6, 0.4])
def test_a_truncated_file_gives_what_is_in_it(
    profile: Path, whole: Path, clock: MovedClock, part: float
) -> None:
    before = _before(whole)
    file = profile / "farlight.db"
    os.truncate(file, int(file.stat().st_size * part) // 512 * 512)
    report = _salvage(profile, clock)
    with open_workplace(profile, clock=clock) as workplace:
        kept = reports(workplace)
    assert kept
    assert all(before[number] == pdf for number, pdf in kept.items())
    if part > 0.5:
        assert set(before) - set(kept) <= {one.number for one in report.lost_reports} or report.may_lack_more


@pytest.fixture
def with_log(tmp_path: Path, clock: MovedClock) -> tuple[Path, dict[int, bytes]]:
    """A profile whose last reports stand in the log alone, as after a power cut."""
    live = tmp_path / "live"
    with open_workplace(live, clock=clock) as workplace:
        sign_reports(workplace, range(10), size=3000)
        workplace._database._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sign_reports(workplace, range(10, 20), size=3000)
        copied = Path(shutil.copytree(live, tmp_path / "cut"))
        return copied, reports(workplace)


def test_the_log_is_read_as_well(with_log: tuple[Path, dict[int, bytes]], clock: MovedClock) -> None:
    profile, before = with_log
    _overwrite(profile / "farlight.db", [1, 3])
    _salvage(profile, clock)
    with open_workplace(profile, clock=clock) as workplace:
        assert set(reports(workplace)) >= set(range(11, 21))
        assert all(before[number] == pdf for number, pdf in reports(workplace).items())


@pytest.mark.parametrize("where", ["header", "frame_header", "frame", "tail", "all"])
def test_a_damaged_log_costs_what_is_in_it_and_nothing_else(
    with_log: tuple[Path, dict[int, bytes]], clock: MovedClock, where: str
) -> None:
    profile, before = with_log
    log = profile / "farlight.db-wal"
    size = log.stat().st_size
    offset, length = {
        "header": (0, 32),
        "frame_header": (32 + 5 * (PAGE_BYTES + 24), 24),
        "frame": (32 + 5 * (PAGE_BYTES + 24) + 500, 800),
        "tail": (size // 2, size - size // 2),
        "all": (0, size),
    }[where]
    with log.open("rb+") as stream:
        stream.seek(offset)
        stream.write(os.urandom(length))
    _salvage(profile, clock)
    with open_workplace(profile, clock=clock) as workplace:
        kept = reports(workplace)
    assert set(kept) >= set(range(1, 11))
    assert all(before[number] == pdf for number, pdf in kept.items())
    if where == "header":
        assert set(kept) == set(before)


def test_what_was_damaged_is_set_aside_untouched_and_keys_and_images_stay(
    profile: Path, whole: Path, clock: MovedClock
) -> None:
    _overwrite(profile / "farlight.db", [5, 6])
    damaged = (profile / "farlight.db").read_bytes()
    with Salvaging(profile, clock=clock, cost=CHEAP) as salvaging:
        salvaging.unlock(salvaging.holders()[0].holder_id, PASSWORD)
        salvaging.prepare()
        assert (profile / "farlight.db").read_bytes() == damaged
        aside = salvaging.carry_out()
    assert (aside / "farlight.db").read_bytes() == damaged
    assert (aside / "keys.json").read_bytes() == (profile / "keys.json").read_bytes()
    assert len(list((profile / "images").iterdir())) == 3


def test_nothing_of_the_new_records_can_be_read_without_the_key(profile: Path, clock: MovedClock) -> None:
    _overwrite(profile / "farlight.db", [7])
    with Salvaging(profile, clock=clock, cost=CHEAP) as salvaging:
        salvaging.unlock(salvaging.holders()[0].holder_id, PASSWORD)
        salvaging.prepare()
        on_disk = b"".join(file.read_bytes() for file in profile.rglob("*") if file.is_file())
        assert PLANTED.encode() not in on_disk
        salvaging.carry_out()


def test_a_file_of_rubbish_is_refused_and_stays(profile: Path, clock: MovedClock) -> None:
    rubbish = os.urandom(300_000)
    (profile / "farlight.db").write_bytes(rubbish)
    with Salvaging(profile, clock=clock, cost=CHEAP) as salvaging:
        salvaging.unlock(salvaging.holders()[0].holder_id, PASSWORD)
        with pytest.raises(NotSalvagedError):
            salvaging.prepare()
    assert (profile / "farlight.db").read_bytes() == rubbish


def test_pages_of_another_store_are_no_pages(profile: Path, tmp_path: Path, clock: MovedClock) -> None:
    other = tmp_path / "other"
    with open_workplace(other, clock=clock) as workplace:
        sign_reports(workplace, range(10))
    shutil.copy(other / "farlight.db", profile / "farlight.db")
    with Salvaging(profile, clock=clock, cost=CHEAP) as salvaging:
        salvaging.unlock(salvaging.holders()[0].holder_id, PASSWORD)
        with pytest.raises(NotSalvagedError):
            salvaging.prepare()


def test_the_number_of_a_lost_report_is_not_given_again(profile: Path, clock: MovedClock) -> None:
    connection = raw_database(profile)
    connection.execute("DROP TRIGGER signed_reports_remain")
    connection.execute("DROP TRIGGER frozen_reports_remain")
    connection.execute("PRAGMA foreign_keys = OFF")
    for table in ("signed_reports", "frozen_reports"):
        connection.execute(f"DELETE FROM {table} WHERE report_id = ?", (REPORTS,))
    connection.close()
    report = _salvage(profile, clock)
    assert [one.number for one in report.lost_reports] == [REPORTS]
    with open_workplace(profile, clock=clock) as workplace:
        sign_reports(workplace, range(500, 501))
        assert max(reports(workplace)) == REPORTS + 1


def test_somebody_can_log_in_and_administrate_where_the_people_are_lost(
    profile: Path, clock: MovedClock
) -> None:
    connection = raw_database(profile)
    root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'people'").fetchone()[0]
    connection.close()
    _overwrite(profile / "farlight.db", [root])
    report = _salvage(profile, clock)
    assert report.entered_again == 1
    with open_workplace(profile, clock=clock) as workplace:
        assert workplace.session.may("people")


@pytest.mark.parametrize("lost", ["image_files", "image_copies", "image_units"])
def test_copies_of_images_whose_rows_are_lost_are_set_aside_and_told_and_nothing_is_deleted(
    tmp_path: Path, clock: MovedClock, lost: str
) -> None:
    profile = tmp_path / "clinic"
    with open_workplace(profile, clock=clock) as workplace:
        sign_reports(workplace, range(5))
        before = {file.name: file.read_bytes() for file in put_images(workplace, count=40)}
    connection = raw_database(profile)
    root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (lost,)).fetchone()[0]
    connection.close()
    _overwrite(profile / "farlight.db", [root])
    with Salvaging(profile, clock=clock, cost=CHEAP) as salvaging:
        salvaging.unlock(salvaging.holders()[0].holder_id, PASSWORD)
        report = salvaging.prepare()
        aside = salvaging.carry_out()
    assert report.images_aside == 40
    assert {file.name: file.read_bytes() for file in (aside / "images").iterdir()} == before
    for _ in range(2):
        with open_workplace(profile, clock=clock) as workplace:
            assert not any(unit.whole for unit in workplace.images.all())
    assert {file.name: file.read_bytes() for file in (aside / "images").iterdir()} == before


def test_images_that_are_still_named_stay_where_they_are(
    profile: Path, whole: Path, clock: MovedClock
) -> None:
    _overwrite(profile / "farlight.db", [1])
    before = {file.name: file.read_bytes() for file in (whole / "images").iterdir()}
    report = _salvage(profile, clock)
    assert report.images_aside == 0
    with open_workplace(profile, clock=clock) as workplace:
        assert len(workplace.images.all()) == len(before)
    assert {file.name: file.read_bytes() for file in (profile / "images").iterdir()} == before


def test_names_of_files_about_to_go_are_not_taken_over_from_damaged_records(
    tmp_path: Path, clock: MovedClock
) -> None:
    profile = tmp_path / "clinic"
    with open_workplace(profile, clock=clock) as workplace:
        files = put_images(workplace)
    connection = raw_database(profile)
    connection.execute("INSERT INTO image_strays SELECT name FROM image_files")  # as an older page may say
    root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'image_files'").fetchone()[0]
    connection.close()
    _overwrite(profile / "farlight.db", [root])
    with Salvaging(profile, clock=clock, cost=CHEAP) as salvaging:
        salvaging.unlock(salvaging.holders()[0].holder_id, PASSWORD)
        salvaging.prepare()
        aside = salvaging.carry_out()
    for file in (aside / "images").iterdir():
        shutil.copy(file, profile / "images" / file.name)  # put back by hand
    open_workplace(profile, clock=clock).close()
    assert all(file.exists() for file in files)


def test_a_clinician_does_not_replace_the_records(tmp_path: Path, clock: MovedClock) -> None:
    profile = tmp_path / "clinic"
    with open_workplace(profile, clock=clock) as workplace:
        workplace.staff.add(
            NewPerson(name="N. Otieno", duty="clinician", role="nurse", pin="2580"), "yam and plantain"
        )
        sign_reports(workplace, range(3))
    with Salvaging(profile, clock=clock, cost=CHEAP) as salvaging:
        holder = next(one for one in salvaging.holders() if one.name == "N. Otieno")
        salvaging.unlock(holder.holder_id, "yam and plantain")
        with pytest.raises(NotPermittedError):
            salvaging.prepare()
    with open_workplace(profile, clock=clock) as workplace:
        assert len(reports(workplace)) == 3


def test_a_known_backup_is_offered(profile: Path, tmp_path: Path, clock: MovedClock) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    with open_workplace(profile, clock=clock) as workplace:
        made = workplace.backups.make(stick)
    _overwrite(profile / "farlight.db", [4])
    report = _salvage(profile, clock)
    assert report.backup_at == made.backup.manifest.made_at
    assert Path(report.backup_folder) == made.backup.folder


def test_every_table_is_one_that_can_be_read_page_by_page(profile: Path) -> None:
    connection = raw_database(profile)
    try:
        statements = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    finally:
        connection.close()
    assert [row["name"] for row in statements if "WITHOUT ROWID" in str(row["sql"]).upper()] == []
