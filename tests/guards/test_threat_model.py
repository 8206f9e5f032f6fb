"""Each claim of the threat model names tests that are there."""

import ast
import re
from pathlib import Path


def test_the_tests_that_the_threat_model_names_are_there(root: Path) -> None:
    page = (root / "docs" / "threat-model.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+(?:\.py)?)`", page))
    assert len(named) > 20
    files = [*(root / "tests").rglob("test_*.py")]
    there = {file.name for file in files} | {file.stem for file in files}
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        there.update(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    assert named - there == set()
