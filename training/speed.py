"""Measure how long a user waits for a pack: `python -m training.speed PACK|all [--write]`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import interleaved, seconds_of
from core.result import EngineName, PackResult, Precision
from inference.build import write_checksums
from inference.engine import AUTO_CHOICE
from inference.packs import Pack, PackLibrary
from inference.processor import this_processor
from services.analyze import AnalysisOptions, Analyzer
from training.card_speed import speed_parts
from training.recipe import pack_ids
from training.speed_inputs import Drawn, drawn_for
from training.through_application import COMBINATIONS

BUDGET_S = 6.0
"""Time that each way to run a pack is given for each thing that is waited for."""
LEAST_RUNS, MOST_RUNS = 7, 60
Way = tuple[EngineName, Precision]


def main() -> int:
    """Print the speed; with `--write` put it into `figures.json` and the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", choices=(*pack_ids(), "all"))
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--write", action="store_true", help="put it into figures.json and card.md")
    arguments = parser.parse_args()
    load, packs = load_average(), pack_ids() if arguments.pack == "all" else (arguments.pack,)
    for pack in packs:
        speed = measure(pack, arguments.models, load)
        print(pack, *speed_parts({"speed": speed}), sep="\n\n", flush=True)
        if arguments.write:
            keep(arguments.models / pack, speed)
    if arguments.write:
        _write_cards(arguments.models, packs)
    return 0


def measure(pack_id: str, models: Path, load: float) -> dict[str, Any]:
    """Return the speed of one pack in every engine and precision; ``load`` is that before any measuring."""
    library, processor = PackLibrary([models]), this_processor()
    pack, others, started = library.get(pack_id), cores_of_others(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for drawn in drawn_for(pack, Path(folder)) for row in _rows(library, pack, drawn)]
    return {
        "machine": {
            "processor": processor.model,
            "cores": processor.logical_cores,
            "threads": processor.physical_cores,
        },
        "load": round(load, 1),
        "beside": round((cores_of_others() - others) / (time.perf_counter() - started), 1),
        "rows": rows,
    }


def keep(folder: Path, speed: dict[str, Any]) -> None:
    """Put a pack's speed into its figures, and their new checksum into its manifest."""
    file = folder / "figures.json"
    kept = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**kept, "speed": speed}, indent=1) + "\n", encoding="utf-8")
    write_checksums(folder)


def _write_cards(models: Path, packs: Sequence[str]) -> None:
    """Write cards once all is measured: some recipes load PyTorch, whose threads must not run beside."""
    from training.evaluate import kept_figures, write_card
    from training.recipe import recipe_of

    for pack in packs:
        write_card(models / pack, recipe_of(pack), kept_figures(models / pack))


def load_average() -> float:
    """Return how many processes wanted a core in the last minute; 0 where the system does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def cores_of_others() -> float:
    """Return the seconds of processor time that all others have used; 0 where the system does not tell."""
    file = Path("/proc/stat")
    if not file.is_file():
        return 0.0
    user, nice, system, _, _, interrupts, soft, *_ = map(
        int, file.read_text(encoding="utf-8").split("\n", 1)[0].split()[1:]
    )
    own = os.times()
    everybody = (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")
    return everybody - own.user - own.system - own.children_user - own.children_system


def _rows(library: PackLibrary, pack: Pack, drawn: Drawn) -> list[dict[str, Any]]:
    ways: Sequence[Way | None] = (None,) if pack.manifest.reads_values else COMBINATIONS
    for gates in (True, False):
        asked = {way: _asker(library, pack, drawn, way, use_gates=gates) for way in ways}
        first = asked[ways[-1]]()
        if _told(first, drawn):
            break
    else:
        raise RuntimeError(f"{pack.id} says nothing of {drawn.what}: {first.status}, {first.refusal}")
    count = drawn.count or _counted(first, drawn)
    runs = max(LEAST_RUNS, min(MOST_RUNS, int(BUDGET_S / seconds_of(asked[ways[-1]]))))
    times = interleaved({str(way): asked[way] for way in ways}, rounds=runs, warm_up=1)
    told = {"what": drawn.what, "checks": gates}
    of_many = {"count": count, "counted": drawn.counted} if drawn.counted else {}
    return [{**told, **_timed(way, times[str(way)]), **of_many} for way in ways]


def _told(result: PackResult, drawn: Drawn) -> bool:
    """Whether a pack did all that is waited for."""
    return result.status == "ok" and set(drawn.codes) <= {one.code for one in result.measurements}


def _counted(result: PackResult, drawn: Drawn) -> int:
    return round(sum(one.value for one in result.measurements if one.code in drawn.codes))


def _asker(
    library: PackLibrary, pack: Pack, drawn: Drawn, way: Way | None, *, use_gates: bool
) -> Callable[[], PackResult]:
    engine, precision = way or AUTO_CHOICE
    options = AnalysisOptions(packs=(pack.id,), engine=engine, precision=precision, use_gates=use_gates)
    return partial(_ask, Analyzer(options, library=library), pack.id, drawn)


def _ask(analyzer: Analyzer, pack_id: str, drawn: Drawn) -> PackResult:
    found = analyzer.analyze(drawn.unit, patient=drawn.patient).result
    if found.errors:
        raise RuntimeError(found.errors[0].message)
    return next(result for result in found.results if result.stamp.pack_id == pack_id)


def _timed(way: Way | None, seconds: Sequence[float]) -> dict[str, Any]:
    low, median, high = (round(1000 * float(value), 3) for value in np.percentile(seconds, (10, 50, 90)))
    engine, precision = way or (None, None)
    return {
        "engine": engine,
        "precision": precision,
        "default": way == AUTO_CHOICE,
        "median_ms": median,
        "low_ms": low,
        "high_ms": high,
        "runs": len(seconds),
    }


if __name__ == "__main__":
    sys.exit(main())
