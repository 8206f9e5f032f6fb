"""The audit trail: every way of tampering with it that the key's owner could try is found and placed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from store.audit import AuditStore, Broken, check_lines
from store.database import Database
from store.sqlcipher import connect, dbapi
from tests.store.conftest import KEY, MovedClock


@pytest.fixture
def trail(database: Database, clock: MovedClock, tmp_path: Path) -> AuditStore:
    return AuditStore(database, clock, tmp_path / "anchor.json")


def _write(trail: AuditStore, count: int) -> None:
    for number in range(count):
        trail.write("open", person_id=1, person="Amina", subject=f"patient:{number}", words=f"Child {number}")


def _tamper(tmp_path: Path, *statements: str) -> None:
    connection = connect(tmp_path / "farlight.db", KEY)
    for name in ("audit_stays", "audit_remains", "audit_words_stay"):
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_lines_come_back_as_written_with_their_words(trail: AuditStore, clock: MovedClock) -> None:
    assert tuple(trail.check()) == ()
    trail.write(
        "sign", person_id=2, person="Berta", subject="report:1", detail={"paper": "A4"}, words="Ånn Ü"
    )
    (line,) = trail.lines()
    assert (line.seq, line.person, line.act, line.subject, line.words) == (
        1,
        "Berta",
        "sign",
        "report:1",
        "Ånn Ü",
    )
    assert json.loads(line.detail) == {"paper": "A4"}
    assert line.at == clock.now().isoformat()
    assert tuple(trail.check()) == ()


def test_a_long_trail_is_read_in_order_and_from_any_place(trail: AuditStore) -> None:
    _write(trail, 1203)
    assert [line.seq for line in trail.lines()] == list(range(1, 1204))
    assert [line.seq for line in trail.lines(after=1000, limit=3)] == [1001, 1002, 1003]
    assert tuple(trail.check()) == ()


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET person = 'Zoe' WHERE seq = 4", Broken(seq=4, trouble="changed")),
        ("UPDATE audit SET at = '2020-01-01' WHERE seq = 1", Broken(seq=1, trouble="changed")),
        ("UPDATE audit SET clock_doubted = 1 WHERE seq = 6", Broken(seq=6, trouble="changed")),
        ("UPDATE audit SET detail = '{\"a\": 1}' WHERE seq = 2", Broken(seq=2, trouble="changed")),
        ("UPDATE audit_words SET words = 'Child 7' WHERE seq = 3", Broken(seq=3, trouble="words_changed")),
    ],
)
def test_a_changed_line_is_found(
    trail: AuditStore, database: Database, tmp_path: Path, statement: str, broken: Broken
) -> None:
    _write(trail, 6)
    _tamper(tmp_path, statement)
    assert tuple(trail.check()) == (broken,)


def test_a_missing_line_is_found(trail: AuditStore, tmp_path: Path) -> None:
    _write(trail, 6)
    _tamper(tmp_path, "DELETE FROM audit_words WHERE seq = 3", "DELETE FROM audit WHERE seq = 3")
    assert next(trail.check()) == Broken(seq=3, trouble="missing")


def test_a_line_whose_digest_was_made_anew_breaks_the_next_one(trail: AuditStore) -> None:
    _write(trail, 5)
    lines = list(trail.lines())
    lines[2] = replace(lines[2], digest="0" * 64)
    assert [one.seq for one in check_lines(lines)] == [3, 4]


@pytest.mark.parametrize("cut", [1, 3, 6])
def test_an_end_that_was_cut_off_is_found(trail: AuditStore, tmp_path: Path, cut: int) -> None:
    _write(trail, 6)
    _tamper(
        tmp_path, f"DELETE FROM audit_words WHERE seq > {6 - cut}", f"DELETE FROM audit WHERE seq > {6 - cut}"
    )
    assert tuple(trail.check()) == (Broken(seq=7 - cut, trouble="end_missing"),)


def test_a_trail_that_was_put_back_and_written_on_is_found(trail: AuditStore, tmp_path: Path) -> None:
    _write(trail, 6)
    anchor = (tmp_path / "anchor.json").read_bytes()
    _tamper(tmp_path, "DELETE FROM audit_words WHERE seq > 4", "DELETE FROM audit WHERE seq > 4")
    trail.write("log_in", person_id=1, person="Mallory")
    trail.write("log_out", person_id=1, person="Mallory")
    assert tuple(trail.check()) == ()  # the anchor was written anew with the trail
    (tmp_path / "anchor.json").write_bytes(anchor)
    assert tuple(trail.check()) == (Broken(seq=6, trouble="changed"),)


def test_the_end_can_be_checked_before_anything_is_written(trail: AuditStore, tmp_path: Path) -> None:
    _write(trail, 6)
    assert tuple(trail.check_end()) == ()
    _tamper(tmp_path, "DELETE FROM audit_words WHERE seq > 4", "DELETE FROM audit WHERE seq > 4")
    (found,) = trail.check_end()
    assert (found, found.until) == (Broken(seq=5, trouble="end_missing"), 6)


def test_a_lost_or_forged_anchor_is_told(trail: AuditStore, tmp_path: Path) -> None:
    _write(trail, 2)
    anchor = tmp_path / "anchor.json"
    kept = json.loads(anchor.read_bytes())
    anchor.write_text(json.dumps({**kept, "seq": 1}))
    assert [one.trouble for one in trail.check()] == ["anchor_forged"]
    anchor.unlink()
    assert [one.trouble for one in trail.check()] == ["anchor_missing"]


def test_records_without_a_single_line_are_told(
    trail: AuditStore, database: Database, tmp_path: Path
) -> None:
    _write(trail, 2)
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO patients"
            " (known, name, number, birth_date, sex, id_key, name_key, search, created_at)"
            " VALUES ('{}', 'A', '1', '', '', '1', 'a', 'a', '2027')"
        )
    _tamper(tmp_path, "DELETE FROM audit_words", "DELETE FROM audit")
    (tmp_path / "anchor.json").unlink()
    assert tuple(trail.check()) == (Broken(seq=1, trouble="all_missing"),)


def test_words_can_go_and_the_chain_still_closes(trail: AuditStore, database: Database) -> None:
    _write(trail, 4)
    with database.transaction() as connection:
        connection.execute("DELETE FROM audit_words WHERE subject = 'patient:2'")
    assert [line.words for line in trail.lines()] == ["Child 0", "Child 1", None, "Child 3"]
    assert tuple(trail.check()) == ()


def test_a_line_goes_with_the_transaction_around_it(trail: AuditStore, database: Database) -> None:
    _write(trail, 1)

    def write_and_fail() -> None:
        with database.transaction():
            _write(trail, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert [line.seq for line in trail.lines()] == [1]
    assert tuple(trail.check()) == ()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET person = ''", "DELETE FROM audit", "UPDATE audit_words SET words = ''"],
)
def test_the_database_itself_refuses_a_change(trail: AuditStore, database: Database, statement: str) -> None:
    _write(trail, 1)
    with pytest.raises(dbapi.IntegrityError), database.transaction() as connection:
        connection.execute(statement)
