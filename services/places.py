"""Where the program's own files lie: packs, samples."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from store.pack_folder import FOLDER_NAME, PackFolder

_PROFILE_VARIABLE = "FARLIGHT_PROFILE"
"""In the environment, so that the processes that help with a batch look at the same packs."""


def program_folder() -> Path:
    """Return the folder of the program: the repository, or the folder that a frozen program unpacked."""
    frozen = getattr(sys, "_MEIPASS", None)
    return Path(frozen) if frozen else Path(__file__).resolve().parent.parent


def program_packs() -> tuple[Path, ...]:
    """Return the folders that hold the packs that are part of the program."""
    return (program_folder() / "models",)


def pack_roots() -> tuple[Path, ...]:
    """Return the folders that hold model packs: the program's own, and those installed in the profile."""
    profile = os.environ.get(_PROFILE_VARIABLE)
    return (*program_packs(), *((Path(profile) / FOLDER_NAME,) if profile else ()))


def use_profile(folder: Path) -> None:
    """Have this process, and those that it starts, find the packs that are installed in a profile."""
    os.environ[_PROFILE_VARIABLE] = str(folder.absolute())


def profile_folder() -> Path | None:
    """Return the folder of the profile that was named, or None where none was."""
    profile = os.environ.get(_PROFILE_VARIABLE)
    return Path(profile) if profile else None


def packs_in_use() -> AbstractContextManager[None]:
    """Keep the packs of the profile that was named where they are while an analysis runs."""
    profile = os.environ.get(_PROFILE_VARIABLE)
    return PackFolder(Path(profile)).in_use() if profile else nullcontext()


def sample_study() -> Path:
    """Return the sample that ships with the program."""
    return program_folder() / "samples" / "chest-child.dcm"
