"""What a user waits for: a picture, a finding with its map, a report, a list of studies, a camp's files."""

import resource
import sys
import tempfile
from pathlib import Path

from benchmarks import inputs
from benchmarks.measuring import Figure, figure, repeated, seconds_of
from core.clock import FixedClock, SystemClock
from core.image import ReadingUnit
from services import display, report
from services.analyze import AnalysisOptions, Analyzer, load
from services.batch import BatchRequest, run_batch
from services.scan import scan

SECTION = "journeys"
BATCH_RUNS = 3
WITH_REPORT = 30
MEBIBYTE = 1024 * 1024


def measure(rounds: int) -> list[Figure]:
    """Return a line for each journey, all in one process that is loaded, and its peak memory."""
    unit = inputs.sample_unit()
    analyzer = Analyzer(AnalysisOptions())
    analyzer.warm_up()
    loaded = load(unit)
    analysis = analyzer.look(loaded)
    request = report.ReportRequest(analysis=analysis, facts=analyzer.facts_for(analysis.result))
    clock = FixedClock(instant=SystemClock().now())

    def whole_file() -> None:
        analyzer.look(load(unit))

    size = f"{loaded.image.shape[1]} x {loaded.image.shape[0]}" if loaded.image else "unread"
    figures = [
        figure(SECTION, "file to grey picture", repeated(lambda: _picture(unit), rounds=rounds), note=size),
        figure(
            SECTION,
            "picture to finding with map (both packs)",
            repeated(lambda: analyzer.look(loaded), rounds=rounds),
            aim="20 ms; 150 ms at most",
        ),
        figure(
            SECTION,
            "file to finding with map",
            repeated(whole_file, rounds=rounds),
            aim="decoding plus 20 ms",
        ),
        figure(
            SECTION,
            "finding to PDF",
            repeated(lambda: report.render(request, clock=clock), rounds=max(3, rounds // 3)),
            aim="500 ms",
        ),
    ]
    with tempfile.TemporaryDirectory(prefix="farlight-bench-") as folder:
        figures += [*_headers(Path(folder)), *_camp(Path(folder))]
    return [*figures, _peak()]


def _picture(unit: ReadingUnit) -> None:
    image = display.load_image(unit)
    display.presentation(image, display.first_window(image))


def _headers(folder: Path) -> list[Figure]:
    stick = folder / "stick"
    stick.mkdir()
    inputs.stick_of_headers(stick)
    first = repeated(lambda: next(iter(scan([str(stick)]))), rounds=5)
    whole = repeated(lambda: list(scan([str(stick)])), rounds=5)
    return [
        figure(SECTION, "first study of a stick listed", first),
        figure(SECTION, f"{inputs.HEADERS:,} headers scanned", whole, unit="s", scale=1),
    ]


def _camp(folder: Path) -> list[Figure]:
    camp, patient = folder / "camp", folder / "patient.json"
    camp.mkdir()
    origin = inputs.small_jpegs(camp)
    patient.write_text(inputs.PATIENT, encoding="utf-8")

    def run(number: int, paths: tuple[str, ...], *, with_pdf: bool) -> float:
        out = folder / f"out-{number}-{with_pdf}"
        request = BatchRequest(paths=paths, out=out, patient_file=patient, with_pdf=with_pdf)
        seconds = seconds_of(lambda: run_batch(request))
        return len(list(out.glob("*/result.json"))) / seconds

    some = tuple(str(path) for path in sorted(camp.iterdir())[:WITH_REPORT])
    rates = [run(number, (str(camp),), with_pdf=False) for number in range(BATCH_RUNS)]
    with_reports = [run(0, some, with_pdf=True)]
    plain, reports = f"{inputs.JPEGS}, no PDF; {origin}", f"{WITH_REPORT}, a PDF each"
    return [
        _rate("small JPEGs to results", rates, aim="80 a second", note=plain),
        _rate("small JPEGs to results and reports", with_reports, aim="", note=reports),
    ]


def _rate(name: str, rates: list[float], *, aim: str, note: str) -> Figure:
    return figure(SECTION, name, rates, unit="a second", scale=1, aim=aim, note=note)


def _peak() -> Figure:
    unit = 1 if sys.platform == "darwin" else 1024
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEBIBYTE
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / MEBIBYTE
    note = f"all journeys in one process; its largest child {children:.0f} MiB" if children else ""
    return figure(SECTION, "peak memory", [ours], unit="MiB", scale=1, aim="700 MB", note=note)
