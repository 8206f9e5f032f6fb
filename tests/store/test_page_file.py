"""Pages of an encrypted file, and rows out of single pages: what was written, or nothing."""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from store import btree
from store.page_file import HEADER, PAGE_BYTES, USABLE_BYTES, PageFile
from store.sqlcipher import connect, salt_of

KEY = bytes(range(32))


@pytest.fixture
def rows() -> list[tuple[Any, ...]]:
    """Rows of every kind of value, from nothing to several pages."""
    draw = random.Random(7)
    made: list[tuple[Any, ...]] = [
        (None, 0, 0.5, "", b""),
        ("x", 1, -1.25, "Ngũgĩ", b"\0"),
        ("\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), -1, 1e300, "محمد", b"\xff"),
    ]
    for size in (1, 40, 126, 127, 128, 3900, 3980, 3981, 3982, 4016, 4100, 9000, 70_000):
        number = draw.choice([draw.randrange(-(1 << bits), 1 << bits) for bits in (7, 15, 23, 31, 47, 62)])
        made.append(("a" * size, number, draw.random(), "b" * (size // 3), os.urandom(size)))
    return made


@pytest.fixture
def file(tmp_path: Path, rows: list[tuple[Any, ...]]) -> Path:
    """A database of these rows, many times."""
    made = tmp_path / "some.db"
    connection = connect(made, KEY)
    connection.execute("CREATE TABLE things (a TEXT, b INTEGER, c REAL, d TEXT, e BLOB)")
    connection.execute("BEGIN")
    for _ in range(5):
        connection.executemany("INSERT INTO things VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    connection.close()
    return made


def _leaves(pages: PageFile) -> list[int]:
    found = []
    for number in range(2, pages.count + 1):
        page = pages.page(number)
        if page is not None and btree.kind_of(page) == btree.LEAF:
            found.append(number)
    return found


def test_every_row_is_read_as_the_database_reads_it(file: Path, rows: list[tuple[Any, ...]]) -> None:
    with PageFile(file, KEY) as pages:
        found = [
            row for number in _leaves(pages) for row in btree.rows(pages.page(number) or b"", pages.page)
        ]
    assert all(row.whole for row in found)
    by_number = {row.rowid: row.values for row in found}
    assert [by_number[number + 1] for number in range(len(rows) * 5)] == rows * 5


def test_the_first_page_tells_of_the_table_and_has_the_stores_own_salt(file: Path) -> None:
    assert file.read_bytes()[:16] == salt_of(KEY)
    with PageFile(file, KEY) as pages:
        first = pages.page(1)
        assert first is not None
        assert first.startswith(HEADER)
        (row,) = btree.rows(first, pages.page)
        assert row.values[:2] == ("table", "things")


@pytest.mark.parametrize("seed", range(8))
def test_one_changed_bit_makes_a_page_no_page(file: Path, seed: int) -> None:
    draw = random.Random(seed)
    number = draw.randrange(1, file.stat().st_size // PAGE_BYTES + 1)
    content = bytearray(file.read_bytes())
    start = 16 if number == 1 else 0  # the salt is made of the key and not read
    content[(number - 1) * PAGE_BYTES + draw.randrange(start, PAGE_BYTES)] ^= 1 << draw.randrange(8)
    file.write_bytes(content)
    with PageFile(file, KEY) as pages:
        assert [one for one in range(1, pages.count + 1) if pages.page(one) is None] == [number]
        assert pages.bad == {number}


def test_a_page_in_another_place_is_no_page(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[2 * PAGE_BYTES : 3 * PAGE_BYTES] = content[3 * PAGE_BYTES : 4 * PAGE_BYTES]
    file.write_bytes(content)
    with PageFile(file, KEY) as pages:
        assert pages.page(3) is None
        assert pages.page(4) is not None


def test_another_key_opens_no_page(file: Path) -> None:
    with PageFile(file, bytes(32)) as pages:
        assert all(pages.page(number) is None for number in range(1, pages.count + 1))


def test_a_row_whose_end_is_lost_keeps_its_beginning(file: Path) -> None:
    with PageFile(file, KEY) as pages:
        overflow = next(
            number
            for number in range(2, pages.count + 1)
            if (page := pages.page(number)) is not None
            and btree.kind_of(page) not in (btree.LEAF, btree.INTERIOR)
        )
        found = [
            row
            for number in _leaves(pages)
            for row in btree.rows(
                pages.page(number) or b"", lambda one: None if one == overflow else pages.page(one)
            )
        ]
    broken = [row for row in found if not row.whole]
    assert broken
    assert all(len(row.values) < 5 for row in broken)


def test_rubbish_in_a_page_ends_in_no_rows_and_no_error() -> None:
    draw = random.Random(3)
    for _ in range(300):
        page = bytes([btree.LEAF]) + draw.randbytes(USABLE_BYTES - 1)
        for row in btree.rows(page, lambda _number: None):
            assert isinstance(row.values, tuple)
        interior = bytes([btree.INTERIOR]) + draw.randbytes(USABLE_BYTES - 1)
        try:
            btree.children(interior)
        except (IndexError, ValueError):
            continue
