"""Analyse one reading unit: decode once, ask each pack, return one frozen result."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled, FarlightError
from core.form import PATIENT_FIELDS
from core.image import Image, ReadingUnit, StudyHeader
from core.model_facts import ModelFacts
from core.patient import Patient
from core.reading_order import reading_order
from core.result import (
    EngineName,
    PackResult,
    Precision,
    Result,
    Side,
)
from services.allocation import keep_memory
from services.ask_packs import Inquiry, failed
from services.load import Loaded, error_record, load, source_of
from services.other_kind import kind_of, without_contradicted, without_other_kinds
from services.patient import merge, with_age_today
from services.places import pack_roots, packs_in_use
from services.prevalence import Prevalence, at_site
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.side import side_of
from services.tuning import Tuner, tuner_of_profile

if TYPE_CHECKING:
    from inference.packs import Pack, PackLibrary

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisOptions:
    """What is run, and how; ``packs`` None means all that apply.

    ``prevalences`` say how common findings are where the images are from.
    ``auto`` is what was measured to be best on this computer, and the default until then. ``device`` is
    ``auto``, ``CPU``, or engine and device such as ``openvino:GPU.0``.
    """

    packs: tuple[str, ...] | None = None
    engine: EngineName | Literal["auto"] = "auto"
    precision: Precision | Literal["auto"] = "auto"
    use_gates: bool = True
    demonstration: bool = False
    threads: int | None = None
    prevalences: tuple[Prevalence, ...] = ()
    device: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """A result and the picture it speaks of; ``grey`` is (row, column) float32 0..1, None where unread."""

    result: Result
    image: Image | None = None
    grey: NDArray[np.float32] | None = field(default=None, repr=False)
    header: StudyHeader = field(default_factory=StudyHeader)
    unit: ReadingUnit | None = None


class Analyzer:
    """Analyses reading units; loads each model once and keeps it. Several threads may look with one."""

    def __init__(
        self,
        options: AnalysisOptions | None = None,
        *,
        pack_folders: Sequence[Path] | None = None,
        library: "PackLibrary | None" = None,
        in_use: Callable[[], AbstractContextManager[None]] = packs_in_use,
        tuner: Tuner | None = None,
    ) -> None:
        """Find the installed packs; models are loaded when they are first needed.

        ``library`` stands in place of all packs of ``pack_folders`` (default: the program's own, and those
        installed in the profile that was named). ``in_use`` keeps packs from being taken away meanwhile.
        ``tuner`` knows this computer's engines and devices (default: that of the profile that was named).

        Raises:
            UnknownPackError: ``options.packs`` names one that is not installed.
        """
        from inference.choices import nothing_tuned
        from inference.packs import PackLibrary
        from inference.runner import PackRunner

        self.options = options or AnalysisOptions()
        self._in_use = in_use
        if tuner is None and library is None and pack_folders is None:
            tuner = tuner_of_profile()
        self.library = library or PackLibrary(tuple(pack_folders or pack_roots()))
        self._looks, self._looks_lock = 0, threading.Lock()
        self._tuner = tuner
        self._runner = PackRunner(
            self.library,
            engine=self.options.engine,
            precision=self.options.precision,
            threads=self.options.threads,
            device=self.options.device,
            tuned=nothing_tuned if tuner is None else tuner.choice,
            takeover=None if tuner is None else tuner.takeover,
        )
        self._plan(self.options.packs)

    def close(self) -> None:
        """End the use of devices in good order; whoever built an analyzer without a window calls it."""
        if self._tuner is not None:
            self._tuner.stop()

    def forgive(self, process: int) -> None:
        """Count no use of a device against it that ended because a helper was ended on purpose."""
        if self._tuner is not None:
            self._tuner.forgive(process)

    def warm_up(self) -> None:
        """Load packs and engines now, so that the first image does not wait."""
        from imaging import decode

        keep_memory()
        decode.warm_up()
        for pack_id in self._plan(self.options.packs):
            try:
                self._runner.warm_up([pack_id])
            except FarlightError as error:
                _log.warning("warm-up of %s: %s %s", pack_id, error.code, error.detail)

    @property
    def looking(self) -> bool:
        """Whether an image is being looked at now."""
        return self._looks > 0

    def to_tune(self) -> "tuple[Pack, ...]":
        """Return the packs that may look at an image."""
        planned = (self.library.get(pack_id) for pack_id in self._plan(self.options.packs))
        return tuple(pack for pack in planned if not pack.manifest.reads_values)

    def renew(self, pack: "Pack") -> None:
        """Have a pack answer, from the next study on, in the way that was measured to be best.

        Raises:
            FarlightError: it does not load that way; what answered so far goes on.
        """
        self._runner.answering.renew(pack)

    def forms(self) -> tuple[ModelFacts, ...]:
        """Return what the packs say of themselves that may be asked for values of the patient."""
        planned = (self.library.get(pack_id) for pack_id in self._plan(self.options.packs))
        return tuple(self.facts(pack.id) for pack in planned if pack.manifest.reads_values)

    def has_forms_off(self) -> bool:
        """Whether a pack is installed that asks for values and is not asked, being a demonstration."""
        off = {pack.id for pack in self.library.packs() if pack.manifest.reads_values}
        return not off <= set(self._plan(self.options.packs))

    def left_off(
        self,
        modalities: Iterable[str | None],
        ages: Iterable[float | None],
        *,
        values: Iterable[str],
        coloured: bool,
    ) -> tuple[str, ...]:
        """Return the titles of demonstrations that are not asked and could answer on such images.

        Without a modality a picture may be of any kind, ``coloured`` where one was refused for its colour;
        without an age a patient may be of any age; ``values`` are codes of what was given of a patient.
        """
        from inference.header_gates import may_be_of_age

        if self.options.packs is not None or self.options.demonstration:
            return ()
        kinds, years, given = set(modalities), tuple(ages), set(values) - set(PATIENT_FIELDS)
        may = (
            pack.manifest
            for pack in self.library.packs()
            if pack.manifest.pack_class == "demonstration"
            and (not years or any(may_be_of_age(pack.manifest.applies, one) for one in years))
        )
        return tuple(
            one.title
            for one in may
            if (
                given & {field.code for field in one.inputs}
                if one.reads_values
                else (None in kinds and (coloured or one.applies.colour != "colour"))
                or kinds & set(one.applies.modalities)
            )
        )

    def planned(self) -> dict[str, str]:
        """Return the packs that may look at an image, with the sha256 of each."""
        return {pack_id: self.library.get(pack_id).sha256 for pack_id in self._plan(self.options.packs)}

    def calibrated_findings(self) -> tuple[str, ...]:
        """Return the codes of the findings whose scores the packs that may look have calibrated."""
        codes = {
            label.code: None
            for pack in self.to_tune()
            for label in pack.manifest.labels
            if label.scoring is not None and label.scoring.calibration.method != "none"
        }
        return tuple(codes)

    def broken(self) -> tuple[tuple[str, FarlightError], ...]:
        """Return the installed packs that cannot be used, each with the reason."""
        return tuple((entry.id, entry.error) for entry in self.library.entries() if entry.error is not None)

    def facts(self, pack_id: str) -> ModelFacts:
        """Return what a pack says of itself.

        Raises:
            UnknownPackError: it is not installed.
        """
        from services.facts import facts_of

        return facts_of(self.library.get(pack_id))

    def facts_for(self, result: Result) -> Mapping[str, ModelFacts]:
        """Return what each pack in a result says of itself, by pack id."""
        return {entry.stamp.pack_id: self.facts(entry.stamp.pack_id) for entry in result.results}

    def analyze(
        self,
        unit: ReadingUnit,
        *,
        patient: Patient | None = None,
        packs: Sequence[str] | None = None,
        image: Image | None = None,
        progress: Report = nobody_listens,
        cancelled: IsCancelled = never,
    ) -> Analysis:
        """Return what the packs say of the unit; what fails stands in ``result.errors``.

        ``patient`` is typed or from a file and wins over the header. ``image`` saves decoding it again.

        Raises:
            Cancelled: the user stopped it.
            UnknownPackError: ``packs`` names one that is not installed.
        """
        progress(Progress(stage="reading", item=unit.path))
        loaded = load(unit, image=image, cancelled=cancelled)
        return self.look(loaded, patient=patient, packs=packs, progress=progress, cancelled=cancelled)

    def look(
        self,
        loaded: Loaded,
        *,
        patient: Patient | None = None,
        packs: Sequence[str] | None = None,
        progress: Report = nobody_listens,
        cancelled: IsCancelled = never,
    ) -> Analysis:
        """Return what the packs say of a unit that is loaded already (see ``analyze``)."""
        with self._counted():
            return self._look(loaded, patient, packs, progress, cancelled)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._looks_lock:
            self._looks += 1
        try:
            yield
        finally:
            with self._looks_lock:
                self._looks -= 1

    def _look(
        self,
        loaded: Loaded,
        patient: Patient | None,
        packs: Sequence[str] | None,
        progress: Report,
        cancelled: IsCancelled,
    ) -> Analysis:
        started = time.perf_counter()
        unit = loaded.unit
        asked = self.options.packs if packs is None else tuple(packs)
        whole = merge(unit.patient, patient, day=unit.header.date)
        if unit.kind == "table":
            whole = with_age_today(whole)
        errors = [loaded.error] if loaded.error else []
        inquiry = Inquiry(
            runner=self._runner,
            loaded=loaded,
            patient=whole,
            use_gates=self.options.use_gates,
            progress=progress,
            cancelled=cancelled,
        )
        results: list[PackResult] = []
        order = self._plan(asked)
        for number, pack_id in enumerate(order):
            stop_if(cancelled)
            progress(Progress(stage="looking", done=number, total=len(order), item=unit.path))
            try:
                with self._in_use():
                    pack = self.library.get(pack_id)
                    if pack.manifest.reads_values:
                        results.append(self._assess(pack_id, whole, results, asked))
                    else:
                        results.append(inquiry.ask(pack))
            except Cancelled:
                raise
            except Exception as error:  # noqa: BLE001 - one pack's failure must not take the others down
                errors.append(error_record(error))
                results.append(failed(self.library.get(pack_id), errors[-1]))
        kept = tuple(
            sorted(self._kept(results, asked, unit), key=lambda one: max(1, reading_order(one)))
        )  # outlines stay before the answers that build on them
        seconds = loaded.seconds + time.perf_counter() - started
        result = Result(
            source=source_of(loaded),
            patient=whole,
            results=kept,
            errors=tuple(errors),
            side=_side(loaded, kept),
            seconds=seconds,
        )
        result = at_site(result, self.options.prevalences)
        return Analysis(result=result, image=loaded.image, grey=loaded.grey, header=unit.header, unit=unit)

    def _kept(
        self, results: Sequence[PackResult], asked: Sequence[str] | None, unit: ReadingUnit
    ) -> tuple[PackResult, ...]:
        """Return what is told: of packs that were named, all; else of those that the image may be for."""
        if asked is not None:
            named = self._named(asked)
            return tuple(
                one for one in results if one.status != "not_applicable" or one.stamp.pack_id in named
            )
        from inference.header_gates import tells_modality

        meant = tuple(one for one in results if one.status != "not_applicable")
        packs = (self.library.get(one.stamp.pack_id) for one in meant)
        kinds = {pack.id: kind_of(pack.manifest) for pack in packs}
        told = without_contradicted(meant, kinds)
        return told if tells_modality(unit.header.modality) else without_other_kinds(told, kinds)

    def _plan(self, asked: Sequence[str] | None) -> tuple[str, ...]:
        return self._runner.plan(asked, demonstration=self.options.demonstration)

    def _named(self, asked: Sequence[str]) -> frozenset[str]:
        """Return the packs that were named and all that they depend on: these appear also where silent.

        Packs whose measurements would be of use, but that nobody named, are not told of.
        """
        named, waiting = set[str](), list(asked)
        while waiting:
            pack_id = waiting.pop()
            if pack_id not in named:
                named.add(pack_id)
                waiting.extend(self.library.get(pack_id).manifest.depends)
        return frozenset(named)

    def _assess(
        self, pack_id: str, patient: Patient, results: Sequence[PackResult], asked: Sequence[str] | None
    ) -> PackResult:
        """Ask a pack that reads values of the patient, with or without an image."""
        return self._runner.assess(
            pack_id,
            patient,
            results,
            use_gates=self.options.use_gates,
            asked=asked is not None and pack_id in asked,
        )


def _side(loaded: Loaded, results: Sequence[PackResult]) -> Side:
    orientation = None if loaded.image is None else loaded.image.patient_orientation
    return side_of(orientation, [mask for entry in results for mask in entry.masks])
