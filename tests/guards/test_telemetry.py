"""Nobody imports an engine before its reports to its makers are forbidden."""

import ast
from collections.abc import Iterator
from pathlib import Path

from contents import EXCLUDED_MODULES

ENGINES = ("onnxruntime", "openvino")
OPENED_BY = ("inference/engine_onnxruntime.py", "inference/engine_openvino.py")
"""Imported by ``engine.open_engine`` alone, after it has forbidden them."""


def _lines(tree: ast.Module) -> Iterator[int]:
    """Yield the lines on which an engine is imported, by statement or by name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            names = [str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)]
        else:
            continue
        if any(name.partition(".")[0] in ENGINES for name in names):
            yield node.lineno


def _early(content: str) -> list[int]:
    tree = ast.parse(content)
    forbidden = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("forbid_telemetry")
    ]
    return [line for line in _lines(tree) if not forbidden or line < min(forbidden)]


def test_an_engine_is_imported_only_after_its_reports_are_forbidden(
    root: Path, tree: tuple[str, ...]
) -> None:
    # training/__init__.py forbids them before any recipe is imported
    assert "forbid_telemetry()" in (root / "training" / "__init__.py").read_text(encoding="utf-8")
    files = [name for name in tree if name.endswith(".py") and not name.startswith("training/")]
    early = {name: _early((root / name).read_text(encoding="utf-8")) for name in files}
    assert {name for name, lines in early.items() if lines} == set(OPENED_BY)


def test_this_guard_sees_every_way_of_importing() -> None:
    for statement in (
        "import openvino as ov",
        "from onnxruntime.tools import x",
        "import_module('openvino')",
    ):
        assert _early(statement) == [1]
        assert _early(f"forbid_telemetry()\n{statement}") == []


def test_the_packaged_application_does_not_hold_the_reporting_module() -> None:
    assert "openvino_telemetry" in EXCLUDED_MODULES
