"""What ``make run`` does: the window where there is a display, else the main job on the sample."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = Path("samples", "chest-child.dcm")
OUT = Path("out", "sample")


def main(arguments: Sequence[str]) -> int:
    """Open the window, or analyze the sample and say where its report is."""
    if has_display(os.environ, sys.platform):
        return _program(*arguments)
    print("No display here, so the bundled sample is analyzed instead of opening the window.", flush=True)
    status = _program("analyze", str(SAMPLE), "--out", str(OUT), "--force")
    if status != 0:
        return status
    reports = sorted((ROOT / OUT).glob("*/report.pdf"))
    if not reports:
        print(f"No report was written below {ROOT / OUT}.", file=sys.stderr)
        return 1
    print(f"Report: {reports[0]}")
    return 0


def has_display(environment: Mapping[str, str], platform: str) -> bool:
    """Return whether a window can be shown: elsewhere than on Windows and macOS, X11 or Wayland says so."""
    if platform in {"win32", "darwin"}:
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def _program(*arguments: str) -> int:
    return subprocess.run([sys.executable, "main.py", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
