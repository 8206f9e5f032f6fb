"""The profile folder: where it lies, that one window at a time uses it, and its log."""

import logging
import logging.handlers
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from core.errors import ProfileInUseError
from core.file_lock import try_lock
from store.durable import not_kept, remove_partial_files

APPLICATION = "Farlight"
_LOG_BYTES = 1_000_000
_LOG_COPIES = 3


def default_folder(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the profile folder that the platform's custom names.

    Source: XDG Base Directory Specification; Windows known folder RoamingAppData; macOS Application Support.
    """
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or Path.home())
    if platform == "win32":
        return Path(environment.get("APPDATA") or home / "AppData" / "Roaming") / APPLICATION
    if platform == "darwin":
        return home / "Library" / "Application Support" / APPLICATION
    data = Path(environment.get("XDG_DATA_HOME") or "")
    return (data if data.is_absolute() else home / ".local" / "share") / APPLICATION.lower()


class Profile:
    """A profile folder that is ours alone until it is closed."""

    def __init__(self, folder: Path | None = None) -> None:
        """Make the folder (for this user alone) and take its lock.

        Raises:
            ProfileInUseError: another process holds it.
            ProfileNotWritableError, DiskFullError: it cannot be made or written.
        """
        self.folder = (folder or default_folder()).absolute()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = (self.folder / "lock").open("ab")
        except OSError as error:
            raise not_kept(error) from error
        if not try_lock(self._lock.fileno()):
            self._lock.close()
            raise ProfileInUseError
        remove_partial_files(self.folder, "*.json")

    @property
    def database_file(self) -> Path:
        """The one file that holds patient data."""
        return self.folder / "farlight.db"

    @property
    def key_file(self) -> Path:
        """The database's key, locked with passwords; names of staff, no patient data."""
        return self.folder / "keys.json"

    @property
    def anchor_file(self) -> Path:
        """The end of the audit trail."""
        return self.folder / "anchor.json"

    @property
    def image_folder(self) -> Path:
        """The encrypted copies of images."""
        return self.folder / "images"

    @property
    def settings_file(self) -> Path:
        """The settings, without patient data."""
        return settings_file(self.folder)

    def close(self) -> None:
        """Give the lock back; the operating system does so too where the process dies."""
        self._lock.close()


def settings_file(folder: Path) -> Path:
    """Return where the settings of a profile folder lie (also for readers that do not take the lock)."""
    return folder / "settings.json"


def start_log(folder: Path, name: str) -> logging.Handler:
    """Write the program's log to ``folder/log/name.log``; silently nowhere if that cannot be written.

    Returns the handler, for ``stop_log``. A log holds codes, stages and tracebacks, never patient data.
    """
    root = logging.getLogger()
    try:
        (folder / "log").mkdir(mode=0o700, parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            folder / "log" / f"{name}.log", maxBytes=_LOG_BYTES, backupCount=_LOG_COPIES, encoding="utf-8"
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return handler


def stop_log(handler: logging.Handler) -> None:
    """Stop writing a log and close its file."""
    logging.getLogger().removeHandler(handler)
    handler.close()
