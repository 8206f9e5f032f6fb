"""Names that stay inside a pack's folder, and checksums."""

from pathlib import Path

import pytest

from core.errors import ChecksumError, EscapingPathError, ManifestError
from inference.pack_files import find_files, name_fault, read_file, require_intact, sha256_of


@pytest.mark.parametrize("name", ["card.md", "figures/roc.png", "model.int8.onnx", "ä ö.txt", "console.md"])
def test_plain_names_are_safe(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    ["con", "COM1.txt", "COM\u00b9", "lpt\u00b3.md", "CONIN$", "conout$", "figures/conout$.png", "nul .txt"],
)
def test_names_of_devices_are_refused(name: str) -> None:
    assert name_fault(name) == "cannot be a file on every system"


def test_lists_all_files_but_the_manifest_and_what_file_managers_leave(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    for name in ("pack.toml", "card.md", "figures/roc.png", "Thumbs.db", "figures/.DS_Store"):
        (tmp_path / name).write_text("x")
    assert find_files(tmp_path) == ("card.md", "figures/roc.png")


def test_a_link_is_refused_even_where_its_target_is_right(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("same")
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "card.md").symlink_to(outside)
    with pytest.raises(EscapingPathError, match=r"card\.md is a link"):
        read_file(folder, "card.md", sha256_of(b"same"))
    with pytest.raises(EscapingPathError, match=r"card\.md is a link"):
        find_files(folder)


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "roc.png").write_bytes(b"x")
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "figures").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EscapingPathError):
        read_file(folder, "figures/roc.png", sha256_of(b"x"))


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_bytes(b"changed")
    with pytest.raises(ChecksumError, match=r"card\.md"):
        read_file(tmp_path, "card.md", sha256_of(b"released"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"card\.md is not in the folder"):
        require_intact(tmp_path, {"card.md": sha256_of(b"")})


def test_a_file_that_nobody_named_is_refused(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_bytes(b"x")
    (tmp_path / "extra.bin").write_bytes(b"x")
    with pytest.raises(ManifestError, match=r"does not name extra\.bin"):
        require_intact(tmp_path, {"card.md": sha256_of(b"x")})
