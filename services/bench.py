"""How fast this computer is: each way to run each pack, on its own golden inputs, in child processes."""

import math
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import FarlightError, NoNetworkError
from core.result import EngineName, Precision
from services.packs import InstalledPack, chosen_packs
from services.progress import IsCancelled, Progress, Report, never, nobody_listens, stop_if
from services.tuning import Tuner
from services.version import VERSION

if TYPE_CHECKING:
    from inference.choices import Choice
    from inference.packs import Pack
    from inference.tuning import Measured

_LEAST_ROUNDS = 5
_ROUND_S = 0.03
_SECONDS_EACH = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Milliseconds for one network alone, batch 1; None where it could not be run (``error`` says why).

    ``drift`` is the largest difference from the golden answers, as a share of what the pack allows: above 1
    it is never used. ``chosen`` marks what ``auto`` means on this computer.
    """

    pack_id: str
    engine: EngineName
    precision: Precision
    device: str = "CPU"
    threads: int | None = None
    load_ms: float | None = None
    median_ms: float | None = None
    p90_ms: float | None = None
    images_per_s: float | None = None
    drift: float | None = None
    chosen: bool = False
    runs: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Timings with the computer that they were measured on; ``measured`` are packs tuned on this computer."""

    farlight: str
    system: str
    processor: str
    cores: int
    threads: int
    engines: str
    timings: tuple[Timing, ...]
    measured: tuple[str, ...] = ()


def run_bench(
    packs: Sequence[str] | None = None,
    *,
    pack_folders: Sequence[Path] | None = None,
    seconds_each: float = _SECONDS_EACH,
    every_way: bool = False,
    keep: bool = False,
    tuner: Tuner | None = None,
    progress: Report = nobody_listens,
    cancelled: IsCancelled = never,
) -> Bench:
    """Measure every pack (default: all that are installed) in every engine and precision, in turn.

    ``every_way`` adds one thread beside all cores, and devices that failed before. ``keep`` remembers the
    fastest way in ``tuner``, which is then what ``auto`` means.

    Raises:
        UnknownPackError: one is not installed.
        NoNetworkError: one that was named reads values, and no engine runs it.
        Cancelled: the user stopped it.
    """
    from inference.devices import engine_versions
    from inference.processor import this_processor

    known = tuner or Tuner(None)
    known.find_devices(cancelled=cancelled)
    chosen = _with_network(chosen_packs(packs, pack_folders), named=packs is not None)
    timings: list[Timing] = []
    for number, installed in enumerate(chosen):
        stop_if(cancelled)
        told = partial(_tell, progress, number, len(chosen), installed.id)
        try:
            pack = _loaded(installed)
        except FarlightError as error:
            timings += _failed(installed, error)
            continue
        if keep:
            known.tune(pack, cancelled=cancelled, told=told)
        timings += _timings(pack, known, seconds_each, every_way, told, cancelled)
    processor = this_processor()
    return Bench(
        farlight=VERSION,
        system=platform.platform(),
        processor=processor.model,
        cores=processor.logical_cores,
        threads=processor.physical_cores,
        engines=engine_versions(),
        timings=tuple(timings),
        measured=tuple(one.id for one in chosen if one.sha256 and known.measured.has(one.sha256)),
    )


def _with_network(packs: Sequence[InstalledPack], *, named: bool) -> tuple[InstalledPack, ...]:
    """Return the packs that an engine runs."""
    if named and any(pack.task == "risk" for pack in packs):
        raise NoNetworkError
    return tuple(pack for pack in packs if pack.task != "risk")


def _timings(  # noqa: PLR0917 - one private call
    pack: "Pack",
    tuner: Tuner,
    seconds_each: float,
    every_way: bool,
    told: "partial[None]",
    cancelled: IsCancelled,
) -> list[Timing]:
    from inference.processor import this_processor
    from inference.tuning import candidates, measure

    cores = this_processor().physical_cores
    devices = [one for one in tuner.devices.devices() if every_way or tuner.may_try(one.key, pack)]
    ways = [
        way for way in candidates(pack, devices, cores=cores) if every_way or way.threads in (None, cores)
    ]
    best = tuner.choice(pack)
    if best is not None and best not in ways:
        ways.append(best)
    rounds = max(_LEAST_ROUNDS, math.ceil(seconds_each / _ROUND_S))
    run_s = min(_ROUND_S, seconds_each)
    found = measure(pack, ways, rounds=rounds, run_s=run_s, cancelled=cancelled, told=told)
    return [_timing(pack.id, one, chosen=one.choice == (best or _default(found))) for one in found]


def _default(found: "Iterable[Measured]") -> "Choice | None":
    """Return what runs where nothing was measured: the first that gives the golden answers."""
    return next((one.choice for one in found if one.trusted), None)


def _timing(pack_id: str, one: "Measured", *, chosen: bool) -> Timing:
    median, p90 = one.median_ms, one.p90_ms
    return Timing(
        pack_id=pack_id,
        engine=one.choice.engine,
        precision=one.choice.precision,
        device=one.choice.device,
        threads=one.choice.threads,
        load_ms=None if one.load_ms is None else round(one.load_ms, 2),
        median_ms=None if median is None else round(median, 3),
        p90_ms=None if median is None or p90 is None else round(max(p90, median), 3),
        images_per_s=None if not median else round(1000 / median, 1),
        drift=None if one.drift is None or not math.isfinite(one.drift) else round(one.drift, 4),
        chosen=chosen,
        runs=len(one.runs_ms),
        error=one.error or None,
    )


def _loaded(installed: InstalledPack) -> "Pack":
    from inference.packs import load_pack

    return load_pack(installed.folder)


def _failed(installed: InstalledPack, error: FarlightError) -> list[Timing]:
    """Return a line for each way that a broken pack would have been run in."""
    from inference.engine import AUTO_CHOICE

    engine, precision = AUTO_CHOICE
    text = f"{error.code} {error.title}"
    return [Timing(pack_id=installed.id, engine=engine, precision=precision, error=text)]


def _tell(  # noqa: PLR0917 - for ``partial``
    report: Report, number: int, packs: int, pack_id: str, done: int, total: int
) -> None:
    report(Progress(stage="measuring", done=number * total + done, total=packs * total, item=pack_id))
