"""The library: what is found, what is broken, and what depends on what."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import ChecksumError, ManifestError, PackDependencyError, UnknownPackError
from inference.build import write_checksums
from inference.packs import PackLibrary, load_pack


@pytest.fixture
def root(toy_root: Path, tmp_path: Path) -> Path:
    """Return a copy of the toy packs that a test may spoil."""
    return Path(shutil.copytree(toy_root, tmp_path / "packs"))


def _rewrite(folder: Path, written: str, instead: str) -> None:
    manifest = folder / "pack.toml"
    text = manifest.read_text(encoding="utf-8")
    assert written in text
    manifest.write_text(text.replace(written, instead), encoding="utf-8")


def test_lists_packs_by_id(library: PackLibrary) -> None:
    assert [(entry.id, entry.error) for entry in library.entries()] == [
        ("toy-finding", None),
        ("toy-outline", None),
    ]


def test_listing_packs_imports_no_engine(toy_root: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from inference.packs import PackLibrary;"
        "assert len(PackLibrary([Path(sys.argv[1])]).packs()) == 2;"
        "loaded = {'onnxruntime', 'openvino', 'onnx', 'torch', 'scipy'} & set(sys.modules);"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", program, str(toy_root)], check=True, cwd=Path.cwd())


def test_an_unknown_pack_is_told_by_name(library: PackLibrary) -> None:
    with pytest.raises(UnknownPackError, match="'chest-unicorn'"):
        library.get("chest-unicorn")


def test_a_root_that_is_not_there_holds_no_packs(tmp_path: Path) -> None:
    assert PackLibrary([tmp_path / "absent"]).entries() == ()


def test_a_broken_pack_is_listed_with_its_error_and_hides_no_other(root: Path) -> None:
    (root / "broken").mkdir()
    (root / "broken" / "pack.toml").write_text("schema = 1")
    library = PackLibrary([root])
    assert [pack.id for pack in library.packs()] == ["toy-finding", "toy-outline"]
    assert {entry.id: type(entry.error) for entry in library.entries()}["broken"] is ManifestError
    with pytest.raises(ManifestError):
        library.get("broken")


def test_a_manifest_that_is_no_text_is_an_error(root: Path) -> None:
    (root / "toy-outline" / "pack.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ManifestError, match="UTF-8"):
        load_pack(root / "toy-outline")


def test_a_pack_whose_dependency_is_missing_is_listed_with_that(root: Path) -> None:
    shutil.rmtree(root / "toy-outline")
    with pytest.raises(PackDependencyError, match="toy-finding needs toy-outline, which is not installed"):
        PackLibrary([root]).get("toy-finding")


def test_a_pack_whose_dependency_has_the_wrong_version_is_listed_with_that(root: Path) -> None:
    _rewrite(root / "toy-outline", 'version = "1.2.0"', 'version = "2.0.0"')
    with pytest.raises(PackDependencyError, match=r">=1\.0\.0,<2\.0\.0, installed is 2\.0\.0"):
        PackLibrary([root]).get("toy-finding")


def test_a_circle_of_packs_is_refused(root: Path) -> None:
    _rewrite(root / "toy-outline", "[input]", '[depends]\n"toy-finding" = ">=1.0.0"\n\n[input]')
    library = PackLibrary([root])
    for pack_id in ("toy-outline", "toy-finding"):
        with pytest.raises(PackDependencyError, match="a circle"):
            library.get(pack_id)


def test_outlines_that_the_other_pack_does_not_make_are_missed(root: Path) -> None:
    _rewrite(root / "toy-finding", 'codes = ["left", "right"]', 'codes = ["left", "heart"]')
    with pytest.raises(PackDependencyError, match="heart"):
        PackLibrary([root]).get("toy-finding")


def test_the_higher_version_of_two_roots_counts(root: Path, toy_root: Path) -> None:
    _rewrite(root / "toy-outline", 'version = "1.2.0"', 'version = "1.10.0"')
    for roots in ([root, toy_root], [toy_root, root]):
        assert str(PackLibrary(roots).get("toy-outline").manifest.version) == "1.10.0"


def test_the_earlier_root_counts_where_versions_are_the_same(root: Path, toy_root: Path) -> None:
    assert PackLibrary([root, toy_root]).get("toy-outline").folder.parent == root


def test_a_changed_model_is_found_before_it_is_used(root: Path) -> None:
    library = PackLibrary([root])
    pack = library.get("toy-outline")
    library.require_intact(pack)
    model = pack.folder / "model.int8.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"\x00")
    os.utime(model, (1, 1))
    with pytest.raises(ChecksumError, match=r"model\.int8\.onnx"):
        library.require_intact(pack)
    with pytest.raises(ChecksumError):
        pack.read("model.int8.onnx")


def test_files_that_did_not_change_are_not_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = PackLibrary([root])
    pack = library.get("toy-outline")
    library.require_intact(pack)
    reads: list[str] = []
    monkeypatch.setattr(Path, "read_bytes", lambda path: reads.append(path.name))
    library.require_intact(pack)
    assert reads == []


def test_a_refreshed_library_sees_a_new_pack(root: Path, toy_root: Path) -> None:
    shutil.rmtree(root / "toy-finding")
    library = PackLibrary([root])
    assert len(library.packs()) == 1
    shutil.copytree(toy_root / "toy-finding", root / "toy-finding")
    assert len(library.packs()) == 1
    library.refresh()
    assert len(library.packs()) == 2


def test_the_sha256_of_a_pack_changes_with_any_of_its_files(root: Path) -> None:
    before = load_pack(root / "toy-outline").sha256
    (root / "toy-outline" / "card.md").write_text("# Another card\n")
    write_checksums(root / "toy-outline")
    assert load_pack(root / "toy-outline").sha256 != before


def test_a_folder_that_is_named_counts_before_an_installed_pack_of_a_higher_version(
    toy_root: Path, root: Path
) -> None:
    _rewrite(root / "toy-outline", 'version = "1.2.0"', 'version = "1.1.0"')
    library = PackLibrary([toy_root], [root / "toy-outline"])
    assert library.get("toy-outline").folder == root / "toy-outline"
    assert library.get("toy-finding").folder == toy_root / "toy-finding"
