"""The networks alone: PyTorch eager, ONNX Runtime and OpenVINO, both precisions, side by side in one run."""

import statistics
from collections.abc import Callable

import numpy as np

from benchmarks.measuring import Figure, figure, interleaved, skipped
from benchmarks.torch_row import EagerUnavailableError, eager
from core.result import EngineName, Precision
from inference.engine import AUTO_CHOICE, open_engine, physical_cores
from inference.manifest import MODEL_NAMES
from inference.packs import Pack, PackLibrary
from services.places import pack_roots

SECTION = "networks"
PACKS = ("chest-lungs", "chest-pneumonia-child")
TOGETHER = "both packs, back to back"
AFTER_A_PAUSE = "both packs, each after a pause"
UNTIMED = 2
EAGER = "PyTorch eager"
ROWS: tuple[tuple[str, EngineName, Precision], ...] = (
    ("ONNX Runtime FP32", "onnxruntime", "fp32"),
    ("ONNX Runtime INT8", "onnxruntime", "int8"),
    ("OpenVINO FP32", "openvino", "fp32"),
    ("OpenVINO INT8", "openvino", "int8"),
)
AIM_TOGETHER = "best at least 7 times faster than eager"

Run = Callable[[], object]


def measure(rounds: int) -> list[Figure]:
    """Return a line for each engine and precision, for each pack and for both together."""
    library = PackLibrary(pack_roots())
    packs = [library.get(pack_id) for pack_id in PACKS]
    figures: list[Figure] = []
    rows: dict[str, list[Run]] = {}
    try:
        rows[EAGER] = [eager(pack, physical_cores()) for pack in packs]
    except EagerUnavailableError as error:
        figures.append(skipped(SECTION, EAGER, str(error)))
    for name, engine, precision in ROWS:
        rows[name] = [_in_engine(pack, engine, precision) for pack in packs]
    for number, pack_id in enumerate(PACKS):
        figures += _lines(pack_id, {name: runs[number] for name, runs in rows.items()}, rounds)
    both = {name: _both(runs) for name, runs in rows.items()}
    figures += _lines(AFTER_A_PAUSE, both, rounds)
    figures += _lines(TOGETHER, both, rounds, untimed=UNTIMED)
    return figures


def _lines(what: str, candidates: dict[str, Run], rounds: int, untimed: int = 0) -> list[Figure]:
    times = interleaved(candidates, rounds=rounds, untimed=untimed)
    slow = statistics.median(times[EAGER]) if EAGER in times else None
    aim = AIM_TOGETHER if what == TOGETHER else ""
    return [
        figure(
            f"{SECTION}: {what}", name, values, aim=aim if name != EAGER else "", note=_ratio(slow, values)
        )
        for name, values in times.items()
    ]


def _ratio(slow: float | None, values: list[float]) -> str:
    return "" if slow is None else f"{slow / statistics.median(values):.1f} x eager"


def both_alone() -> Run:
    """Return one run of both networks as a batch runs them: the engine of choice, one core."""
    library = PackLibrary(pack_roots())
    engine, precision = AUTO_CHOICE
    return _both([_in_engine(library.get(pack_id), engine, precision, threads=1) for pack_id in PACKS])


def _in_engine(pack: Pack, engine: EngineName, precision: Precision, threads: int | None = None) -> Run:
    opened = open_engine(engine, pack.read(MODEL_NAMES[precision]), threads=threads)
    rows, columns = pack.manifest.input.size
    batch = np.random.default_rng(0).random((1, 1, rows, columns), dtype=np.float32)
    return lambda: opened.run(batch)


def _both(runs: list[Run]) -> Run:
    def one_after_the_other() -> None:
        for run in runs:
            run()

    return one_after_the_other
