"""An early Farlight's plain store is taken over whole, at whatever moment the computer dies."""

import sqlite3
from pathlib import Path

import pytest

from core.errors import StoreDamagedError
from store.database import Database
from store.plain_store import encrypt_all, plain_files
from store.schema import MIGRATIONS
from store.signed import SignedStore
from store.sqlcipher import connect
from tests.store.conftest import KEY


def _early_store(file: Path, schema: int = 2) -> None:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(f"{' '.join(MIGRATIONS[:schema])} PRAGMA user_version = {schema};")
    connection.execute("INSERT INTO people VALUES (1, 'A', 'B', '', x'00', x'00', 0, 0, '')")
    connection.execute(
        "INSERT INTO signed_reports VALUES (1, 'unit', 1, '2027-01-01', '{\"name\": \"Okafor\"}', 'ab', '{}',"
        " '{}', x'25')"
    )
    connection.commit()
    connection.close()


def _texts(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())


def test_the_store_and_its_copies_are_encrypted_and_nothing_is_lost(tmp_path: Path) -> None:
    _early_store(tmp_path / "farlight.db")
    _early_store(tmp_path / "farlight-schema-1.db", schema=1)
    assert len(plain_files(tmp_path)) == 2
    assert encrypt_all(tmp_path, KEY) == 2
    assert plain_files(tmp_path) == ()
    assert b"Okafor" not in _texts(tmp_path)
    database = Database(tmp_path / "farlight.db", KEY)
    found = SignedStore(database).find("unit")
    database.close()
    assert found is not None
    assert found.patient == '{"name": "Okafor"}'
    copy = connect(tmp_path / "farlight-schema-1.db", KEY)
    assert copy.execute("PRAGMA user_version").fetchone()[0] == 1
    assert copy.execute("SELECT count(*) FROM signed_reports").fetchone()[0] == 1
    copy.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "farlight-schema-1.db",
        "farlight-schema-2.db",
        "farlight.db",
    ]


def test_there_is_nothing_to_do_where_nothing_is_plain(tmp_path: Path) -> None:
    assert encrypt_all(tmp_path, KEY) == 0
    Database(tmp_path / "farlight.db", KEY, new=True).close()
    before = (tmp_path / "farlight.db").read_bytes()
    assert encrypt_all(tmp_path, KEY) == 0
    assert (tmp_path / "farlight.db").read_bytes() == before


@pytest.mark.parametrize("moment", range(12))
def test_whatever_step_fails_a_second_try_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """Each call that touches a file fails once, as a power cut at that moment would leave things."""
    _early_store(tmp_path / "farlight.db")
    calls = 0

    class Cut(BaseException):
        pass

    def cut_at(name: str, owner: object) -> None:
        real = getattr(owner, name)

        def act(*arguments: object, **more: object) -> object:
            nonlocal calls
            calls += 1
            if calls == moment:
                raise Cut
            return real(*arguments, **more)

        monkeypatch.setattr(owner, name, act)

    import os

    with monkeypatch.context():
        for name, owner in (("rename", Path), ("unlink", Path), ("fsync", os), ("open", os)):
            cut_at(name, owner)
        try:
            encrypt_all(tmp_path, KEY)
            ended = True
        except Cut:
            ended = False
    monkeypatch.undo()
    assert ended == (moment == 0 or moment > calls)
    encrypt_all(tmp_path, KEY)
    database = Database(tmp_path / "farlight.db", KEY)
    found = SignedStore(database).find("unit")
    database.close()
    assert found is not None
    assert b"Okafor" not in _texts(tmp_path)


def test_a_damaged_plain_store_is_told_and_stays(tmp_path: Path) -> None:
    content = b"SQLite format 3\0" + b"\xff" * 8000
    (tmp_path / "farlight.db").write_bytes(content)
    with pytest.raises(StoreDamagedError):
        encrypt_all(tmp_path, KEY)
    assert (tmp_path / "farlight.db").read_bytes() == content
