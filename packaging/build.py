"""Builds the application folder dist/farlight with PyInstaller and reports its size."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import contents

ROOT = Path(__file__).resolve().parent.parent
LARGEST_PARTS_SHOWN = 12
MIB = 1024 * 1024


def main() -> int:
    """Build, show the sizes; the exit status is PyInstaller's."""
    started = time.monotonic()
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR"]
    folders = ["--distpath", str(ROOT / "dist"), "--workpath", str(ROOT / "build")]
    shutil.rmtree(ROOT / "dist" / "farlight", ignore_errors=True)
    done = subprocess.run(
        [*command, *folders, str(ROOT / "packaging" / "farlight.spec")], cwd=ROOT, check=False
    )
    if done.returncode == 0:
        report(ROOT / "dist" / "farlight", time.monotonic() - started)
    return done.returncode


def report(folder: Path, seconds: float) -> None:
    """Print the size of the application and of its largest parts."""
    parts = contents.size_table(folder)
    total = sum(size for _, size in parts) / MIB
    print(f"{folder.relative_to(ROOT)}: {total:.0f} MiB, built in {seconds:.0f} s")
    for name, size in parts[:LARGEST_PARTS_SHOWN]:
        print(f"  {size / MIB:7.1f} MiB  {name}")


if __name__ == "__main__":
    sys.exit(main())
