"""The packaged application holds what it opens, and nothing of training or tests."""

from pathlib import Path

import contents
import pytest


def test_rooms_of_the_application_are_found_and_others_are_not(tmp_path: Path) -> None:
    for name in ("core", "ui", "training", "tests", "benchmarks"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    assert contents.rooms(tmp_path) == ["core", "ui"]


def test_data_beside_the_code_is_collected_where_the_code_looks_for_it(tmp_path: Path) -> None:
    (tmp_path / "core" / "wording" / "en").mkdir(parents=True)
    (tmp_path / "core" / "__init__.py").touch()
    (tmp_path / "core" / "wording" / "en" / "errors.toml").touch()
    (tmp_path / "models" / "a-pack").mkdir(parents=True)
    (tmp_path / "models" / "a-pack" / "pack.toml").touch()
    folders = {Path(file).name: folder for file, folder in contents.data_files(tmp_path)}
    assert folders == {"errors.toml": str(Path("core/wording/en")), "pack.toml": str(Path("models/a-pack"))}


def test_packs_that_forbid_commercial_use_are_left_out_of_the_application(tmp_path: Path) -> None:
    for name, allowed in (("free", "true"), ("bound", "false")):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "pack.toml").write_text(f"[licence]\ncommercial_use = {allowed}\n")
        (tmp_path / "models" / name / "model.onnx").touch()
    assert contents.separate_packs(tmp_path) == ["bound"]
    assert {folder for _, folder in contents.data_files(tmp_path)} == {str(Path("models/free"))}


def test_openvino_brings_its_processor_plugin_and_front_end_and_no_graphics_plugin() -> None:
    names = [Path(file).name for file, _ in contents.openvino_binaries()]
    assert any("intel_cpu_plugin" in name for name in names)
    assert any("onnx_frontend" in name for name in names)
    assert any("tbb" in name for name in names)
    assert not [name for name in names if "gpu" in name or "npu" in name or "pytorch" in name]


def test_openslide_brings_its_library_and_the_licences_that_it_asks_to_be_passed_on() -> None:
    ((library, folder),) = contents.openslide_binaries()
    assert Path(library).is_file()
    assert folder == "openslide_bin"
    licences = contents.openslide_licences()
    assert any(Path(file).name == "COPYING.LESSER" for file, _ in licences)
    assert all(place.startswith("openslide_bin") for _, place in licences)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6/Qt/plugins/imageformats/libqsvg.so", True),
        ("PySide6/Qt/plugins/printsupport/libcupsprintersupport.so", True),
        ("PySide6/Qt/translations/qtbase_fr.qm", True),
        ("PySide6/Qt/translations/qt_help_fr.qm", False),
        ("PySide6/Qt/plugins/sqldrivers/libqsqlite.so", False),
        ("PySide6/Qt/lib/libQt6Quick.so.6", False),
        ("libgtk-3.so.0", False),
        ("libxcb-cursor.so.0", True),
        ("openvino/libs/libopenvino_intel_cpu_plugin.so", True),
        ("openvino/libs/libopenvino_intel_gpu_plugin.so", False),
        ("pydicom/data/charset_files/chrH31.dcm", True),
        ("pydicom/data/test_files/CT_small.dcm", False),
        ("models/chest-lungs/model.int8.onnx", True),
    ],
)
def test_what_is_never_opened_is_left_out(name: str, kept: bool) -> None:
    assert bool(contents.without_unneeded([(name, "", "BINARY")])) is kept
