"""Everything the window works with, built once: profile, settings, drafts, signing, papers, analysis."""

import logging
import threading
from pathlib import Path
from typing import Literal, Self, cast

from core.clock import Clock, SystemClock
from core.result import EngineName, Precision
from services.analyze import AnalysisOptions, Analyzer
from services.drafts import DraftKeeper
from services.papers import PaperDesk
from services.sign import SigningDesk
from store.database import Database
from store.drafts import DraftStore
from store.papers import PaperStore
from store.people import PeopleStore
from store.profile import Profile, start_log, stop_log
from store.settings import Settings
from store.signed import SignedStore


class Workplace:
    """One open profile. Close it at the end, or use it as a context manager."""

    def __init__(self, profile: Profile, clock: Clock) -> None:
        """Join the rooms over a profile that is ours (``open`` makes both)."""
        self._profile = profile
        self._database = Database(profile.database_file)
        self._lock = threading.Lock()
        self._analyzer: Analyzer | None = None
        self._log: logging.Handler | None = None
        self.clock = clock
        self.settings = Settings(profile.settings_file)
        self.drafts = DraftKeeper(DraftStore(self._database), clock)
        signed = SignedStore(self._database)
        self.signing = SigningDesk(PeopleStore(self._database, clock), signed, clock)
        self.papers = PaperDesk(signed, PaperStore(self._database), clock)

    @classmethod
    def open(cls, profile: Path | None = None, *, clock: Clock | None = None) -> Self:
        """Open the profile folder (the platform's own where None), take its lock and start the log.

        Raises:
            ProfileInUseError: another window is open on it.
            ProfileNotWritableError: it cannot be written.
            StoreDamagedError: its database is damaged; a copy is kept and named in the detail.
            NewerStoreError: a newer Farlight wrote it.
        """
        ours = Profile(profile)
        try:
            workplace = cls(ours, clock or SystemClock())
        except BaseException:
            ours.close()
            raise
        workplace._log = start_log(ours.folder, "window")
        return workplace

    @property
    def folder(self) -> Path:
        """The profile folder."""
        return self._profile.folder

    def analyzer(self) -> Analyzer:
        """Return the one analyzer, built at the first call (heavy: use a background thread)."""
        with self._lock:
            if self._analyzer is None:
                self._analyzer = Analyzer(options_from(self.settings))
            return self._analyzer

    def close(self) -> None:
        """Give the lock back and close the database."""
        self._database.close()
        self._profile.close()
        if self._log is not None:
            stop_log(self._log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def options_from(settings: Settings) -> AnalysisOptions:
    """Return what the settings say of how packs are run."""
    return AnalysisOptions(
        engine=cast("EngineName | Literal['auto']", settings.text("engine")),
        precision=cast("Precision | Literal['auto']", settings.text("precision")),
        demonstration=settings.flag("packs.demonstration"),
    )
