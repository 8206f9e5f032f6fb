"""The tree as git sees it, for guards that read every file."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def tree() -> tuple[str, ...]:
    """Every file that is or would be committed, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return tuple(
        sorted(name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file())
    )


@pytest.fixture(scope="session")
def imports(tree: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """The top-level names that each Python file imports, at its head or inside a function."""
    return {name: frozenset(_imported(ROOT / name)) for name in tree if name.endswith(".py")}


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
