"""One input of a batch, from its file to a record's finished files: in the program or in a helper process."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.clock import Clock
from core.image import ReadingUnit
from core.patient import Patient
from services.analyze import Analysis, Analyzer
from services.load import Loaded, error_record, load
from services.output import Record, fill_partial, write_whole
from services.picture_marks import shown_mark
from services.pictures import write_pictures
from services.progress import IsCancelled, Progress, Report, never, nobody_listens
from services.report import Paper, ReportRequest, render
from services.result_json import WrittenFiles, result_to_dict

REPORT = "report.pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """All that it takes to make a record of a reading unit.

    ``left_out`` names the models that are installed and were not used, each with code and message.
    """

    out: Path
    analyzer: Analyzer
    patient: Patient | None
    asked: dict[str, Any]
    clock: Clock
    with_pdf: bool
    paper: Paper
    left_out: tuple[dict[str, str], ...] = ()

    def make(
        self,
        name: str,
        unit: ReadingUnit,
        cancelled: IsCancelled = never,
        progress: Report = nobody_listens,
    ) -> Record:
        """Read a unit, look at it, and write its record's files beside their place.

        ``progress`` hears how far a unit is that takes its time: a slide, tile by tile.

        Raises:
            Cancelled: the user stopped it.
            OutputNotWritableError: see ``fill_partial``.
        """
        loaded = load(unit, every_file=True, cancelled=cancelled)
        return self.make_loaded(name, loaded, cancelled, progress)

    def make_loaded(
        self,
        name: str,
        loaded: Loaded,
        cancelled: IsCancelled = never,
        progress: Report = nobody_listens,
    ) -> Record:
        """Do the same for a unit that was read already, or could not be."""

        def tiles_alone(told: Progress) -> None:
            if told.stage == "tiles":
                progress(told)

        analysis = self.analyzer.look(loaded, patient=self.patient, progress=tiles_alone, cancelled=cancelled)
        return fill_partial(self.out, name, lambda folder: self._fill(folder, name, analysis))

    def _fill(self, folder: Path, name: str, analysis: Analysis) -> Record:
        files = write_pictures(folder, analysis)
        if self.with_pdf:
            analysis, files = self._write_report(folder, analysis, files)
        return {
            **result_to_dict(analysis.result, folder=name, files=files),
            "picture_sha256": shown_mark(analysis),
            "asked": self.asked,
            "left_out": list(self.left_out),
        }

    def _write_report(
        self, folder: Path, analysis: Analysis, files: WrittenFiles
    ) -> tuple[Analysis, WrittenFiles]:
        try:
            facts = self.analyzer.facts_for(analysis.result)
            request = ReportRequest(analysis=analysis, facts=facts)
            pdf = render(request, clock=self.clock, paper=self.paper)
        except Exception as error:  # noqa: BLE001 - a record without a report is still a record, and says so
            errors = (*analysis.result.errors, error_record(error))
            return replace(analysis, result=replace(analysis.result, errors=errors)), files
        write_whole(folder / REPORT, pdf, durable=True)
        return analysis, replace(files, report=REPORT)
