"""Analyse many inputs into an output folder, several at a time; records appear in the order of the inputs."""

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.clock import Clock, SystemClock
from core.errors import Cancelled, ImagingError, UnknownFindingError
from core.image import ReadingUnit
from core.patient import Patient
from core.wording import say
from services.analyze import AnalysisOptions, Analyzer
from services.batch_job import Workshop
from services.batch_lanes import Lanes, helpers_worth
from services.batch_overview import write_overview
from services.batch_tally import answers_to_values, doubts_in_words
from services.load import table_unit, unreadable_unit
from services.output import PAGE, RECORD, OutputFolder, OutputMode, Record
from services.patient import read_patient_file
from services.patient_form import require_known_fields
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.report import Paper
from services.scan import Unreadable, scan
from services.standing import Standing, standing_of_record
from services.version import VERSION
from services.whole_record import is_whole

_LOOKS_UP_EVERY_S = 0.2
"""How soon a run that is called off stops waiting for a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """What ``analyze`` is asked to do."""

    paths: tuple[str, ...]
    out: Path
    options: AnalysisOptions = field(default_factory=AnalysisOptions)
    patient_file: Path | None = None
    with_pdf: bool = True
    paper: Paper = "A4"
    mode: OutputMode = "new"


@dataclass(slots=True, kw_only=True)
class NamedAnswers:
    """What one model said, ``by_name`` where it was asked for so: how often what, and why not at last."""

    by_name: bool
    states: Counter[str] = field(default_factory=Counter)
    why: str = ""


@dataclass(slots=True, kw_only=True)
class BatchOutcome:
    """How a run ended; ``failed`` records hold errors, ``kept`` ones were there already.

    ``failures`` says path and sentence of each error, for the terminal and never for a log, and
    ``passed_over`` what lies in the folders and is no image, so that it has no record. ``unusable``
    says in a sentence each which models should have looked and could not. ``doubts`` are sentences on the
    patient that somebody should check, each with the paths, and ``standings`` what the records count as.
    ``of_values`` says in a sentence each what models answered to a patient file by itself, which counts as no
    image; ``named`` is what those said, by title, that were asked for by name, and of all others how often
    they refused for the patient's age or sex. ``off`` names demonstration models that were not asked and
    could have been.
    """

    records: int = 0
    failed: int = 0
    kept: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    passed_over: list[Unreadable] = field(default_factory=list)
    unusable: tuple[str, ...] = ()
    doubts: dict[str, list[str]] = field(default_factory=dict)
    standings: Counter[Standing] = field(default_factory=Counter)
    overview: Path | None = None
    of_values: list[str] = field(default_factory=list)
    named: dict[str, NamedAnswers] = field(default_factory=dict)
    off: tuple[str, ...] = ()


def run_batch(
    request: BatchRequest,
    *,
    clock: Clock | None = None,
    progress: Report = nobody_listens,
    cancelled: IsCancelled = never,
    helpers: int | None = None,
    told_first: Callable[[str], None] = lambda _sentence: None,
) -> BatchOutcome:
    """Analyse every input into the output folder, in walk order.

    ``told_first`` is given a sentence where a resumed run makes records anew, before it begins.
    ``helpers`` is how many processes help; None lets the number of inputs and this computer decide.

    Raises:
        PatientFileError: the patient file is not what it must be; nothing was done.
        UnknownPackError: a pack is not installed; nothing was done.
        UnknownFindingError: a prevalence is of a finding that no model here scores; nothing was done.
        OutputNotEmptyError: see ``OutputFolder``; nothing was done.
        OutputNotWritableError: the output could not be written any further.
        Cancelled: the user stopped it; every record that was finished counts, and the context says how many
            are ``done`` of the ``total``.
    """
    patient = read_patient_file(request.patient_file) if request.patient_file else None
    with closing(Analyzer(_one_core_each(request))) as analyzer:
        return _run(
            request, analyzer, patient, clock or SystemClock(), progress, cancelled, helpers, told_first
        )


def _run(  # noqa: PLR0917 - one private call
    request: BatchRequest,
    analyzer: Analyzer,
    patient: Patient | None,
    clock: Clock,
    progress: Report,
    cancelled: IsCancelled,
    helpers: int | None,
    told_first: Callable[[str], None],
) -> BatchOutcome:
    _require_known_findings(analyzer)
    if patient is not None:
        require_known_fields(patient, analyzer.library)
    output = OutputFolder(request.out, request.mode)
    tell = _asked_anew(output.waiting(), asked_of(request, analyzer))
    if tell:
        told_first(tell)
    outcome, complete = BatchOutcome(unusable=_unusable(analyzer)), False
    workshop = Workshop(
        out=request.out,
        analyzer=analyzer,
        patient=patient,
        asked=asked_of(request, analyzer),
        clock=clock,
        with_pdf=request.with_pdf,
        paper=request.paper,
        left_out=_left_out(analyzer),
    )
    batch = _Batch(request=request, workshop=workshop, output=output, outcome=outcome, helpers=helpers)
    try:
        batch.run(progress, cancelled)
        complete = True
    finally:
        output.close(complete=complete)
    if outcome.records > 1:
        progress(Progress(stage="writing", done=outcome.records, total=outcome.records))
        write_overview(request.out, workshop.clock, paper=request.paper, with_pdf=request.with_pdf)
        outcome.overview = request.out / PAGE if request.with_pdf else None
    values = () if patient is None else patient.further
    outcome.off = analyzer.left_off(batch.modalities, batch.ages, values=values, coloured=batch.coloured)
    return outcome


def _one_core_each(request: BatchRequest) -> AnalysisOptions:
    """Return the options; where several inputs are looked at side by side, each with one core."""
    alone = not request.paths or (len(request.paths) == 1 and not Path(request.paths[0]).is_dir())
    options = request.options
    return options if alone or options.threads is not None else replace(options, threads=1)


def _require_known_findings(analyzer: Analyzer) -> None:
    """Check that each prevalence is of a finding that one of the models which will look can re-weigh.

    Raises:
        UnknownFindingError: a misspelt one would be left out, and nobody would notice.
    """
    known = analyzer.calibrated_findings()
    for one in analyzer.options.prevalences:
        if one.finding not in known:
            key = "known_findings" if known else "no_finding_known"
            named = {"given": f"{one.finding!r:.80}", "known": ", ".join(known)}
            raise UnknownFindingError(say(f"services.result.{key}", **named))


def _unusable(analyzer: Analyzer) -> tuple[str, ...]:
    if analyzer.options.packs is not None:
        return ()
    if not analyzer.library.entries():
        return (say("services.result.no_packs"),)
    return tuple(f"{pack_id}: {error}" for pack_id, error in analyzer.broken())


def _left_out(analyzer: Analyzer) -> tuple[dict[str, str], ...]:
    """Return the models that every record of this run names as not used, each with the reason."""
    if analyzer.options.packs is not None:
        return ()
    return tuple(
        {"pack": pack_id, "code": error.code, "message": error.message}
        for pack_id, error in analyzer.broken()
    )


def _asked_anew(earlier: Sequence[Record], asked: Mapping[str, Any]) -> str:
    """Return in a sentence how many records a resumed run makes anew because of what is asked, and why."""
    others = [one for one in earlier if one.get("asked") != asked]
    if not others:
        return ""
    known = [one.get("asked") or {} for one in others]
    changed = [name for name in asked if any(one.get(name) != asked[name] for one in known)]
    why = ", ".join(say(f"cli.anew.{name}") for name in changed) or say("cli.anew.other")
    return say("cli.anew.sentence", count=len(others), total=len(earlier), why=why)


def asked_of(request: BatchRequest, analyzer: Analyzer) -> dict[str, Any]:
    """Return what decides a record besides its source: a resumed run redoes what was asked differently."""
    options = request.options
    patient = request.patient_file.read_bytes() if request.patient_file else None
    return {
        "packs": None if options.packs is None else list(options.packs),
        "engine": options.engine,
        "precision": options.precision,
        "device": options.device,
        "gates": options.use_gates,
        "demonstration": options.demonstration,
        "prevalences": [[one.finding, one.share] for one in options.prevalences],
        "installed": analyzer.planned(),
        "farlight": VERSION,
        "pdf": request.with_pdf,
        "patient_sha256": None if patient is None else hashlib.sha256(patient).hexdigest(),
    }


@dataclass(slots=True, kw_only=True)
class _Batch:
    """One run: lanes make records side by side, this thread puts them in place one after another."""

    request: BatchRequest
    workshop: Workshop
    output: OutputFolder
    outcome: BatchOutcome
    helpers: int | None
    modalities: set[str | None] = field(default_factory=set)
    ages: set[float | None] = field(default_factory=set)
    coloured: bool = False

    def run(self, progress: Report, cancelled: IsCancelled) -> None:
        items: list[ReadingUnit | Unreadable] = []
        made: deque[Future[_Made]] = deque()
        try:
            with Lanes(self.workshop, cancelled, progress) as lanes:
                items += self._inputs(progress, cancelled)
                worth = helpers_worth(len(items), with_pdf=self.request.with_pdf)
                lanes.add_helpers(worth if self.helpers is None else self.helpers)
                self._make_all(items, made, lanes, progress, cancelled)
        except Cancelled as error:
            self._put_finished(made)
            raise Cancelled(done=self.outcome.records, total=len(items)) from error
        progress(Progress(stage="writing", done=len(items), total=len(items)))

    def _make_all(
        self,
        items: Sequence[ReadingUnit | Unreadable],
        made: "deque[Future[_Made]]",
        lanes: Lanes,
        progress: Report,
        cancelled: IsCancelled,
    ) -> None:
        done = 0
        for item in items:
            made.append(self._begin(lanes, item))
            if len(made) > lanes.ahead:
                done = self._tell(progress, cancelled, done, len(items), item.path)
                self._put_next(made, cancelled)
        while made:
            done = self._tell(progress, cancelled, done, len(items), "")
            self._put_next(made, cancelled)

    def _put_next(self, made: "deque[Future[_Made]]", cancelled: IsCancelled) -> None:
        ready = _result_of(made[0], cancelled)
        made.popleft()
        self._put(ready)

    def _put_finished(self, made: "deque[Future[_Made]]") -> None:
        """Put what was finished while an input before it was still looked at; the lanes have ended."""
        for one in made:
            if one.done() and not one.cancelled() and one.exception() is None:
                self._put(one.result())

    def _tell(self, progress: Report, cancelled: IsCancelled, done: int, total: int, path: str) -> int:
        stop_if(cancelled)
        progress(Progress(stage="looking", done=done, total=total, item=path))
        return done + 1

    def _inputs(self, progress: Report, cancelled: IsCancelled) -> Iterator[ReadingUnit | Unreadable]:
        if not self.request.paths and self.request.patient_file:
            yield table_unit(self.request.patient_file)
            return
        yield from scan(
            self.request.paths,
            progress=progress,
            cancelled=cancelled,
            passed_over=self.outcome.passed_over.append,
        )

    def _begin(self, lanes: Lanes, item: ReadingUnit | Unreadable) -> "Future[_Made]":
        earlier = self.output.earlier(item.path)
        name = self.output.new_name(item.path, earlier)
        return lanes.submit(self._make, lanes, item, name, earlier)

    def _make(
        self, lanes: Lanes, item: ReadingUnit | Unreadable, name: str, earlier: Record | None
    ) -> "_Made":
        if isinstance(item, Unreadable):
            return _Made(name=name, record=self.workshop.make_loaded(name, unreadable_unit(item)))
        if earlier is not None and self._still_right(earlier, item):
            return _Made(name=name, record=earlier, kept=True)
        return _Made(name=name, record=lanes.make(name, item))

    def _still_right(self, earlier: Record, unit: ReadingUnit) -> bool:
        from imaging.read import unit_sha256

        if not is_whole(self.request.out / earlier["dir"] / RECORD, earlier):
            return False
        known = earlier["source"].get("sha256")
        if known is None or earlier.get("asked") != self.workshop.asked:
            return False
        try:
            return unit_sha256(unit) == str(known)
        except ImagingError:
            return False  # told in its new record

    def _put(self, made: "_Made") -> None:
        record = made.record
        if made.kept:
            self.output.keep(record)
            self.outcome.kept += 1
        else:
            self.output.put(made.name, record)
        self.outcome.records += 1
        self.outcome.failed += bool(record["errors"])
        told = ((record["source"]["path"], error["message"]) for error in record["errors"])
        self.outcome.failures.extend(told)
        if of_values := answers_to_values(record):
            self.outcome.of_values.extend(of_values)
        else:
            self.outcome.standings[standing_of_record(record)] += 1
            self._count_named(record)
        if record["source"]["frames"]:
            self.modalities.add(record["source"]["modality"])
            refusals = [entry["refusal"] for entry in record["results"] if entry["refusal"]]
            self.coloured |= any(one["gate"] == "colour" for one in refusals)
            self.ages.add((record["patient"]["age_years"] or {}).get("value"))
        for sentence in doubts_in_words(record):
            self.outcome.doubts.setdefault(sentence, []).append(record["source"]["path"])

    def _count_named(self, record: Record) -> None:
        """Count what the models said that were asked for by name, or of a patient whom they are not for."""
        for entry in record["results"]:
            by_age = (entry["refusal"] or {}).get("gate") in {"age", "sex"}
            by_name = entry["pack"]["id"] in (self.request.options.packs or ())
            if by_age or by_name:
                named = self.outcome.named.setdefault(entry["pack"]["title"], NamedAnswers(by_name=by_name))
                named.states[entry["status"]] += 1
                named.why = (entry["refusal"] or {}).get("reason", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A record whose files are finished, or one of an earlier run to keep."""

    name: str
    record: Record
    kept: bool = False


def _result_of(made: "Future[_Made]", cancelled: IsCancelled) -> "_Made":
    """Wait for a record, and no longer once the run is called off."""
    while not wait((made,), timeout=_LOOKS_UP_EVERY_S).done:
        stop_if(cancelled)
    return made.result()
