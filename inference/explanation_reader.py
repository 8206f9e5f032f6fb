"""Read what a ``pack.toml`` says of how the maps of a classifier are made."""

from typing import cast

from inference.manifest import Explanation, InputSpec, Method, OutputSpec
from inference.strict_table import StrictTable

MOST_RUNS = 4096
"""How many times a network may be asked for one map."""
_METHODS = ("activation_map", "reciprocam", "rise", "occlusion")
_KEYS = {
    "reciprocam": ("features", "head_input"),
    "rise": ("masks", "cell", "keep", "seed"),
    "occlusion": ("window", "stride"),
}
_COMMON = ("batch", "seconds")


def read_explanation(top: StrictTable, task: str, output: OutputSpec, spec: InputSpec) -> Explanation | None:
    """Return how maps are made; None where a pack makes none. An activation map needs no table."""
    if not top.has("explanation"):
        return Explanation(method="activation_map") if output.has("activation_map") else None
    table = top.table("explanation")
    method = table.text("method", allowed=_METHODS)
    if task != "classify":
        table.problem("", "belongs to packs that classify")
    if method == "activation_map" and not output.has("activation_map"):
        table.problem("method", "is 'activation_map', but output.activation_map is missing")
    elif method != "activation_map" and output.has("activation_map"):
        table.problem("method", "must be 'activation_map' where the network has such an output")
    _refuse_strangers(table, method)
    explanation = Explanation(
        method=cast(Method, method),
        features=table.text("features") if method == "reciprocam" else "",
        head_input=table.text("head_input") if method == "reciprocam" else "",
        masks=table.whole("masks", minimum=16, maximum=MOST_RUNS, default=400),
        cell=table.whole("cell", minimum=2, maximum=32, default=7),
        keep=table.number("keep", minimum=0.05, maximum=0.95, default=0.5),
        seed=table.whole("seed", minimum=0, maximum=2**31, default=0),
        window=table.whole("window", minimum=2, maximum=1024, default=max(2, min(spec.size) // 7)),
        stride=table.whole("stride", minimum=1, maximum=1024, default=max(1, min(spec.size) // 14)),
        batch=table.whole("batch", minimum=1, maximum=64, default=8),
        seconds=table.number("seconds", minimum=0.1, maximum=3600, default=60.0),
    )
    table.finish()
    if method == "occlusion":
        _check_occlusion(table, explanation, spec)
    return explanation


def occlusion_runs(explanation: Explanation, size: tuple[int, int]) -> int:
    """Return how many pictures with a window over them one map asks for."""
    places = (1 + -(-max(0, side - explanation.window) // explanation.stride) for side in size)
    rows, columns = places
    return rows * columns


def _refuse_strangers(table: StrictTable, method: str) -> None:
    allowed = {"method", *_COMMON, *_KEYS.get(method, ())}
    known = {key for keys in _KEYS.values() for key in keys}
    for key in known - allowed:
        if table.has(key):
            table.all_keys()
            table.problem(key, f"does not belong to the method {method!r}")


def _check_occlusion(table: StrictTable, explanation: Explanation, spec: InputSpec) -> None:
    if explanation.window > min(spec.size):
        table.problem("window", "is larger than the network's input")
    if explanation.stride > explanation.window:
        table.problem("stride", "is larger than window: places would be left out")
    runs = occlusion_runs(explanation, spec.size)
    if runs > MOST_RUNS:
        table.problem("stride", f"asks for {runs} runs, {MOST_RUNS} are allowed")
