"""Nothing heavy is imported before it is used, so that the program starts at once on an old laptop."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "onnx",
    "onnxruntime",
    "openvino",
    "cv2",
    "pydicom",
    "fpdf",
    "nibabel",
    "imagecodecs",
    "openslide",
    "pypdfium2",
    "scipy",
    "torch",
)
QT = ("PySide6",)

# Runs the program as __main__ and prints which modules are loaded when it is done.
_PROBE = """
import json, runpy, sys
sys.argv = ["main.py", *{arguments!r}]
try:
    runpy.run_path("main.py", run_name="__main__")
except SystemExit:
    pass
print("LOADED " + json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["analyze", "--help"], ["packs", "list", "--help"]])
def test_the_command_line_starts_without_heavy_libraries(root: Path, arguments: list[str]) -> None:
    assert not _loaded(root, _PROBE.format(arguments=arguments)) & {*HEAVY, *QT}


def test_the_services_are_imported_without_heavy_libraries(root: Path) -> None:
    modules = [
        f"services.{path.stem}"
        for path in sorted((root / "services").glob("*.py"))
        if path.stem != "__init__"
    ]
    probe = (
        f"import {', '.join(modules)}\nimport json, sys\nprint('LOADED ' + json.dumps(sorted(sys.modules)))"
    )
    assert not _loaded(root, probe) & {*HEAVY, *QT}


def _loaded(root: Path, probe: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("LOADED ")]
    assert lines, done.stderr
    return {name.partition(".")[0] for name in json.loads(lines[-1].removeprefix("LOADED "))}
