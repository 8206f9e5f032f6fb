"""Notes in which order files get their names and are settled on the disk; the real calls are made."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


class DiskSteps:
    """What was done: ("settle", file or folder), ("name", file), ("gone", file)."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken: list[tuple[str, Path]] = []
        self._folder = folder
        real: dict[str, Callable[..., Any]] = {
            "fsync": os.fsync,
            "replace": os.replace,
            "unlink": os.unlink,
        }

        def fsync(descriptor: int) -> None:
            self.taken.append(("settle", self._path_of(descriptor)))
            real["fsync"](descriptor)

        def replace(source: Path, target: Path) -> None:
            real["replace"](source, target)
            self.taken.append(("name", Path(target)))

        def unlink(file: Path, **dir_fd: Any) -> None:
            real["unlink"](file, **dir_fd)
            self.taken.append(("gone", Path(file)))

        monkeypatch.setattr(os, "unlink", unlink)
        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "replace", replace)

    def _path_of(self, descriptor: int) -> Path:
        """Return which file of the folder is open there."""
        facts = os.fstat(descriptor)
        for path in (self._folder, *self._folder.rglob("*")):
            if os.path.samestat(facts, path.stat()):
                return path
        raise AssertionError("a file elsewhere was settled")
