"""The database file: safe opening, migrations, and what happens when it is damaged."""

import errno
import stat
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import (
    NewerStoreError,
    ProfileNotWritableError,
    StoreDamagedError,
    StoreError,
    StoreMissingError,
)
from store.database import Database, set_aside
from store.schema import MIGRATIONS, SCHEMA_VERSION
from store.signed import SignedStore
from store.sqlcipher import connect
from tests.store.conftest import KEY
from tests.store.pages import decrypted


def _version(file: Path) -> int:
    connection = connect(file, KEY)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def _insert_and_fail(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO place VALUES (1, 'x')")
        raise RuntimeError


def test_a_new_file_has_the_newest_schema(tmp_path: Path) -> None:
    Database(tmp_path / "a.db", KEY, new=True).close()
    assert _version(tmp_path / "a.db") == SCHEMA_VERSION


def test_a_transaction_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db", KEY, new=True)
    with pytest.raises(RuntimeError):
        _insert_and_fail(database)
    with database.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM place").fetchone()[0] == 0
    database.close()


def test_what_was_kept_is_there_after_reopening(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db", KEY, new=True)
    with database.transaction() as connection:
        connection.execute("INSERT INTO place VALUES (1, 'x')")
    database.close()
    database = Database(tmp_path / "a.db", KEY)
    with database.transaction() as connection:
        assert connection.execute("SELECT payload FROM place").fetchone()[0] == "x"
    database.close()


def test_a_schema_from_the_future_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    Database(file, KEY, new=True).close()
    connection = connect(file, KEY)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(NewerStoreError):
        Database(file, KEY)
    assert _version(file) == SCHEMA_VERSION + 1


def _old_store(file: Path) -> None:
    """Write a store as the first schema had it, with one signed report."""
    connection = connect(file, KEY)
    connection.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
    connection.execute("INSERT INTO people VALUES (1, 'A', 'B', '', x'00', x'00', 0, 0, '')")
    connection.execute(
        "INSERT INTO signed_reports VALUES (1, 'unit', 1, '2027-01-01', '{}', 'ab', '{}', '{}', x'25')"
    )
    connection.commit()
    connection.close()


def _dump(file: Path) -> list[str]:
    connection = connect(file, KEY)
    try:
        tables = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        rows = [
            str(tuple(row))
            for name, _sql in tables
            if not name.startswith(("sqlite_", "signed_pixels")) and not name.endswith(("stay", "remain"))
            for row in connection.execute(f"SELECT * FROM {name}").fetchall()
        ]
        return [str(tuple(row)) for row in tables] + rows
    finally:
        connection.close()


def test_an_older_store_is_copied_whole_before_it_is_migrated(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    _old_store(file)
    before = _dump(file)
    database = Database(file, KEY, new=True)
    found = SignedStore(database).find("unit")
    database.close()
    assert found is not None
    assert found.pdf == b"%"
    assert _version(file) == SCHEMA_VERSION
    copy = tmp_path / "a-schema-1.db"
    assert _version(copy) == 1
    assert _dump(copy) == before
    assert not list(tmp_path.glob("*.new*"))
    if sys.platform != "win32":
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_store_that_cannot_be_copied_is_not_migrated(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    _old_store(file)
    before = _dump(file)
    (tmp_path / "a-schema-1.db.new").mkdir()
    with pytest.raises(ProfileNotWritableError):
        Database(file, KEY, new=True)
    assert _version(file) == 1
    assert _dump(file) == before


def test_a_copy_that_could_not_be_finished_leaves_nothing_and_says_that_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, "no space")

    file = tmp_path / "a.db"
    _old_store(file)
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StoreError) as caught:
        Database(file, KEY, new=True)
    assert caught.value.code == "E550"
    assert not [entry.name for entry in tmp_path.iterdir() if "schema" in entry.name]
    assert _version(file) == 1


def test_a_store_held_by_another_program_does_not_say_that_the_folder_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.sqlcipher._BUSY_TIMEOUT_S", 0.1)
    file = tmp_path / "a.db"
    _old_store(file)
    other = connect(file, KEY)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError) as caught:
        Database(file, KEY, new=True)
    other.close()
    assert caught.value.code == "E500"
    assert "another program" in caught.value.detail


def test_a_store_of_this_schema_is_not_copied(tmp_path: Path) -> None:
    Database(tmp_path / "a.db", KEY, new=True).close()
    Database(tmp_path / "a.db", KEY).close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.db"]


@pytest.mark.parametrize(
    "content", [b"this is no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 8000]
)
def test_a_damaged_file_is_left_where_it_is_until_it_is_set_aside(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.db"
    file.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        Database(file, KEY)
    assert file.read_bytes() == content
    copy = set_aside(file)
    assert copy.read_bytes() == content
    assert not file.exists()
    with pytest.raises(StoreMissingError):
        Database(file, KEY)


def test_a_store_of_another_key_is_told_as_damaged_and_stays(tmp_path: Path) -> None:
    Database(tmp_path / "a.db", KEY, new=True).close()
    before = (tmp_path / "a.db").read_bytes()
    with pytest.raises(StoreDamagedError):
        Database(tmp_path / "a.db", bytes(32))
    assert (tmp_path / "a.db").read_bytes() == before


def test_neither_file_nor_log_shows_what_was_kept(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db", KEY, new=True)
    with database.transaction() as connection:
        connection.execute("INSERT INTO place VALUES (1, 'Nnamdi Okafor')")
    kept = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    database.close()
    assert "a.db-wal" in kept
    assert not [name for name, content in kept.items() if b"Okafor" in content or b"SQLite" in content]


def test_a_transaction_inside_another_is_kept_or_dropped_with_it(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db", KEY, new=True)
    done: list[str] = []

    def inner_and_fail() -> None:
        with database.transaction():
            with database.transaction() as connection:
                connection.execute("INSERT INTO place VALUES (1, 'x')")
                database.after_commit(lambda: done.append("x"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        inner_and_fail()
    with database.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM place").fetchone()[0] == 0
        database.after_commit(lambda: done.append("y"))
        assert done == []
    assert done == ["y"]
    database.close()


def test_a_page_that_was_overwritten_is_noticed_at_opening(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    database = Database(file, KEY, new=True)
    with database.transaction() as connection:
        connection.executemany(
            "INSERT INTO drafts VALUES (?, ?, '')", [(str(n), "x" * 500) for n in range(200)]
        )
    database.close()
    content = bytearray(file.read_bytes())
    content[4096 * 12 : 4096 * 20] = b"\xa5" * (4096 * 8)
    file.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        Database(file, KEY)


def test_a_folder_in_its_place_is_a_profile_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.db").mkdir()
    with pytest.raises(ProfileNotWritableError):
        Database(tmp_path / "a.db", KEY, new=True)


def test_what_comes_after_closing_is_not_told_as_damage(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db", KEY, new=True)
    database.close()
    with pytest.raises(StoreError) as caught, database.transaction():
        pytest.fail("the transaction must not begin")
    assert caught.value.code == "E500"


def test_a_file_locked_by_another_program_is_told_as_a_store_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.sqlcipher._BUSY_TIMEOUT_S", 0.05)
    database = Database(tmp_path / "a.db", KEY, new=True)
    other = connect(tmp_path / "a.db", KEY)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError), database.transaction():
        pytest.fail("the transaction must not begin")
    other.execute("ROLLBACK")
    other.close()
    database.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such bits")
def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    Database(tmp_path / "a.db", KEY, new=True).close()
    assert stat.S_IMODE((tmp_path / "a.db").stat().st_mode) == 0o600


def _plant(database: Database, count: int) -> None:
    with database.transaction() as connection:
        for number in range(count):
            connection.execute("INSERT INTO drafts VALUES (?, ?, '')", (f"k{number}", "Plantedname " * 4000))


@pytest.mark.parametrize("in_memory_up_to", [0, 1 << 30])
def test_wiping_leaves_what_is_kept_and_no_page_with_what_was_deleted(
    database: Database, monkeypatch: pytest.MonkeyPatch, in_memory_up_to: int
) -> None:
    monkeypatch.setattr("store.database._REBUILD_IN_MEMORY_UP_TO_BYTES", in_memory_up_to)
    _plant(database, 20)
    with database.transaction() as connection:
        connection.execute("DELETE FROM drafts")
        connection.execute("INSERT INTO drafts VALUES ('stays', 'Otherwoman', '')")
    assert b"Plantedname" in decrypted(database.file, KEY)
    database.wipe()
    left = decrypted(database.file, KEY)
    assert b"Plantedname" not in left
    assert b"Otherwoman" in left
    with database.transaction() as connection:
        assert [row["key"] for row in connection.execute("SELECT key FROM drafts")] == ["stays"]


def test_what_is_deleted_is_overwritten_at_once_where_it_stood(database: Database) -> None:
    _plant(database, 20)
    with database.transaction() as connection:
        connection.execute("DELETE FROM drafts")
    database._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"Plantedname" not in decrypted(database.file, KEY)


def test_a_connection_waits_for_the_disk_and_overwrites_what_it_deletes(database: Database) -> None:
    with database.transaction() as connection:
        said = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "temp_store")
        }
    full, in_memory = 2, 2
    assert said == {
        "journal_mode": "wal",
        "synchronous": full,
        "secure_delete": 1,
        "foreign_keys": 1,
        "temp_store": in_memory,
    }


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are listed on Linux alone")
def test_a_large_store_is_wiped_through_a_temporary_file_that_is_encrypted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.database._REBUILD_IN_MEMORY_UP_TO_BYTES", 0)
    _plant(database, 400)
    seen: dict[str, bytes] = {}
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            for entry in Path("/proc/self/fd").iterdir():
                with suppress(OSError):
                    name = str(entry.readlink())
                    if "etilqs" in name:
                        seen[name] = max(seen.get(name, b""), entry.read_bytes(), key=len)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        database.wipe()
    finally:
        ended.set()
        watcher.join()
    assert max(map(len, seen.values())) > 1 << 20
    assert not any(b"Plantedname" in content for content in seen.values())


def test_a_wipe_that_fails_leaves_later_sorts_in_memory(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.database._REBUILD_IN_MEMORY_UP_TO_BYTES", 0)
    other = connect(database.file, KEY)
    other.execute("BEGIN IMMEDIATE")
    database._connection.execute("PRAGMA busy_timeout = 10")
    with pytest.raises(StoreError):
        database.wipe()
    assert database._connection.execute("PRAGMA temp_store").fetchone()[0] == 2  # memory
    other.close()
