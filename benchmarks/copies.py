"""Encrypted copies of images, beside a plain copy and a plain read of the same files in the same run."""

import os
import secrets
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from benchmarks.measuring import Figure, figure, interleaved
from core.clock import SystemClock
from store.database import Database
from store.image_vault import ImageVault
from store.image_writing import Source

SECTION = "copies"
MEBIBYTE = 1 << 20
BLOCK = MEBIBYTE
SETS = {"one file of 64 MiB": (1, 64 * MEBIBYTE), "300 slices of 512 KiB": (300, MEBIBYTE // 2)}
MOST_ROUNDS = 7


def measure(rounds: int) -> list[Figure]:
    """Return, for a large file and for a series, the time to copy and to read, plain and encrypted."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            line
            for name, (count, size) in SETS.items()
            for line in _of_set(name, Path(folder) / f"{count}", count, size, min(rounds, MOST_ROUNDS))
        ]


def _of_set(name: str, folder: Path, count: int, size: int, rounds: int) -> list[Figure]:
    files = _files(folder, count, size)
    database = Database(folder / "farlight.db", secrets.token_bytes(32), new=True)
    vault = ImageVault(database, SystemClock(), folder / "images")
    sources = tuple(Source(relative=one.name, byte_count=size, open=partial(_opened, one)) for one in files)

    def encrypted() -> None:
        with database.transaction() as connection:  # else the same content is found and not written
            for table in ("image_copies", "image_units", "image_files"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our names
        vault.keep("read", "{}", sources)

    copying: dict[str, Callable[[], object]] = {
        "copied, plain, on the disk": partial(_copy_plain, files, folder / "plain"),
        "copied, encrypted, on the disk": encrypted,
    }
    lines = _figures(f"{name}: ", copying, rounds)
    kept = next(unit.unit_id for unit in vault.all())
    reading: dict[str, Callable[[], object]] = {
        "read, plain": lambda: sum(_read(one.open("rb")) for one in files),
        "read from the encrypted copy": lambda: sum(
            _read(cast("BinaryIO", vault.open(kept, one.name))) for one in files
        ),
    }
    lines += _figures(f"{name}: ", reading, rounds)
    database.close()
    shutil.rmtree(folder)
    return lines


def _figures(prefix: str, candidates: dict[str, Callable[[], object]], rounds: int) -> list[Figure]:
    """Return a line for each; the second says how many times the first it takes (median of the rounds)."""
    times = interleaved(candidates, rounds=rounds, warm_up=1)
    plain, sealed = times.values()
    ratio = statistics.median(two / one for one, two in zip(plain, sealed, strict=True))
    notes = ("", f"{ratio:.1f} x plain")
    return [
        figure(SECTION, prefix + name, spent, note=note)
        for (name, spent), note in zip(times.items(), notes, strict=True)
    ]


def _files(folder: Path, count: int, size: int) -> list[Path]:
    (folder / "stick").mkdir(parents=True)
    made = []
    for number in range(count):
        file = folder / "stick" / f"{number}.dcm"
        file.write_bytes(secrets.token_bytes(size))
        made.append(file)
    return made


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    with file.open("rb") as stream:
        yield stream


def _copy_plain(files: list[Path], target: Path) -> None:
    """Copy files and have each on the disk, as the encrypted copy does."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for file in files:
        with file.open("rb") as stream, (target / file.name).open("wb") as copy:
            shutil.copyfileobj(stream, copy, BLOCK)
            copy.flush()
            os.fsync(copy.fileno())


def _read(stream: BinaryIO) -> int:
    done = 0
    with stream:
        while block := stream.read(BLOCK):
            done += len(block)
    return done
