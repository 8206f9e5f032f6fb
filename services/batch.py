"""Analyse many inputs into an output folder: reading, looking and writing go on side by side."""

import hashlib
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.clock import Clock, SystemClock
from core.errors import ImagingError
from core.image import ReadingUnit
from core.patient import Patient
from core.wording import say
from services.analyze import (
    Analysis,
    AnalysisOptions,
    Analyzer,
    Loaded,
    error_record,
    load,
    table_unit,
    unreadable_unit,
)
from services.output import OutputFolder, OutputMode, Record, write_whole
from services.patient import read_patient_file
from services.pictures import write_pictures
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.report import Paper, ReportRequest, render
from services.result_json import WrittenFiles, result_to_dict
from services.scan import Unreadable, scan
from services.version import VERSION

_AHEAD = 6
REPORT = "report.pdf"


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
class BatchOutcome:
    """How a run ended; ``failed`` records hold errors, ``kept`` ones were there already.

    ``failures`` says path and sentence of each error, for the terminal and never for a log. ``unusable``
    says in a sentence each which models should have looked and could not.
    """

    records: int = 0
    failed: int = 0
    kept: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    unusable: tuple[str, ...] = ()


def run_batch(
    request: BatchRequest,
    *,
    clock: Clock | None = None,
    progress: Report = nobody_listens,
    cancelled: IsCancelled = never,
) -> BatchOutcome:
    """Analyse every input into the output folder, in walk order.

    Raises:
        PatientFileError: the patient file is not what it must be; nothing was done.
        UnknownPackError: a pack is not installed; nothing was done.
        OutputNotEmptyError: see ``OutputFolder``; nothing was done.
        OutputNotWritableError: the output could not be written any further.
        Cancelled: the user stopped it; every record written so far is whole.
    """
    patient = read_patient_file(request.patient_file) if request.patient_file else None
    analyzer = Analyzer(request.options)
    output = OutputFolder(request.out, request.mode)
    outcome, complete = BatchOutcome(unusable=_unusable(analyzer)), False
    batch = _Batch(
        request=request,
        patient=patient,
        analyzer=analyzer,
        output=output,
        asked=asked_of(request, analyzer),
        clock=clock or SystemClock(),
        outcome=outcome,
    )
    try:
        batch.run(progress, cancelled)
        complete = True
    finally:
        output.close(complete=complete)
    return outcome


def _unusable(analyzer: Analyzer) -> tuple[str, ...]:
    if analyzer.options.packs is not None:
        return ()
    if not analyzer.library.entries():
        return (say("services.result.no_packs"),)
    return tuple(f"{pack_id}: {error}" for pack_id, error in analyzer.broken())


def asked_of(request: BatchRequest, analyzer: Analyzer) -> dict[str, Any]:
    """Return what decides a record besides its source: a resumed run redoes what was asked differently."""
    options = request.options
    patient = request.patient_file.read_bytes() if request.patient_file else None
    return {
        "packs": None if options.packs is None else list(options.packs),
        "engine": options.engine,
        "precision": options.precision,
        "gates": options.use_gates,
        "demonstration": options.demonstration,
        "installed": analyzer.planned(),
        "farlight": VERSION,
        "pdf": request.with_pdf,
        "patient_sha256": None if patient is None else hashlib.sha256(patient).hexdigest(),
    }


@dataclass(slots=True, kw_only=True)
class _Batch:
    """One run: a reader thread loads ahead, this thread looks, a writer thread puts records in place."""

    request: BatchRequest
    patient: Patient | None
    analyzer: Analyzer
    output: OutputFolder
    asked: dict[str, Any]
    clock: Clock
    outcome: BatchOutcome

    def run(self, progress: Report, cancelled: IsCancelled) -> None:
        stopping = threading.Event()
        with (
            ThreadPoolExecutor(1, thread_name_prefix="read") as reader,
            ThreadPoolExecutor(1, thread_name_prefix="write") as writer,
        ):
            try:
                reader.submit(self.analyzer.warm_up)
                items = list(self._inputs(progress, cancelled))
                writes: deque[Future[None]] = deque()
                loading = self._load_ahead(items, reader, lambda: stopping.is_set() or cancelled())
                for number, ready in enumerate(loading):
                    stop_if(cancelled)
                    progress(Progress(stage="looking", done=number, total=len(items), item=ready.path))
                    analysis = self._look(ready, cancelled)
                    writes.append(writer.submit(self._put, ready, analysis))
                    while len(writes) > _AHEAD:
                        writes.popleft().result()
                for write in writes:
                    write.result()
            finally:
                stopping.set()
                reader.shutdown(cancel_futures=True)
        progress(Progress(stage="writing", done=len(items), total=len(items)))

    def _look(self, ready: "_Ready", cancelled: IsCancelled) -> Analysis | None:
        if ready.loaded is None:
            return None
        return self.analyzer.look(ready.loaded, patient=self.patient, cancelled=cancelled)

    def _inputs(self, progress: Report, cancelled: IsCancelled) -> Iterator[ReadingUnit | Unreadable]:
        if not self.request.paths and self.request.patient_file:
            yield table_unit(self.request.patient_file)
            return
        yield from scan(self.request.paths, progress=progress, cancelled=cancelled)

    def _load_ahead(
        self, items: Sequence[ReadingUnit | Unreadable], reader: ThreadPoolExecutor, cancelled: IsCancelled
    ) -> Iterator["_Ready"]:
        waiting: deque[Future[_Ready]] = deque()
        for item in items:
            earlier = self.output.earlier(item.path)
            name = self.output.new_name(item.path, earlier)
            waiting.append(reader.submit(self._make_ready, item, name, earlier, cancelled))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _make_ready(
        self, item: ReadingUnit | Unreadable, name: str, earlier: Record | None, cancelled: IsCancelled
    ) -> "_Ready":
        if isinstance(item, Unreadable):
            return _Ready(path=item.path, name=name, loaded=unreadable_unit(item))
        if earlier is not None and self._still_right(earlier, item):
            return _Ready(path=item.path, name=name, keep=earlier)
        return _Ready(path=item.path, name=name, loaded=load(item, every_file=True, cancelled=cancelled))

    def _still_right(self, earlier: Record, unit: ReadingUnit) -> bool:
        from imaging.read import unit_sha256

        known = earlier["source"].get("sha256")
        if known is None or earlier.get("asked") != self.asked:
            return False
        try:
            return unit_sha256(unit) == str(known)
        except ImagingError:
            return False  # told in its new record

    def _put(self, ready: "_Ready", analysis: Analysis | None) -> None:
        if analysis is None:
            assert ready.keep is not None
            record = ready.keep
            self.output.keep(record)
            self.outcome.kept += 1
        else:
            whole = analysis
            record = self.output.write(ready.name, lambda folder: self._fill(folder, ready.name, whole))
        self.outcome.records += 1
        self.outcome.failed += bool(record["errors"])
        told = ((record["source"]["path"], error["message"]) for error in record["errors"])
        self.outcome.failures.extend(told)

    def _fill(self, folder: Path, name: str, analysis: Analysis) -> Record:
        files = write_pictures(folder, analysis)
        if self.request.with_pdf:
            analysis, files = self._write_report(folder, analysis, files)
        return {**result_to_dict(analysis.result, folder=name, files=files), "asked": self.asked}

    def _write_report(
        self, folder: Path, analysis: Analysis, files: WrittenFiles
    ) -> tuple[Analysis, WrittenFiles]:
        try:
            facts = self.analyzer.facts_for(analysis.result)
            request = ReportRequest(analysis=analysis, facts=facts)
            pdf = render(request, clock=self.clock, paper=self.request.paper)
        except Exception as error:  # noqa: BLE001 - a record without a report is still a record, and says so
            errors = (*analysis.result.errors, error_record(error))
            return replace(analysis, result=replace(analysis.result, errors=errors)), files
        write_whole(folder / REPORT, pdf, durable=True)
        return analysis, replace(files, report=REPORT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """One input, read ahead: a record of an earlier run to keep, or pixels to look at."""

    path: str
    name: str
    keep: Record | None = None
    loaded: Loaded | None = None
