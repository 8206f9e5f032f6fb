"""Real files, mutated some thousands of times: a sentence each, never a crash, a hang or a traceback."""

import io
import os
import random
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
import pytest

from core.errors import ImagingError
from core.image import ReadingUnit
from imaging.display import presentation
from imaging.read import read_image
from imaging.records import Unreadable
from imaging.scan import scan_paths
from tests.imaging import writers

MUTATIONS = int(os.environ.get("FARLIGHT_MUTATIONS", "2400"))
BATCHES = 24
LARGEST_SEED_BYTES = 150_000


@cache
def seed_files() -> tuple[tuple[str, bytes], ...]:
    """Return name and content of the files that are mutated: pydicom's own, and one of each other kind."""
    folder = Path(pydicom.__file__).parent / "data/test_files"
    real = [
        (path.name, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.stat().st_size < LARGEST_SEED_BYTES and path.suffix in (".dcm", "")
    ]
    return (*real, *_made())


def _made() -> list[tuple[str, bytes]]:
    grey = writers.chest()
    colour = np.stack([grey, grey[::-1], grey[:, ::-1]], axis=-1)
    deep = grey.astype(np.uint16) * 257
    volume = np.arange(8 * 9 * 4 * 3, dtype=np.int16).reshape(8, 9, 4, 3)
    made = [
        ("grey.png", writers.png(grey)),
        ("deep.png", writers.png(deep)),
        ("colour.png", writers.png(colour)),
        ("grey.jpg", writers.raster(grey, "JPEG")),
        ("colour.jpg", writers.raster(colour, "JPEG", progressive=True)),
        ("grey.bmp", writers.raster(grey, "BMP")),
        ("plain.tif", writers.raster(deep, "TIFF")),
        ("lzw.tif", writers.raster(colour, "TIFF", compression="tiff_lzw")),
        ("jpeg.tif", writers.raster(colour, "TIFF", compression="jpeg")),
        ("volume.nii", writers.nifti(volume)),
        ("volume.nii.gz", writers.gzipped(writers.nifti(volume))),
        (
            "deflated.dcm",
            writers.dicom(writers.with_pixels(writers.header(), grey, bits=8), grey, "deflated"),
        ),
    ]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/one.dcm", made[-1][1])
        archive.writestr("two.png", made[0][1])
    return [*made, ("study.zip", buffer.getvalue())]


def _flip_bytes(content: bytearray, random_: random.Random, _other: bytes) -> bytes:
    for _ in range(random_.choice((1, 2, 8, 64))):
        content[random_.randrange(len(content))] = random_.randrange(256)
    return bytes(content)


def _flip_in_head(content: bytearray, random_: random.Random, _other: bytes) -> bytes:
    for _ in range(random_.choice((1, 4, 16))):
        content[random_.randrange(min(len(content), 2048))] ^= 1 << random_.randrange(8)
    return bytes(content)


def _truncate(content: bytearray, random_: random.Random, _other: bytes) -> bytes:
    return bytes(content[: random_.randrange(len(content))])


def _splice(content: bytearray, random_: random.Random, other: bytes) -> bytes:
    start = random_.randrange(len(other))
    piece = other[start : start + random_.choice((4, 64, 1024))]
    at = random_.randrange(len(content))
    content[at : at + random_.choice((0, len(piece)))] = piece
    return bytes(content)


def _lie_about_length(content: bytearray, random_: random.Random, _other: bytes) -> bytes:
    width = random_.choice((2, 4, 8))
    at = random_.randrange(max(1, len(content) - width))
    lie = random_.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFE, len(content), 0xFFFF, 2**63 - 1))
    content[at : at + width] = (lie % (1 << 8 * width)).to_bytes(width, random_.choice(("little", "big")))
    return bytes(content)


MUTATORS: tuple[Callable[[bytearray, random.Random, bytes], bytes], ...] = (
    _flip_bytes,
    _flip_in_head,
    _truncate,
    _splice,
    _lie_about_length,
)


def mutated(number: int) -> tuple[str, bytes]:
    """Return the mutation of that number, the same on every computer."""
    random_ = random.Random(number)
    seeds = seed_files()
    name, content = seeds[number % len(seeds)]
    changed = bytearray(content)
    for _ in range(random_.choice((1, 1, 3))):
        if changed:
            changed = bytearray(random_.choice(MUTATORS)(changed, random_, random_.choice(seeds)[1]))
    return name, bytes(changed)


def open_all(path: Path) -> int:
    """Scan, read and show what is there; return how many images could be shown."""
    shown = 0
    for found in scan_paths([path]):
        if not isinstance(found, ReadingUnit):
            assert isinstance(found.error, ImagingError)
            assert found.error.message
            continue
        for index in {0, min(found.frames - 1, 2**31)}:
            try:
                grey = presentation(read_image(found, index))
            except ImagingError:
                continue
            assert grey.size
            assert grey.min() >= 0
            assert grey.max() <= 1
            shown += 1
    return shown


@pytest.mark.parametrize("batch", range(BATCHES))
def test_mutated_files_are_shown_or_refused_with_a_sentence(batch: int, tmp_path: Path) -> None:
    shown = 0
    for number in range(batch, MUTATIONS, BATCHES):
        name, content = mutated(number)
        path = writers.put(tmp_path, f"{number}-{name}", content)
        try:
            shown += open_all(path)
        except Exception as error:  # noqa: BLE001  whatever it is, the number is what must be told
            pytest.fail(f"mutation {number} of {name}: {error!r}")
        path.unlink()
    assert shown > 0


@pytest.mark.parametrize("preamble", [b"", b"\0" * 128 + b"DICM"])
def test_megabytes_of_zeros_are_given_up_on(preamble: bytes, tmp_path: Path) -> None:
    # A bare file needs a first element to be taken for DICOM at all.
    start = preamble or b"\x08\0\x05\0CS\x0a\0ISO_IR 100" + b"\x08\0\x16\0UI\x02\x001\0"
    path = writers.put(tmp_path, "failed-copy.dcm", start + b"\0" * 1_000_000)
    (found,) = scan_paths([path])
    assert isinstance(found, Unreadable)
    assert found.error.code == "E104"
