"""The direction of imports, checked by import-linter with the contracts in pyproject.toml."""

import os
import subprocess
import sys
from pathlib import Path


def test_imports_go_from_the_window_down_to_core(root: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command; lint_imports_command()",
    ]
    done = subprocess.run(
        [*command, "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
