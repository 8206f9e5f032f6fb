"""Builds dist/packs: a signed .farpack of each pack that is given out apart from the application.

Their licences forbid commercial use, or leave it open: whoever installs one accepts that licence by name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from getpass import getpass
from pathlib import Path

import contents

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Build and sign each; 2 without a key, else the status of the first that failed."""
    if len(arguments) != 1:
        print("make archives KEY=FILE: the private key that signs them (packs keys new).", file=sys.stderr)
        return 2
    typed = getpass("Passphrase of the key: ") if sys.stdin.isatty() else sys.stdin.readline()
    out = ROOT / "dist" / "packs"
    out.mkdir(parents=True, exist_ok=True)
    for name in contents.separate_packs(ROOT):
        with tempfile.TemporaryDirectory() as folder:  # building writes into the pack's folder
            pack = Path(shutil.copytree(ROOT / "models" / name, Path(folder) / name))
            status = _build(pack, out, arguments[0], typed.rstrip("\n"))
        if status != 0:
            return status
    return 0


def _build(pack: Path, out: Path, key: str, passphrase: str) -> int:
    read, write = os.pipe()
    try:
        os.write(write, f"{passphrase}\n".encode())
        os.close(write)
        order = ["packs", "build", str(pack), "--out", str(out), "--key", key, "--password-fd", str(read)]
        return subprocess.run(
            [sys.executable, str(ROOT / "main.py"), *order], pass_fds=(read,), check=False
        ).returncode
    finally:
        os.close(read)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
