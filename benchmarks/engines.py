"""Each network in each engine, precision and batch against the processor's peak; cold starts; maps."""

import math
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.measuring import Figure, figure, interleaved, repeated, skipped
from benchmarks.networks import PACKS, ROWS
from core.result import EngineName, Precision
from inference.engine import ENGINES, Engine, open_engine
from inference.manifest import MODEL_NAMES, Explanation
from inference.onnx_graph import Network
from inference.onnx_head import find_head
from inference.onnx_surgery import bytes_of, head_of, with_output
from inference.packs import Pack, PackLibrary
from inference.perturbing import Asking, Values, nobody, occlusion, reciprocam, rise
from services.places import pack_roots

SECTION = "engines"
BATCHES = (1, 8)
MATRIX = 2048
COLD_STARTS = 5
MAP_ROUNDS = 3
"""Maps that ask a network hundreds of times are made a few times only."""
_COLD = """
import sys
sys.path.insert(0, {root!r})
import time
started = time.perf_counter()
import numpy as np
from pathlib import Path
from inference.engine import open_engine
engine = open_engine({engine!r}, Path({file!r}).read_bytes())
engine.run(np.zeros({shape!r}, np.float32))
print(time.perf_counter() - started)
"""

Run = Callable[[], object]


def measure(rounds: int) -> list[Figure]:
    """Return a line for each engine, precision and batch, all in the same rounds, then starts and maps."""
    library = PackLibrary(pack_roots())
    packs = [library.get(pack_id) for pack_id in PACKS]
    peak = _peak(rounds)
    figures = [
        figure(
            SECTION,
            f"matrix product, {MATRIX} x {MATRIX}, float32",
            [2 * MATRIX**3 / seconds / 1e9 for seconds in peak],
            unit="GFLOP/s",
            scale=1,
            note="numpy; the peak that shares below are of",
        )
    ]
    best = 2 * MATRIX**3 / min(peak) / 1e9
    for pack in packs:
        figures += _rates(pack, rounds, best)
    figures += [_cold_start(packs[-1], engine) for engine in ("onnxruntime", "openvino")]
    return figures + _maps(packs[-1], rounds) + list(_by_asking_again(packs[-1]))


def _rates(pack: Pack, rounds: int, peak: float) -> Iterator[Figure]:
    runs: dict[str, Run] = {}
    sizes: dict[str, int] = {}
    for name, engine, precision in ROWS:
        for size in BATCHES:
            row = f"{name}, {size} at a time"
            runs[row], sizes[row] = _run_of(pack, engine, precision, size), size
    times = interleaved(runs, rounds=rounds)
    operations = _operations(pack)
    for row, seconds in times.items():
        share = sizes[row] * operations / statistics.median(seconds) / 1e9 / peak
        rates = [sizes[row] / second for second in seconds]
        each = f"{1000 * statistics.median(seconds) / sizes[row]:.2f} ms an image"
        yield figure(
            f"{SECTION}: {pack.id}",
            row,
            rates,
            unit="a second",
            scale=1,
            note=f"{each}; {share:.0%} of the float32 peak",
        )


def _run_of(pack: Pack, engine: EngineName, precision: Precision, size: int) -> Run:
    opened = open_engine(engine, pack.read(MODEL_NAMES[precision]))
    rows, columns = pack.manifest.input.size
    shape = (size, pack.manifest.input.channels, rows, columns)
    batch = np.random.default_rng(0).random(shape, dtype=np.float32)
    return lambda: opened.run(batch)


def _peak(rounds: int) -> list[float]:
    left, right = (np.random.default_rng(seed).random((MATRIX, MATRIX), dtype=np.float32) for seed in (0, 1))
    return interleaved({"": lambda: left @ right}, rounds=max(5, rounds // 3))[""]


def _operations(pack: Pack) -> float:
    """Return the multiplications and additions of one image, in convolutions and matrix products."""
    import onnx
    from onnx import shape_inference

    model = onnx.load_model_from_string(pack.read(MODEL_NAMES["fp32"]))
    for dimension in model.graph.input[0].type.tensor_type.shape.dim[:1]:
        dimension.dim_value = 1
    graph = shape_inference.infer_shapes(model).graph
    known = {
        value.name: [one.dim_value for one in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.output, *graph.input)
    }
    weights = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    total = 0.0
    for node in graph.node:
        if node.op_type in {"Conv", "ConvTranspose"}:
            at = node.output[0] if node.op_type == "Conv" else node.input[0]
            total += 2.0 * float(np.prod(weights[node.input[1]])) * float(np.prod(known[at][2:]))
        elif node.op_type in {"Gemm", "MatMul"} and node.input[1] in weights:
            total += 2.0 * float(np.prod(weights[node.input[1]]))
    return total


def _cold_start(pack: Pack, engine: EngineName) -> Figure:
    """Return how long a new process takes from nothing to its first answer."""
    from pathlib import Path

    rows, columns = pack.manifest.input.size
    script = _COLD.format(
        root=str(Path(__file__).resolve().parent.parent),
        engine=engine,
        file=str(pack.folder / MODEL_NAMES["int8"]),
        shape=(1, pack.manifest.input.channels, rows, columns),
    )
    seconds = []
    for _ in range(COLD_STARTS):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return skipped(SECTION, f"cold start, {engine}", f"ended with {done.returncode}")
        seconds.append(float(done.stdout))
    return figure(
        f"{SECTION}: cold start and map",
        f"{engine}, INT8: new process to first answer",
        seconds,
        unit="s",
        scale=1,
        note=pack.id,
    )


def _maps(pack: Pack, rounds: int) -> list[Figure]:
    """Return what the map adds to a finding, in each engine."""
    figures = []
    batch = np.random.default_rng(0).random((1, 1, *pack.manifest.input.size), dtype=np.float32)
    for name, engine, precision in ROWS:
        content = pack.read(MODEL_NAMES[precision])
        with_map, without = open_engine(engine, content), open_engine(engine, _without_map(pack, content))
        times = interleaved(
            {"with": lambda one=with_map: one.run(batch), "without": lambda one=without: one.run(batch)},  # type: ignore[misc]
            rounds=rounds * 3,
            untimed=1,
        )
        more = statistics.median(times["with"]) / statistics.median(times["without"]) - 1
        figures.append(
            figure(
                f"{SECTION}: cold start and map",
                f"{name}: finding with its map",
                times["with"],
                aim="5 % on top of the finding",
                note=f"{more:+.1%}",
            )
        )
    return figures


def _by_asking_again(pack: Pack) -> Iterator[Figure]:
    """Yield what a map takes that asks a network again, by the numbers that hold where a pack names none."""
    rows, columns = pack.manifest.input.size
    tensor = np.random.default_rng(0).random((1, rows, columns), dtype=np.float32)
    window, stride = max(2, min(rows, columns) // 7), max(1, min(rows, columns) // 14)
    hiding: dict[str, tuple[Callable[[Asking, Values, Explanation], Values], Explanation]] = {
        "RISE, 400 masks": (rise, Explanation(method="rise")),
        "occlusion": (occlusion, Explanation(method="occlusion", window=window, stride=stride)),
    }
    network = Network.read(pack.read(MODEL_NAMES["fp32"]))
    logits = pack.manifest.output.names["logits"]
    head = find_head(network, logits)
    features = head.linear.features if head.linear is not None else head.features
    with_features = with_output(network, features)
    for engine in ENGINES:
        opened = open_engine(engine, bytes_of(with_features))
        made = np.asarray(opened.run(tensor[None])[features][0], dtype=np.float32)
        after = open_engine(engine, bytes_of(head_of(network, features, logits, made.shape, batch=True)))
        for name, (method, rule) in hiding.items():
            asked, seconds = _asked(opened, logits, lambda one, m=method, r=rule: m(one, tensor, r))  # type: ignore[misc]
            yield _map_figure(f"{engine}, FP32: map by {name}", asked, seconds)
        rule = Explanation(method="reciprocam")
        asked, seconds = _asked(after, logits, lambda one, f=made, r=rule: reciprocam(one, f, r))  # type: ignore[misc]
        yield _map_figure(f"{engine}, FP32: map by ReciproCAM", asked, seconds)


def _asked(engine: Engine, logits: str, make: Callable[[Asking], Values]) -> tuple[int, list[float]]:
    """Return how many pictures a map asked for, and the seconds of each time that it was made."""
    pictures = 0

    def look(batch: Values) -> Values:
        nonlocal pictures
        pictures += len(batch)
        return engine.run(batch)[logits]

    asking = Asking(look=look, told=nobody, cancelled=lambda: False, until=math.inf)
    seconds = repeated(lambda: make(asking), rounds=MAP_ROUNDS)
    return pictures // (MAP_ROUNDS + 1), seconds


def _map_figure(name: str, asked: int, seconds: list[float]) -> Figure:
    note = f"{asked} times asked, 8 together"
    return figure(f"{SECTION}: cold start and map", name, seconds, unit="s", scale=1, note=note)


def _without_map(pack: Pack, content: bytes) -> bytes:
    import onnx

    model = onnx.load_model_from_string(content)
    name = pack.manifest.output.names["activation_map"]
    kept = [output for output in model.graph.output if output.name != name]
    del model.graph.output[:]
    model.graph.output.extend(kept)
    return bytes(model.SerializeToString())
