"""Putting prepared records in the place of a profile's present ones, which are set aside and never deleted.

What is to take their place lies whole, and checked, in the folder ``incoming`` of the profile. From the
moment that the order to swap is on the disk, the swap is gone through with, by the next start where need be.
Before that moment nothing has changed. What was set aside is a profile of its own, and opens like one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from core.errors import NotReplacedError, ProfileNotWritableError
from store.durable import replace_file, settle_folder

INCOMING, ORDER = "incoming", "swap.json"
DATABASE = "farlight.db"
RECORDS = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal")
GUESSES = "guesses.json"
SMALL = ("keys.json", "keys-copy.json", "anchor.json", "settings.json", GUESSES)


def incoming(folder: Path) -> Path:
    """Return an empty folder for what is prepared.

    Raises:
        ProfileNotWritableError: it cannot be made.
    """
    place = folder / INCOMING
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=0o700)
    except OSError as error:
        raise ProfileNotWritableError(type(error).__name__) from error
    return place


def swap(folder: Path, *, aside: Iterable[str], copied: Iterable[str] = ()) -> Path:
    """Set the named files of a profile aside and put all that was prepared in; returns where they were set.

    ``copied`` stay, and are set aside as well. There is no such folder where there was nothing to set aside.

    Raises:
        ProfileNotWritableError: the order could not be written; nothing has changed.
        NotReplacedError: it was begun, and the next start goes on.
    """
    new = folder / INCOMING
    order = {
        "aside": f"set-aside-{datetime.now(UTC).strftime('%Y%m%dT%H%M%SZ')}",
        "moved": [name for name in aside if (folder / name).exists()],
        "copied": [name for name in copied if (folder / name).exists()],
        "in": sorted(file.relative_to(new).as_posix() for file in new.rglob("*") if file.is_file()),
    }
    try:
        for file in (new, *new.rglob("*")):
            _on_disk(file)
        replace_file(folder / ORDER, json.dumps(order).encode())
    except OSError as error:
        with suppress(OSError):
            (folder / ORDER).unlink(missing_ok=True)
        raise ProfileNotWritableError(type(error).__name__) from error
    _go_through(folder)
    return folder / str(order["aside"])


def finish_swap(folder: Path) -> None:
    """End a swap that was interrupted, or take away what was prepared for one that was not ordered.

    Raises:
        NotReplacedError: it could not be ended; the next start tries again.
    """
    if (folder / ORDER).exists():
        _go_through(folder)
    elif (folder / INCOMING).exists():
        shutil.rmtree(folder / INCOMING, ignore_errors=True)


def _go_through(folder: Path) -> None:
    """Do all that was ordered; what was done before a crash is not done twice."""
    new = folder / INCOMING
    try:
        order = json.loads((folder / ORDER).read_bytes())
        aside = folder / Path(str(order["aside"])).name
        aside.mkdir(mode=0o700, exist_ok=True)
        for name in order["copied"]:
            if not (aside / name).exists():
                replace_file(aside / name, (folder / name).read_bytes())
        for name in order["moved"]:
            if not (aside / name).exists():
                _move(folder / name, aside / name)
        _settle(aside, aside / "images", folder)
        for name in order["in"]:
            if (new / name).exists():
                _move(new / name, folder / name)
        _settle(folder, folder / "images")
        (folder / ORDER).unlink()
        settle_folder(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotReplacedError(type(error).__name__) from error
    shutil.rmtree(new, ignore_errors=True)
    with suppress(OSError):
        aside.rmdir()  # nothing was set aside


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source.replace(target)


def _settle(*folders: Path) -> None:
    for folder in folders:
        if folder.is_dir():
            settle_folder(folder)


def _on_disk(file: Path) -> None:
    if file.is_file():
        with file.open("rb+") as stream:
            os.fsync(stream.fileno())
    else:
        settle_folder(file)
