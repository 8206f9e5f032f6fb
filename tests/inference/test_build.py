"""Building packs: checksums and zips."""

import shutil
import zipfile
from pathlib import Path

import pytest

from core.errors import EscapingPathError, ManifestError
from inference.build import build_pack, write_checksums
from inference.pack_files import require_intact
from inference.packs import load_pack


@pytest.fixture
def folder(toy_root: Path, tmp_path: Path) -> Path:
    """Return a copy of ``toy-outline`` that a test may spoil."""
    return Path(shutil.copytree(toy_root / "toy-outline", tmp_path / "toy-outline"))


def test_the_zip_holds_the_whole_pack_in_one_folder(folder: Path, tmp_path: Path) -> None:
    path = build_pack(folder, tmp_path / "out")
    assert path == tmp_path / "out" / "toy-outline-1.2.0.farpack"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "unpacked")
    pack = load_pack(tmp_path / "unpacked" / "toy-outline")
    require_intact(pack.folder, pack.manifest.files)
    assert pack.sha256 == load_pack(folder).sha256
    assert list((tmp_path / "out").iterdir()) == [path]


def test_the_same_pack_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    first = build_pack(folder, tmp_path / "one").read_bytes()
    for path in folder.iterdir():
        path.touch()
    assert build_pack(folder, tmp_path / "two").read_bytes() == first


def test_checksums_are_renewed_and_the_rest_of_the_manifest_is_kept(folder: Path) -> None:
    before = (folder / "pack.toml").read_text(encoding="utf-8")
    (folder / "card.md").write_text("# A better card\n", encoding="utf-8")
    (folder / "figures").mkdir()
    (folder / "figures" / "roc.png").write_bytes(b"\x89PNG")
    pack = write_checksums(folder)
    assert set(pack.manifest.files) > {"card.md", "figures/roc.png"}
    after = (folder / "pack.toml").read_text(encoding="utf-8")
    assert after.split("[files]")[0] == before.split("[files]")[0]


def test_a_files_table_in_the_middle_is_replaced(folder: Path) -> None:
    manifest = folder / "pack.toml"
    body = manifest.read_text(encoding="utf-8").split("[files]")[0]
    manifest.write_text("\n".join(["", body.replace("[input]", '[files]\n"old" = "1"\n# note\n\n[input]')]))
    assert "old" not in write_checksums(folder).manifest.files


def test_a_manifest_with_faults_is_not_built_and_not_touched(folder: Path, tmp_path: Path) -> None:
    manifest = folder / "pack.toml"
    spoiled = manifest.read_text(encoding="utf-8").replace('title = "Toy outline"', "title = 1")
    manifest.write_text(spoiled, encoding="utf-8")
    with pytest.raises(ManifestError, match="title"):
        build_pack(folder, tmp_path / "out")
    assert manifest.read_text(encoding="utf-8") == spoiled
    assert not (tmp_path / "out").exists()


def test_a_missing_model_is_named(folder: Path) -> None:
    (folder / "model.fp32.onnx").unlink()
    with pytest.raises(ManifestError, match=r"files\.model\.fp32\.onnx: is missing"):
        write_checksums(folder)


def test_a_link_is_not_packed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (folder / "extra").symlink_to(tmp_path / "secret")
    with pytest.raises(EscapingPathError):
        build_pack(folder, tmp_path / "out")


def test_a_missing_licence_is_named_with_the_first_missing_fields(folder: Path) -> None:
    (folder / "LICENSE").unlink()
    text = (folder / "pack.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("title", "intended_use"))]
    (folder / "pack.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(ManifestError) as refused:
        write_checksums(folder)
    assert "LICENSE: the file is missing" in refused.value.detail
    assert "intended_use" in refused.value.detail
