"""Each heavy library has one owner, Qt stays in ui, and models hold no code."""

from pathlib import Path, PurePosixPath

import pytest

ROOMS = (
    *("core", "evaluation", "imaging", "inference", "measure", "services"),
    *("reports", "store", "exchange", "cli", "ui"),
)

# Library -> the rooms, or single files, of the application that may import it.
OWNERS = {
    "PySide6": ("ui/",),
    "shiboken6": ("ui/",),
    "onnxruntime": ("inference/engine_onnxruntime.py", "inference/quantizer.py"),
    "openvino": ("inference/engine_openvino.py",),
    "pydicom": ("imaging/", "exchange/"),
    "openjpeg": ("imaging/",),
    "jpeg_ls": ("imaging/",),
    "imagecodecs": ("imaging/",),
    "openslide": ("imaging/codecs_slide.py",),
    "nibabel": ("imaging/", "exchange/", "services/"),
    "fpdf": ("reports/",),
    "uharfbuzz": ("reports/",),
    "pypdfium2": ("reports/", "services/pdf_pages.py"),
    "sqlite3": ("store/sqlcipher.py",),
    "sqlcipher3": ("store/sqlcipher.py",),
    "argon2": ("store/secret_words.py",),
    "cryptography": ("store/", "inference/signature.py"),
    "torch": (),
    "onnx": ("inference/onnx_", "inference/quantizer.py", "inference/shuffled_weights.py"),
    "onnxscript": (),
    "sklearn": (),
}


def _of_the_application(name: str) -> bool:
    return name == "main.py" or PurePosixPath(name).parts[0] in ROOMS


@pytest.mark.parametrize("library", OWNERS)
def test_each_heavy_library_is_imported_by_its_owner_alone(
    library: str, imports: dict[str, frozenset[str]]
) -> None:
    strangers = [
        name
        for name, found in imports.items()
        if library in found and _of_the_application(name) and not name.startswith(OWNERS[library] or ("-",))
    ]
    assert not strangers, f"{library} belongs to {OWNERS[library] or 'no room of the application'}"


def test_qt_stays_inside_the_window(imports: dict[str, frozenset[str]]) -> None:
    allowed = ("ui/", "tests/", "benchmarks/", "packaging/", "main.py")
    assert not [
        name for name, found in imports.items() if "PySide6" in found and not name.startswith(allowed)
    ]


def test_nothing_in_the_application_imports_training_tests_or_benchmarks(
    imports: dict[str, frozenset[str]],
) -> None:
    wrong = {"training", "tests", "benchmarks"}
    assert not {
        name: found & wrong for name, found in imports.items() if _of_the_application(name) and found & wrong
    }


def test_model_folders_hold_data_only(tree: tuple[str, ...]) -> None:
    assert not [name for name in tree if name.startswith("models/") and name.endswith((".py", ".pyc", ".so"))]


def test_packaging_is_never_a_package(tree: tuple[str, ...]) -> None:
    assert "packaging/__init__.py" not in tree, "it would shadow PyPI's packaging"


def test_no_module_is_a_drawer_for_odds_and_ends(tree: tuple[str, ...]) -> None:
    drawers = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py", "manager.py"}
    assert not [name for name in tree if PurePosixPath(name).name in drawers]


def test_main_stays_under_a_hundred_lines(root: Path) -> None:
    assert len((root / "main.py").read_text(encoding="utf-8").splitlines()) < 100
