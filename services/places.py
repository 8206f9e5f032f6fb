"""Where the program's own files lie: packs, samples."""

import sys
from pathlib import Path


def program_folder() -> Path:
    """Return the folder of the program: the repository, or the folder that a frozen program unpacked."""
    frozen = getattr(sys, "_MEIPASS", None)
    return Path(frozen) if frozen else Path(__file__).resolve().parent.parent


def pack_roots() -> tuple[Path, ...]:
    """Return the folders that hold model packs."""
    return (program_folder() / "models",)


def sample_study() -> Path:
    """Return the sample that ships with the program."""
    return program_folder() / "samples" / "chest-child.dcm"
