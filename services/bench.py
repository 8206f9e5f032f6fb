"""How fast this computer is: each pack in each engine and precision, on the pack's own golden inputs."""

import os
import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import FarlightError
from core.result import EngineName, Precision
from services.packs import chosen_packs
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.version import VERSION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inference.packs import Pack

_WARM_RUNS = 3
_LEAST_RUNS = 10
_SECONDS_EACH = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Milliseconds for one network alone, batch 1; None where it could not be run (``error`` says why)."""

    pack_id: str
    engine: EngineName
    precision: Precision
    load_ms: float | None = None
    median_ms: float | None = None
    p90_ms: float | None = None
    runs: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Timings with the computer that they were measured on."""

    farlight: str
    system: str
    processor: str
    cores: int
    threads: int
    timings: tuple[Timing, ...]


def run_bench(
    packs: Sequence[str] | None = None,
    *,
    pack_folders: Sequence[Path] | None = None,
    seconds_each: float = _SECONDS_EACH,
    progress: Report = nobody_listens,
    cancelled: IsCancelled = never,
) -> Bench:
    """Measure every pack (default: all that are installed) in every engine and precision.

    Raises:
        UnknownPackError: one is not installed.
        Cancelled: the user stopped it.
    """
    from inference.engine import physical_cores

    jobs = list(_jobs(packs, pack_folders))
    timings = []
    for number, (folder, pack_id, engine, precision) in enumerate(jobs):
        stop_if(cancelled)
        progress(Progress(stage="measuring", done=number, total=len(jobs), item=pack_id))
        timings.append(_time(folder, pack_id, engine, precision, seconds_each))
    return Bench(
        farlight=VERSION,
        system=platform.platform(),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        threads=physical_cores(),
        timings=tuple(timings),
    )


def _jobs(
    packs: Sequence[str] | None, roots: Sequence[Path] | None
) -> Iterator[tuple[Path, str, EngineName, Precision]]:
    from inference.model_files import models_of

    for pack in chosen_packs(packs, roots):
        for model in models_of([name for name, _ in pack.facts.files] if pack.facts else ()):
            for engine in model.engines:
                yield pack.folder, pack.id, engine, model.precision


def _time(folder: Path, pack_id: str, engine: EngineName, precision: Precision, seconds: float) -> Timing:
    from inference.packs import load_pack

    try:
        load_ms, times_ms = _measure(load_pack(folder), engine, precision, seconds)
    except FarlightError as error:
        return Timing(
            pack_id=pack_id, engine=engine, precision=precision, error=f"{error.code} {error.title}"
        )
    return Timing(
        pack_id=pack_id,
        engine=engine,
        precision=precision,
        load_ms=round(load_ms, 2),
        median_ms=round(statistics.median(times_ms), 3),
        p90_ms=round(statistics.quantiles(times_ms, n=10)[-1], 3),
        runs=len(times_ms),
    )


def _measure(
    pack: "Pack", engine: EngineName, precision: Precision, seconds: float
) -> tuple[float, list[float]]:
    from inference.loaded import open_network
    from inference.model_files import require_model

    started = time.perf_counter()
    network = open_network(pack, require_model(pack.manifest.files, precision), engine)
    load_ms = (time.perf_counter() - started) * 1e3
    batch = _golden_image(pack)
    for _ in range(_WARM_RUNS):
        network.run(batch)
    times_ms: list[float] = []
    until = time.perf_counter() + seconds
    while len(times_ms) < _LEAST_RUNS or time.perf_counter() < until:
        started = time.perf_counter()
        network.run(batch)
        times_ms.append((time.perf_counter() - started) * 1e3)
    return load_ms, times_ms


def _golden_image(pack: "Pack") -> "NDArray[np.float32]":
    from inference.golden import read_golden
    from inference.manifest import GOLDEN_NAME

    return read_golden(pack.read(GOLDEN_NAME), pack.manifest).batch[:1]


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
