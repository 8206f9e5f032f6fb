"""Copies of images are encrypted, whole or not at all, and readable by nobody else."""

import errno
import hashlib
import io
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from core.errors import Cancelled, KeptImageDamagedError, MediumGoneError, NoRoomForImagesError
from store import image_vault, image_writing, sealed_file
from store.database import Database
from store.image_vault import ImageVault
from store.image_writing import Source
from store.sealed_file import CHUNK_BYTES
from tests.store.conftest import KEY, MovedClock

PLANTED = b"Planted^Name-4711 "


@pytest.fixture
def vault(database: Database, clock: MovedClock, tmp_path: Path) -> ImageVault:
    return ImageVault(database, clock, tmp_path / "images")


def content(size: int, seed: int = 0) -> bytes:
    return (PLANTED + random.Random(seed).randbytes(size))[:size]


def source(plain: bytes, name: str = "a.dcm") -> Source:
    return Source(relative=name, byte_count=len(plain), open=lambda: opened(plain))


@contextmanager
def opened(plain: bytes) -> Iterator[BinaryIO]:
    yield io.BytesIO(plain)


def kept(vault: ImageVault, *plains: bytes, key: str = "unit") -> int:
    return vault.keep(key, "{}", tuple(source(plain, f"{n}.dcm") for n, plain in enumerate(plains)))


def read(vault: ImageVault, unit_id: int, name: str = "0.dcm") -> bytes:
    stream = vault.open(unit_id, name)
    assert stream is not None
    with stream:
        return stream.read()


def files(vault: ImageVault) -> list[Path]:
    return sorted(vault.folder.iterdir())


@pytest.mark.parametrize(
    "size",
    [0, 1, 17, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 5],
)
def test_a_copy_reads_back_as_it_was(vault: ImageVault, size: int) -> None:
    plain = content(size)
    unit_id = kept(vault, plain)
    assert read(vault, unit_id) == plain
    assert vault.check(unit_id)


def test_no_copy_holds_a_word_of_the_file_or_its_name(vault: ImageVault) -> None:
    plain = PLANTED * 100_000
    vault.keep("unit", "{}", (source(plain, "Planted-Name.dcm"),))
    (file,) = files(vault)
    assert PLANTED.strip() not in file.read_bytes()
    assert len(file.name) == 32
    assert int(file.name, 16)
    assert file.stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_the_same_content_is_written_once_and_its_files_differ_between_stores(
    vault: ImageVault, clock: MovedClock, tmp_path: Path
) -> None:
    plain = content(5000)
    first, second = kept(vault, plain), kept(vault, plain, plain, key="other")
    assert len(files(vault)) == 1
    assert read(vault, first) == read(vault, second, "1.dcm") == plain
    elsewhere = Database(tmp_path / "other.db", KEY, new=True)
    other = ImageVault(elsewhere, clock, tmp_path / "other")
    kept(other, plain)
    elsewhere.close()
    assert files(other)[0].read_bytes() != files(vault)[0].read_bytes()


def test_it_can_be_read_from_anywhere_in_any_order(vault: ImageVault) -> None:
    plain = content(2 * CHUNK_BYTES + 999)
    stream = vault.open(kept(vault, plain), "0.dcm")
    assert stream is not None
    drawn = random.Random(7)
    with stream:
        for _ in range(200):
            at = drawn.randrange(len(plain) + 10)
            size = drawn.choice([1, 8, 4096, CHUNK_BYTES + 3])
            stream.seek(at)
            assert stream.read(size) == plain[at : at + size]
        assert stream.seek(-5, io.SEEK_END) == len(plain) - 5
        assert stream.read() == plain[-5:]


def changed(name: str, sealed: bytes) -> bytes:
    step = CHUNK_BYTES + 16
    one, two, rest = sealed[8 : 8 + step], sealed[8 + step : 8 + 2 * step], sealed[8 + 2 * step :]
    return {
        "a bit": sealed[:5000] + bytes([sealed[5000] ^ 1]) + sealed[5001:],
        "the last bit": sealed[:-1] + bytes([sealed[-1] ^ 1]),
        "shorter by a byte": sealed[:-1],
        "shorter by chunks": sealed[: 8 + step],
        "longer": sealed + b"\0",
        "chunks swapped": sealed[:8] + two + one + rest,
        "a chunk twice": sealed[:8] + one + one + rest,
        "empty": b"",
        "another kind": b"NOTOURS1" + sealed[8:],
    }[name]


@pytest.mark.parametrize(
    "how",
    [
        "a bit", "the last bit", "shorter by a byte", "shorter by chunks", "longer", "chunks swapped",
        "a chunk twice", "empty", "another kind",
    ],
)  # fmt: skip
def test_a_copy_that_was_changed_is_refused(vault: ImageVault, how: str) -> None:
    unit_id = kept(vault, content(2 * CHUNK_BYTES + 77))
    (file,) = files(vault)
    file.write_bytes(changed(how, file.read_bytes()))
    with pytest.raises(KeptImageDamagedError):
        read(vault, unit_id)
    assert not vault.check(unit_id)


def test_a_file_shortened_to_whole_chunks_is_refused_also_where_the_row_agrees(
    vault: ImageVault, database: Database
) -> None:
    unit_id = kept(vault, content(2 * CHUNK_BYTES))
    (file,) = files(vault)
    file.write_bytes(file.read_bytes()[: 8 + CHUNK_BYTES + 16])
    with database.transaction() as connection:
        connection.execute("UPDATE image_files SET byte_count = ?", (CHUNK_BYTES,))
    with pytest.raises(KeptImageDamagedError):
        read(vault, unit_id)


def test_files_that_changed_places_are_refused(vault: ImageVault) -> None:
    unit_id = kept(vault, content(5000, 1), content(5000, 2))
    one, two = files(vault)
    first = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(first)
    for name in ("0.dcm", "1.dcm"):
        with pytest.raises(KeptImageDamagedError):
            read(vault, unit_id, name)


def test_a_copy_that_is_gone_is_told(vault: ImageVault) -> None:
    unit_id = kept(vault, content(10))
    files(vault)[0].unlink()
    with pytest.raises(KeptImageDamagedError):
        vault.open(unit_id, "0.dcm")
    assert vault.open(unit_id, "7.dcm") is None


def test_a_medium_that_goes_away_leaves_what_was_copied_and_it_is_gone_on_with(vault: ImageVault) -> None:
    plains = [content(2000 + n, n) for n in range(4)]
    read_again: list[str] = []

    def told(name: str, plain: bytes) -> Source:
        def open_it() -> AbstractContextManager[BinaryIO]:
            read_again.append(name)
            return opened(plain)

        return Source(relative=name, byte_count=len(plain), open=open_it)

    @contextmanager
    def gone() -> Iterator[BinaryIO]:
        raise MediumGoneError
        yield io.BytesIO()

    whole = tuple(told(f"{n}.dcm", plain) for n, plain in enumerate(plains))
    broken = (*whole[:2], Source(relative="2.dcm", byte_count=2002, open=gone), whole[3])
    with pytest.raises(MediumGoneError):
        vault.keep("unit", "{}", broken)
    left = vault.find("unit")
    assert left is not None
    assert (left.whole, left.files) == (False, 2)
    read_again.clear()
    unit_id = vault.keep("unit", "{}", whole)
    assert read_again == ["2.dcm", "3.dcm"]
    assert [read(vault, unit_id, f"{n}.dcm") for n in range(4)] == plains
    assert len(files(vault)) == 4


def test_what_was_cancelled_leaves_nothing(vault: ImageVault, database: Database) -> None:
    asked = iter([False] * 3 + [True] * 9)
    with pytest.raises(Cancelled):
        vault.keep(
            "unit",
            "{}",
            (source(content(10), "a"), source(content(5 * CHUNK_BYTES), "b")),
            cancelled=lambda: next(asked),
        )
    assert files(vault) == []
    assert vault.all() == ()
    with database.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM image_files").fetchone()[0] == 0


def test_progress_ends_with_all_bytes_also_where_files_are_shared(vault: ImageVault) -> None:
    plain = content(3 * CHUNK_BYTES)
    kept(vault, plain, key="other")
    told: list[tuple[int, int]] = []
    vault.keep(
        "unit", "{}", (source(content(100, 3), "a"), source(plain, "b")),
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    total = 100 + len(plain)
    assert told[-1] == (total, total)
    assert told == sorted(told)


def test_a_disk_without_room_is_told_before_anything_is_written(
    vault: ImageVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = type("Usage", (), {"free": image_vault.ROOM_LEFT_BYTES + 999})
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: free)
    with pytest.raises(NoRoomForImagesError):
        kept(vault, content(1000))
    assert files(vault) == []


def test_a_disk_that_fills_up_is_told_and_leaves_no_half_file(
    vault: ImageVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def full(_target: object, content: bytes) -> None:
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "full")
        written.append(len(content))

    with monkeypatch.context() as patch:
        patch.setattr(sealed_file, "_write_full", full)
        with pytest.raises(NoRoomForImagesError):
            kept(vault, content(4 * CHUNK_BYTES))
    assert files(vault) == []
    plain = content(4 * CHUNK_BYTES)
    assert read(vault, kept(vault, plain)) == plain


def test_a_removed_unit_takes_its_files_but_not_those_that_another_shares(vault: ImageVault) -> None:
    shared, own = content(500, 1), content(700, 2)
    kept(vault, shared, own)
    other = kept(vault, shared, key="other")
    assert vault.remove(["unit"]) == 1
    assert len(files(vault)) == 1
    assert read(vault, other) == shared
    assert vault.find("unit") is None


def test_a_removal_that_was_rolled_back_leaves_the_files(vault: ImageVault, database: Database) -> None:
    unit_id = kept(vault, content(500))

    def remove_and_fail() -> None:
        with database.transaction():
            vault.remove(["unit"])
            raise KeyError

    with pytest.raises(KeyError):
        remove_and_fail()
    assert read(vault, unit_id) == content(500)


def test_what_a_crash_left_is_swept_up_and_nothing_else(
    vault: ImageVault, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit_id = kept(vault, content(500))
    stranger = vault.folder / ("0" * 32)
    stranger.write_bytes(b"of a row that was lost")

    def power_cut(*_arguments: object) -> None:
        raise KeyError

    with monkeypatch.context() as patch:
        for name in ("record", "sweep", "_shred"):
            patch.setattr(ImageVault, name, power_cut)
        for module in (image_vault, image_writing):
            patch.setattr(module, "shred", power_cut)
        with pytest.raises(KeyError):
            kept(vault, content(700, 3), key="other")
    assert len(files(vault)) == 3
    again = ImageVault(database, MovedClock(), vault.folder)
    assert again.sweep() == 1
    assert again.sweep() == 0
    assert stranger in files(vault)
    assert len(files(vault)) == 2
    assert read(vault, unit_id) == content(500)


def test_nothing_is_swept_under_a_new_or_an_older_store(
    vault: ImageVault, clock: MovedClock, tmp_path: Path
) -> None:
    kept(vault, content(500), content(600, 1))
    before = {file: file.read_bytes() for file in files(vault)}
    empty = Database(tmp_path / "new.db", KEY, new=True)
    assert ImageVault(empty, clock, vault.folder).sweep() == 0
    empty.close()
    assert {file: file.read_bytes() for file in files(vault)} == before


def test_a_sweep_follows_no_link(vault: ImageVault, database: Database, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis"
    thesis.write_text("precious")
    kept(vault, content(10))
    (vault.folder / "stray").symlink_to(thesis)
    with database.transaction() as connection:
        connection.execute("INSERT INTO image_strays VALUES ('stray')")
    assert vault.sweep() == 1
    assert len(files(vault)) == 1
    assert thesis.read_text() == "precious"


def test_a_sweep_beside_a_copy_takes_nothing_of_it(vault: ImageVault) -> None:
    @contextmanager
    def with_a_sweep() -> Iterator[BinaryIO]:
        vault.sweep()
        yield io.BytesIO(content(300))

    sources = tuple(Source(relative=f"{n}", byte_count=300, open=with_a_sweep) for n in range(3))
    unit_id = vault.keep("unit", "{}", (source(content(200, 1)), *sources))
    assert vault.check(unit_id)


def test_a_removed_file_that_lies_elsewhere_is_swept_up_there(
    vault: ImageVault, database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    kept(vault, content(500))
    incoming = ImageVault(database, clock, tmp_path / "incoming" / "images")
    assert incoming.remove(["unit"]) == 1
    assert len(files(vault)) == 1
    assert vault.sweep() == 1
    assert files(vault) == []


def test_no_name_stays_written_down_after_copying_and_removing(vault: ImageVault, database: Database) -> None:
    kept(vault, content(500), content(500), content(700, 2))
    vault.remove(["unit"])
    with database.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM image_strays").fetchone()[0] == 0
    assert files(vault) == []


def test_without_the_secret_in_the_records_no_copy_opens_and_a_turned_key_changes_nothing(
    vault: ImageVault, database: Database
) -> None:
    unit_id = kept(vault, content(500))
    database.turn_to(bytes(reversed(KEY)))
    assert read(vault, unit_id) == content(500)
    with database.transaction() as connection:
        connection.execute("UPDATE image_files SET secret = ?", (bytes(32),))
    with pytest.raises(KeptImageDamagedError):
        read(vault, unit_id)


def test_a_unit_deleted_while_it_is_copied_leaves_nothing(vault: ImageVault) -> None:
    @contextmanager
    def deleted_meanwhile() -> Iterator[BinaryIO]:
        vault.remove(["unit"])
        yield io.BytesIO(content(300))

    late = Source(relative="a", byte_count=300, open=deleted_meanwhile)
    with pytest.raises(Cancelled):
        vault.keep("unit", "{}", (late,))
    assert files(vault) == []


def test_memory_stays_bounded_while_a_large_file_is_read(vault: ImageVault) -> None:
    import tracemalloc

    unit_id = kept(vault, bytes(24 * CHUNK_BYTES))
    digest = hashlib.sha256()
    with cast("BinaryIO", vault.open(unit_id, "0.dcm")) as stream:
        tracemalloc.start()
        while part := stream.read(4096):
            digest.update(part)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert digest.hexdigest() == hashlib.sha256(bytes(24 * CHUNK_BYTES)).hexdigest()
    assert peak < 4 * CHUNK_BYTES
