"""Pack files from other hands: what is unpacked, and what is refused with which sentence."""

import io
import os
import random
import shutil
import stat
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import (
    ArchiveDamagedError,
    ArchiveNameError,
    ArchiveNotSignedError,
    ArchiveUnsafeError,
    FarlightError,
    ManifestError,
    NewerSchemaError,
    PackError,
)
from inference import zip_directory
from inference.archive import open_archive, unpack
from inference.build import build_pack
from inference.pack_files import find_files, sha256_of
from inference.signature import SIGNATURE_NAME, new_private_key, public_key_of, read_signature, sign
from tests.inference.hostile_archives import PLAIN, Item, zip_of

PRIVATE = bytes(range(32))
NAME = "toy-outline-1.2.0.farpack"
BREAK_OUTS = (
    "../evil",
    "toy-outline/../../evil",
    "/evil",
    "C:/evil",
    "C:evil",
    "toy-outline\\..\\evil",
    "\\\\server\\evil",
    "toy-outline/./evil",
    "toy-outline//evil",
    "toy-outline/con",
    "toy-outline/evil.",
    "toy-outline/a:b",
    "",
    "toy-outline/\u202etxt.exe",
)


@pytest.fixture(scope="module")
def built(toy_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed pack file; do not change it."""
    out = tmp_path_factory.mktemp("built")
    folder = Path(shutil.copytree(toy_root / "toy-outline", out / "toy-outline"))
    return build_pack(folder, private_key=PRIVATE)


@pytest.fixture
def contents(built: Path) -> dict[str, bytes]:
    """The files in the pack file, by their whole names."""
    with zipfile.ZipFile(built) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _items(contents: dict[str, bytes]) -> list[Item]:
    return [Item(name=name, content=content) for name, content in contents.items()]


def _signed(contents: dict[str, bytes], *, version: str = "1.2.0") -> list[Item]:
    """Return entries with a signature over just these files."""
    files = {
        name.removeprefix("toy-outline/"): sha256_of(content)
        for name, content in contents.items()
        if name != SIGNATURE_NAME
    }
    text = sign(PRIVATE, pack_id="toy-outline", version=version, files=files)
    return [
        *_items({SIGNATURE_NAME: text.encode()}),
        *(one for one in _items(contents) if one.name != SIGNATURE_NAME),
    ]


def _try(tmp_path: Path, data: bytes, name: str = NAME) -> None:
    """Unpack a file, and see that whatever comes of it stays in the folder."""
    stick, staging = tmp_path / "stick", tmp_path / "room" / "staging"
    shutil.rmtree(tmp_path / "room", ignore_errors=True)
    stick.mkdir(exist_ok=True)
    staging.mkdir(parents=True)
    (stick / name).write_bytes(data)
    try:
        with open_archive(stick / name) as archive:
            unpack(archive, staging)
    finally:
        assert {path.name for path in tmp_path.iterdir()} <= {"stick", "room"}
        assert [path.name for path in (tmp_path / "room").iterdir()] == ["staging"]
        assert not any(path.is_symlink() for path in staging.rglob("*"))


def test_a_signed_pack_is_unpacked_as_it_was_built(built: Path, toy_root: Path, tmp_path: Path) -> None:
    with open_archive(built) as archive:
        assert archive.signature.key == public_key_of(PRIVATE)
        pack = unpack(archive, tmp_path)
    assert (pack.id, str(pack.manifest.version)) == ("toy-outline", "1.2.0")
    for name in (*find_files(tmp_path), "pack.toml"):
        assert (tmp_path / name).read_bytes() == (toy_root / "toy-outline" / name).read_bytes()


def test_the_same_pack_and_key_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(built.parent / "toy-outline", tmp_path / "toy-outline"))
    assert build_pack(folder, private_key=PRIVATE).read_bytes() == built.read_bytes()


def test_any_zip_program_reads_it(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[:2] == [SIGNATURE_NAME, "toy-outline/pack.toml"]


def test_a_pack_that_is_not_signed_is_refused(built: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchiveNotSignedError, match="no signature"):
        _try(tmp_path, build_pack(built.parent / "toy-outline", tmp_path / "stick").read_bytes())


def test_a_file_changed_by_a_byte_is_refused_wherever_it_is(built: Path, tmp_path: Path) -> None:
    """Each byte at a time, spread over the whole file: directory, headers, signature, contents."""
    data = built.read_bytes()
    for at in (*range(0, 400, 3), *range(400, len(data) - 800, 997), *range(len(data) - 800, len(data), 3)):
        changed = bytearray(data)
        changed[at] ^= 1
        assert _reason(tmp_path, bytes(changed)) or _means_nothing(data, at), at


def _means_nothing(data: bytes, at: int) -> bool:
    """Whether a byte only tells of versions, times or permissions, which nobody reads."""
    for sign_, fields in (
        (b"PK\3\4", (range(4, 6), range(10, 14))),
        (b"PK\1\2", (range(4, 8), range(12, 16), range(36, 42))),
    ):
        start = data.rfind(sign_, max(0, at - 42), at + 1)
        if start >= 0 and any(at - start in field for field in fields):
            return True
    return False


def _reason(tmp_path: Path, data: bytes) -> str:
    """Return why a file is refused, "" where it is not; anything but a sentence breaks the test."""
    try:
        _try(tmp_path, data)
    except FarlightError as error:
        return error.detail
    return ""


def test_a_file_cut_short_at_any_length_is_refused(built: Path, tmp_path: Path) -> None:
    data = built.read_bytes()
    for length in (*range(0, 200, 7), *range(200, len(data), 997), len(data) - 1):
        with pytest.raises(ArchiveDamagedError):
            _try(tmp_path, data[:length])


@pytest.mark.parametrize("name", BREAK_OUTS)
def test_a_name_that_leaves_the_folder_is_refused(
    name: str, contents: dict[str, bytes], tmp_path: Path
) -> None:
    with pytest.raises(ArchiveUnsafeError, match="leads out"):
        _try(tmp_path, zip_of([*_items(contents), Item(name=name, content=b"x")]))


@pytest.mark.parametrize("name", BREAK_OUTS)
def test_it_is_refused_also_where_its_maker_signed_it(
    name: str, contents: dict[str, bytes], tmp_path: Path
) -> None:
    with pytest.raises(PackError):
        _try(tmp_path, zip_of(_signed({**contents, name: b"x"})))


HOSTILE: dict[str, tuple[Callable[[list[Item]], bytes], type[PackError], str]] = {
    "link": (
        lambda items: zip_of(
            [
                *items,
                Item(name="toy-outline/a", content=b"/etc/passwd", attributes=(stat.S_IFLNK | 0o777) << 16),
            ]
        ),
        ArchiveUnsafeError,
        "is a link",
    ),
    "device": (
        lambda items: zip_of([*items, Item(name="toy-outline/a", attributes=stat.S_IFCHR << 16)]),
        ArchiveUnsafeError,
        "no plain file",
    ),
    "folder": (
        lambda items: zip_of([*items, Item(name="toy-outline/a/")]),
        ArchiveUnsafeError,
        "no plain file",
    ),
    "twice": (lambda items: zip_of([*items, items[-1]]), ArchiveUnsafeError, "stands twice"),
    "capitals": (
        lambda items: zip_of([*items, Item(name="toy-outline/PACK.toml")]),
        ArchiveUnsafeError,
        "capitals",
    ),
    "accents": (
        lambda items: zip_of(
            [
                *items,
                Item(name="toy-outline/\u00e9", flags=0x800),
                Item(name="toy-outline/e\u0301", flags=0x800),
            ]
        ),
        ArchiveUnsafeError,
        "accents",
    ),
    "file and folder": (
        lambda items: zip_of([*items, Item(name="toy-outline/card.md/x")]),
        ArchiveUnsafeError,
        "twice",
    ),
    "name of no text": (
        lambda items: zip_of([*items, Item(name=b"toy-outline/\xff")]),
        ArchiveUnsafeError,
        "no text",
    ),
    "locked": (lambda items: zip_of([*items[:-1], items[-1].but(flags=1)]), ArchiveUnsafeError, "password"),
    "bzip2": (
        lambda items: zip_of([*items[:-1], items[-1].but(method=12)]),
        ArchiveDamagedError,
        "method 12",
    ),
    "size told afterwards": (
        lambda items: zip_of([*items[:-1], items[-1].but(flags=8)]),
        ArchiveUnsafeError,
        "afterwards",
    ),
    "unknown flag": (
        lambda items: zip_of([*items[:-1], items[-1].but(flags=0x20)]),
        ArchiveUnsafeError,
        "mark",
    ),
    "extra field": (
        lambda items: zip_of([*items[:-1], items[-1].but(extra=b"UT\0\0")]),
        ArchiveDamagedError,
        "list",
    ),
    "bytes before": (lambda items: zip_of(items, before=b"MZ"), ArchiveUnsafeError, "hidden"),
    "bytes between": (lambda items: zip_of(items, between=b"x"), ArchiveUnsafeError, "hidden"),
    "bytes behind": (lambda items: zip_of(items, behind=b"x"), ArchiveDamagedError, "form"),
    "bytes between the last entry and the directory": (
        lambda items: zip_of(items, before_directory=b"x"),
        ArchiveUnsafeError,
        "hidden",
    ),
    "wrong count": (lambda items: zip_of(items, count=len(items) - 1), ArchiveUnsafeError, "hidden"),
    "overlap": (lambda items: zip_of([*items[:-1], items[-1].but(offset=0)]), ArchiveUnsafeError, "share"),
    "two names": (
        lambda items: zip_of([*items[:-1], items[-1].but(local_name="toy-outline/x")]),
        ArchiveUnsafeError,
        "two different",
    ),
    "two sizes": (
        lambda items: zip_of([*items[:-1], items[-1].but(local_size=3)]),
        ArchiveUnsafeError,
        "two different",
    ),
    "declared bomb": (
        lambda items: zip_of([*items, Item(name="toy-outline/a", content=bytes(2 << 20))]),
        ArchiveUnsafeError,
        "200 times",
    ),
    "a gigabyte declared": (
        lambda items: zip_of(
            [
                *items,
                Item(name="toy-outline/a", content=bytes(1 << 20), size=(1 << 30) + 1, packed=bytes(6 << 20)),
            ]
        ),
        ArchiveUnsafeError,
        "would unpack",
    ),
    "too many": (
        lambda items: zip_of([*items, *(Item(name=f"toy-outline/{number}") for number in range(256))]),
        ArchiveUnsafeError,
        "files; a pack has",
    ),
    "other folder": (
        lambda items: zip_of([*items, Item(name="other/a")]),
        ArchiveNameError,
        "outside the folder",
    ),
    "not signed file": (
        lambda items: zip_of([*items, Item(name="toy-outline/a")]),
        ArchiveUnsafeError,
        "not signed",
    ),
    "signed file missing": (lambda items: zip_of(items[:-1]), ArchiveUnsafeError, "signed and missing"),
    "signature bomb": (
        lambda items: zip_of([items[0].but(content=bytes(1 << 20)), *items[1:]]),
        ArchiveDamagedError,
        "signature",
    ),
    "signature of nonsense": (
        lambda items: zip_of([items[0].but(content=b"\xff\0nonsense"), *items[1:]]),
        ArchiveDamagedError,
        "signature",
    ),
    "later signature": (
        lambda items: zip_of([items[0].but(content=b"farlight-pack-signature/2\n"), *items[1:]]),
        NewerSchemaError,
        "newer",
    ),
    "no zip": (lambda items: b"%PDF-1.7" * 100, ArchiveDamagedError, "form of a pack file"),
    "nothing": (lambda items: b"", ArchiveDamagedError, "form of a pack file"),
}


@pytest.mark.parametrize(("build", "kind", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_refused_with_its_own_sentence(
    build: Callable[[list[Item]], bytes],
    kind: type[PackError],
    said: str,
    contents: dict[str, bytes],
    tmp_path: Path,
) -> None:
    with pytest.raises(kind, match=said):
        _try(tmp_path, build(_items(contents)))


def test_a_file_that_unpacks_to_more_than_it_says_is_stopped(
    contents: dict[str, bytes], tmp_path: Path
) -> None:
    """A signed one at that: its maker is hostile."""
    items = _signed({**contents, "toy-outline/a": bytes(8 << 20)})
    items[-1] = items[-1].but(size=1 << 20, content=bytes(8 << 20))
    with pytest.raises(ArchiveUnsafeError, match="another size"):
        _try(tmp_path, zip_of([*items[:-1], items[-1].but(size=1 << 20)]))
    assert sum(path.stat().st_size for path in (tmp_path / "room").rglob("a")) <= 1 << 20


def test_bytes_behind_the_packed_ones_and_a_wrong_sum_are_found(contents: dict[str, bytes]) -> None:
    content = contents["toy-outline/card.md"]
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    good = packed.compress(content) + packed.flush()
    for item, kind, said in (
        (Item(name="a", content=content, packed=good + b"x"), ArchiveUnsafeError, "hidden"),
        (Item(name="a", content=content, packed=good + bytes(1 << 19)), ArchiveUnsafeError, "hidden"),
        (Item(name="a", content=content, crc=1), ArchiveDamagedError, "a"),
    ):
        file = io.BytesIO(zip_of([item]))
        (entry,) = zip_directory.read_directory(file)
        with pytest.raises(kind, match=said):
            list(zip_directory.unpacked(file, entry))


def test_a_huge_directory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A gigabyte without a signature, whose one entry would take all of it to be described."""
    end = struct.Struct("<4s4H2LH").pack(b"PK\5\6", 0, 0, 1, 1, (1 << 30) - 22, 0, 0)

    class Counted(io.BytesIO):
        asked = 0

        def seek(self, at: int, whence: int = 0) -> int:
            return 1 << 30 if whence == 2 else at

        def read(self, size: int | None = -1) -> bytes:
            self.asked = max(self.asked, size or 0)
            return end

    file = Counted()
    with pytest.raises(ArchiveDamagedError):
        zip_directory.read_directory(file)
    assert file.asked < 1 << 20


def test_an_archive_inside_is_refused_but_for_the_golden_answers(
    contents: dict[str, bytes], tmp_path: Path
) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a", b"x")
    _try(tmp_path, zip_of(_signed(contents)))
    with pytest.raises(ArchiveUnsafeError, match="another archive"):
        _try(tmp_path, zip_of(_signed({**contents, "toy-outline/notes": inner.getvalue()})))


def test_a_renamed_file_is_refused_with_its_right_name(built: Path, tmp_path: Path) -> None:
    with pytest.raises(ArchiveNameError, match=r"toy-outline-1\.2\.0\.farpack"):
        _try(tmp_path, built.read_bytes(), "toy-outline-1.3.0.farpack")


def test_a_description_of_another_version_is_refused(contents: dict[str, bytes], tmp_path: Path) -> None:
    with pytest.raises(ArchiveNameError, match=r"toy-outline 1\.2\.0"):
        _try(tmp_path, zip_of(_signed(contents, version="1.3.0")), "toy-outline-1.3.0.farpack")


def test_a_newer_schema_is_refused_as_such(contents: dict[str, bytes], tmp_path: Path) -> None:
    manifest = contents["toy-outline/pack.toml"].replace(b"farlight-pack/1", b"farlight-pack/2")
    with pytest.raises(NewerSchemaError, match="farlight-pack/2"):
        _try(tmp_path, zip_of(_signed({**contents, "toy-outline/pack.toml": manifest})))


def test_a_signed_pack_whose_own_checksums_differ_is_refused(
    contents: dict[str, bytes], tmp_path: Path
) -> None:
    with pytest.raises(PackError):
        _try(tmp_path, zip_of(_signed({**contents, "toy-outline/card.md": b"# Another\n"})))
    with pytest.raises(ManifestError):
        _try(tmp_path, zip_of(_signed({**contents, "toy-outline/stranger": b"x"})))


def test_another_key_in_a_signature_does_not_hold(contents: dict[str, bytes], tmp_path: Path) -> None:
    theirs = sign(
        new_private_key(), pack_id="toy-outline", version="1.2.0", files={"a": "0" * 64}
    ).splitlines()
    ours = contents[SIGNATURE_NAME].decode().splitlines()
    ours[3] = theirs[3]
    with pytest.raises(ArchiveUnsafeError, match="after it was signed"):
        _try(tmp_path, zip_of(_items({**contents, SIGNATURE_NAME: ("\n".join(ours) + "\n").encode()})))


def test_a_signature_is_read_only_as_it_is_written(contents: dict[str, bytes]) -> None:
    text = contents[SIGNATURE_NAME]
    assert read_signature(text).text == text.decode()
    for other in (
        text + b"\n",
        text.replace(b"\n", b"\r\n"),
        text[:-1],
        b" " + text,
        text.upper(),
        b"\n" * 9,
    ):
        with pytest.raises(PackError):
            read_signature(other)


def test_a_file_that_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError), open_archive(tmp_path / "absent.farpack"):
        pass
    with pytest.raises(PackError), open_archive(tmp_path):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in folders there")
def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    with pytest.raises(ArchiveDamagedError), open_archive(tmp_path / NAME):
        pass


def test_mutated_files_end_in_a_sentence_and_never_outside_the_folder(built: Path, tmp_path: Path) -> None:
    chance, data, refused = random.Random(20270402), built.read_bytes(), 0
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 12)):
            at = chance.choice(
                (chance.randrange(len(changed)), chance.randrange(len(changed) - 900, len(changed)))
            )
            piece = bytes(
                chance.choice((0, 1, 0x2E, 0x2F, 0x5C, 0x7F, 0xFF)) for _ in range(chance.randint(1, 5))
            )
            changed[at : at + chance.choice((0, len(piece)))] = piece
        refused += bool(_reason(tmp_path, bytes(changed)))
    assert refused > 350


def test_what_our_own_maker_writes_lies_within_the_limits(built: Path) -> None:
    with built.open("rb") as file:
        entries = zip_directory.read_directory(file)
    assert 0 < len(entries) < zip_directory.MOST_ENTRIES
    assert PLAIN
