"""The one analyzer of an open profile, and what is known of this computer; each is made when it is needed."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

from core.clock import Clock
from core.result import EngineName, Precision
from services.analyze import AnalysisOptions, Analyzer
from services.pack_install import PackDesk
from services.prevalence_desk import PrevalenceDesk
from services.tuning import Tuner, cache_folder
from store.settings import Settings


class Analyzers:
    """Makes the analyzer as settings, packs and prevalences say, and makes it anew when packs changed."""

    def __init__(
        self, settings: Settings, packs: PackDesk, prevalences: PrevalenceDesk, *, folder: Path, clock: Clock
    ) -> None:
        self._settings, self._packs, self._prevalences = settings, packs, prevalences
        self._folder, self._clock = folder, clock
        self._lock, self._tuner_lock = threading.Lock(), threading.Lock()
        self._analyzer: Analyzer | None = None
        self._tuner: Tuner | None = None

    def current(self) -> Analyzer:
        """Return the one analyzer, built at the first call (heavy: use a background thread)."""
        with self._lock:
            if self._analyzer is None:
                options = options_from(self._settings)
                self._analyzer = Analyzer(
                    replace(options, prevalences=self._prevalences.in_force()),
                    library=self._packs.library(),
                    in_use=self._packs.in_use,
                    tuner=self.tuner(),
                )
            return self._analyzer

    def renew(self) -> None:
        """Have the next analysis look at the packs anew; one that runs goes on with those that it has."""
        with self._lock:
            self._analyzer = None

    def tuner(self) -> Tuner:
        """Return what is known of this computer's engines and devices (heavy: use a background thread)."""
        with self._tuner_lock:
            if self._tuner is None:
                self._tuner = Tuner(cache_folder(self._folder), self._clock)
            return self._tuner

    def use_prevalences(self) -> None:
        """Say from now on what scores mean with what is entered now."""
        with self._lock:
            if self._analyzer is not None:
                in_force = self._prevalences.in_force()
                self._analyzer.options = replace(self._analyzer.options, prevalences=in_force)

    def stop(self) -> None:
        """End what is learned of this computer in the background."""
        if self._tuner is not None:
            self._tuner.stop()


def options_from(settings: Settings) -> AnalysisOptions:
    """Return what the settings say of how packs are run."""
    return AnalysisOptions(
        engine=cast("EngineName | Literal['auto']", settings.text("engine")),
        precision=cast("Precision | Literal['auto']", settings.text("precision")),
        device=settings.text("device"),
        demonstration=settings.flag("packs.demonstration"),
    )
