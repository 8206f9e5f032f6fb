"""What a user waits for: a picture, a finding with its map, a report, a list of studies, a camp's files."""

import resource
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import inputs
from benchmarks.measuring import Figure, figure, repeated, seconds_of
from benchmarks.networks import both_alone
from core.clock import FixedClock, SystemClock
from core.image import ReadingUnit
from inference.engine import physical_cores
from services import display, report
from services.analyze import AnalysisOptions, Analyzer
from services.batch import BatchRequest, run_batch
from services.load import load
from services.scan import scan

SECTION = "journeys"
BATCH_RUNS = 3
LARGE_BATCH = 1000
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
    decoding = repeated(lambda: load(unit), rounds=rounds)
    aim = f"decoding plus 20 ms: {statistics.median(decoding) * 1000 + 20:.0f} ms"
    figures = [
        figure(SECTION, "file to grey picture", repeated(lambda: _picture(unit), rounds=rounds), note=size),
        figure(SECTION, "file decoded and hashed for the packs", decoding, note=size),
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
            aim=aim,
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
    camp, large, patient = folder / "camp", folder / "large", folder / "patient.json"
    camp.mkdir()
    large.mkdir()
    origin = inputs.small_jpegs(camp)
    for number in range(LARGE_BATCH // inputs.JPEGS):
        shutil.copytree(camp, large / str(number))
    patient.write_text(inputs.PATIENT, encoding="utf-8")

    def run(number: int, paths: tuple[str, ...], *, with_pdf: bool = False) -> _Batch:
        out = folder / f"out-{number}-{len(paths)}-{with_pdf}"
        request = BatchRequest(paths=paths, out=out, patient_file=patient, with_pdf=with_pdf)
        started = _cpu_seconds()
        seconds = seconds_of(lambda: run_batch(request))
        done = len(list(out.glob("*/result.json")))
        return _Batch(rate=done / seconds, cpu_each=(_cpu_seconds() - started) / done)

    some = tuple(str(path) for path in sorted(camp.iterdir())[:WITH_REPORT])
    small = [run(number, (str(camp),)) for number in range(BATCH_RUNS)]
    many = [run(BATCH_RUNS, (str(large),))]
    reports = [run(0, some, with_pdf=True)]
    return [
        _rate(f"{inputs.JPEGS} small JPEGs to results", small, aim="80 a second", note=f"no PDF; {origin}"),
        _rate(
            f"{LARGE_BATCH:,} small JPEGs to results", many, aim="80 a second", note="the same, five times"
        ),
        *_cpu(many),
        _share(many),
        _rate(f"{WITH_REPORT} small JPEGs to results and reports", reports, aim="", note="a PDF each"),
    ]


def _cpu(batches: list["_Batch"]) -> list[Figure]:
    """Return what an image of a batch costs, and how much of it the networks are."""
    each = [batch.cpu_each for batch in batches]
    networks = repeated(both_alone(), rounds=30, warm_up=3)
    share = statistics.median(networks) / statistics.median(each)
    aim = f"{physical_cores() / 80 * 1000:.0f} ms: 80 a second on all cores"
    note = (
        f"both networks {statistics.median(networks) * 1000:.1f} ms, {share:.0%}; decoder's process left out"
    )
    return [figure(SECTION, "processor time an image of these", each, aim=aim, note=note)]


def _share(batches: list["_Batch"]) -> Figure:
    """Return how near the whole way from file to record comes to what the networks alone could do."""
    networks = statistics.median(repeated(both_alone(), rounds=30, warm_up=3))
    alone = physical_cores() / networks
    shares = [100 * batch.rate / alone for batch in batches]
    return figure(
        SECTION,
        "share of what both networks alone could do",
        shares,
        unit="%",
        scale=1,
        aim="85 %",
        note=f"the networks alone: {alone:.0f} a second on all cores",
    )


def _cpu_seconds() -> float:
    """Return the processor time of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """One run: results a second, and seconds of processor time a result."""

    rate: float
    cpu_each: float


def _rate(name: str, batches: list[_Batch], *, aim: str, note: str) -> Figure:
    rates = [batch.rate for batch in batches]
    return figure(SECTION, name, rates, unit="a second", scale=1, aim=aim, note=note)


def _peak() -> Figure:
    unit = 1 if sys.platform == "darwin" else 1024
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEBIBYTE
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / MEBIBYTE
    note = f"all journeys in one process; its largest child {children:.0f} MiB" if children else ""
    return figure(SECTION, "peak memory", [ours], unit="MiB", scale=1, aim="700 MB", note=note)
